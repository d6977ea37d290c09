package buildbot_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state/live"
)

// proxy stands before a master and does something else with some paths.
type proxy struct {
	*httptest.Server

	mu    sync.Mutex
	other map[string]http.HandlerFunc // by the beginning of the path
}

func newProxy(tb testing.TB, to string, other map[string]http.HandlerFunc) *proxy {
	tb.Helper()
	at, err := url.Parse(to)
	if err != nil {
		tb.Fatal(err)
	}
	p := &proxy{other: other}
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) }, FlushInterval: -1}
	p.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		handle := http.HandlerFunc(through.ServeHTTP)
		for path, h := range p.other {
			if strings.HasPrefix(r.URL.Path, path) {
				handle = h
			}
		}
		p.mu.Unlock()
		handle(rw, r)
	}))
	tb.Cleanup(p.CloseClientConnections)
	return p
}

// honest lets everything through from now on.
func (p *proxy) honest() { p.does(nil) }

// does is what it does from now on.
func (p *proxy) does(other map[string]http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.other = other
}

// swallowed never answers.
func swallowed(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// deaf opens a WebSocket and takes no notice of what is said.
func deaf(rw http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(rw, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

// TestWays: each way tells the truth, the Link says which it is and why, and
// the best one is found again.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, via, note string
		other           map[string]http.HandlerFunc
	}{
		{"all is well", "WebSocket", "", nil},
		{"no WebSocket", "SSE", "404", map[string]http.HandlerFunc{"/ws": http.NotFound}},
		{"a WebSocket that is swallowed", "SSE", "deadline", map[string]http.HandlerFunc{"/ws": swallowed}},
		{"a WebSocket that is deaf", "SSE", "nobody answers", map[string]http.HandlerFunc{"/ws": deaf}},
		{"no events", "polling", "404", map[string]http.HandlerFunc{"/ws": http.NotFound, "/sse": http.NotFound}},
		{"events that are swallowed", "polling", "nobody answers", map[string]http.HandlerFunc{"/ws": deaf, "/sse": swallowed}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at, l := livingWorld(t, fake.Life{Seed: "ways", Rate: 100, Builders: 40, Builds: 700})
			p, clock := newProxy(t, at, test.other), newWorldTime(l)
			patience := 15 * time.Second
			if test.note == "nobody answers" || test.note == "deadline" {
				patience = time.Second
			}
			src := buildbot.NewSource(buildbot.New(http.DefaultClient, p.URL), buildbot.SourceOptions{Clock: clock.clock(), Patience: patience})
			r := reading(t, src, clock.clock())
			idle := func() { clock.skip(100 * time.Millisecond) }
			r.await(t, test.via, idle, func(s live.Snapshot, link live.Link) error {
				if !link.Up || link.Via != test.via || !strings.Contains(link.Note, test.note) || (link.Note == "") != (test.note == "") {
					return fmt.Errorf("link %+v", link)
				}
				if builders, builds, _ := s.Len(); builds != 700 || builders < 40 {
					return fmt.Errorf("%d builds, %d builders", builds, builders)
				}
				return nil
			})
			c := buildbot.New(http.DefaultClient, at)
			for range 2 {
				for end := l.Now().Add(time.Minute); l.Now().Before(end); {
					clock.step()
				}
				truth := l.Truth()
				parents := triggered(t, c, truth)
				r.await(t, "the truth", idle, func(s live.Snapshot, _ live.Link) error { return agrees(s, truth, parents) })
				p.honest()
				r.await(t, "a better way", idle, func(_ live.Snapshot, link live.Link) error {
					if !link.Up || link.Via != "WebSocket" || link.Note != "" {
						return fmt.Errorf("link %+v", link)
					}
					return nil
				})
			}
			for _, link := range r.links {
				if !link.Up && patience > time.Second { // else a slow machine is enough for it
					t.Errorf("link %+v", link)
				}
			}
		})
	}
}

// TestDown: a master that is not there is told with its cause, at once.
func TestDown(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"502":      func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "bad gateway", http.StatusBadGateway) },
		"answer":   swallowed,
		"<html>no": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>no buildbot")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, "http://127.0.0.1:1", map[string]http.HandlerFunc{"/": h})
			err := buildbot.NewSource(buildbot.New(http.DefaultClient, p.URL), buildbot.SourceOptions{Patience: 100 * time.Millisecond}).
				Watch(t.Context(), func(u live.Update) { t.Errorf("told %+v", u) })
			if err == nil || !strings.Contains(err.Error(), "reach buildbot") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestLongAgo: a build that ran when it was last looked, and has ended below
// all that is read now, has its verdict at once.
func TestLongAgo(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	done := false
	one := func(id int, done bool) map[string]any {
		b := map[string]any{"buildid": id, "number": 1, "builderid": 1, "buildrequestid": id, "started_at": 1000, "complete": done, "properties": struct{}{}}
		if done {
			b["results"], b["complete_at"] = 0, 2000
		}
		return b
	}
	p := newProxy(t, "http://127.0.0.1:1", map[string]http.HandlerFunc{"/": func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		q, kind := r.URL.Query(), r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		rows := []any{}
		switch {
		case kind == "ws", strings.HasPrefix(r.URL.Path, "/sse"):
			http.NotFound(rw, r)
			return
		case kind != "builds":
		case q.Get("complete") == "false":
			if !done {
				rows = append(rows, one(10, false))
			}
		case q.Get("buildid__ge") == "10" && q.Get("buildid__le") == "10":
			rows = append(rows, one(10, done))
		case !q.Has("buildid__ge") && !q.Has("buildid__lt"):
			for id := 1000; id > 800; id-- {
				rows = append(rows, one(id, true))
			}
		}
		if err := json.NewEncoder(rw).Encode(map[string]any{kind: rows}); err != nil {
			t.Error(err)
		}
	}})
	_, l := livingWorld(t, fake.Life{Seed: "clock"})
	clock := newWorldTime(l)
	r := reading(t, buildbot.NewSource(buildbot.New(http.DefaultClient, p.URL), buildbot.SourceOptions{Clock: clock.clock()}), clock.clock())
	status := func(want live.Status) func(s live.Snapshot, link live.Link) error {
		return func(s live.Snapshot, link live.Link) error {
			if b := s.Build(10); b == nil || b.Status() != want && b.Status() != live.Lost {
				return fmt.Errorf("%+v, %+v", b, link)
			} else if b.Status() == live.Lost {
				t.Error("it is lost")
			}
			return nil
		}
	}
	r.await(t, "it runs", func() {}, status(live.Running))
	mu.Lock()
	done = true
	mu.Unlock()
	r.await(t, "it has ended", func() { clock.skip(100 * time.Millisecond) }, status(live.Success))
}
