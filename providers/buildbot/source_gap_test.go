package buildbot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state/live"
)

var errNotYet = errors.New("not yet")

// broken answers as a proxy does whose master is gone.
func broken(rw http.ResponseWriter, _ *http.Request) {
	http.Error(rw, "bad gateway", http.StatusBadGateway)
}

// shelf is a master without events that has so many builds, all finished.
type shelf struct {
	mu    sync.Mutex
	n     int
	older string        // what those get who ask for older builds: "" them, "broken" an error, "held" them later
	asked bool          // for older ones
	later chan struct{} // closed when nothing is held any more
}

func (s *shelf) becomes(n int, older string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n, s.older = n, older
	if older != "held" {
		close(s.later)
		s.later = make(chan struct{})
	}
}

func (s *shelf) wasAsked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// newestOf is the newest build that a request is for, after what is held.
func (s *shelf) newestOf(r *http.Request) (n int, broken bool) {
	s.mu.Lock()
	n, older, later := s.n, s.older, s.later
	below, err := strconv.Atoi(r.URL.Query().Get("buildid__lt"))
	s.asked = s.asked || err == nil
	s.mu.Unlock()
	if err != nil {
		return n, false
	}
	if older == "held" {
		select {
		case <-later:
		case <-r.Context().Done():
		}
	}
	return below - 1, older == "broken"
}

func (s *shelf) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	kind, rows, q := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], []any{}, r.URL.Query()
	if !strings.HasPrefix(r.URL.Path, "/api/v2/") {
		http.NotFound(rw, r)
		return
	}
	if kind == "builders" {
		rows = append(rows, map[string]any{"builderid": 1, "name": "acme/web/nix-eval"})
	}
	if kind == "builds" && !q.Has("complete") && !q.Has("buildid__ge") {
		n, bad := s.newestOf(r)
		if bad {
			broken(rw, r)
			return
		}
		for id := n; id > max(0, n-200); id-- {
			rows = append(rows, map[string]any{
				"buildid": id, "number": id, "builderid": 1, "buildrequestid": id, "started_at": 1000, "complete": true, "complete_at": 2000, "results": 0,
				"properties": struct{}{},
			})
		}
	}
	_ = json.NewEncoder(rw).Encode(map[string]any{kind: rows}) //nolint:errchkjson // to whom is gone
}

// TestGap: builds that nobody looked at when they began are told later, also
// where there are more of them than are wanted.
func TestGap(t *testing.T) {
	t.Parallel()
	type is = func(*shelf, live.Snapshot, live.Link) error
	down := func(_ *shelf, _ live.Snapshot, link live.Link) error {
		if link.Up || link.Err == "" {
			return errNotYet
		}
		return nil
	}
	asked := func(s *shelf, _ live.Snapshot, _ live.Link) error {
		if !s.wasAsked() {
			return errNotYet
		}
		return nil
	}
	shows := func(build int64) is {
		return func(_ *shelf, snap live.Snapshot, _ live.Link) error {
			if snap.Build(build) == nil {
				return errNotYet
			}
			return nil
		}
	}
	// All from one build to another one, and no other.
	all := func(from, to int64) is {
		return func(_ *shelf, snap live.Snapshot, _ live.Link) error {
			next := to
			for b := range snap.Builds(0) {
				if b.ID != next {
					return fmt.Errorf("build %d comes after %d", b.ID, next+1)
				}
				next--
			}
			if next != from-1 {
				return fmt.Errorf("%d is the oldest, want %d", next+1, from)
			}
			return nil
		}
	}
	type step struct {
		builds int
		older  string
		then   is
	}
	for name, steps := range map[string][]step{
		// The first connection ends before it was told what is older than 801.
		"after half a connection": {{1000, "broken", down}, {2000, "", all(801, 2000)}},
		"after a connection":      {{1000, "", all(601, 1000)}, {2000, "broken", down}, {3000, "broken", shows(3000)}, {3000, "", all(601, 3000)}},
		"between two looks":       {{1000, "", all(601, 1000)}, {1900, "", all(601, 1900)}, {2050, "", all(601, 2050)}, {3000, "", all(601, 3000)}},
		"between two looks while older ones are read": {
			{1000, "held", asked}, {1900, "held", shows(1900)}, {1900, "", all(601, 1900)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{later: make(chan struct{})}
			p := newProxy(t, "http://127.0.0.1:1", map[string]http.HandlerFunc{"/": s.ServeHTTP})
			_, l := livingWorld(t, fake.Life{Seed: "clock"})
			clock := newWorldTime(l)
			s.becomes(steps[0].builds, steps[0].older)
			src := buildbot.NewSource(buildbot.New(http.DefaultClient, p.URL), buildbot.SourceOptions{Builds: 400, Clock: clock.clock()})
			r := reading(t, src, clock.clock())
			for i, one := range steps {
				s.becomes(one.builds, one.older)
				r.await(t, fmt.Sprint("step ", i), func() { clock.skip(100 * time.Millisecond) }, func(snap live.Snapshot, link live.Link) error {
					return one.then(s, snap, link)
				})
			}
		})
	}
}

// TestGapOfEvents: a connection that told what happened, and ended before it
// could read how all is, leaves no gap either.
func TestGapOfEvents(t *testing.T) {
	t.Parallel()
	at, l := livingWorld(t, fake.Life{Seed: "gap", Rate: 100, Builders: 40, Builds: 3000})
	p, clock := newProxy(t, at, map[string]http.HandlerFunc{"/api/v2/builds": swallowed}), newWorldTime(l)
	src := buildbot.NewSource(buildbot.New(http.DefaultClient, p.URL), buildbot.SourceOptions{Builds: 200, Patience: patient, Clock: clock.clock()})
	r := reading(t, src, clock.clock())
	r.await(t, "a connection", func() {}, up)
	r.await(t, "the first event of a build", clock.step, func(s live.Snapshot, _ live.Link) error {
		if _, builds, _ := s.Len(); builds == 0 {
			return errNotYet
		}
		return nil
	})
	p.does(map[string]http.HandlerFunc{"/": broken})
	if err := l.Fault(fake.FaultDrop); err != nil {
		t.Fatal(err)
	}
	r.await(t, "its end", func() {}, func(_ live.Snapshot, link live.Link) error {
		if link.Up {
			return errNotYet
		}
		return nil
	})
	for len(l.Truth().Builds) < 700 {
		l.Step()
	}
	p.honest()
	truth := l.Truth()
	parents := triggered(t, buildbot.New(http.DefaultClient, at), truth)
	r.await(t, "the truth", func() { clock.skip(100 * time.Millisecond) }, func(s live.Snapshot, _ live.Link) error { return agrees(s, truth, parents) })
}
