// Package edgetest is what the public side of a CI must answer to somebody who
// has not signed in, whatever stands there: the real nginx, oauth2-proxy and
// buildbot, or the built-in world. It looks at what the checks of the set-up
// look at.
package edgetest

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// Edge is the adapter under test.
type Edge interface {
	Get(ctx context.Context, path string) (state.Page, error)
	Upgrade(ctx context.Context, path string) (state.Page, error)
	Hook(ctx context.Context, path string, sign *state.Secret) (state.Page, error)
}

// World is a CI that was set up, in one access mode.
type World struct {
	Edge   Edge
	Base   string       // where it is asked: "https://127.0.0.1:8443"
	Domain string       // what it takes itself for: "ci.phlip9.com"
	GitHub string       // where people sign in: "https://github.com"
	Client string       // client id that oauth2-proxy signs in with
	Secret state.Secret // of the webhook
	Hook   string       // path of an adopted App's own hook

	// Stop ends oauth2-proxy or buildbot-master for the rest of the test.
	Stop func(unit string)
}

// want is an answer as far as it is looked at.
type want struct {
	status int
	kind   string   // content type
	words  []string // in the body
	to     string   // path that is redirected to; "authorize": GitHub's page
	back   string   // where the login leads back to in the end
}

// ask is one question in both access modes.
type ask struct {
	what         string
	get          string // one of these is set
	upgrade      string
	hook         string
	sign         *state.Secret
	private, two want
}

// Conformance asks everything of a world in each access mode.
func Conformance(t *testing.T, open func(t *testing.T, access string) World) {
	t.Helper()
	for _, access := range []string{state.FullyPrivate, state.TwoLogins} {
		t.Run(access, func(t *testing.T) {
			t.Parallel()
			w := open(t, access)
			w.all(t, access, "up", w.up())
			w.cancelled(t)
			w.Stop("buildbot-master")
			w.all(t, access, "without buildbot", w.withoutBuildbot())
			w.Stop("oauth2-proxy")
			w.all(t, access, "without oauth2-proxy", withoutProxy())
		})
	}
}

const (
	htmlPage  = "text/html; charset=utf-8"
	plainPage = "text/plain; charset=utf-8"
	bare      = "text/html" // nginx's and buildbot's
)

// The answers that come often.
func signInPage() want {
	return want{status: 403, kind: htmlPage, words: []string{"<title>Sign In</title>", "Sign in with GitHub"}}
}
func refused() want { return want{status: 401, kind: "application/json", words: []string{"{}"}} }
func toGitHub(back string) want {
	return want{status: 302, kind: htmlPage, words: []string{"Found"}, to: "authorize", back: back}
}
func toLogin(back string) want { return want{status: 302, kind: bare, to: "/oauth2/start", back: back} }
func ok(text string) want      { return want{status: 200, kind: plainPage, words: []string{text}} }
func buildbot(status int, says string) want {
	return want{status: status, kind: bare, words: []string{says}}
}
func failed(status int, title string) want {
	return want{status: status, kind: bare, words: []string{"<title>" + title + "</title>", "<center>nginx</center>"}}
}
func errorPage(status int, title string) want {
	return want{status: status, kind: htmlPage, words: []string{title}}
}

// both is a question with the same answer in both modes.
func both(w want) (private, two want) { return w, w }

