package cloudflare_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

const policies = `"policies":[
	{"id":"p","effect":"allow","permission_groups":[{"id":"a","name":"Zone Read"},{"id":"b","name":"DNS Write"}],"resources":{"com.cloudflare.api.account.x":{"com.cloudflare.api.account.zone.*":"*"}}},
	{"id":"q","effect":"allow","permission_groups":[{"id":"b","name":"DNS Write"}],"resources":{"com.cloudflare.edge.r2.bucket.x_default_y":"*"}},
	{"id":"r","effect":"deny","permission_groups":[{"id":"c","name":"Other"}],"resources":{"z":"*"}}]`

func TestToken(t *testing.T) {
	verified := `{"id":"` + tokenID + `","status":"active"}`
	cases := []struct {
		name     string
		account  string
		routes   map[string]string // path -> result; none: refused
		denied   string            // path that is denied
		own      bool
		known    bool
		requests int
		kind     error
	}{
		{
			"a user's", account,
			map[string]string{"/user/tokens/verify": verified, "/user/tokens/" + tokenID: `{"id":"` + tokenID + `",` + policies + `}`}, "",
			false, true, 3, nil,
		},
		{
			"the account's", account,
			map[string]string{"/accounts/" + account + "/tokens/verify": verified, "/accounts/" + account + "/tokens/" + tokenID: `{"id":"` + tokenID + `",` + policies + `}`}, "",
			true, true, 3, nil,
		},
		{
			"one of two accounts'", "",
			map[string]string{
				"/accounts": `[{"id":"other","name":"o"},{"id":"` + account + `","name":"n"}]`, "/accounts/" + account + "/tokens/verify": verified,
				"/accounts/" + account + "/tokens/" + tokenID: `{"id":"` + tokenID + `",` + policies + `}`,
			}, "",
			true, true, 5, nil,
		},
		{
			"may not look at itself", account,
			map[string]string{"/user/tokens/verify": verified}, "/user/tokens/" + tokenID,
			false, false, 3, nil,
		},
		{"nobody's", account, nil, "", false, false, 2, state.ErrUnauthorized},
		{"nobody's, no account", "", map[string]string{"/accounts": `[]`}, "", false, false, 2, state.ErrUnauthorized},
		{"nobody's, one account", "", map[string]string{"/accounts": `[{"id":"x","name":"n"}]`}, "", false, false, 3, state.ErrUnauthorized},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
				switch result, ok := tc.routes[r.URL.Path]; {
				case ok:
					good(w, result)
				case r.URL.Path == tc.denied:
					refuse(w, 403, 9109, "Unauthorized to access requested resource")
				default:
					refuse(w, 401, 1000, "Invalid API Token")
				}
			})
			got, err := c.Token(t.Context(), tc.account)
			if !errors.Is(err, tc.kind) || seen.count() != tc.requests {
				t.Fatalf("%v after %v", err, seen.all)
			}
			if err != nil {
				return
			}
			if got.ID != tokenID || got.Account != tc.own || got.Known != tc.known || got.Status != "active" || got.Clock.Second() != 3 {
				t.Errorf("got %+v", got)
			}
			if tc.known && !slices.Equal(got.Groups, []string{"DNS Write", "Zone Read"}) {
				t.Errorf("groups %q", got.Groups)
			}
		})
	}
}

// TestTokenFailure: a way that failed says more than one that was refused.
func TestTokenFailure(t *testing.T) {
	for _, broken := range []string{"/user/tokens/verify", "/accounts/" + account + "/tokens/verify"} {
		c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == broken {
				refuse(w, 500, 1, "internal")
				return
			}
			refuse(w, 401, 1000, "Invalid API Token")
		})
		_, err := c.Token(t.Context(), account)
		if !errors.Is(err, state.ErrService) {
			t.Errorf("%s broken: got %v", broken, err)
		}
	}
}

func TestRevoke(t *testing.T) {
	c, seen := client(t, func(w http.ResponseWriter, _ *http.Request) { good(w, `{"id":"`+tokenID+`"}`) })
	for _, own := range []bool{false, true} {
		if err := c.Revoke(t.Context(), state.CloudflareToken{ID: tokenID, Account: own, Owner: account}); err != nil {
			t.Error(err)
		}
	}
	if !seen.has("DELETE /user/tokens/"+tokenID) || !seen.has("DELETE /accounts/"+account+"/tokens/"+tokenID) {
		t.Errorf("sent %v", seen.all)
	}
}

