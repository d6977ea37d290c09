package niks3_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// stage is a niks3 in a synctest bubble: what it answers by path, and what it
// was asked for.
type stage struct {
	mu     sync.Mutex
	texts  map[string]string // "STATUS TEXT"; "hang"; none: no such route
	asked  map[string]int
	refuse bool // nobody is there
}

// RoundTrip implements http.RoundTripper.
func (s *stage) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	text, known := s.texts[req.URL.Path]
	s.asked[req.URL.Path]++
	refuse := s.refuse
	s.mu.Unlock()
	if refuse {
		return nil, &nobody{}
	}
	if text == "hang" {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	status := http.StatusNotFound
	if !known {
		text = "404 404 page not found"
	}
	_, _ = fmt.Sscan(text, &status)
	kind := "text/plain; charset=utf-8"
	if strings.ContainsAny(text[4:5], "{[") {
		kind = "application/json"
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(text[4:])), Request: req,
	}, nil
}

// nobody is the error of a connection that is refused.
type nobody struct{}

func (*nobody) Error() string   { return "connect: connection refused" }
func (*nobody) Timeout() bool   { return false }
func (*nobody) Temporary() bool { return false }

func (s *stage) set(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(texts); i += 2 {
		s.texts[texts[i]] = texts[i+1]
	}
}

func (s *stage) down(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = is
}

// calls are how often a path was asked for since the last time.
func (s *stage) calls(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.asked[path]
	s.asked[path] = 0
	return n
}

const (
	healthPath = "/health"
	gcPath     = "/api/gc/status"
	statsPath  = "/api/cache-stats"
	running    = `200 {"state":"running","phase":"cleanup_old_closures","params":{"older_than":"720h"},"stats":{"old_closures_deleted":3},"started_at":"2026-11-22T23:30:11Z","updated_at":"2026-11-22T23:30:12Z"}`
	succeeded  = `200 {"state":"succeeded","params":{"older_than":"720h"},"stats":{"old_closures_deleted":7},"started_at":"2026-11-22T23:30:11Z","updated_at":"2026-11-22T23:30:12Z","finished_at":"2026-11-22T23:30:12Z"}`
	noneYet    = "404 no garbage collection has run yet"
)

// story runs a source in a bubble, on a niks3 that is well but for what begin
// does to it.
func story(t *testing.T, o niks3.SourceOptions, begin func(*stage), tell func(t *testing.T, s *stage, src *niks3.Source, w *watched)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{asked: map[string]int{}, texts: map[string]string{
			healthPath: "200 OK", gcPath: noneYet, statsPath: `200 {"objects":12,"logical_bytes":3400}`,
			"/api/cache-config": `200 {"substituter_url":"https://cache.phlip9.com","public_keys":["k:x"]}`,
			"/api/pins":         `200 [{"name":"a","store_path":"/nix/store/x-a","created_at":"2026-11-22T23:30:11Z","updated_at":"2026-11-22T23:30:11Z"}]`,
		}}
		begin(s)
		o.Clock = clock(1)
		src := niks3.NewSource(niks3.New(httpx.New(httpx.Options{Base: s}), "http://niks3"), o)
		w := watch(t.Context(), src, o.Clock)
		tell(t, s, src, w)
		w.end()
	}) // it fails where a goroutine is left
}

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func asItIs(*stage) {}

var withToken = niks3.SourceOptions{Token: state.NewSecret(token)}

func TestSourcePaces(t *testing.T) {
	story(t, withToken, asItIs, func(t *testing.T, s *stage, src *niks3.Source, w *watched) {
		t.Helper()
		pass(0)
		now := w.now()
		size, _ := now.Size()
		pins, _ := now.Pins.Get()
		config, _ := now.Config.Get()
		gc, _ := now.GC.Get()
		if size != (live.Size{From: live.FromNiks3, Objects: 12, Logical: 3400}) || len(pins) != 1 || config.PublicKeys[0] != "k:x" || gc != (state.GCStatus{Offered: true}) {
			t.Errorf("at once: %+v, %+v, %+v, %+v", size, pins, config, gc)
		}
		link, _ := now.Source("niks3")
		if !link.Up || link.Note != "metrics: not offered by this niks3 (needs newer than v1.7.0)" {
			t.Errorf("its link is %+v", link)
		}
		pass(60*time.Second - time.Millisecond)
		if h, g, n := s.calls(healthPath), s.calls(gcPath), s.calls(statsPath); h != 12 || g != 12 || n != 1 {
			t.Errorf("in a minute at rest: health %d, collection %d, size %d", h, g, n)
		}
		s.set(gcPath, running)
		src.Look()
		pass(0)
		if gc, _ := w.now().GC.Get(); gc.State != state.GCRunning || gc.Counts.Closures != 3 || s.calls(statsPath) != 1 {
			t.Errorf("after Look: %+v", gc)
		}
		s.calls(gcPath)
		pass(10 * time.Second)
		if n := s.calls(gcPath); n != 10 {
			t.Errorf("in ten seconds of a collection it is looked at %d times", n)
		}
		s.set(gcPath, succeeded)
		pass(time.Second)
		if gc, _ := w.now().GC.Get(); gc.State != state.GCSucceeded || gc.Counts.Closures != 7 {
			t.Errorf("at its end: %+v", gc)
		}
	})
}

