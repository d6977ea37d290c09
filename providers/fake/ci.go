package fake

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the old signature header
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// CIState is what runs behind the CI's domain.
type CIState struct {
	Mode     string            `json:"mode"`            // "": nothing; byHand; else the value of ci.access that was deployed
	Proxy    string            `json:"proxy,omitempty"` // client id that oauth2-proxy signs in with
	App      int64             `json:"app,omitempty"`   // the GitHub App that buildbot acts as
	Secrets  map[string]string `json:"secrets,omitempty"`
	Builders []ciBuilder       `json:"builders,omitempty"`
	Builds   []ciBuild         `json:"builds,omitempty"`
	Changes  []ciChange        `json:"changes,omitempty"`
	GC       *ciGC             `json:"gc,omitempty"`
}

// byHand is a CI set up by hand, whose webhook does not reach buildbot: nginx
// asks [::1]:8010, and buildbot listens on IPv4 only.
const byHand = "by-hand"

type ciBuilder struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Project int    `json:"project,omitempty"` // 1 and up; 0: none
	Virtual bool   `json:"virtual,omitempty"` // of one attribute
}

type ciBuild struct {
	ID      int       `json:"id"`
	Builder int       `json:"builder"`
	Number  int       `json:"number"`
	Repo    string    `json:"repo"`
	Attr    string    `json:"attr"` // x86_64-linux.hello
	OutPath string    `json:"out_path"`
	DrvPath string    `json:"drv_path"`
	Commit  string    `json:"commit"`
	Branch  string    `json:"branch"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Results int       `json:"results"`
}

type ciChange struct {
	ID     int       `json:"id"`
	Repo   string    `json:"repo"`
	Branch string    `json:"branch"`
	Commit string    `json:"commit"`
	At     time.Time `json:"at"`
}

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
		rw.Header().Set("Server", "nginx/1.22.1")
		path := r.URL.Path
		hook := strings.HasPrefix(path, "/change_hook/") && e.mode != byHand
		hook = hook || (e.mode == state.TwoLogins && e.webhook != "" && strings.HasPrefix(path, e.webhook))
		switch {
		case e.mode == "", e.mode == byHand && e.webhook != "" && strings.HasPrefix(path, e.webhook):
			badGateway(rw)
		case hook && !e.masterUp, !hook && !e.proxyUp:
			badGateway(rw)
		case hook:
			w.changeHook(rw, r, e.secret)
		default:
			e.proxy(rw, r)
		}
	})
}

// proxy is oauth2-proxy for a visitor without a session.
func (e edge) proxy(rw http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	private := e.mode == state.FullyPrivate
	api := private && (strings.HasPrefix(path, "/api") || path == "/ws") // api-route
	switch {
	case path == "/ping", path == "/ready":
		plain(rw, http.StatusOK, "OK")
	case path == "/robots.txt":
		plain(rw, http.StatusOK, "User-agent: *\nDisallow: /\n")
	case path == "/oauth2/auth", path == "/oauth2/userinfo":
		http.Error(rw, "Unauthorized", http.StatusUnauthorized)
	case path == "/oauth2/sign_out":
		http.Redirect(rw, r, "/", http.StatusFound)
	case path == "/oauth2/callback":
		e.page(rw, http.StatusInternalServerError, "500 Internal Server Error", "")
	case path == "/oauth2/start":
		e.start(rw, r.URL.Query().Get("rd"))
	case api:
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(rw, "{}")
	case private && path == "/oauth2/sign_in":
		e.signIn(rw, http.StatusOK, r.URL.Query().Get("rd"))
	case private:
		e.signIn(rw, http.StatusForbidden, r.URL.RequestURI())
	case path == "/oauth2/sign_in":
		e.start(rw, "/")
	default:
		e.start(rw, r.URL.RequestURI())
	}
}

// start sends the visitor to GitHub. The scopes are those that nixwright's
// module sets, and oauth2-proxy's own default without it.
func (e edge) start(rw http.ResponseWriter, back string) {
	if !strings.HasPrefix(back, "/") {
		back = "/"
	}
	scope := "user:email read:org"
	if e.mode == state.FullyPrivate {
		scope = "read:user user:email read:org"
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

func (e edge) page(rw http.ResponseWriter, status int, title, body string) {
	noCache(rw)
	htmlPage(rw, status, title, body)
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

func badGateway(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "text/html")
	rw.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(rw, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"+
		"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n")
}

// changeHook is buildbot's /change_hook/github with strict signatures.
func (w *World) changeHook(rw http.ResponseWriter, r *http.Request, secret string) {
	say := func(status int, text string) {
		rw.Header().Set("Content-Type", "text/html")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text) //nolint:gosec // as buildbot does, to tests only
	}
	if d := strings.TrimPrefix(r.URL.Path, "/change_hook/"); strings.HasPrefix(r.URL.Path, "/change_hook/") && d != "github" {
		say(http.StatusBadRequest, fmt.Sprintf("The dialect specified, '%s', wasn't whitelisted in change_hook", d))
		return
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 25<<20))
	if err != nil {
		return
	}
	old, got := r.Header.Get("X-Hub-Signature"), r.Header.Get("X-Hub-Signature-256")
	switch {
	case old == "" && got == "":
		say(http.StatusBadRequest, "Request has no required signature")
		return
	case got != "" && !hmac.Equal([]byte(got), []byte("sha256="+hubMAC(sha256.New, secret, string(raw)))),
		got == "" && !hmac.Equal([]byte(old), []byte("sha1="+hubMAC(sha1.New, secret, string(raw)))):
		say(http.StatusBadRequest, "Hash mismatch")
		return
	}
	body := raw
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			say(http.StatusBadRequest, "payload is not valid")
			return
		}
		body = []byte(form.Get("payload"))
	}
	switch event := r.Header.Get("X-Github-Event"); event {
	case "ping":
		say(http.StatusOK, "no change found")
	case "push", "pull_request":
		say(w.takeChange(body))
	default:
		say(http.StatusBadRequest, "Unknown event: "+html.EscapeString(event))
	}
}

func (w *World) takeChange(body []byte) (status int, text string) {
	var in struct {
		Ref        string `json:"ref"`
		After      string `json:"after"`
		Repository struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return http.StatusBadRequest, "payload is not valid"
	}
	err := w.Update(func(s *State) error {
		s.CI.Changes = append(s.CI.Changes, ciChange{
			ID: len(s.CI.Changes) + 1, Repo: in.Repository.FullName, Branch: strings.TrimPrefix(in.Ref, "refs/heads/"), Commit: in.After, At: w.now(),
		})
		return nil
	})
	if err != nil {
		return http.StatusInternalServerError, err.Error()
	}
	return http.StatusOK, "1 change found"
}
