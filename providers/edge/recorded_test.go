package edge_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// Every recorded answer of nginx and oauth2-proxy against what the real
// programs answer now, and what the built-in world answers.

// set is which set-up a recording is of, and what was asked.
type set string

// The set-ups of the recordings.
const (
	privateProxy set = "fully-private, oauth2-proxy itself"
	handProxy    set = "by hand, oauth2-proxy itself"
	privateNginx set = "fully-private, through nginx"
	handNginx    set = "by hand, through nginx"
)

// asked is one recorded question.
type asked struct {
	at         set
	method     string
	path       string
	accept     string // of a script
	sign       string // "", "right", "wrong": how an event is signed
	incomplete string // why it is not compared
}

// recordings are all files, by name.
func recordings() map[string]asked {
	out := map[string]asked{
		"nginx/direct-v4-webhook-good.txt":                  {at: privateNginx, method: "POST", path: "/change_hook/github", sign: "right"},
		"nginx/priv-change_hook-direct.txt":                 {at: privateNginx, method: "POST", path: "/change_hook/github", sign: "right"},
		"nginx/priv-change_hook-gitlab-unknown-dialect.txt": {at: privateNginx, method: "POST", path: "/change_hook/gitlab", sign: "right"},
		"nginx/priv-webhook-good.txt":                       {at: privateNginx, method: "POST", path: appHook, sign: "right"},
		"nginx/priv-webhook-suffix.txt":                     {incomplete: "the recorded set-up gave every path below the App's own to buildbot; the module gives one"},
		"nginx/priv-webhook-no-sig.txt":                     {at: privateNginx, method: "POST", path: appHook},
		"nginx/priv-webhook-wrong-sig.txt":                  {at: privateNginx, method: "POST", path: appHook, sign: "wrong"},
		"nginx/seed-webhook-good.txt":                       {at: handNginx, method: "POST", path: appHook, sign: "right"},
		"oauth2-proxy/e2e-login-1.txt":                      {incomplete: "a journey: providers/realtest TestSignIn"},
		"oauth2-proxy/e2e-login-2.txt":                      {incomplete: "a journey: providers/realtest TestSignIn"},
		"oauth2-proxy/e2e-ws-through-proxy.txt":             {incomplete: "a journey: providers/realtest TestBuildbotBehindTheFront"},
	}
	paths := map[string]string{"": "/", "sse_listen_builds_-_-": "/sse/listen/builds/*/*", "robots.txt": "/robots.txt", "change_hook_github": "/change_hook/github", "nix-outputs_": "/nix-outputs/"}
	for _, p := range []string{"auth", "callback", "sign_in", "sign_out", "start", "userinfo"} {
		paths["oauth2_"+p] = "/oauth2/" + p
	}
	for _, p := range []string{"ping", "ready", "metrics", "ws"} {
		paths[p] = "/" + p
	}
	paths["api_v2_builds"] = "/api/v2/builds"
	for name, path := range paths {
		out["oauth2-proxy/private_"+name+".txt"] = asked{at: privateProxy, method: "GET", path: path}
		out["oauth2-proxy/private-xhr_"+name+".txt"] = asked{at: privateProxy, method: "GET", path: path, accept: "application/json"}
		out["oauth2-proxy/seed_"+name+".txt"] = asked{at: handProxy, method: "GET", path: path}
		out["nginx/priv-get_"+name+".txt"] = asked{at: privateNginx, method: "GET", path: path}
		out["nginx/seed-get_"+name+".txt"] = asked{at: handNginx, method: "GET", path: path}
	}
	return out
}

// answer is what is compared of one.
type answer struct {
	status int
	header map[string]string
	body   string
}

