package cloudflare_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestListsAreReadToTheEnd(t *testing.T) {
	c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
		n, page := 50, r.URL.Query().Get("page")
		if page == "2" {
			n = 1
		}
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"id":"%s-%d","name":"x%d.example","type":"full","status":"active","account":{"id":"a"}}`, page, i, i))
		}
		good(w, "["+strings.Join(all, ",")+"]")
	})
	zones, err := c.Zones(t.Context())
	if err != nil || len(zones) != 51 || zones[50].ID != "2-0" || zones[0].Account != "a" || zones[0].Type != "full" || zones[0].Status != "active" {
		t.Errorf("%d zones, %v", len(zones), err)
	}
	accounts, err := c.Accounts(t.Context())
	if err != nil || len(accounts) != 51 || seen.count() != 4 {
		t.Errorf("%d accounts, %v, %d requests", len(accounts), err, seen.count())
	}
}

func TestRecords(t *testing.T) {
	exists := false
	c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && exists:
			refuse(w, 400, 81058, "An identical record already exists.")
		case r.Method == http.MethodPost:
			good(w, `{"id":"1","type":"A","name":"ci.phlip9.com","content":"192.0.2.1"}`)
		default:
			good(w, `[{"id":"1","type":"A","name":"ci.phlip9.com","content":"192.0.2.1","proxied":true},
				{"id":"2","type":"AAAA","name":"ci.phlip9.com","content":"2001:db8::1"},
				{"id":"5","type":"SSHFP","name":"ci.phlip9.com","content":"4 2 ab","data":{"algorithm":4,"type":2,"fingerprint":"ab"}},
				{"id":"3","type":"TXT","name":"ci.phlip9.com","content":"text"},
				{"id":"4","type":"A","name":"other.phlip9.com","content":"192.0.2.9"}]`)
		}
	})
	ctx := t.Context()
	got, err := c.AddressRecords(ctx, zoneID, "ci.phlip9.com")
	if err != nil || len(got) != 2 || !got[0].Proxied || got[1].Addr != netip.MustParseAddr("2001:db8::1") {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, addr := range []string{"192.0.2.1", "2001:db8::1"} {
		if err := c.CreateAddressRecord(ctx, zoneID, state.DNSRecord{Name: "ci.phlip9.com", Addr: netip.MustParseAddr(addr)}); err != nil {
			t.Error(err)
		}
	}
	if !seen.has(`"content":"192.0.2.1"`) || !seen.has(`"type":"AAAA"`) || !seen.has(`"ttl":1`) || !seen.has(`"proxied":false`) {
		t.Errorf("sent %v", seen.all)
	}
	exists = true
	if err := c.CreateAddressRecord(ctx, zoneID, got[0]); !errors.Is(err, state.ErrExists) {
		t.Errorf("already there: %v", err)
	}
}

// TestAnotherPage: a page that was not asked for is not taken for the next one,
// nor is the end of the list.
func TestAnotherPage(t *testing.T) {
	c, seen := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"success":true,"errors":[],"messages":[],"result":[{"id":"a","name":"n"}],"result_info":{"page":1,"per_page":1}}`))
	})
	if all, err := c.Accounts(t.Context()); !errors.Is(err, state.ErrService) || seen.count() != 2 {
		t.Errorf("%v, %v after %d requests", all, err, seen.count())
	}
}
