package github_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

const token = "ghp_neverToBeSeen"

// write answers with JSON.
func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Github-Request-Id", "AB:12")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// routes answers "METHOD /path?query" with "status body"; anything else with 404.
func routes(t *testing.T, answers map[string]string) (*github.Client, *[]string) {
	t.Helper()
	seen := &[]string{}
	return client(t, func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + r.URL.RequestURI()
		*seen = append(*seen, what)
		if a, ok := answers[what]; ok {
			status, body, _ := strings.Cut(a, " ")
			write(w, map[string]int{"200": 200, "201": 201, "204": 204, "304": 304, "403": 403, "409": 409, "422": 422}[status], body)
			return
		}
		write(w, 404, `{"message":"Not Found"}`)
	}), seen
}

func client(t *testing.T, h http.HandlerFunc) *github.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	hc := httpx.New(httpx.Options{Sleep: func(context.Context, time.Duration) error { return nil }})
	return github.New(hc, srv.URL, srv.URL, state.NewSecret(token))
}

func newKey(t *testing.T) state.Secret {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return state.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
}

func TestUser(t *testing.T) {
	cases := []struct {
		name    string
		scopes  []string
		classic bool
		want    int
	}{
		{"fine-grained", nil, false, 0},
		{"classic without scopes", []string{""}, true, 0},
		{"classic", []string{"repo, admin:repo_hook"}, true, 2},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := client(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+token {
					t.Error("not signed in")
				}
				w.Header()["X-Oauth-Scopes"] = tc.scopes
				w.Header().Set("Date", "Mon, 23 Nov 2026 01:02:03 GMT")
				write(w, 200, `{"login":"phlip9","id":918989}`)
			})
			u, err := c.User(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if u.Login != "phlip9" || u.ID != 918989 || u.Classic != tc.classic || len(u.Scopes) != tc.want || u.Clock.Second() != 3 {
				t.Errorf("got %+v", u)
			}
		})
	}
}