// recordedOnes asks everything that was recorded again. seen is how a recorded
// answer is seen there; differs says of which files another answer is right,
// and why.
func recordedOnes(t *testing.T, addr map[set]http.RoundTripper, secret state.Secret, seen func(answer) answer, differs map[string]string) {
	t.Helper()
	root := os.Getenv("NIXWRIGHT_TESTDATA")
	if root == "" {
		t.Skip("NIXWRIGHT_TESTDATA does not name the recorded answers")
	}
	all, compared := recordings(), 0
	for _, program := range []string{"nginx", "oauth2-proxy"} {
		files, err := os.ReadDir(filepath.Join(root, "captures", program))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := program + "/" + f.Name()
			q, known := all[name]
			switch {
			case strings.HasPrefix(f.Name(), "cookie-"): // a log: providers/realtest TestCookieSecrets
				continue
			case !known:
				t.Errorf("%s: nobody says what was asked", name)
				continue
			case q.incomplete != "":
				continue
			case addr[q.at] == nil:
				t.Errorf("%s: %s is not there", name, q.at)
				continue
			}
			raw, err := os.ReadFile(filepath.Join(root, "captures", name))
			if err != nil {
				t.Fatal(err)
			}
			was, is := seen(parse(t, string(raw))), seen(ask(t, addr[q.at], q, secret))
			if reason, other := differs[name]; other {
				if same(was, is) == "" {
					t.Errorf("%s: is the same, though %s", name, reason)
				}
				continue
			}
			compared++
			if wrong := same(was, is); wrong != "" {
				t.Errorf("%s (%s %s): %s", name, q.method, q.path, wrong)
			}
		}
	}
	if compared < 60 {
		t.Errorf("only %d were compared", compared)
	}
}

// ask asks a question as it was recorded.
func ask(t *testing.T, over http.RoundTripper, q asked, secret state.Secret) answer {
	t.Helper()
	body := ""
	if q.method == http.MethodPost {
		body = `{"zen":"Keep it logically awesome."}`
	}
	req, err := http.NewRequestWithContext(t.Context(), q.method, "https://"+realtest.FrontDomain+q.path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	if q.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header["X-Github-Event"] = []string{"ping"}
	}
	if q.sign != "" {
		key := map[string]string{"right": secret.Reveal(), "wrong": "not the secret"}[q.sign]
		mac := hmac.New(sha1.New, []byte(key))
		_, _ = mac.Write([]byte(body))
		req.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(mac.Sum(nil)))
	}
	resp, err := over.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return cleaned(resp, string(text))
}

// parse reads a recorded answer, whose body was written down decoded.
func parse(t *testing.T, raw string) answer {
	t.Helper()
	head, body, _ := strings.Cut(strings.ReplaceAll(raw, "\r\n", "\n"), "\n\n")
	head = strings.Replace(head, "Transfer-Encoding: chunked\n", "", 1) + "\n"
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+"\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return cleaned(resp, body)
}

// What is another with every answer, with the client, or with the address.
var (
	passing = regexp.MustCompile(`state=[\w%-]+|client_id=\w+|Request ID: [\w-]+|OAuth2 Proxy</a> version \S+|nginx/[\d.]+|(_oauth2_proxy_csrf)=[^;]*|\d\d-\w\w\w-\d{4} \d\d:\d\d`)
	github  = regexp.MustCompile(`https?://[\w.:]+/login/oauth`)
)

func clean(s string) string {
	s = passing.ReplaceAllStringFunc(s, func(found string) string {
		name, _, _ := strings.Cut(found, "=")
		if strings.HasPrefix(found, "nginx/") {
			return "nginx"
		}
		if back := strings.LastIndex(found, "%3A"); strings.HasPrefix(found, "state=") && back >= 0 {
			return "state=" + found[back:]
		}
		if strings.ContainsAny(name, ":<-") || name == found {
			return "passing"
		}
		return name
	})
	return github.ReplaceAllString(s, "https://github.com/login/oauth")
}

func cleaned(resp *http.Response, body string) answer {
	out := answer{status: resp.StatusCode, header: map[string]string{}, body: strings.Join(strings.Fields(clean(body)), " ")}
	for name, values := range resp.Header {
		if !slices.Contains([]string{"Date", "Connection", "Transfer-Encoding", "Content-Length"}, name) {
			out.header[name] = clean(strings.Join(values, "\n"))
		}
	}
	return out
}

