package realtest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// signedIn is the cookie by which the login pages know who sits there.
const signedIn = "user_session"

// LoginApp is an App that people sign in with.
type LoginApp struct{ ID, Secret, Callback string }

// GitHubLogin is as much of GitHub as a login needs: the page that asks
// whether the App may know who you are, which everybody says yes to; the
// exchange of a code; and who the token's user is (GitHub docs, "Authorizing
// OAuth apps"; oauth2-proxy providers/github.go; buildbot www/oauth2.py).
type GitHubLogin struct {
	URL  string
	apps []LoginApp

	mu    sync.Mutex
	codes map[string]grant // of one use
	users map[string]string
	asked []url.Values
}

// grant is what a code stands for.
type grant struct{ app, callback, user string }

// NewGitHubLogin serves a GitHub on loopback that knows these Apps.
func NewGitHubLogin(t *testing.T, apps ...LoginApp) *GitHubLogin {
	t.Helper()
	g := &GitHubLogin{apps: apps, codes: map[string]grant{}, users: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/oauth/authorize", g.authorize)
	mux.HandleFunc("POST /login/oauth/access_token", g.exchange)
	for path, answer := range map[string]func(user string) any{
		"/user": func(u string) any { return map[string]any{"login": u, "name": u, "email": nil} },
		"/user/emails": func(u string) any {
			return []any{map[string]any{"email": u + "@example.com", "primary": true, "verified": true}}
		},
		"/user/orgs":  func(string) any { return []any{} },
		"/user/teams": func(string) any { return []any{} },
		"/{$}":        func(string) any { return map[string]any{} }, // is the token still good?
	} {
		for _, at := range []string{path, "/api/v3" + path} { // as GitHub Enterprise, which buildbot can be pointed to
			mux.HandleFunc("GET "+at, g.api(answer))
		}
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	g.URL = s.URL
	return g
}

// Browser is a browser of somebody who is signed in to this GitHub; it keeps
// cookies and follows redirects over the transport.
func (g *GitHubLogin) Browser(t *testing.T, over http.RoundTripper, user string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(at, []*http.Cookie{{Name: signedIn, Value: user, Path: "/login", HttpOnly: true}}) //nolint:gosec // loopback has no TLS
	return &http.Client{Transport: over, Jar: jar, Timeout: startLimit}
}

// Asked lists what people were sent to the first page with.
func (g *GitHubLogin) Asked() []url.Values {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]url.Values(nil), g.asked...)
}

func (g *GitHubLogin) app(id string) (LoginApp, bool) {
	for _, a := range g.apps {
		if a.ID == id {
			return a, true
		}
	}
	return LoginApp{}, false
}

func (g *GitHubLogin) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	who, err := r.Cookie(signedIn)
	app, found := g.app(q.Get("client_id"))
	if err != nil || !found || q.Get("redirect_uri") != "" && q.Get("redirect_uri") != app.Callback {
		http.Error(w, "Page not found", http.StatusNotFound)
		return
	}
	code := rand.Text()
	g.mu.Lock()
	g.codes[code] = grant{app.ID, app.Callback, who.Value}
	g.asked = append(g.asked, q)
	g.mu.Unlock()
	http.Redirect(w, r, app.Callback+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

func (g *GitHubLogin) exchange(w http.ResponseWriter, r *http.Request) {
	app, found := g.app(r.FormValue("client_id"))
	g.mu.Lock()
	grant, known := g.codes[r.FormValue("code")]
	delete(g.codes, r.FormValue("code"))
	out := url.Values{"error": {"incorrect_client_credentials"}, "error_description": {"The client_id and/or client_secret passed are incorrect."}}
	switch {
	case !found || app.Secret != r.FormValue("client_secret"):
	case !known || grant.app != app.ID:
		out = url.Values{"error": {"bad_verification_code"}, "error_description": {"The code passed is incorrect or expired."}}
	default:
		token := "gho_" + rand.Text()
		g.users[token] = grant.user
		out = url.Values{"access_token": {token}, "scope": {"read:org,read:user,user:email"}, "token_type": {"bearer"}}
	}
	g.mu.Unlock()
	if !strings.Contains(r.Header.Get("Accept"), "json") {
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		_, _ = w.Write([]byte(out.Encode()))
		return
	}
	flat := map[string]string{}
	for k := range out {
		flat[k] = out.Get(k)
	}
	answerJSON(w, http.StatusOK, flat)
}

// api answers for the user of the token, and 401 without one.
func (g *GitHubLogin) api(answer func(user string) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		g.mu.Lock()
		user, known := g.users[token]
		g.mu.Unlock()
		if !known {
			answerJSON(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
			return
		}
		answerJSON(w, http.StatusOK, answer(user))
	}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // a test's own values
}
