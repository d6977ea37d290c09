package fake

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

func TestCloudTokenChecks(t *testing.T) {
	w, own := cloudWorld(t, true)
	var user, narrow, expired string
	err := w.Update(func(s *State) error {
		_, user = s.addToken(CloudToken{Name: "mine", Policies: s.bootstrapPolicies(false)})
		_, narrow = s.addToken(CloudToken{Name: "narrow", Policies: []CloudPolicy{
			grant(accountResource+cfAccount, "Workers R2 Storage Read"),
			{Effect: "allow", Groups: grant("", "Zone Read").Groups, Resources: map[string]any{
				accountResource + cfAccount: map[string]any{zoneResource + "*": "*"},
			}},
		}})
		_, expired = s.addToken(CloudToken{
			Name: "old", Expires: time.Unix(1, 0).UTC(), Policies: s.bootstrapPolicies(false),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	buckets := "/accounts/" + cfAccount + "/r2/buckets"
	for _, tt := range []struct {
		name, token, method, path, body string
		status, code                    int
	}{
		{"no token", "", "GET", "/zones", "", 400, 9106},
		{"unknown token", "nonsense", "GET", "/user/tokens/verify", "", 401, 1000},
		{"unknown token, other operation", "nonsense", "GET", "/zones", "", 401, 9109},
		{"account's token as a user's", own, "GET", "/user/tokens/verify", "", 401, 1000},
		{"account's token", own, "GET", "/accounts/" + cfAccount + "/tokens/verify", "", 200, 0},
		{"account's token, other account", own, "GET", "/accounts/" + cfOther + "/tokens/verify", "", 401, 1000},
		{"user's token", user, "GET", "/user/tokens/verify", "", 200, 0},
		{"account's token on the user's", own, "GET", "/user/tokens", "", 403, 10000},
		{"account's token on its own", own, "GET", "/accounts/" + cfAccount + "/tokens", "", 200, 0},
		{"user's token on the account's", user, "GET", "/accounts/" + cfAccount + "/tokens", "", 403, 10000},
		{"other account", own, "GET", "/accounts/" + cfOther + "/r2/buckets", "", 403, 10000},
		{"no such account", user, "GET", "/accounts/none/r2/buckets", "", 403, 10000},
		{"read only, read", narrow, "GET", buckets, "", 200, 0},
		{"read only, write", narrow, "POST", buckets, `{"name":"abc"}`, 403, 10000},
		{"no account settings", narrow, "GET", "/accounts", "", 403, 10000},
		{"zones of an account", narrow, "GET", "/zones", "", 200, 0},
		{"no records", narrow, "GET", "/zones/" + zoneID(w, "phlip9.com") + "/dns_records", "", 403, 10000},
		{"no such zone", user, "GET", "/zones/none/dns_records", "", 403, 10000},
		{"expired, verify", expired, "GET", "/user/tokens/verify", "", 200, 0},
		{"expired", expired, "GET", "/zones", "", 401, 9109},
		{"no route", user, "GET", "/nothing", "", 404, 7003},
		{"no method", user, "PATCH", "/zones", "", 404, 7003},
		{"bad name", user, "POST", buckets, `{"name":"No_Good"}`, 400, 10005},
		{"bad body", user, "POST", buckets, `{`, 400, 6007},
		{"unknown group", user, "POST", "/user/tokens", strings.Replace(
			bucketToken("x", bucketResource+"a_default_b"), "2efd", "0000", 1), 400, 1001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newCloudClient(t, w, tt.token).do(tt.method, tt.path, tt.body).want(t, tt.status, tt.code)
		})
	}
}

func TestCloudBucketsAndDomains(t *testing.T) {
	w, value := cloudWorld(t, true)
	c := newCloudClient(t, w, value)
	buckets := "/accounts/" + cfAccount + "/r2/buckets"
	eu := newCloudClient(t, w, value)
	eu.header.Set("Cf-R2-Jurisdiction", "eu")
	eu.do("POST", buckets, `{"name":"aaa"}`).want(t, 200, 0)
	c.do("GET", buckets+"/aaa", "").want(t, 404, 10006)
	if got := eu.do("GET", buckets+"/aaa", "").want(t, 200, 0).field(t, "jurisdiction"); got != "eu" {
		t.Errorf("jurisdiction %q", got)
	}
	for _, name := range []string{"bbb", "ccc", "ddd"} {
		c.do("POST", buckets, `{"name":"`+name+`"}`).want(t, 200, 0)
	}
	first := c.do("GET", buckets+"?per_page=2", "").want(t, 200, 0)
	rest := c.do("GET", buckets+"?per_page=2&cursor="+first.Info.Cursor, "").want(t, 200, 0)
	if !strings.Contains(string(rest.Result), "ddd") || strings.Contains(string(rest.Result), "ccc") || rest.Info.Cursor != "" {
		t.Errorf("second page: %s", rest.Result)
	}
	c.do("GET", "/zones?per_page=1", "").want(t, 400, 1001)
	c.do("GET", "/zones?per_page=51", "").want(t, 400, 1001)
	c.do("GET", "/zones?page=0", "").want(t, 400, 1001)
	if err := w.Update(func(s *State) error { s.Cloud.Knobs.PageSize = 1; return nil }); err != nil {
		t.Fatal(err)
	}
	second := c.do("GET", "/zones?per_page=50&page=2", "").want(t, 200, 0)
	if !strings.Contains(string(second.Result), "partial.example") || strings.Contains(string(second.Result), "phlip9.com") ||
		second.Info.Page != 2 || second.Info.TotalCount != 2 {
		t.Errorf("second page of zones: %s %+v", second.Result, second.Info)
	}
	for domain, tt := range map[string]struct {
		zone string
		code int
	}{
		"cache.other.example": {"other.example", 10052},
		"cache.elsewhere.org": {"phlip9.com", 10054},
	} {
		body := `{"domain":"` + domain + `","enabled":true,"zoneId":"` + zoneID(w, tt.zone) + `"}`
		c.do("POST", buckets+"/bbb/domains/custom", body).want(t, 400, tt.code)
	}
	body := `{"domain":"cache.partial.example","enabled":true,"zoneId":"` + zoneID(w, "partial.example") + `"}`
	c.do("POST", buckets+"/bbb/domains/custom", body).want(t, 200, 0)
	for range 4 {
		if got := c.do("GET", buckets+"/bbb/domains/custom/cache.partial.example", "").want(t, 200, 0).field(t, "status", "ownership"); got != "pending" {
			t.Errorf("in a partial zone: %s", got)
		}
	}
	if err := w.Update(func(s *State) error {
		s.connectDomain(cfAccount, "bbb", "cache.phlip9.com")
		s.Cloud.account(cfAccount).R2 = false
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.do("GET", buckets+"/bbb", "").want(t, 403, 10042)
}

// TestCloudSurvives opens the world again: what was made and what was counted
// is there, and the secret value is not.
func TestCloudSurvives(t *testing.T) {
	w, value := cloudWorld(t, true)
	c := newCloudClient(t, w, value)
	c.do("POST", "/accounts/"+cfAccount+"/r2/buckets", `{"name":"`+cfBucket+`"}`).want(t, 200, 0)
	c.do("POST", "/accounts/"+cfAccount+"/r2/buckets", `{"name":"`+cfBucket+`"}`).want(t, 409, 10004)
	dir := strings.TrimSuffix(w.dir, filepath.Join(".nixwright", "world"))
	again, err := Open(dir, "", "", state.Config{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	again.Look(func(s *State) {
		if s.Cloud.bucket(cfAccount, "default", cfBucket) == nil {
			t.Error("the bucket is gone")
		}
		want := []Write{
			{"cloudflare", "POST", cloudBase + "/accounts/" + cfAccount + "/r2/buckets", 200},
			{"cloudflare", "POST", cloudBase + "/accounts/" + cfAccount + "/r2/buckets", 409},
		}
		if !slices.Equal(s.Writes, want) {
			t.Errorf("writes: %v", s.Writes)
		}
	})
	b, err := os.ReadFile(w.file())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte(value)) {
		t.Error("the world keeps a token's value")
	}
}

// TestCloudKnobs: what is documented nowhere can be either way.
func TestCloudKnobs(t *testing.T) {
	w, value := cloudWorld(t, true)
	c := newCloudClient(t, w, value)
	tokens := "/accounts/" + cfAccount + "/tokens"
	set := func(k CloudKnobs) {
		t.Helper()
		if err := w.Update(func(s *State) error { s.Cloud.Knobs = k; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for _, refusals := range []int{0, 3} { // of fresh keys
		set(CloudKnobs{FreshKeyRefusals: refusals})
		id := c.do("POST", tokens, bucketToken("niks3", bucketResource+cfAccount+"_default_"+cfBucket)).want(t, 200, 0).field(t, "id")
		w.Look(func(s *State) {
			if got := s.Cloud.tokenByID(id).Refusals; got != refusals {
				t.Errorf("%d refusals, want %d", got, refusals)
			}
		})
	}
	c.do("GET", tokens+"/none", "").want(t, 404, 1003)
	set(CloudKnobs{OtherCodes: true})
	c.do("GET", tokens+"/none", "").want(t, 404, 1001)
	set(CloudKnobs{Limited: 1, LimitedFor: 9})
	r := c.do("POST", "/accounts/"+cfAccount+"/r2/buckets", `{"name":"aaa"}`).want(t, 429, 10429)
	if got := r.Header.Get("Retry-After"); got != "9" {
		t.Errorf("retry after %q", got)
	}
	c.do("POST", "/accounts/"+cfAccount+"/r2/buckets", `{"name":"aaa"}`).want(t, 200, 0)
	w.Look(func(s *State) {
		if n := len(s.Writes); n != 3 {
			t.Errorf("%d writes: a limited one was carried out", n)
		}
	})
	all := CloudToken{Policies: []CloudPolicy{{Effect: "allow", Groups: grant("", itemRead).Groups, Resources: map[string]any{
		accountResource + cfAccount: map[string]any{bucketResource + "*": "*"},
	}}}}
	if !all.mayObjects(cfAccount, "eu", "aaa", false) || all.mayObjects(cfAccount, "eu", "aaa", true) || all.mayObjects(cfOther, "eu", "aaa", false) {
		t.Error("a token for all buckets of an account")
	}
}
