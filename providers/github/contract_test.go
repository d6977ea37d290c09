package github_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// document is GitHub's OpenAPI document; nil where it is not at hand.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		return nil, nil //nolint:nilnil // there is none, and that is well
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "contracts", "github.openapi.json"))
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: "http://world"}}
	paths := openapi3.NewPaths()
	for path, item := range doc.Paths.Map() { // files and branches have slashes
		paths.Set(strings.NewReplacer("{ref}", "{ref*}", "{path}", "{path*}").Replace(path), item)
	}
	doc.Paths = paths
	return doc, nil
})

var router = sync.OnceValues(func() (routers.Router, error) {
	doc, err := document()
	if err != nil || doc == nil {
		return nil, err
	}
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
})

// seen counts the operations that were checked.
var seen = struct {
	sync.Mutex

	n map[string]int
}{n: map[string]int{}}

// contract checks every request to the API and every answer against GitHub's
// document, where it is at hand.
type contract struct {
	t    *testing.T
	api  string // host:port
	base http.RoundTripper
}

func (c contract) RoundTrip(r *http.Request) (*http.Response, error) {
	find, err := router()
	if err != nil {
		c.t.Fatal(err)
	}
	undescribed := r.URL.Path == "/user/repos" // repos/list-for-authenticated-user
	if find == nil || undescribed || r.URL.Host != c.api || strings.HasPrefix(r.URL.Path, "/repositories/") {
		return c.base.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	ask := r.Clone(context.Background())
	ask.URL = &url.URL{Scheme: "http", Host: "world", Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	ask.Host, ask.Body = "world", io.NopCloser(bytes.NewReader(body))
	route, params, err := find.FindRoute(ask)
	if err != nil {
		c.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return c.base.RoundTrip(r)
	}
	opts := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, ExcludeRequestBody: len(body) == 0,
	}
	in := &openapi3filter.RequestValidationInput{Request: ask, PathParams: params, Route: route, Options: opts}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		c.t.Errorf("request %s %s: %v", r.Method, r.URL.Path, err)
	}
	seen.Lock()
	seen.n[route.Operation.OperationID]++
	seen.Unlock()
	resp, err := c.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: opts}
	out.SetBodyBytes(text)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil && !everywhere(resp.StatusCode, err) {
		c.t.Errorf("answer %d of %s %s: %v\n%s", resp.StatusCode, r.Method, r.URL.Path, err, text)
	}
	return resp, nil
}

// everywhere are statuses that GitHub answers on any operation and the
// document does not list with each: no or too little credential, too often,
// not changed, moved.
func everywhere(status int, err error) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests,
		http.StatusNotModified, http.StatusMovedPermanently, http.StatusTemporaryRedirect:
		return strings.Contains(err.Error(), "status is not supported")
	}
	return false
}

// TestEveryOperationIsInTheContract drives all of them once in good weather.
func TestEveryOperationIsInTheContract(t *testing.T) {
	if doc, err := document(); err != nil || doc == nil {
		t.Skipf("GitHub's OpenAPI document is not here: NIXWRIGHT_TESTDATA is not set (%v)", err)
	}
	l := newLab(t)
	for _, op := range l.operations() {
		if _, err := op.Call(t.Context(), l.hc()); err != nil {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
	seen.Lock()
	defer seen.Unlock()
	for _, want := range []string{
		"users/get-authenticated", "repos/get", "repos/get-all-topics", "repos/replace-all-topics", "apps/get-authenticated",
		"apps/get-webhook-config-for-app", "apps/get-by-slug", "apps/create-from-manifest", "apps/get-repo-installation",
		"apps/add-repo-to-installation-for-authenticated-user", "repos/list-webhooks", "repos/list-webhook-deliveries",
		"apps/list-webhook-deliveries", "repos/ping-webhook", "repos/redeliver-webhook-delivery", "repos/get-content",
		"repos/create-or-update-file-contents", "git/get-ref", "git/create-ref", "pulls/list", "pulls/create",
	} {
		if seen.n[want] == 0 {
			t.Errorf("%s was not checked", want)
		}
	}
}