func TestR2Tokens(t *testing.T) {
	const value = "v1.0-born-once"
	sum := sha256.Sum256([]byte(value))
	want := hex.EncodeToString(sum[:])
	for _, own := range []bool{false, true} {
		t.Run(fmt.Sprintf("own %v", own), func(t *testing.T) {
			base := "/user/tokens"
			if own {
				base = "/accounts/" + account + "/tokens"
			}
			c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.Method + " " + strings.TrimPrefix(r.URL.Path, base) {
				case "GET ":
					page := `{"id":"%d","name":"niks3-other","status":"active"},`
					if r.URL.Query().Get("page") == "2" {
						good(w, `[{"id":"`+tokenID+`","name":"niks3-omnara1","status":"active","modified_on":"2026-01-02T03:04:05Z",`+policies+`}]`)
						return
					}
					good(w, "["+strings.TrimSuffix(strings.Repeat(page, 50), ",")+"]")
				case "GET /permission_groups":
					if r.URL.Query().Get("name") != "Workers R2 Storage Bucket Item Write" {
						t.Errorf("asked %s", r.URL)
					}
					good(w, `[{"id":"wrong","name":"Workers R2 Storage Bucket Item Write","scopes":["com.cloudflare.api.account"]},
						{"id":"`+group+`","name":"Workers R2 Storage Bucket Item Write","scopes":["com.cloudflare.edge.r2.bucket"]}]`)
				case "POST ":
					good(w, `{"id":"`+tokenID+`","name":"niks3-omnara1","value":"`+value+`"}`)
				case "PUT /" + tokenID + "/value":
					good(w, `"`+value+`"`)
				default:
					refuse(w, 404, 7003, "no route")
				}
			})
			ctx := t.Context()
			found, err := c.FindR2Tokens(ctx, account, "niks3-omnara1", own)
			if err != nil || len(found) != 1 || found[0].ID.Reveal() != tokenID || found[0].Account != own || found[0].Modified.IsZero() {
				t.Fatalf("found %+v, %v", found, err)
			}
			if !slices.Equal(found[0].Buckets, []string{"com.cloudflare.api.account.x", "com.cloudflare.edge.r2.bucket.x_default_y"}) {
				t.Errorf("buckets %q", found[0].Buckets)
			}
			keys, err := c.CreateR2Token(ctx, bucket(), "niks3-omnara1", own)
			if err != nil || keys.Access.Reveal() != tokenID || keys.Secret.Reveal() != want {
				t.Errorf("created %v", err)
			}
			if !seen.has(`{"name":"niks3-omnara1","policies":[{"effect":"allow","permission_groups":[{"id":"` + group +
				`"}],"resources":{"com.cloudflare.edge.r2.bucket.` + account + `_default_phlip9-nix-cache":"*"}}]}`) {
				t.Errorf("sent %v", seen.all)
			}
			keys, err = c.RollR2Token(ctx, account, found[0])
			if err != nil || keys.Access.Reveal() != tokenID || keys.Secret.Reveal() != want || !seen.has("/value {}") {
				t.Errorf("rolled %v, %v", err, seen.all)
			}
		})
	}
}

// TestOneTimeCalls: what is shown once is asked for once, whatever happens.
func TestOneTimeCalls(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"5xx":      func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, 1, "no") },
		"lost":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no value": func(w http.ResponseWriter, _ *http.Request) { good(w, `{"id":"x"}`) },
		"truncated": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"success":true,"result":{"value":"v1.0-`))
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			c, seen := client(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					good(w, `[{"id":"`+group+`","name":"Workers R2 Storage Bucket Item Write","scopes":["com.cloudflare.edge.r2.bucket"]}]`)
					return
				}
				answer(w, r)
			})
			_, err := c.CreateR2Token(t.Context(), bucket(), "n", false)
			if err == nil || seen.count() != 2 || strings.Contains(err.Error(), "v1.0-") {
				t.Errorf("create: %v after %d requests", err, seen.count())
			}
			_, err = c.RollR2Token(t.Context(), account, state.R2Token{ID: state.NewSecret("secretid"), Name: "n"})
			if err == nil || seen.count() != 3 || strings.Contains(err.Error(), "secretid") {
				t.Errorf("roll: %v after %d requests", err, seen.count())
			}
		})
	}
}

func TestNoSuchPermission(t *testing.T) {
	c, _ := client(t, func(w http.ResponseWriter, _ *http.Request) { good(w, `[]`) })
	if _, err := c.CreateR2Token(context.Background(), bucket(), "n", true); !errors.Is(err, state.ErrService) {
		t.Errorf("got %v", err)
	}
}
