package realtest_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// The same journeys with a real buildbot behind.
func TestBuildbotBehindTheFront(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			password := realtest.Made(t, "buildbot-http-basic-auth-password")
			secret := realtest.Made(t, "buildbot-github-webhook-secret").Reveal()
			b := realtest.Buildbot(t, realtest.BuildbotOptions{Mode: mode, BaseURL: site + "/", WebhookSecret: secret, Password: password.Reveal()})
			g := newGate(t, realtest.FrontOptions{Access: mode, Buildbot: strings.TrimPrefix(b.URL, "http://"), BasicAuth: password, HookPath: "/webhooks/github-buildbot-ci"})
			t.Run("hooks", func(t *testing.T) { hooks(t, g, mode, secret) })
			t.Run("who may do what", func(t *testing.T) {
				if mode == state.FullyPrivate {
					oneLogin(t, g)
				} else {
					twoLogins(t, g)
				}
			})
			t.Run("events", func(t *testing.T) { events(t, g, secret) })
			t.Run("nothing behind nginx", func(t *testing.T) {
				b.Stop()
				hc, landed := g.browser(t, "phlip9")
				if landed.StatusCode != http.StatusBadGateway || !strings.Contains(landed.text, "Bad Gateway") {
					t.Errorf("signed in: %d", landed.StatusCode)
				}
				if got := get(t, hc, site+"/change_hook/github"); got.StatusCode != http.StatusBadGateway || got.Header.Get("Content-Type") != "text/html" {
					t.Errorf("the hook: %d %s", got.StatusCode, got.text)
				}
				g.Proxy.Stop()
				if got := get(t, hc, site+"/ping"); got.StatusCode != http.StatusBadGateway {
					t.Errorf("without oauth2-proxy: %d", got.StatusCode)
				}
			})
		})
	}
}

const (
	pingBody = `{"zen":"Keep it logically awesome.","hook_id":1}`
	pushBody = `{"ref":"refs/heads/master","before":"0000000000000000000000000000000000000000","after":"6fd42d3a1c9d5f8a7b6c5d4e3f2a1b0c9d8e7f60",
"repository":{"name":"dotfiles","full_name":"phlip9/dotfiles","html_url":"https://github.com/phlip9/dotfiles","clone_url":"https://github.com/phlip9/dotfiles.git","default_branch":"master"},
"pusher":{"name":"phlip9"},"created":false,"deleted":false,"head_commit":{"id":"6fd42d3a1c9d5f8a7b6c5d4e3f2a1b0c9d8e7f60","message":"a commit"},
"commits":[{"id":"6fd42d3a1c9d5f8a7b6c5d4e3f2a1b0c9d8e7f60","distinct":true,"message":"a commit","timestamp":"2026-11-22T23:44:02Z","url":"https://github.com/phlip9/dotfiles/commit/6fd42d3",
"author":{"name":"phlip9","email":"phlip9@example.com"},"committer":{"name":"phlip9","email":"phlip9@example.com"},"added":["a"],"removed":[],"modified":[]}]}`
)

// hook posts an event as GitHub does; no secret: unsigned.
func hook(t *testing.T, g gate, path, event, body, secret string) page {
	t.Helper()
	h := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {event}, "User-Agent": {"GitHub-Hookshot/0000000"}}
	if secret != "" {
		mac := hmac.New(sha1.New, []byte(secret))
		_, _ = mac.Write([]byte(body))
		h.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(mac.Sum(nil)))
	}
	bare := &http.Client{Transport: g.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return fetch(t, bare, http.MethodPost, site+path, body, h)
}

