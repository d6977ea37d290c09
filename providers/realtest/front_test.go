package realtest_test

import (
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// The journeys of people and machines through nginx and oauth2-proxy, as the
// module sets them up; what is behind writes down what reaches it.

const site = "https://" + realtest.FrontDomain

// modes are the values of ci.access.
var modes = []string{state.FullyPrivate, state.TwoLogins}

// gate is a front with a GitHub to sign in at.
type gate struct {
	*realtest.Front

	hub    *realtest.GitHubLogin
	behind *realtest.Behind
}

const clientSecret = "a-client-secret-of-forty-characters-0123"

// newGate starts a front; what o says of Buildbot and GitHub stays.
func newGate(t *testing.T, o realtest.FrontOptions) gate {
	t.Helper()
	g := gate{hub: realtest.NewGitHubLogin(t, realtest.LoginApp{ID: realtest.FrontClientID, Secret: clientSecret, Callback: site + "/oauth2/callback"})}
	if o.Buildbot == "" {
		g.behind = realtest.NewBehind(t)
		o.Buildbot = g.behind.Addr
	}
	if o.ClientSecret == "" {
		o.ClientSecret = clientSecret
	}
	o.GitHub = g.hub.URL
	g.Front = realtest.StartFront(t, o)
	return g
}

// page is an answer that was read.
type page struct {
	*http.Response

	text string
}

func fetch(t *testing.T, hc *http.Client, method, at, body string, header http.Header) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{resp, string(text)}
}

func get(t *testing.T, hc *http.Client, at string) page {
	t.Helper()
	return fetch(t, hc, http.MethodGet, at, "", nil)
}

// browser is one of somebody who has signed in at the page; start is the first
// page of a fully private CI, which has a button.
func (g gate) browser(t *testing.T, user string) (hc *http.Client, landed page) {
	t.Helper()
	hc = g.hub.Browser(t, g.Transport(), user)
	return hc, get(t, hc, site+"/oauth2/start?rd=%2F")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, realtest.FrontOptions{Access: mode, BasicAuth: state.NewSecret("internal-password-of-both")})
			t.Run("who is listed comes in", func(t *testing.T) {
				hc, landed := g.browser(t, "phlip9")
				if landed.StatusCode != http.StatusOK || landed.text != "behind: /" || landed.Request.URL.String() != site+"/" {
					t.Fatalf("landed at %s: %d %s", landed.Request.URL, landed.StatusCode, landed.text)
				}
				came := g.behind.Came()
				last := came[len(came)-1].Header
				// In two-logins there is no password, and so no such header.
				want := map[string]string{state.FullyPrivate: "Basic " + base64.StdEncoding.EncodeToString([]byte("phlip9:internal-password-of-both"))}[mode]
				if last.Get("Authorization") != want || last.Get("X-Forwarded-User") != "phlip9" {
					t.Errorf("buildbot is told %q, %q; want %q", last.Get("Authorization"), last.Get("X-Forwarded-User"), want)
				}
				if landed.Header.Get("Authorization") != "" { // F50
					t.Error("the browser is told the internal password")
				}
				if got := get(t, hc, site+"/api/v2/builds"); got.StatusCode != http.StatusOK || got.text != "behind: /api/v2/builds" {
					t.Errorf("the API: %d %s", got.StatusCode, got.text)
				}
				at, _ := url.Parse(site)
				if cookies := hc.Jar.Cookies(at); len(cookies) != 1 || cookies[0].Name != "_oauth2_proxy" {
					t.Errorf("cookies %v", cookies)
				}
				plain, _ := url.Parse("http://" + realtest.FrontDomain)
				if cookies := hc.Jar.Cookies(plain); len(cookies) != 0 {
					t.Errorf("over plain HTTP %d cookies would go", len(cookies))
				}
			})
			t.Run("who is only a user too", func(t *testing.T) {
				if _, landed := g.browser(t, "lexe-agent"); landed.text != "behind: /" {
					t.Errorf("landed: %d %s", landed.StatusCode, landed.text)
				}
			})
			t.Run("who is not listed does not", func(t *testing.T) {
				hc, landed := g.browser(t, "someone-else")
				if landed.StatusCode != http.StatusInternalServerError || landed.Request.URL.Path != "/oauth2/callback" || !strings.Contains(landed.text, "Internal Server Error") {
					t.Errorf("landed at %s: %d", landed.Request.URL.Path, landed.StatusCode)
				}
				g.Proxy.Await(t, g.Proxy.Says("missing github user"))
				if got := get(t, hc, site+"/api/v2/builds"); got.text == "behind: /api/v2/builds" {
					t.Error("and sees the API")
				}
			})
			t.Run("a name that only begins alike does not", func(t *testing.T) {
				if _, landed := g.browser(t, "phlip99"); landed.StatusCode != http.StatusInternalServerError {
					t.Errorf("landed: %d", landed.StatusCode)
				}
			})
			t.Run("signed out is out", func(t *testing.T) {
				hc, _ := g.browser(t, "phlip9")
				bare := *hc
				bare.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				if got := get(t, &bare, site+"/oauth2/sign_out"); got.StatusCode != http.StatusFound || got.Header.Get("Location") != "/" {
					t.Errorf("signing out: %d to %s", got.StatusCode, got.Header.Get("Location"))
				}
				if got := get(t, &bare, site+"/api/v2/builds"); got.StatusCode == http.StatusOK {
					t.Error("still in")
				}
			})
			t.Run("a session of another make is none", func(t *testing.T) {
				hc, _ := g.browser(t, "phlip9")
				at, _ := url.Parse(site)
				forged := *hc.Jar.Cookies(at)[0]
				forged.Value = "A" + forged.Value[1:]
				if forged.Value == hc.Jar.Cookies(at)[0].Value {
					forged.Value = "B" + forged.Value[1:]
				}
				req := http.Header{"Cookie": {forged.String()}}
				hc = &http.Client{Transport: g.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
				if got := fetch(t, hc, http.MethodGet, site+"/api/v2/builds", "", req); got.StatusCode == http.StatusOK {
					t.Errorf("it sees %s", got.text)
				}
			})
			t.Run("a callback that nobody asked for", func(t *testing.T) {
				hc := g.hub.Browser(t, g.Transport(), "phlip9")
				if got := get(t, hc, site+"/oauth2/callback?code=x&state=y%3A%2F"); got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusInternalServerError {
					t.Errorf("answers %d", got.StatusCode)
				}
				if got := get(t, hc, site+"/oauth2/callback?error=access_denied&state=y%3A%2F"); got.StatusCode != http.StatusForbidden {
					t.Errorf("who said no at GitHub gets %d", got.StatusCode)
				}
			})
			t.Run("nobody is sent elsewhere", func(t *testing.T) {
				hc := g.hub.Browser(t, g.Transport(), "phlip9")
				if got := get(t, hc, site+"/oauth2/start?rd=https%3A%2F%2Fevil.example%2F"); got.Request.URL.String() != site+"/" {
					t.Errorf("landed at %s", got.Request.URL)
				}
			})
		})
	}
}