// same says where two answers differ.
func same(was, is answer) string {
	switch {
	case was.status != is.status:
		return "another status"
	case !maps.Equal(was.header, is.header):
		var out []string
		for name := range was.header {
			if was.header[name] != is.header[name] {
				out = append(out, name+" was "+was.header[name]+", is "+is.header[name])
			}
		}
		for name := range is.header {
			if _, had := was.header[name]; !had {
				out = append(out, name+" is new: "+is.header[name])
			}
		}
		slices.Sort(out)
		return strings.Join(out, "\n")
	case was.body != is.body:
		return "another body:\nwas " + was.body + "\nis  " + is.body
	}
	return ""
}

// direct reaches one address whatever it is asked for.
type direct struct {
	addr string
	over http.RoundTripper
}

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = "http", d.addr
	return d.over.RoundTrip(req)
}

// realAnswers are the recorded set-ups with the programs of today: the one of
// buildbot-nix alone, and the one that was made by hand.
func realAnswers(t *testing.T, b *realtest.BuildbotMaster) map[set]http.RoundTripper {
	t.Helper()
	behind := strings.TrimPrefix(b.URL, "http://")
	scope := func(scope ...string) func(p *realtest.FrontPrograms) {
		return func(p *realtest.FrontPrograms) {
			p.Flags = slices.DeleteFunc(p.Flags, func(f string) bool { return strings.HasPrefix(f, "--scope=") })
			for _, s := range scope {
				p.Flags = append(p.Flags, "--scope="+s)
			}
		}
	}
	private := realtest.StartFront(t, realtest.FrontOptions{
		Access: state.FullyPrivate, Buildbot: behind, HookPath: appHook, Nix: realtest.Upstream, Change: scope("read:user user:email repo"),
	})
	byHand := realtest.StartFront(t, realtest.FrontOptions{Access: state.TwoLogins, Buildbot: behind, HookPath: appHook, Change: func(p *realtest.FrontPrograms) {
		scope()(p)
		// Its nginx knew the App's own path alone, and buildbot at an address where nobody listens.
		head, tail, _ := strings.Cut(p.Nginx, "location /nix-outputs/ {")
		_, rest, _ := strings.Cut(tail, "\n}\n")
		p.Nginx = strings.ReplaceAll(head+rest, "http://127.0.0.1:8010/", "http://[::1]:1/")
	}})
	return map[set]http.RoundTripper{
		privateProxy: direct{private.ProxyAddr, http.DefaultTransport}, privateNginx: private.Transport(),
		handProxy: direct{byHand.ProxyAddr, http.DefaultTransport}, handNginx: byHand.Transport(),
	}
}

// whole is an answer as it is.
func whole(a answer) answer { return a }

func TestRecordedOnTheBuiltInWorld(t *testing.T) {
	t.Parallel()
	private, byHand := pretend(t, state.FullyPrivate), pretend(t, "by-hand")
	over := func(base string) direct {
		return direct{strings.TrimPrefix(base, "http://"), http.DefaultTransport}
	}
	recordedOnes(t, map[set]http.RoundTripper{
		privateProxy: over(private.Base), privateNginx: over(private.Base), handProxy: over(byHand.Base), handNginx: over(byHand.Base),
	}, private.Secret, pretended, map[string]string{
		"nginx/priv-get_nix-outputs_.txt":           "the built-in world has nixwright's module, which asks for a login",
		"oauth2-proxy/private_oauth2_start.txt":     "nixwright's module asks for less than buildbot-nix",
		"oauth2-proxy/private-xhr_oauth2_start.txt": "nixwright's module asks for less than buildbot-nix",
	})
}

// told is what the built-in world takes over of oauth2-proxy's pages.
var told = regexp.MustCompile(`<title>[^<_]*</title>|<form method="GET" action="/oauth2/start">|name="rd" value="[^"]*"|Sign in with GitHub`)

// pretended is an answer as the built-in world gives it: always through nginx,
// which keeps one header to itself and adds one, and with plainer pages.
func pretended(a answer) answer {
	delete(a.header, "X-Accel-Expires")
	a.header["Server"] = "nginx"
	if strings.HasPrefix(strings.ToLower(a.body), "<!doctype html>") {
		a.body = strings.Join(told.FindAllString(a.body, -1), " ")
	}
	return a
}