func TestSourceDownAtStart(t *testing.T) {
	story(t, withToken, func(s *stage) { s.down(true) }, func(t *testing.T, s *stage, _ *niks3.Source, w *watched) {
		t.Helper()
		pass(8 * time.Second)
		why := (&state.CallError{Service: "niks3", Op: "look for niks3", Kind: state.ErrOffline, Text: "connect: connection refused"}).Error()
		want := []string{"0s link up=true ", "0s health false", "0s link up=false " + why, "1s link up=false " + why, "3s link up=false " + why, "7s link up=false " + why}
		if got := w.told(); !slices.Equal(got, want) {
			t.Errorf("it told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		now := w.now()
		link, _ := now.Source("niks3")
		if age, _ := now.Health.Age(time.Now()); age != 8*time.Second || now.GC != nil || link.Up || link.Count != 4 || time.Since(link.Since) != 8*time.Second {
			t.Errorf("%v old, %+v", age, link)
		}
		s.down(false)
		pass(7 * time.Second)
		now = w.now()
		h, _ := now.Health.Get()
		if link, _ := now.Source("niks3"); !link.Up || !h.OK || now.GC == nil {
			t.Errorf("up again: %+v, %+v", link, h)
		}
	})
}

func TestSourceDownLater(t *testing.T) {
	for name, down := range map[string]func(*stage){
		"gone":  func(s *stage) { s.down(true) },
		"503":   func(s *stage) { s.set(healthPath, "503 503 Service Unavailable", gcPath, "503 x", statsPath, "503 x") },
		"hangs": func(s *stage) { s.set(healthPath, "hang") },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, withToken, asItIs, func(t *testing.T, s *stage, _ *niks3.Source, w *watched) {
				t.Helper()
				pass(62 * time.Second)
				was := w.now()
				down(s)
				pass(10 * time.Second)
				now := w.now()
				h, _ := now.Health.Get()
				link, _ := now.Source("niks3")
				if h.OK || h.Text == "" || link.Up || link.Err == "" {
					t.Errorf("%+v, %+v", h, link)
				}
				if now.Sizes != was.Sizes || now.Pins != was.Pins || now.Config != was.Config || now.GC.Value != was.GC.Value {
					t.Error("other values were touched")
				}
				if age, _ := now.Pins.Age(time.Now()); age != 12*time.Second {
					t.Errorf("the pins are %v old", age)
				}
				since := now.Health.At
				pass(5 * time.Minute)
				if at := w.now().Health.At; !at.Equal(since) {
					t.Errorf("down since %v, and then since %v", since, at)
				}
				s.down(false)
				s.set(healthPath, "200 OK", gcPath, succeeded, statsPath, `200 {"objects":13,"logical_bytes":1}`)
				pass(61 * time.Second)
				now = w.now()
				h, _ = now.Health.Get()
				size, _ := now.Size()
				if link, _ := now.Source("niks3"); !link.Up || !h.OK || size.Objects != 13 || now.GC.Value.State != state.GCSucceeded {
					t.Errorf("up again: %+v, %+v, %+v, %+v", link, h, size, now.GC.Value)
				}
				down(s)
				pass(10 * time.Second)
				now = w.now()
				if h, _ = now.Health.Get(); h.OK {
					t.Error("the second time it is not told")
				}
			})
		})
	}
}

// One look that gets no answer costs the others at most five seconds a minute.
func TestSourceOneHangs(t *testing.T) {
	story(t, withToken, func(s *stage) { s.set(statsPath, "hang", gcPath, running) }, func(t *testing.T, s *stage, _ *niks3.Source, w *watched) {
		t.Helper()
		pass(time.Minute)
		now := w.now()
		link, _ := now.Source("niks3")
		if age, _ := now.GC.Age(time.Now()); age > time.Second || now.Pins == nil || now.Config == nil || now.Sizes[live.FromNiks3] != nil {
			t.Errorf("the collection is %v old", age)
		}
		if n := s.calls(gcPath); n < 50 {
			t.Errorf("the collection was looked at %d times", n)
		}
		if !link.Up || !strings.HasPrefix(link.Note, "read cache stats: niks3: no answer") {
			t.Errorf("its link is %+v", link)
		}
	})
}

