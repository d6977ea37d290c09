package fake

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// edge is what the public edge needs to know for one request.
type edge struct {
	mode, domain, client, web, secret, webhook string
	proxyUp, masterUp                          bool
	now                                        time.Time
}

// ciHandler is the public edge of the CI: nginx with oauth2-proxy and buildbot
// behind it. It answers as the real ones were recorded to.
func (w *World) ciHandler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		e := edge{web: w.githubBase().web, now: w.now()}
		w.Look(func(s *State) {
			e.mode, e.client, e.secret = s.CI.Mode, s.CI.Proxy, s.CI.Secrets["buildbot-github-webhook-secret"]
			e.domain, e.webhook = s.Config.CI.Domain, s.Config.CI.WebhookPath
			e.proxyUp, e.masterUp = s.Host.up("oauth2-proxy"), s.Host.up("buildbot-master")
		})
		rw.Header().Set("Server", "nginx")
		path := r.URL.Path
		switch hook := e.hooked(path); {
		case e.mode == "", e.mode == byHand && hook, hook && !e.masterUp, !hook && !e.proxyUp && !e.outputs(path):
			nginxPage(rw, http.StatusBadGateway, "text/html")
		case hook:
			w.changeHook(rw, r, e.secret)
		case e.outputs(path) && !e.proxyUp: // what nginx makes of a login that cannot be asked
			nginxPage(rw, http.StatusInternalServerError, "text/html; charset=utf-8") // the location's
		case e.outputs(path):
			rw.Header().Set("Location", "http://"+r.Host+"/oauth2/start?rd="+r.URL.RequestURI())
			nginxPage(rw, http.StatusFound, "text/html")
		case e.mode == state.FullyPrivate && strings.HasPrefix(path, "/change_hook"): // skip-auth-route
			if !e.masterUp {
				e.page(rw, http.StatusBadGateway, "502 Bad Gateway", "")
				return
			}
			w.changeHook(rw, r, e.secret)
		default:
			e.proxy(rw, r)
		}
	})
}

// hooked says whether nginx hands the path to buildbot without a login:
// exactly buildbot-nix's own and an adopted App's. By hand it was a prefix.
func (e edge) hooked(path string) bool {
	if e.mode == byHand {
		return e.webhook != "" && strings.HasPrefix(path, e.webhook)
	}
	return path == "/change_hook/github" || e.webhook != "" && path == e.webhook
}

// outputs says whether nginx serves the path itself, once it has asked
// oauth2-proxy. By hand the login stands before it as before the rest.
func (e edge) outputs(path string) bool {
	return e.mode != byHand && strings.HasPrefix(path, "/nix-outputs/")
}

// proxy is oauth2-proxy for a visitor without a session.
func (e edge) proxy(rw http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	private := e.mode == state.FullyPrivate
	api := private && (strings.HasPrefix(path, "/api") || path == "/ws") || wantsJSON(r) // api-route, and scripts
	switch {
	case path == "/ping", path == "/ready":
		plain(rw, http.StatusOK, "OK")
	case path == "/robots.txt":
		plain(rw, http.StatusOK, "User-agent: *\nDisallow: /\n")
	case path == "/oauth2/auth":
		http.Error(rw, "Unauthorized", http.StatusUnauthorized)
	case path == "/oauth2/userinfo":
		noCache(rw)
		http.Error(rw, "Unauthorized", http.StatusUnauthorized)
	case path == "/oauth2/sign_out":
		noCache(rw)
		http.Redirect(rw, r, "/", http.StatusFound)
	case path == "/oauth2/callback":
		e.callback(rw, r.URL.Query())
	case path == "/oauth2/start":
		e.start(rw, r.URL.Query().Get("rd"))
	case private && path == "/oauth2/sign_in":
		e.signIn(rw, http.StatusOK, r.URL.Query().Get("rd"))
	case path == "/oauth2/sign_in":
		e.start(rw, "/")
	case api:
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(rw, "{}")
	case private:
		e.signIn(rw, http.StatusForbidden, r.URL.RequestURI())
	default:
		e.start(rw, r.URL.RequestURI())
	}
}