func hooks(t *testing.T, g gate, mode, secret string) {
	t.Helper()
	unknown := map[string]int{state.FullyPrivate: 400, state.TwoLogins: 302}[mode] // upstream's proxy lets ^/change_hook pass
	for _, c := range []struct {
		what, path, event, body, secret string
		status                          int
		says                            string
	}{
		{"a ping", "/change_hook/github", "ping", pingBody, secret, 200, "no change found"},
		{"a push", "/change_hook/github", "push", pushBody, secret, 200, "1 change found"},
		{"a ping to the App's own path", "/webhooks/github-buildbot-ci", "ping", pingBody, secret, 200, "no change found"},
		{"wrongly signed", "/change_hook/github", "push", pushBody, "not the secret", 400, "Hash mismatch"},
		{"unsigned", "/change_hook/github", "push", pushBody, "", 400, "Request has no required signature"},
		{"unsigned at the App's own path", "/webhooks/github-buildbot-ci", "ping", pingBody, "", 400, "Request has no required signature"},
		{"a megabyte and more", "/change_hook/github", "ping", `{"zen":"` + strings.Repeat("x", 12<<20) + `"}`, secret, 200, "no change found"},
		{"of another forge", "/change_hook/gitlab", "push", pushBody, secret, unknown, ""},
		{"with a tail", "/change_hook/github/x", "ping", pingBody, secret, 302, ""},
	} {
		if c.what == "with a tail" && mode == state.FullyPrivate {
			c.status = 200 // so too with upstream's own locations; the signature is asked for all the same
		}
		if got := hook(t, g, c.path, c.event, c.body, c.secret); got.StatusCode != c.status || !strings.Contains(got.text, c.says) {
			t.Errorf("%s: %d %s, want %d %s", c.what, got.StatusCode, got.text, c.status, c.says)
		}
	}
	if mode == state.FullyPrivate {
		if got := hook(t, g, "/change_hook/github/x", "ping", pingBody, ""); got.StatusCode != http.StatusBadRequest {
			t.Errorf("unsigned with a tail: %d %s", got.StatusCode, got.text)
		}
	}
}

// force asks for an evaluation, as the button of the page does.
func force(t *testing.T, hc *http.Client) page {
	t.Helper()
	return fetch(t, hc, http.MethodPost, site+"/api/v2/forceschedulers/phlip9-dotfiles-force",
		`{"jsonrpc":"2.0","method":"force","id":1,"params":{"builderid":1}}`, http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}})
}

// user is who buildbot takes the browser for.
func user(t *testing.T, hc *http.Client) (out struct {
	Anonymous bool   `json:"anonymous"`
	Username  string `json:"username"`
},
) {
	t.Helper()
	var c struct {
		User json.RawMessage `json:"user"`
	}
	got := get(t, hc, site+"/config")
	if err := errors.Join(json.Unmarshal([]byte(got.text), &c), json.Unmarshal(c.User, &out)); err != nil {
		t.Errorf("%v in %.200s", err, got.text)
	}
	return out
}

// oneLogin: who has signed in to the proxy is known to buildbot too.
func oneLogin(t *testing.T, g gate) {
	t.Helper()
	admin, landed := g.browser(t, "phlip9")
	if landed.StatusCode != http.StatusOK || landed.Header.Get("Authorization") != "" {
		t.Errorf("the page: %d, leaks %q", landed.StatusCode, landed.Header.Get("Authorization"))
	}
	if got := user(t, admin); got.Anonymous || got.Username != "phlip9" {
		t.Errorf("buildbot takes phlip9 for %+v", got)
	}
	if got := force(t, admin); got.StatusCode != http.StatusOK {
		t.Errorf("an admin may not build: %d %s", got.StatusCode, got.text)
	}
	other, _ := g.browser(t, "lexe-agent")
	if got := user(t, other); got.Username != "lexe-agent" {
		t.Errorf("buildbot takes lexe-agent for %+v", got)
	}
	if got := force(t, other); got.StatusCode != http.StatusForbidden {
		t.Errorf("who is no admin builds: %d %s", got.StatusCode, got.text)
	}
	stranger := &http.Client{Transport: g.Transport()}
	if got := force(t, stranger); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger builds: %d %s", got.StatusCode, got.text)
	}
	// Whoever names himself is not believed: the proxy's word replaces theirs.
	claim := http.Header{"Authorization": {"Basic cGhsaXA5OngK"}, "X-Forwarded-User": {"phlip9"}, "Content-Type": {"application/json"}}
	if got := fetch(t, stranger, http.MethodPost, site+"/api/v2/forceschedulers/phlip9-dotfiles-force", `{}`, claim); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger who says that he is phlip9: %d %s", got.StatusCode, got.text)
	}
}