func (w World) up() []ask {
	const unsigned, builds, sse = "Request has no required signature", "/api/v2/builds", "/sse/listen/builds/*/*"
	wrong := state.NewSecret("not the secret")
	out := []ask{
		{what: "page", get: "/", private: signInPage(), two: toGitHub("/")},
		{what: "page that is not there", get: "/nothing?x=1", private: signInPage(), two: toGitHub("/nothing?x=1")},
		{what: "API", get: builds, private: refused(), two: toGitHub(builds)},
		{what: "WebSocket", upgrade: "/ws", private: refused(), two: toGitHub("/ws")},
		{what: "WebSocket's path", get: "/ws", private: refused(), two: toGitHub("/ws")},
		{what: "below the WebSocket", get: "/ws/x", private: signInPage(), two: toGitHub("/ws/x")},
		{what: "stream", get: sse, private: signInPage(), two: toGitHub(sse)},
		{what: "a page that oauth2-proxy lacks", get: "/oauth2/nothing", private: signInPage(), two: toGitHub("/")},
		{what: "start", get: "/oauth2/start?rd=%2F", private: toGitHub("/"), two: toGitHub("/")},
		{what: "start for elsewhere", get: "/oauth2/start?rd=https%3A%2F%2Fevil.example%2F", private: toGitHub("/"), two: toGitHub("/")},
		{what: "sign-in page", get: "/oauth2/sign_in", private: want{status: 200, kind: htmlPage, words: []string{"<title>Sign In</title>"}}, two: toGitHub("/")},
		{what: "hook of another forge", get: "/change_hook/gitlab", private: buildbot(400, "wasn't whitelisted in change_hook"), two: toGitHub("/change_hook/gitlab")},
	}
	for _, s := range []struct {
		ask
		want
	}{
		{ask{what: "outputs", get: "/nix-outputs/"}, toLogin("/nix-outputs/")},
		{ask{what: "an output", get: "/nix-outputs/phlip9/dotfiles/x"}, toLogin("/nix-outputs/phlip9/dotfiles/x")},
		{ask{what: "ping", get: "/ping"}, ok("OK")},
		{ask{what: "ready", get: "/ready"}, ok("OK")},
		{ask{what: "robots", get: "/robots.txt"}, ok("User-agent: *")},
		{ask{what: "who am I", get: "/oauth2/auth"}, want{status: 401, kind: plainPage, words: []string{"Unauthorized"}}},
		{ask{what: "user", get: "/oauth2/userinfo"}, want{status: 401, kind: plainPage, words: []string{"Unauthorized"}}},
		{ask{what: "sign out", get: "/oauth2/sign_out"}, want{status: 302, kind: htmlPage, to: "/"}},
		{ask{what: "callback", get: "/oauth2/callback"}, errorPage(500, "500 Internal Server Error")},
		{ask{what: "callback without a cookie", get: "/oauth2/callback?code=x&state=y%3A%2F"}, errorPage(403, "403 Forbidden")},
		{ask{what: "who said no at GitHub", get: "/oauth2/callback?error=access_denied"}, errorPage(403, "403 Forbidden")},
		{ask{what: "hook by GET", get: "/change_hook/github"}, buildbot(400, unsigned)},
		{ask{what: "unsigned hook", hook: "/change_hook/github"}, buildbot(400, unsigned)},
		{ask{what: "wrongly signed hook", hook: "/change_hook/github", sign: &wrong}, buildbot(400, "Hash mismatch")},
		{ask{what: "signed hook", hook: "/change_hook/github", sign: &w.Secret}, buildbot(200, "no change found")},
		{ask{what: "unsigned hook of the App", hook: w.Hook}, buildbot(400, unsigned)},
		{ask{what: "signed hook of the App", hook: w.Hook, sign: &w.Secret}, buildbot(200, "no change found")},
	} {
		s.private, s.two = both(s.want)
		out = append(out, s.ask)
	}
	return append(out, ask{what: "a hook below the App's", get: w.Hook + "/x", private: signInPage(), two: toGitHub(w.Hook + "/x")})
}

func (w World) withoutBuildbot() []ask {
	gone := failed(502, "502 Bad Gateway")
	return []ask{
		{what: "hook", hook: "/change_hook/github", sign: &w.Secret, private: gone, two: gone},
		{what: "hook of the App", hook: w.Hook, private: gone, two: gone},
		{what: "hook of another forge", get: "/change_hook/gitlab", private: errorPage(502, "502 Bad Gateway"), two: toGitHub("/change_hook/gitlab")},
		{what: "page", get: "/", private: signInPage(), two: toGitHub("/")},
		{what: "ping", get: "/ping", private: ok("OK"), two: ok("OK")},
	}
}