// wantsJSON says whether a script asks: it gets no page to sign in on.
func wantsJSON(r *http.Request) bool {
	for accept := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if strings.TrimSpace(accept) == "application/json" {
			return true
		}
	}
	return false
}

// callback answers those who come back from GitHub without having been sent.
func (e edge) callback(rw http.ResponseWriter, q url.Values) {
	if _, _, whole := strings.Cut(q.Get("state"), ":"); q.Get("error") != "" || whole {
		e.page(rw, http.StatusForbidden, "403 Forbidden", wayBack) // they said no there, or have no cookie of ours
		return
	}
	e.page(rw, http.StatusInternalServerError, "500 Internal Server Error", wayBack)
}

// start sends the visitor to GitHub. The scopes are those that nixwright's
// module sets, and oauth2-proxy's own default without it.
func (e edge) start(rw http.ResponseWriter, back string) {
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "/oauth2/") {
		back = "/"
	}
	scope := "read:user user:email read:org"
	if e.mode == byHand {
		scope = "user:email read:org"
	}
	q := url.Values{
		"approval_prompt": {"force"}, "client_id": {e.client}, "redirect_uri": {"https://" + e.domain + "/oauth2/callback"},
		"response_type": {"code"}, "scope": {scope}, "state": {e.nonce("state", 32) + ":" + back},
	}
	to := e.web + "/login/oauth/authorize?" + q.Encode()
	noCache(rw)
	rw.Header().Set("Location", to)
	rw.Header().Add("Set-Cookie", fmt.Sprintf("_oauth2_proxy_csrf=%s|%d|%s; Path=/; Max-Age=900; HttpOnly; Secure",
		e.nonce("csrf", 88), e.now.Unix(), e.nonce("sign", 32)))
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(http.StatusFound)
	_, _ = fmt.Fprintf(rw, "<a href=\"%s\">Found</a>.\n\n", html.EscapeString(to))
}

// nonce is n bytes, in base64, that differ from second to second.
func (e edge) nonce(label string, n int) string {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d/%d", e.secret, label, e.now.Unix(), i))
		out = append(out, sum[:]...)
	}
	return base64.URLEncoding.EncodeToString(out[:n])
}

func (e edge) signIn(rw http.ResponseWriter, status int, back string) {
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "/oauth2/") {
		back = "/"
	}
	e.page(rw, status, "Sign In", fmt.Sprintf("<form method=\"GET\" action=\"/oauth2/start\">\n<input type=\"hidden\" name=\"rd\" value=\"%s\">\n"+
		"<button type=\"submit\" class=\"button block is-primary\">Sign in with GitHub</button>\n</form>", html.EscapeString(back)))
}

// wayBack is how oauth2-proxy's error pages lead to another try.
const wayBack = "<form method=\"GET\" action=\"/oauth2/sign_in\">\n<input type=\"hidden\" name=\"rd\" value=\"/\">\n<button type=\"submit\">Sign in</button>\n</form>"

func (e edge) page(rw http.ResponseWriter, status int, title, body string) {
	noCache(rw)
	htmlPage(rw, status, title, body)
}

// htmlPage is a page of the CI's edge; the body is HTML.
func htmlPage(rw http.ResponseWriter, status int, title, body string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	t := html.EscapeString(title)
	_, _ = fmt.Fprintf(rw, "<!doctype html>\n<html><head><title>%s</title></head><body><h1>%s</h1>\n%s\n</body></html>\n", t, t, body)
}

func noCache(rw http.ResponseWriter) {
	rw.Header().Set("Cache-Control", "no-cache, no-store, must-revalidate, max-age=0")
	rw.Header().Set("Expires", "Thu, 01 Jan 1970 00:00:00 UTC")
}

func plain(rw http.ResponseWriter, status int, text string) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, text)
}

// nginxPage is a page that nginx makes itself, as NixOS has it: without its
// version.
func nginxPage(rw http.ResponseWriter, status int, kind string) {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	rw.Header().Set("Content-Type", kind)
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, "<html>\r\n<head><title>"+title+"</title></head>\r\n<body>\r\n"+
		"<center><h1>"+title+"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}
