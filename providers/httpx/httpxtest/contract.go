// Package httpxtest tests adapters of HTTP services: Contract and Exchanges
// check that requests and answers are those that a service's OpenAPI document
// describes, and Storm tries every operation of an adapter under every way in
// which a service, or the way to it, goes wrong. The documents belong to their
// services and are not part of this project: they are found in the folder
// contracts of the directory named by NIXWRIGHT_TESTDATA.
package httpxtest

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
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// contractHost is where the documents' services are said to be.
const contractHost = "contract"

// Contract serves h below the path at, and fails the test for every request
// that the document does not describe. It skips the test where there are no
// documents. slashed are parameters whose values may hold slashes.
func Contract(t *testing.T, file, at string, h http.Handler, slashed ...string) *httptest.Server {
	t.Helper()
	router := document(t, file, at, slashed)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			if _, err := asked(router, r, body); err != nil {
				t.Errorf("%s %s: %v", r.Method, r.URL, err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// Exchanges is h, with every request and every answer checked: it fails the
// test for a request that the document does not describe and h does not refuse,
// and for an answer that is not the operation's. Refusals that every operation
// has and the document does not list (401, 403, 404, 429) pass. It is h itself
// where there are no documents. at and slashed are as Contract's.
func Exchanges(t *testing.T, file, at string, h http.Handler, slashed ...string) http.Handler {
	t.Helper()
	if os.Getenv("NIXWRIGHT_TESTDATA") == "" {
		return h
	}
	router := document(t, file, at, slashed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller has left
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		in, err := asked(router, r, body)
		if err != nil && rec.Code < http.StatusBadRequest {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		if in != nil {
			if err := answered(in, rec); err != nil {
				t.Errorf("answer %d of %s %s: %v\n%s", rec.Code, r.Method, r.URL, err, rec.Body)
			}
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// document reads a document, for a service below the path at.
func document(t *testing.T, file, at string, slashed []string) routers.Router {
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
	doc.Servers = openapi3.Servers{{URL: "http://" + contractHost + at}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// asked checks a request; what it returns is nil where there is no such
// operation.
func asked(router routers.Router, r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	whole := r.Clone(context.WithoutCancel(r.Context()))
	whole.URL = &url.URL{Scheme: "http", Host: contractHost, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	whole.Host = contractHost
	whole.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(whole)
	if err != nil {
		return nil, err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: whole, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	return in, openapi3filter.ValidateRequest(whole.Context(), in)
}

// answered checks the answer to a request.
func answered(in *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder) error {
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Options: in.Options,
	}
	out.SetBodyBytes(rec.Body.Bytes())
	err := openapi3filter.ValidateResponse(in.Request.Context(), out)
	if err == nil {
		return nil
	}
	switch rec.Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
		if strings.Contains(err.Error(), "status is not supported") {
			return nil
		}
	}
	return err
}