// twoLogins: buildbot takes who has signed in to the proxy for a stranger, and
// its own login leads to GitHub, with its own App and its own callback.
func twoLogins(t *testing.T, g gate) {
	t.Helper()
	hc, landed := g.browser(t, "phlip9")
	if landed.StatusCode != http.StatusOK {
		t.Errorf("the page: %d", landed.StatusCode)
	}
	if got := user(t, hc); !got.Anonymous {
		t.Errorf("buildbot takes the proxy's phlip9 for %+v", got)
	}
	if got := force(t, hc); got.StatusCode != http.StatusForbidden {
		t.Errorf("before the second login: %d %s", got.StatusCode, got.text)
	}
	bare := *hc
	bare.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got := get(t, &bare, site+"/auth/login")
	to, err := url.Parse(got.Header.Get("Location"))
	if err != nil || got.StatusCode != http.StatusFound || to.Host != "github.com" || to.Path != "/login/oauth/authorize" || to.Query().Get("redirect_uri") != site+"/auth/login" {
		t.Errorf("buildbot's own login: %d to %s", got.StatusCode, got.Header.Get("Location"))
	}
	if id := to.Query().Get("client_id"); id == "" || id == realtest.FrontClientID {
		t.Errorf("it asks for the App %q", id)
	}
	stranger := &http.Client{Transport: g.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if got := get(t, stranger, site+"/auth/login"); got.StatusCode != http.StatusFound || strings.Contains(got.Header.Get("Location"), "auth%2Flogin&") {
		t.Errorf("a stranger at the second login: %d to %s", got.StatusCode, got.Header.Get("Location"))
	}
}

// events: what a push begins is heard over the WebSocket and the stream.
func events(t *testing.T, g gate, secret string) {
	t.Helper()
	hc, _ := g.browser(t, "phlip9")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, site+"/ws", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := wsjson.Write(ctx, c, map[string]any{"cmd": "startConsuming", "path": "builds/*/*", "_id": 1}); err != nil {
		t.Fatal(err)
	}
	var said struct {
		Msg any    `json:"msg"`
		Key string `json:"k"`
	}
	if err := wsjson.Read(ctx, c, &said); err != nil || said.Msg != "OK" {
		t.Fatalf("the WebSocket says %+v, %v", said, err)
	}
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, site+"/sse/listen/builds/*/*", nil)
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "handshake") {
		t.Fatalf("the stream (%d) says %q, %v", resp.StatusCode, line, err)
	}
	body := strings.ReplaceAll(pushBody, "6fd42d3a", "7fd42d3a")
	if got := hook(t, g, "/change_hook/github", "push", body, secret); got.text != "1 change found" {
		t.Fatalf("the push: %d %s", got.StatusCode, got.text)
	}
	for said.Key = ""; !strings.HasPrefix(said.Key, "builds/") || !strings.HasSuffix(said.Key, "/new"); {
		if err := wsjson.Read(ctx, c, &said); err != nil {
			t.Fatalf("no build is heard of over the WebSocket: %v", err)
		}
	}
	for line := ""; !strings.Contains(line, `"builds"`); {
		if line, err = lines.ReadString('\n'); err != nil && !errors.Is(err, io.EOF) || line == "" {
			t.Fatalf("no build is heard of over the stream: %v", err)
		}
	}
}
