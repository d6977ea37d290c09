package httpx_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// github is a service with ETags, which counts what costs something.
type github struct {
	mu      sync.Mutex
	version int
	paid    int
	free    int
	pad     int
	header  map[string]string
}

func (g *github) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	etag := fmt.Sprintf(`"%d/%s/%s"`, g.version, r.Header.Get("Authorization"), r.Header.Get("Accept"))
	w.Header().Set("ETag", etag)
	w.Header().Set("X-Ratelimit-Remaining", fmt.Sprint(5000-g.paid))
	for k, v := range g.header {
		w.Header().Set(k, v)
	}
	if r.Header.Get("If-None-Match") == etag {
		g.free++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	g.paid++
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"version":%d,"who":%q,"method":%q,"pad":%q}`, g.version, r.Header.Get("Authorization"), r.Method, strings.Repeat("x", g.pad))
}

// asked is an answer as its reader sees it.
type asked struct {
	Version   int
	Who, Type string
	Status    int
	Left      string
}

func ask(t *testing.T, hc *http.Client, method, to string, headers ...string) asked {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var a asked
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil && resp.StatusCode == http.StatusOK {
		t.Fatal(err)
	}
	a.Status, a.Left, a.Type = resp.StatusCode, resp.Header.Get("X-Ratelimit-Remaining"), resp.Header.Get("Content-Type")
	return a
}

func TestConditional(t *testing.T) {
	g := &github{version: 1}
	srv := httptest.NewServer(g)
	defer srv.Close()
	var statuses []int
	hc := httpx.New(httpx.Options{Remember: 1 << 20, Log: func(l httpx.Line) { statuses = append(statuses, l.Status) }})
	for range 3 {
		if a := ask(t, hc, "GET", srv.URL+"/repo"); a.Version != 1 || a.Status != 200 || a.Type != "application/json" || a.Left == "" {
			t.Errorf("got %+v", a)
		}
	}
	if g.paid != 1 || g.free != 2 || fmt.Sprint(statuses) != "[200 304 304]" {
		t.Errorf("%d paid, %d free, %v", g.paid, g.free, statuses)
	}
	g.version = 2
	if a := ask(t, hc, "GET", srv.URL+"/repo"); a.Version != 2 || g.paid != 2 {
		t.Errorf("after a change: %+v, %d paid", a, g.paid)
	}
	if a := ask(t, hc, "GET", srv.URL+"/repo"); a.Version != 2 || g.free != 3 {
		t.Errorf("and again: %+v, %d free", a, g.free)
	}
	g.header = map[string]string{"X-Ratelimit-Remaining": "7"}
	if a := ask(t, hc, "GET", srv.URL+"/repo"); a.Left != "7" {
		t.Errorf("the headers of the 304: %+v", a)
	}
}

// TestNotMixed: what one may see is not given to another, nor one form for
// another, and what was not kept is asked for anew.
func TestNotMixed(t *testing.T) {
	g := &github{version: 1}
	srv := httptest.NewServer(g)
	defer srv.Close()
	hc := httpx.New(httpx.Options{Remember: 1 << 20})
	mine := []string{"Authorization", "Bearer mine"}
	ask(t, hc, "GET", srv.URL+"/repo", mine...)
	for name, headers := range map[string][]string{
		"another credential":     {"Authorization", "Bearer other"},
		"another form":           {"Authorization", "Bearer mine", "Accept", "text/html"},
		"another version":        {"Authorization", "Bearer mine", "X-GitHub-Api-Version", "2026-03-10"},
		"a cookie":               {"Authorization", "Bearer mine", "Cookie", "a=b"},
		"a condition of its own": {"Authorization", "Bearer mine", "If-Modified-Since", time.Now().Format(http.TimeFormat)},
		"a part":                 {"Authorization", "Bearer mine", "Range", "bytes=0-1"},
	} {
		if a := ask(t, hc, "GET", srv.URL+"/repo", headers...); a.Who != headers[1] || g.free != 0 {
			t.Errorf("%s: %+v, %d free", name, a, g.free)
		}
	}
	for _, to := range []string{"/repo?page=2", "/other"} {
		ask(t, hc, "GET", srv.URL+to, mine...)
	}
	for range 2 {
		ask(t, hc, "POST", srv.URL+"/repo", mine...)
	}
	if g.free != 0 {
		t.Errorf("%d free", g.free)
	}
	if ask(t, hc, "GET", srv.URL+"/repo", mine...); g.free != 1 {
		t.Errorf("the same: %d free", g.free)
	}
}

// TestNotKept: answers that hold what is shown once, that the service forbids
// to keep, or that are too large are not kept; without the option, none.
func TestNotKept(t *testing.T) {
	cases := map[string]struct {
		o      httpx.Options
		hidden bool
		header map[string]string
		pad    int
		status int
	}{
		"not asked for": {},
		"hidden":        {o: httpx.Options{Remember: 1 << 20}, hidden: true},
		"forbidden":     {o: httpx.Options{Remember: 1 << 20}, header: map[string]string{"Cache-Control": "private, No-Store"}},
		"large":         {o: httpx.Options{Remember: 8 << 20}, pad: 1<<20 + 1},
		"no room":       {o: httpx.Options{Remember: 100}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := &github{version: 1, header: c.header, pad: c.pad}
			srv := httptest.NewServer(g)
			defer srv.Close()
			hc := httpx.New(c.o)
			for range 2 {
				ctx := t.Context()
				if c.hidden {
					ctx = httpx.Hide(ctx, state.NewSecret("x"))
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := hc.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			if g.paid != 2 || g.free != 0 {
				t.Errorf("%d paid, %d free", g.paid, g.free)
			}
		})
	}
}

// TestStoreIsBounded: what was used last stays.
func TestStoreIsBounded(t *testing.T) {
	g := &github{version: 1, pad: 1000}
	srv := httptest.NewServer(g)
	defer srv.Close()
	hc := httpx.New(httpx.Options{Remember: 4000}) // three of them
	for i := range 20 {
		ask(t, hc, "GET", fmt.Sprintf("%s/%d", srv.URL, i))
		ask(t, hc, "GET", srv.URL+"/0")
	}
	if g.paid != 20 || g.free != 20 {
		t.Errorf("%d paid, %d free", g.paid, g.free)
	}
	if ask(t, hc, "GET", srv.URL+"/10"); g.paid != 21 {
		t.Error("an old one is kept")
	}
}

// TestCutIsNotKept: half an answer is not given again.
func TestCutIsNotKept(t *testing.T) {
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			return
		}
		if r.Header.Get("If-None-Match") != "" {
			t.Error("asks for the half")
		}
	}))
	defer srv.Close()
	hc := httpx.New(httpx.Options{Remember: 1 << 20})
	for range 2 {
		if resp, err := hc.Get(srv.URL); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
}