// TestRefusals goes through everything that a service can do other than answer.
func TestRefusals(t *testing.T) {
	cases := []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		text   string
		needs  string
	}{
		{"unauthorized", func(w http.ResponseWriter, _ *http.Request) { write(w, 401, `{"message":"Bad credentials"}`) }, state.ErrUnauthorized, "Bad credentials", ""},
		{"denied", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Accepted-Github-Permissions", "administration=write")
			write(w, 403, `{"message":"Resource not accessible by personal access token"}`)
		}, state.ErrDenied, "Resource not", "administration=write"},
		{"scope", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Accepted-Oauth-Scopes", "admin:repo_hook")
			write(w, 403, `{"message":"no"}`)
		}, state.ErrDenied, "no", "scope admin:repo_hook"},
		{"limited", func(w http.ResponseWriter, _ *http.Request) { write(w, 429, `{"message":"slow down"}`) }, state.ErrLimited, "slow down", ""},
		{"limited by 403", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Ratelimit-Remaining", "0")
			w.Header().Set("X-Ratelimit-Reset", "99999999999")
			write(w, 403, `{"message":"API rate limit exceeded"}`)
		}, state.ErrLimited, "API rate", ""},
		{"secondary", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "900")
			write(w, 403, `{"message":"secondary","documentation_url":"https://docs.github.com/x#secondary-rate-limits"}`)
		}, state.ErrLimited, "secondary", ""},
		{"invalid", func(w http.ResponseWriter, _ *http.Request) {
			write(w, 422, `{"message":"Validation Failed","errors":[{"resource":"Hook","field":"url","code":"invalid"},{"message":"No\u001b[0m"}]}`)
		}, state.ErrInvalid, "Validation Failed; url invalid; No[0m", ""},
		{"5xx page", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte("<html><title>Unicorn!</title></html>"))
		}, state.ErrService, "Unicorn!", ""},
		{"page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, state.ErrService, "JSON", ""},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"login":"ph`))
		}, state.ErrService, "unexpected EOF", ""},
		{"empty", func(http.ResponseWriter, *http.Request) {}, state.ErrService, "JSON", ""},
		{"nobody", func(w http.ResponseWriter, _ *http.Request) { write(w, 200, `{}`) }, state.ErrService, "names no", ""},
		{"moved away", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		}, state.ErrService, "", ""},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, state.ErrOffline, "EOF", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := client(t, tc.answer).User(t.Context())
			var call *state.CallError
			if !errors.As(err, &call) || !errors.Is(err, tc.kind) {
				t.Fatalf("got %v, want %v", err, tc.kind)
			}
			if !strings.Contains(call.Text, tc.text) || call.Needs != tc.needs || call.Op == "" || call.Service != "GitHub" {
				t.Errorf("got %+v", call)
			}
			if strings.Contains(err.Error(), token) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("unfit to show: %q", err.Error())
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.User(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRepo(t *testing.T) {
	c, _ := routes(t, map[string]string{
		"GET /repos/phlip9/dotfiles": `200 {"id":5,"full_name":"phlip9/dotfiles","default_branch":"master","private":true,
			"owner":{"login":"phlip9","id":9,"type":"Organization"},"permissions":{"admin":true}}`,
		"GET /repos/phlip9/dotfiles/topics?per_page=100&page=1": `200 {"names":["nix","ci"]}`,
		"PUT /repos/phlip9/dotfiles/topics":                     `200 {"names":[]}`,
		"PUT /user/installations/1/repositories/5":              `204 `,
		"PUT /user/installations/1/repositories/6":              `304 `,
		"GET /repos/phlip9/dotfiles/contents/nix/flake%20.nix":  `200 {"type":"file","sha":"3d21ec53a331a6f037a91c368710b99387d012c1"}`,
	})
	ctx := t.Context()
	r, found, err := c.Repo(ctx, "phlip9/dotfiles")
	want := state.Repo{
		Name: "phlip9/dotfiles", ID: 5, Branch: "master", Private: true, Admin: true,
		Owner: state.Owner{Login: "phlip9", ID: 9, Org: true},
	}
	if err != nil || !found || r != want {
		t.Errorf("got %+v, %v, %v", r, found, err)
	}
	if _, found, err := c.Repo(ctx, "phlip9/none"); found || err != nil {
		t.Errorf("absent: %v, %v", found, err)
	}
	for _, bad := range []string{"", "x", "/x", "x/", "a/b/c"} {
		if _, _, err := c.Repo(ctx, bad); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
	if names, err := c.Topics(ctx, "phlip9/dotfiles"); err != nil || len(names) != 2 {
		t.Errorf("topics: %v, %v", names, err)
	}
	if err := c.SetTopics(ctx, "phlip9/dotfiles", nil); err != nil {
		t.Error(err)
	}
	for id, ok := range map[int64]bool{5: true, 6: true, 7: false} {
		if err := c.AddRepo(ctx, 1, id); (err == nil) != ok {
			t.Errorf("add %d: %v", id, err)
		}
	}
	for path, want := range map[string]bool{"nix/flake .nix": true, "flake.nix": false} {
		if has, err := c.HasFile(ctx, "phlip9/dotfiles", path); err != nil || has != want {
			t.Errorf("%s: %v, %v", path, has, err)
		}
	}
}

func TestHooks(t *testing.T) {
	var c *github.Client
	var pinged bool
	c = client(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			pinged = r.URL.Path == "/repos/o/r/hooks/7/pings"
			write(w, 204, "")
		case strings.HasSuffix(r.URL.Path, "/deliveries"):
			write(w, 200, `[{"id":12345678901234567,"event":"ping","status_code":302,"delivered_at":"2026-11-23T01:02:03Z"}]`)
		case r.URL.Query().Get("page") == "1":
			w.Header().Set("Link", `<http://`+r.Host+r.URL.Path+`?per_page=100&page=2>; rel="next"`)
			write(w, 200, `[{"id":7,"active":true,"events":["push"],"config":{"url":"https://ci/change_hook/github"},"last_response":{"code":404}}]`)
		default:
			write(w, 200, `[{"id":8,"config":{"url":"x"},"last_response":{"code":null,"status":"unused"}}]`)
		}
	})
	ctx := t.Context()
	hooks, err := c.RepoHooks(ctx, "o/r")
	if err != nil || len(hooks) != 2 || hooks[0].Last != 404 || !hooks[0].Active || hooks[0].URL == "" || hooks[1].Last != 0 {
		t.Errorf("hooks %+v, %v", hooks, err)
	}
	all, err := c.HookDeliveries(ctx, "o/r", 7)
	if err != nil || len(all) != 1 || all[0].ID != 12345678901234567 || all[0].Status != 302 || all[0].At.Year() != 2026 {
		t.Errorf("deliveries %+v, %v", all, err)
	}
	if all, err = c.AppDeliveries(ctx, state.AppAuth{ID: 1, Key: newKey(t)}); err != nil || len(all) != 1 {
		t.Errorf("App's deliveries %+v, %v", all, err)
	}
	if err := c.Ping(ctx, "o/r", 7); err != nil || !pinged {
		t.Errorf("ping: %v", err)
	}
}
