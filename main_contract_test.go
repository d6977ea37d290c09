package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// outside lists every operation that the program uses and no contract knows:
// web pages and OAuth, which are no REST API. Services that are no one's
// OpenAPI (S3, the edges, buildbot, niks3, the control of the pretend world)
// are checked against the real programs' recorded answers in their own rooms.
var outside = []*regexp.Regexp{
	regexp.MustCompile(`^github-web POST /settings/apps(/new)?$`),
	regexp.MustCompile(`^github-web GET /apps/[^/]+/installations/new(/permissions)?$`),
	regexp.MustCompile(`^github-web POST /apps/[^/]+/installations$`),
	regexp.MustCompile(`^github-web GET /settings/applications/new$`),
	regexp.MustCompile(`^github-web POST /settings/applications/new$`),
	regexp.MustCompile(`^github-web POST /login/oauth/access_token$`),
	regexp.MustCompile(`^github-web (GET|POST) /settings/tokens(/new)?$`),
	regexp.MustCompile(`^github-web POST /settings/applications(/[^/]+/client-secrets)?$`),
	regexp.MustCompile(`^github-web (GET|POST) /settings/(apps|installations)/.*$`),
}

// trimmed are GitHub's operations that the document at hand leaves out.
var trimmed = regexp.MustCompile(`^[A-Z]+ /user/repos$|^DELETE /repos/[^/]+/[^/]+/hooks/\d+$|^DELETE /user/installations/\d+/repositories/\d+$`)

// documents are the contracts by service, with the path under which the world
// serves them.
var documents = map[string]struct{ file, under string }{
	"github":     {"github.openapi.json", ""},
	"cloudflare": {"cloudflare.openapi.json", "/client/v4"},
}

var loadContracts = sync.OnceValues(func() (map[string]routers.Router, error) {
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	out := map[string]routers.Router{}
	if dir == "" {
		return out, nil
	}
	for service, d := range documents {
		loader := openapi3.NewLoader()
		doc, err := loader.LoadFromFile(filepath.Join(dir, "contracts", d.file))
		if err != nil {
			return nil, err
		}
		doc.Servers = openapi3.Servers{{URL: "http://world" + d.under}}
		r, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation())
		if err != nil {
			return nil, err
		}
		out[service] = r
	}
	return out, nil
})

// seenOperations counts what was checked, by operation.
var seenOperations = struct {
	sync.Mutex

	n map[string]int
}{n: map[string]int{}}

// contracts checks what goes in and what comes out of a service of the world.
func contracts(t *testing.T, service string, h http.Handler) http.Handler {
	t.Helper()
	all, err := loadContracts()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return h
	}
	if service == "github-web" {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			what := service + " " + r.Method + " " + r.URL.Path
			if !slices.ContainsFunc(outside, func(re *regexp.Regexp) bool { return re.MatchString(what) }) {
				t.Errorf("an operation that no contract knows and no list names: %s", what)
			}
			h.ServeHTTP(w, r)
		})
	}
	router := all[service]
	if router == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, documents[service].under+"/") {
			h.ServeHTTP(w, r) // a page for people
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the program was cut off
		}
		rec := httptest.NewRecorder()
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(rec, r)
		if rec.Header().Get("X-Not-From-The-World") == "" { // a test's own failure
			checkExchange(t, router, service, r, body, rec)
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func checkExchange(t *testing.T, router routers.Router, service string, r *http.Request, body []byte, rec *httptest.ResponseRecorder) {
	t.Helper()
	if service == "github" && trimmed.MatchString(r.Method+" "+r.URL.Path) {
		return
	}
	ask := r.Clone(context.Background())
	ask.URL = &url.URL{Scheme: "http", Host: "world", Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	ask.Host = "world"
	// A ref has slashes ("heads/master"), and a path parameter of OpenAPI cannot.
	if before, ref, ok := strings.Cut(ask.URL.Path, "/git/ref/"); ok {
		ask.URL.Path, ask.URL.RawPath = before+"/git/ref/"+strings.ReplaceAll(ref, "/", "-"), ""
	}
	ask.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(ask)
	if err != nil {
		t.Errorf("%s %s %s is in no contract: %v", service, r.Method, r.URL.Path, err)
		return
	}
	seenOperations.Lock()
	seenOperations.n[service+" "+route.Operation.OperationID]++
	seenOperations.Unlock()
	opts := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, ExcludeRequestBody: len(body) == 0}
	in := &openapi3filter.RequestValidationInput{Request: ask, PathParams: params, Route: route, Options: opts}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil && rec.Code < 400 {
		t.Errorf("request %s %s: %v", r.Method, r.URL.Path, err)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Options: opts}
	out.SetBodyBytes(rec.Body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil && !undocumented(rec.Code, err) {
		t.Errorf("answer %d of %s %s: %v\n%s", rec.Code, r.Method, r.URL.Path, err, rec.Body)
	}
}

// undocumented are answers that every operation may give and the documents do
// not list one by one: GitHub's 401, 429, and 304 to who has it already.
func undocumented(code int, err error) bool {
	everywhere := []int{http.StatusNotModified, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests}
	return slices.Contains(everywhere, code) && strings.Contains(err.Error(), "status is not supported")
}

func TestContracts(t *testing.T) {
	all, err := loadContracts()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skip("NIXWRIGHT_TESTDATA is not set: it names the folder with contracts/ of GitHub and Cloudflare")
	}
	l := newLab(t, "fresh")
	l.setup("--yes")
	for _, want := range []string{
		"github apps/create-from-manifest", "github apps/get-authenticated", "github apps/get-repo-installation",
		"github repos/replace-all-topics", "github repos/list-webhooks", "github pulls/create",
		"cloudflare r2-create-bucket", "cloudflare r2-add-custom-domain", "cloudflare account-api-tokens-create-token",
		"cloudflare dns-records-for-a-zone-create-dns-record",
	} {
		seenOperations.Lock()
		n := seenOperations.n[want]
		seenOperations.Unlock()
		if n == 0 {
			t.Errorf("%s was not checked", want)
		}
	}
}