func TestSourceNotes(t *testing.T) {
	for name, c := range map[string]struct {
		o    niks3.SourceOptions
		set  []string
		want string
	}{
		"no token": {niks3.SourceOptions{}, nil, "no token of niks3 here: the state of the collection and pins are not known; metrics: not offered by this niks3 (needs newer than v1.7.0)"},
		"not its token": {
			withToken, []string{gcPath, "401 Unauthorized", "/api/pins", "401 Unauthorized"},
			"niks3 does not take its token: the state of the collection and pins are not known; metrics: not offered by this niks3 (needs newer than v1.7.0)",
		},
		"an early one": {
			withToken, []string{gcPath, "404 404 page not found", statsPath, "404 404 page not found", "/api/pins", "404 404 page not found", "/api/cache-config", "404 404 page not found"},
			"the state of the collection, its public keys: not offered by this niks3 (needs v1.5.0); " +
				"the size of the cache, metrics: not offered by this niks3 (needs newer than v1.7.0); pins: not offered by this niks3 (needs v1.7.0)",
		},
		"one fails": {
			withToken, []string{"/api/pins", "500 oh", "/metrics", "500 oh"},
			"read metrics: niks3 answered 500: the service failed: oh; list pins: niks3 answered 500: the service failed: oh",
		},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, c.o, func(s *stage) { s.set(c.set...) }, func(t *testing.T, s *stage, _ *niks3.Source, w *watched) {
				t.Helper()
				pass(59 * time.Second)
				now := w.now()
				if link, _ := now.Source("niks3"); !link.Up || link.Note != c.want {
					t.Errorf("its link is %+v", link)
				}
				if h, _ := now.Health.Get(); !h.OK {
					t.Error("its health is bad")
				}
				pins, gc := s.calls("/api/pins"), s.calls(gcPath)
				if asked := name != "one fails"; pins > 1 || asked && gc > 1 || c.o.Token.Empty() && pins+gc > 0 {
					t.Errorf("%d and %d calls with a token", pins, gc)
				}
			})
		})
	}
}

func TestSourceAway(t *testing.T) {
	o := withToken
	o.Away = func() bool { return true }
	story(t, o, asItIs, func(t *testing.T, s *stage, _ *niks3.Source, w *watched) {
		t.Helper()
		pass(time.Second)
		s.down(true)
		pass(time.Minute)
		now := w.now()
		link, _ := now.Source("niks3")
		if h, _ := now.Health.Get(); !h.OK || link.Up {
			t.Errorf("the way is cut: %+v, %+v", h, link)
		}
	})
}

// Where niks3 goes while it is looked at, the other looks do not wait for it.
func TestSourceGoesMeanwhile(t *testing.T) {
	story(t, withToken, asItIs, func(t *testing.T, s *stage, _ *niks3.Source, w *watched) {
		t.Helper()
		pass(time.Minute - time.Second)
		s.set(gcPath, "hang", statsPath, "hang", "/api/pins", "hang", "/api/cache-config", "hang")
		pass(1500 * time.Millisecond)
		s.set(healthPath, "hang")
		pass(10 * time.Second)
		s0 := w.now()
		if h, _ := s0.Health.Get(); h.OK {
			t.Error("after ten seconds it is still well")
		}
	})
}

// A niks3 that tells of its size in the metrics only.
func TestSourceSizeOfMetrics(t *testing.T) {
	var metrics strings.Builder
	for i, name := range []string{
		"cache_objects", "cache_logical_bytes", "pending_closures", "db_connections_in_use", "db_connections_max", "http_requests_in_flight", "gc_objects_deleted_total",
	} {
		_, _ = fmt.Fprintf(&metrics, "# TYPE niks3_%s gauge\nniks3_%[1]s %d\n", name, 7+i)
	}
	begin := func(s *stage) {
		s.set(statsPath, "404 404 page not found", "/metrics", "200 "+metrics.String())
	}
	story(t, withToken, begin, func(t *testing.T, _ *stage, _ *niks3.Source, w *watched) {
		t.Helper()
		pass(time.Second)
		s := w.now()
		size, _ := s.Size()
		uploads, _ := s.Uploads.Get()
		link, _ := s.Source("niks3")
		if size != (live.Size{From: live.FromNiks3, Objects: 7, Logical: 8}) || uploads.Pending != 9 || s.Metrics == nil || link.Note != "" {
			t.Errorf("%+v, %+v, %+v", size, uploads, link)
		}
	})
}
