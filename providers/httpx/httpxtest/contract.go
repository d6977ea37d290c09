// Package httpxtest checks in tests that the requests of an adapter are those
// that a service's OpenAPI document describes. The documents belong to their
// services and are not part of this project: they are found in the folder
// contracts of the directory named by NIXWRIGHT_TESTDATA.
package httpxtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Contract serves h below the path at, and fails the test for every request
// that the document does not describe. It skips the test where there are no
// documents. slashed are parameters whose values may hold slashes.
func Contract(t *testing.T, file, at string, h http.Handler, slashed ...string) *httptest.Server {
	t.Helper()
	dir := os.Getenv("NIXWRIGHT_TESTDATA")
	if dir == "" {
		t.Skip("the services' OpenAPI documents are not here: NIXWRIGHT_TESTDATA is not set")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "contracts", file))
	if err != nil {
		t.Fatal(err)
	}
	paths := openapi3.NewPaths()
	for path, item := range doc.Paths.Map() {
		for _, name := range slashed {
			path = strings.ReplaceAll(path, "{"+name+"}", "{"+name+"*}")
		}
		paths.Set(path, item)
	}
	doc.Paths = paths
	var router routers.Router
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check(r, router); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	doc.Servers = openapi3.Servers{{URL: srv.URL + at}}
	router, err = legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

func check(r *http.Request, router routers.Router) error {
	whole := r.Clone(r.Context())
	whole.URL.Scheme, whole.URL.Host = "http", r.Host
	route, params, err := router.FindRoute(whole)
	if err != nil {
		return err
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: whole, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: func(context.Context, *openapi3filter.AuthenticationInput) error { return nil },
		},
	})
	r.Body = whole.Body
	return err
}