// withoutProxy is asked when both are gone.
func withoutProxy() []ask {
	gone := failed(502, "502 Bad Gateway")
	unknown := failed(500, "500 Internal Server Error") // nginx could not ask who it is
	unknown.kind = htmlPage
	return []ask{
		{what: "page", get: "/", private: gone, two: gone},
		{what: "WebSocket", upgrade: "/ws", private: gone, two: gone},
		{what: "stream", get: "/sse/listen/builds/*/*", private: gone, two: gone},
		{what: "ping", get: "/ping", private: gone, two: gone},
		{what: "start", get: "/oauth2/start?rd=%2F", private: gone, two: gone},
		{what: "outputs", get: "/nix-outputs/", private: unknown, two: unknown},
	}
}

// all asks one after the other.
func (w World) all(t *testing.T, access, when string, all []ask) {
	t.Helper()
	for _, a := range all {
		var p state.Page
		var err error
		switch {
		case a.get != "":
			p, err = w.Edge.Get(t.Context(), a.get)
		case a.upgrade != "":
			p, err = w.Edge.Upgrade(t.Context(), a.upgrade)
		default:
			p, err = w.Edge.Hook(t.Context(), a.hook, a.sign)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", when, a.what, err)
			continue
		}
		x := a.private
		if access == state.TwoLogins {
			x = a.two
		}
		if wrong := w.compare(p, x); wrong != "" {
			t.Errorf("%s: %s: %s\ngot %d %q to %q, %d cookies: %.300s", when, a.what, wrong, p.Status, p.Type, p.Location, len(p.Cookies), p.Body)
		}
	}
}

// compare says what of a page is not as it should be.
func (w World) compare(p state.Page, x want) string {
	cookies := 0
	switch {
	case p.Status != x.status:
		return "another status"
	case p.Type != x.kind:
		return "another type than " + x.kind
	case p.Leaks:
		return "it carries an Authorization header"
	case slices.ContainsFunc(x.words, func(word string) bool { return !strings.Contains(p.Body, word) }):
		return "it lacks the words of " + strings.Join(x.words, ", ")
	case (x.to == "") != (p.Location == ""):
		return "it redirects, or should"
	case x.to == "authorize":
		cookies = 1
		if wrong := w.authorize(p, x); wrong != "" {
			return wrong
		}
	case x.to != "":
		to, err := url.Parse(p.Location)
		if err != nil || to.Path != x.to || to.Host != "" && !strings.HasSuffix(w.Base, "//"+to.Host) || to.Query().Get("rd") != x.back {
			return "it redirects elsewhere than to " + x.to
		}
	}
	if len(p.Cookies) != cookies {
		return "it sets other cookies"
	}
	return ""
}

// authorize looks at the way to GitHub's page and at the cookie for it.
func (w World) authorize(p state.Page, x want) string {
	to, err := url.Parse(p.Location)
	if err != nil {
		return err.Error()
	}
	q := to.Query()
	_, back, _ := strings.Cut(q.Get("state"), ":")
	for name, pair := range map[string][2]string{
		"GitHub": {to.Scheme + "://" + to.Host, w.GitHub}, "path": {to.Path, "/login/oauth/authorize"},
		"client_id": {q.Get("client_id"), w.Client}, "redirect_uri": {q.Get("redirect_uri"), "https://" + w.Domain + "/oauth2/callback"},
		"scope": {q.Get("scope"), "read:user user:email read:org"}, "response_type": {q.Get("response_type"), "code"},
		"approval_prompt": {q.Get("approval_prompt"), "force"}, "the way back": {back, x.back},
	} {
		if pair[0] != pair[1] {
			return name + " is " + pair[0] + ", not " + pair[1]
		}
	}
	if len(p.Cookies) == 1 {
		name, _, _ := strings.Cut(p.Cookies[0], "=")
		var flags []string
		for part := range strings.SplitSeq(p.Cookies[0], "; ") {
			flags = append(flags, part)
		}
		if name != "_oauth2_proxy_csrf" || !slices.Contains(flags, "Secure") || !slices.Contains(flags, "HttpOnly") || !slices.Contains(flags, "Max-Age=900") {
			return "the cookie is another"
		}
	}
	return ""
}

// cancelled: a caller who has left gets an error at once.
func (w World) cancelled(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := w.Edge.Get(ctx, "/ping"); err == nil {
		t.Errorf("a caller who has left gets %+v", p)
	}
}
