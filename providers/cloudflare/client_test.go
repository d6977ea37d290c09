package cloudflare_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

const (
	token   = "cfut_neverToBeSeen"
	account = "30faeb30dcb2a77a72fdc0948c99de62"
	zoneID  = "023e105f4ecef8ad9ca31a8372d0c353"
	tokenID = "ed17574386854bf78a67040be0a770b0"
	group   = "2efd5506f9c8494dacb1fa10a3e7d5b6"
)

func bucket() state.Bucket {
	return state.Bucket{Name: "phlip9-nix-cache", Account: account, Endpoint: account + ".r2.cloudflarestorage.com"}
}

// good is a successful answer.
func good(w http.ResponseWriter, result string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", "Mon, 23 Nov 2026 01:02:03 GMT")
	_, _ = fmt.Fprintf(w, `{"success":true,"errors":[],"messages":[],"result":%s}`, result)
}

// refuse is a refusal in Cloudflare's own form.
func refuse(w http.ResponseWriter, status, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cf-Ray", "8a1b-FRA")
	w.WriteHeader(status)
	said, err := json.Marshal(text)
	if err != nil {
		said = []byte(`"?"`)
	}
	_, _ = fmt.Fprintf(w, `{"success":false,"errors":[{"code":%d,"message":%s}],"messages":[],"result":null}`, code, said)
}

// asked is what a service saw, as "METHOD /path?query body".
type asked struct {
	mu  sync.Mutex
	all []string
}

func (a *asked) has(what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.all {
		if strings.Contains(one, what) {
			return true
		}
	}
	return false
}

func (a *asked) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

// client serves h below the API's path and asks it.
func client(t *testing.T, h http.HandlerFunc) (*cloudflare.Client, *asked) {
	t.Helper()
	seen := &asked{}
	srv := httptest.NewServer(http.StripPrefix("/client/v4", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("%s: not signed in", r.URL)
		}
		b, _ := io.ReadAll(r.Body)
		seen.mu.Lock()
		seen.all = append(seen.all, r.Method+" "+r.URL.RequestURI()+" "+string(b))
		seen.mu.Unlock()
		h(w, r)
	})))
	t.Cleanup(srv.Close)
	return cloudflare.New(quiet(), srv.URL+"/client/v4", state.NewSecret(token)), seen
}

func quiet() *http.Client {
	return httpx.New(httpx.Options{Sleep: func(context.Context, time.Duration) error { return nil }})
}

// TestRefusals goes through everything that a service can do other than answer.
func TestRefusals(t *testing.T) {
	cases := []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		code   string
		text   string
		tries  int // of a read
	}{
		{"bad token", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, 1000, "Invalid API Token") }, state.ErrUnauthorized, "1000", "Invalid API Token", 1},
		{"bad headers", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 400, 6003, "Invalid request headers") }, state.ErrUnauthorized, "6003", "", 1},
		{"denied", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, 10000, "Authentication\nerror\x1b[0m") }, state.ErrDenied, "10000", "Authentication error[0m", 1},
		{"no route", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, 7003, "no route") }, state.ErrNotFound, "7003", "", 1},
		{"limited", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 429, 971, "slow down") }, state.ErrLimited, "971", "slow down", 4},
		{"limited for long", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "300")
			refuse(w, 429, 971, "slow down")
		}, state.ErrLimited, "971", "", 1},
		{"5xx page", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte("<html><title>Bad gateway</title>"))
		}, state.ErrService, "", "Bad gateway", 4},
		{"500", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500, 10001, "internal") }, state.ErrService, "10001", "internal", 1},
		{"200 without success", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 200, 10001, "internal") }, state.ErrService, "10001", "internal", 1},
		{"page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, state.ErrService, "", "JSON", 1},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"success":true,`))
		}, state.ErrService, "", "unexpected EOF", 1},
		{"another shape", func(w http.ResponseWriter, _ *http.Request) { good(w, `[1]`) }, state.ErrService, "", "", 1},
		{"empty", func(http.ResponseWriter, *http.Request) {}, state.ErrService, "", "JSON", 1},
		{"nothing in it", func(w http.ResponseWriter, _ *http.Request) { good(w, `{}`) }, state.ErrService, "", "or none", 1},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, state.ErrOffline, "", "EOF", 4},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, seen := client(t, tc.answer)
			_, _, err := c.Bucket(t.Context(), account, "b", "")
			var call *state.CallError
			if !errors.As(err, &call) || !errors.Is(err, tc.kind) {
				t.Fatalf("got %v, want %v", err, tc.kind)
			}
			if call.Code != tc.code || !strings.Contains(call.Text, tc.text) || call.Op != "look at bucket b" || seen.count() != tc.tries {
				t.Errorf("got %+v after %d attempts", call, seen.count())
			}
			if strings.Contains(err.Error(), token) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("unfit to show: %q", err.Error())
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := client(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Zones(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBucket(t *testing.T) {
	c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path + " " + r.Header.Get("Cf-R2-Jurisdiction") {
		case "GET /accounts/" + account + "/r2/buckets/there default":
			good(w, `{"name":"there","location":"WEUR","jurisdiction":"default","storage_class":"Standard"}`)
		case "GET /accounts/" + account + "/r2/buckets/there eu":
			good(w, `{"name":"there","jurisdiction":"eu"}`)
		case "POST /accounts/" + account + "/r2/buckets eu":
			refuse(w, 409, 10004, "The bucket you tried to create already exists, and you own it.")
		case "POST /accounts/" + account + "/r2/buckets default":
			good(w, `{"name":"new"}`)
		case "GET /accounts/" + account + "/r2/buckets/off default":
			refuse(w, 403, 10042, "Please enable R2 through the Cloudflare Dashboard.")
		default:
			refuse(w, 404, 10006, "The specified bucket does not exist.")
		}
	})
	ctx := t.Context()
	b, found, err := c.Bucket(ctx, account, "there", "")
	want := state.Bucket{Name: "there", Account: account, Location: "weur", StorageClass: "Standard", Endpoint: account + ".r2.cloudflarestorage.com"}
	if err != nil || !found || b != want {
		t.Errorf("got %+v, %v, %v", b, found, err)
	}
	if b, _, _ = c.Bucket(ctx, account, "there", "eu"); b.Jurisdiction != "eu" || b.Endpoint != account+".eu.r2.cloudflarestorage.com" {
		t.Errorf("eu: %+v", b)
	}
	if _, found, err := c.Bucket(ctx, account, "none", ""); found || err != nil {
		t.Errorf("absent: %v, %v", found, err)
	}
	var p state.Problem
	if _, _, err := c.Bucket(ctx, account, "off", ""); !errors.As(err, &p) || p.ID != "10042" || p.URL == "" || p.Fix == "" {
		t.Errorf("R2 off: %v", err)
	}
	if err := c.CreateBucket(ctx, state.Bucket{Name: "new", Account: account, Location: "weur"}); err != nil {
		t.Error(err)
	}
	if !seen.has(`{"locationHint":"weur","name":"new"}`) {
		t.Errorf("sent %v", seen.all)
	}
	before := seen.count()
	err = c.CreateBucket(ctx, state.Bucket{Name: "there", Account: account, Jurisdiction: "eu"})
	if !errors.Is(err, state.ErrExists) || seen.count() != before+1 {
		t.Errorf("already there: %v after %d attempts", err, seen.count()-before)
	}
}

