package fake

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

const dotfiles = "/repos/phlip9/dotfiles"

// startWorld serves a scenario in a directory of its own.
func startWorld(t *testing.T, scenario string, opts Options) *World {
	t.Helper()
	if opts.Exe == "" {
		opts.Exe = "/opt/nix wright/nixwright"
	}
	w, err := Start(t.Context(), t.TempDir(), scenario, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// hubClient asks the REST API; with a router every request and answer is
// checked against GitHub's OpenAPI document.
type hubClient struct {
	t      *testing.T
	base   string
	auth   string
	router routers.Router
	seen   map[string]bool
}

type hubReply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

func newHub(t *testing.T, w *World) *hubClient {
	t.Helper()
	return &hubClient{t: t, base: w.url("github"), auth: "Bearer " + w.Env()["GH_TOKEN"], seen: map[string]bool{}}
}

func (h *hubClient) as(auth string) *hubClient {
	c := *h
	c.auth = auth
	return &c
}

func (h *hubClient) do(method, path, body string) hubReply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.base+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if h.auth != "" {
		req.Header.Set("Authorization", h.auth)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	var in *openapi3filter.RequestValidationInput
	if h.router != nil {
		route, params, err := h.router.FindRoute(req)
		if err != nil {
			h.t.Fatalf("%s %s: %v", method, path, err)
		}
		in = &openapi3filter.RequestValidationInput{
			Request: req, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
		}
		if err := openapi3filter.ValidateRequest(h.t.Context(), in); err != nil {
			h.t.Errorf("%s %s: %v", method, path, err)
		}
		h.seen[method+" "+route.Path] = true
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if in != nil {
		err := openapi3filter.ValidateResponse(h.t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(raw)), Options: in.Options,
		})
		if err != nil {
			h.t.Errorf("%s %s answers %d: %v", method, path, res.StatusCode, err)
		}
	}
	return hubReply{t: h.t, what: method + " " + path, status: res.StatusCode, header: res.Header, body: raw}
}

func (r hubReply) want(status int) hubReply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s answers %d: %s; want %d", r.what, r.status, r.body, status)
	}
	return r
}

// get reads a value of the answer: names of fields, numbers of elements.
func (r hubReply) get(path ...any) any {
	r.t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		r.t.Fatalf("%s: %v in %s", r.what, err, r.body)
	}
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			a, _ := v.([]any)
			if p >= len(a) {
				r.t.Fatalf("%s: %v: no element %d in %s", r.what, path, p, r.body)
			}
			v = a[p]
		}
	}
	return v
}

func (r hubReply) text(path ...any) string { return fmt.Sprint(r.get(path...)) }

func (r hubReply) len() int {
	a, _ := r.get().([]any)
	return len(a)
}

// appJWT signs as an App.
func appJWT(t *testing.T, key, id string, from, until time.Time) string {
	t.Helper()
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		t.Fatal("no PEM")
	}
	k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	text := enc([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." +
		enc(fmt.Appendf(nil, `{"iat":%d,"exp":%d,"iss":%q}`, from.Unix(), until.Unix(), id))
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text + "." + enc(sig)
}

func jwtNow(t *testing.T, key, id string) string {
	t.Helper()
	return appJWT(t, key, id, time.Now().Add(-time.Minute), time.Now().Add(9*time.Minute))
}

// hubContract reads GitHub's OpenAPI document, meant for a server on loopback.
func hubContract(t *testing.T, base string) routers.Router {
	t.Helper()
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no contract to check against")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "contracts", "github.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: base}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// manifestText is a manifest as a CI wants one.
func manifestText(name, back string, extra string) string {
	return `{"name":"` + name + `","url":"https://ci.phlip9.com","hook_attributes":{"url":"https://ci.phlip9.com/hook","active":false},` +
		`"redirect_url":"` + back + `","default_permissions":{"contents":"read","statuses":"write","pull_requests":"read","repository_hooks":"write"}` + extra + `}`
}

// makeApp makes an App as a person does, from a page that sends the form by
// itself and takes the browser back, and returns the conversion's answer.
func makeApp(t *testing.T, w *World, name, extra string) hubReply {
	t.Helper()
	code := make(chan url.Values, 1)
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	mux.HandleFunc("GET /start", func(rw http.ResponseWriter, _ *http.Request) {
		fields := url.Values{"manifest": {manifestText(name, srv.URL+"/", extra)}}
		htmlPage(rw, http.StatusOK, "nixwright", htmlForm(w.url("github-web")+"/settings/apps/new?state=s3cr3t", "Go on", fields))
	})
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		code <- r.URL.Query()
		htmlPage(rw, http.StatusOK, "You may close this page", "")
	})
	if err := Person(t.Context(), http.DefaultClient, srv.URL+"/start"); err != nil {
		t.Fatal(err)
	}
	q := <-code
	if q.Get("state") != "s3cr3t" {
		t.Fatalf("the browser came back with %v", q)
	}
	h := newHub(t, w).as("")
	r := h.do(http.MethodPost, "/app-manifests/"+q.Get("code")+"/conversions", "").want(http.StatusCreated)
	h.do(http.MethodPost, "/app-manifests/"+q.Get("code")+"/conversions", "").want(http.StatusNotFound)
	return r
}

// htmlForm is a form with its fields and one button.
func htmlForm(action, button string, fields url.Values) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<form method=\"post\" action=\"%s\">\n", html.EscapeString(action))
	for k := range fields {
		fmt.Fprintf(&b, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", html.EscapeString(k), html.EscapeString(fields.Get(k)))
	}
	fmt.Fprintf(&b, "<button type=\"submit\">%s</button>\n</form>", html.EscapeString(button))
	return b.String()
}
