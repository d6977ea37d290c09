package fake

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestCacheEdge(t *testing.T) {
	w, write, _, _ := s3World(t)
	srv := httptest.NewServer(w.cacheHandler())
	t.Cleanup(srv.Close)
	const key = "26xbg1ndr7hbcncrlf9nhx5is2b25d13.narinfo"
	if err := w.PutObject(cfBucket, key, []byte("compressed"), "text/x-nix-narinfo", "zstd"); err != nil {
		t.Fatal(err)
	}
	get := func(method, path string, status int, edge string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != status || res.Header.Get("Cf-Cache-Status") != edge {
			t.Errorf("%s %s: %d %q, want %d %q", method, path, res.StatusCode, res.Header.Get("Cf-Cache-Status"), status, edge)
		}
		if kind := res.Header.Get("Content-Type"); status == http.StatusNotFound && kind != "text/html" {
			t.Errorf("%s %s: %q", method, path, kind)
		}
		if status == http.StatusOK && (res.Header.Get("Content-Encoding") != "zstd" || res.ContentLength != 10 ||
			method == http.MethodGet && string(b) != "compressed") {
			t.Errorf("%s %s: %v %q", method, path, res.Header, b)
		}
	}
	change := func(f func(*State)) {
		t.Helper()
		if err := w.Update(func(s *State) error { f(s); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	get("GET", "/"+key, 404, "")
	change(func(s *State) { s.connectDomain(cfAccount, cfBucket, "cache.phlip9.com") })
	get("GET", "/"+key, 200, "MISS")
	get("GET", "/"+key, 200, "HIT")
	get("HEAD", "/"+key, 200, "HIT")
	get("GET", "/nothing.narinfo", 404, "")
	get("GET", "/", 404, "")
	get("PUT", "/"+key, 405, "")
	change(func(s *State) { s.Cloud.Knobs.DynamicNarinfo = true })
	get("GET", "/"+key, 200, "DYNAMIC")
	change(func(s *State) { s.Cloud.Buckets[0].Domains[0].SSL = "pending" })
	get("GET", "/"+key, 404, "")
	if !w.HasObject(cfBucket, key) || w.HasObject(cfBucket, "other") || !w.KeysWork(cfBucket, write.access, write.secret, true) {
		t.Error("HasObject, KeysWork")
	}
}