func TestDomain(t *testing.T) {
	c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch base := "/accounts/" + account + "/r2/buckets/phlip9-nix-cache/domains"; r.Method + " " + strings.TrimPrefix(r.URL.Path, base) {
		case "GET /custom/cache.phlip9.com":
			good(w, `{"domain":"cache.phlip9.com","enabled":true,"zoneId":"z","minTLS":"1.2","status":{"ownership":"active","ssl":"pending"}}`)
		case "POST /custom":
			good(w, `{"domain":"cache.phlip9.com","enabled":true,"zoneId":"z"}`)
		case "GET /managed":
			good(w, `{"bucketId":"x","domain":"pub.r2.dev","enabled":true}`)
		default:
			refuse(w, 404, 10056, "none")
		}
	})
	ctx := t.Context()
	want := state.CacheDomain{Domain: "cache.phlip9.com", Zone: "z", Enabled: true, MinTLS: "1.2", Ownership: "active", SSL: "pending"}
	if d, found, err := c.CacheDomain(ctx, bucket(), "cache.phlip9.com"); err != nil || !found || d != want {
		t.Errorf("got %+v, %v, %v", d, found, err)
	}
	if _, found, err := c.CacheDomain(ctx, bucket(), "none.phlip9.com"); err != nil || found {
		t.Errorf("absent: %v, %v", found, err)
	}
	if err := c.ConnectDomain(ctx, bucket(), want); err != nil || !seen.has(`{"domain":"cache.phlip9.com","enabled":true,"minTLS":"1.2","zoneId":"z"}`) {
		t.Errorf("connect: %v, sent %v", err, seen.all)
	}
	if on, err := c.DevURL(ctx, bucket()); err != nil || !on {
		t.Errorf("r2.dev: %v, %v", on, err)
	}
}

// TestWritesThatNameNothing: who made something says what; another answer is
// none, though it says that all is well.
func TestWritesThatNameNothing(t *testing.T) {
	c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/permission_groups") {
			good(w, `[{"id":"`+group+`","name":"Workers R2 Storage Bucket Item Write","scopes":["com.cloudflare.edge.r2.bucket"]}]`)
			return
		}
		good(w, `{}`)
	})
	ctx, one := t.Context(), state.R2Token{ID: state.NewSecret(tokenID), Name: "t"}
	_, created := c.CreateR2Token(ctx, bucket(), "t", true)
	_, rolled := c.RollR2Token(ctx, account, one)
	for name, err := range map[string]error{
		"create bucket phlip9-nix-cache":           c.CreateBucket(ctx, bucket()),
		"connect domain cache.phlip9.com":          c.ConnectDomain(ctx, bucket(), state.CacheDomain{Domain: "cache.phlip9.com"}),
		"make an address record for ci.phlip9.com": c.CreateAddressRecord(ctx, zoneID, state.DNSRecord{Name: "ci.phlip9.com", Addr: netip.MustParseAddr("192.0.2.1")}),
		"create token t":                           created,
		"roll token t":                             rolled,
		"delete the bootstrap token":               c.Revoke(ctx, state.CloudflareToken{ID: tokenID}),
	} {
		if !errors.Is(err, state.ErrService) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