func TestSignInWithAnotherClientSecret(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, realtest.FrontOptions{Access: mode, ClientSecret: "the-secret-of-the-other-app"})
			if _, landed := g.browser(t, "phlip9"); landed.StatusCode != http.StatusInternalServerError || landed.Request.URL.Path != "/oauth2/callback" {
				t.Errorf("landed at %s: %d", landed.Request.URL, landed.StatusCode)
			}
			g.Proxy.Await(t, g.Proxy.Says("Error redeeming code during OAuth2 callback"))
			if strings.Contains(g.Proxy.Output(), "the-secret-of-the-other-app") {
				t.Error("the log holds the client secret")
			}
		})
	}
}

// What buildbot-nix serves to everybody (F49) and tells every browser (F50),
// nixwright's module does not; both are pinned here.
func TestOutputsAndInternalPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mode, nix string
		stranger        int
		leaks           bool
	}{
		{"nixwright's module, fully private", state.FullyPrivate, "", 302, false},
		{"nixwright's module, two logins", state.TwoLogins, "", 302, false},
		{"buildbot-nix alone, fully private", state.FullyPrivate, realtest.Upstream, 200, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, realtest.FrontOptions{Access: c.mode, Nix: c.nix, BasicAuth: state.NewSecret("internal-password-of-both")})
			bare := &http.Client{Transport: g.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			for _, path := range []string{"/nix-outputs/", "/nix-outputs/" + realtest.FrontOutput} {
				got := get(t, bare, site+path)
				to, _ := got.Location()
				if got.StatusCode != c.stranger || got.StatusCode == http.StatusFound && (to.Path != "/oauth2/start" || to.Query().Get("rd") != path) {
					t.Errorf("a stranger at %s gets %d to %s", path, got.StatusCode, to)
				}
			}
			hc := g.hub.Browser(t, g.Transport(), "lexe-agent")
			if got := get(t, hc, site+"/nix-outputs/"+realtest.FrontOutput); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.text, "/nix/store/") {
				t.Errorf("who signs in on the way gets %d %s", got.StatusCode, got.text)
			}
			if got := get(t, hc, site+"/nix-outputs/"); !strings.Contains(got.text, `<a href="phlip9/">phlip9/</a>`) {
				t.Errorf("the folder: %s", got.text)
			}
			if c.nix != "" { // the outputs asked for no login
				hc, _ = g.browser(t, "lexe-agent")
			}
			got := get(t, hc, site+"/api/v2/builds")
			if leaked := got.Header.Get("Authorization"); (leaked != "") != c.leaks {
				t.Errorf("the browser is told %q", leaked)
			}
		})
	}
}

func TestEventsThroughTheFront(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, realtest.FrontOptions{Access: mode})
			hc, _ := g.browser(t, "phlip9")
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if said := echo(ctx, t, hc); said != "hello" {
				t.Errorf("the WebSocket says %q", said)
			}
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, site+"/sse/listen/builds/*/*", nil)
			resp, err := hc.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			first := make([]byte, len("event: handshake"))
			if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "event: handshake" {
				t.Errorf("the stream says %q, %v while it is open", first, err)
			}
			if _, _, err := websocket.Dial(ctx, site+"/ws", &websocket.DialOptions{HTTPClient: &http.Client{Transport: g.Transport()}}); err == nil {
				t.Error("a stranger opens the WebSocket")
			}
		})
	}
}

// echo opens the WebSocket, says hello and returns what comes back.
func echo(ctx context.Context, t *testing.T, hc *http.Client) string {
	t.Helper()
	c, _, err := websocket.Dial(ctx, site+"/ws", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.CloseNow()
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		t.Error(err)
	}
	_, text, err := c.Read(ctx)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}
