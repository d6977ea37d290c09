package niks3_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/shape"
)

// hurried is how much faster than usual a source looks in these tests.
const hurried = 50

func sourceAt(t *testing.T, base string, token state.Secret) (*niks3.Client, *niks3.Source, *watched) {
	t.Helper()
	c := niks3.New(httpx.New(httpx.Options{}), base)
	src := niks3.NewSource(c, niks3.SourceOptions{Token: token, Clock: clock(hurried)})
	w := watch(t.Context(), src, clock(hurried))
	t.Cleanup(w.end)
	return c, src, w
}

func collecting(is string) func(live.Snapshot) bool {
	return func(s live.Snapshot) bool { gc, _ := s.GC.Get(); return gc.State == is }
}

func well(s live.Snapshot) bool {
	h, known := s.Health.Get()
	link, _ := s.Source("niks3")
	return known && h.OK && link.Up
}

func ill(s live.Snapshot) bool {
	h, known := s.Health.Get()
	link, _ := s.Source("niks3")
	return known && !h.OK && !link.Up && link.Err != ""
}

// TestSourceReal: niks3 v1.7.0 through a collection, its end and its return.
func TestSourceReal(t *testing.T) {
	t.Parallel()
	n := realtest.StartNiks3(t, realtest.Gofakes3(t))
	path := n.PushText(t, "demo-hello", rand.Text())
	c, src, w := sourceAt(t, n.Base, n.Token)
	const lacks = "the size of the cache, metrics: not offered by this niks3 (needs newer than v1.7.0)"
	s := w.await(t, "everything", func(s live.Snapshot) bool {
		link, _ := s.Source("niks3")
		return well(s) && s.GC != nil && s.Config != nil && s.Pins != nil && link.Note == lacks
	})
	if s.GC.Value != (state.GCStatus{Offered: true}) || s.Config.Value.PublicKeys[0] != n.PublicKey || s.Config.Value.Substituter != n.CacheURL || len(s.Pins.Value) != 0 {
		t.Errorf("%+v, %+v, %+v", s.GC.Value, s.Config.Value, s.Pins.Value)
	}
	if _, known := s.Size(); known || s.Metrics != nil || s.Uploads != nil {
		t.Error("it tells what this niks3 does not")
	}

	release := n.Database.Hold(t, "LOCK TABLE pending_closures, multipart_uploads IN ACCESS EXCLUSIVE MODE")
	policy := state.GCPolicy{OlderThan: "0s"}
	begun, started, err := c.StartGC(t.Context(), n.Token, policy)
	if err != nil || !started {
		t.Fatalf("%v, %v", started, err)
	}
	src.Look()
	s = w.await(t, "a collection", collecting(state.GCRunning))
	if s.GC.Value.Policy.OlderThan != "0s" || !s.GC.Value.Started.Equal(begun.Started) {
		t.Errorf("while it runs: %+v", s.GC.Value)
	}
	if _, started, err = c.StartGC(t.Context(), n.Token, state.GCPolicy{OlderThan: "1h"}); err != nil || started {
		t.Errorf("another one meanwhile: %v, %v", started, err)
	}
	release()
	s = w.await(t, "its end", collecting(state.GCSucceeded))
	if s.GC.Value.Counts.Closures != 1 || s.GC.Value.Finished.IsZero() {
		t.Errorf("%s was all there was: %+v", path, s.GC.Value)
	}

	n.Process.Stop()
	s = w.await(t, "down", ill)
	if s.GC.Value.State != state.GCSucceeded || s.Config == nil {
		t.Errorf("what was known is gone: %+v", s.GC.Value)
	}
	down, _ := s.Source("niks3")
	if age, _ := s.GC.Age(time.Now()); age <= 0 || down.Retry.IsZero() {
		t.Errorf("the collection is %v old, again at %v", age, down.Retry)
	}
	n.Restart(t)
	w.await(t, "up, with all forgotten", func(s live.Snapshot) bool { return well(s) && collecting("")(s) })
}

// livingNiks3 is a world with life and a niks3 of this version. The world's
// time is what step makes pass.
func livingNiks3(t *testing.T, version string) (*fake.World, *fake.Living) {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	key, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RunBuildbot(state.FullyPrivate, "phlip9/dotfiles", state.NewSecret("hook-secret"), state.NewSecret("basic-password")); err != nil {
		t.Fatal(err)
	}
	if err := w.DeployNiks3(state.NewSecret(token), key); err != nil {
		t.Fatal(err)
	}
	if err := w.Update(func(s *fake.State) error { s.CI.Niks3.Version = version; return nil }); err != nil {
		t.Fatal(err)
	}
	return w, w.Live(fake.Life{Seed: "niks3", Rate: 50, Builders: 100, Builds: 400, Objects: 4000, Clock: func() time.Time {
		return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	}})
}

func TestSourceInTheWorld(t *testing.T) {
	t.Parallel()
	for _, version := range []string{fake.Niks3Newer, fake.Niks3V170} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			world, l := livingNiks3(t, version)
			step := func(d time.Duration) {
				for end := l.Now().Add(d); l.Now().Before(end); {
					l.Step()
				}
			}
			step(2 * time.Minute)
			c, src, w := sourceAt(t, world.Endpoints().Niks3, state.NewSecret(token))
			truth := l.Truth()
			newer := version == fake.Niks3Newer
			sized := func(s live.Snapshot) bool {
				size, known := s.Size()
				u, _ := s.Uploads.Get()
				if !newer {
					return !known && s.Uploads == nil && s.Metrics == nil
				}
				return size.From == live.FromNiks3 && size.Objects == int64(truth.Objects) && size.Logical == int64(truth.Bytes) && u.Pending == int64(truth.Pending)
			}
			w.await(t, "what the world knows", func(s live.Snapshot) bool {
				return well(s) && s.GC != nil && s.Config != nil && s.Pins != nil && sized(s)
			})

			if _, started, err := c.StartGC(t.Context(), state.NewSecret(token), state.GCPolicy{OlderThan: "720h"}); err != nil || !started {
				t.Fatalf("%v, %v", started, err)
			}
			src.Look()
			w.await(t, "a collection", collecting(state.GCRunning))
			step(10 * time.Second)
			w.await(t, "its counters", func(s live.Snapshot) bool { return s.GC.Value.Counts.Closures > 0 && s.GC.Value.Phase != "" })
			step(5 * time.Second)
			w.await(t, "its end", collecting(state.GCSucceeded))
			truth = l.Truth()
			src.Look()
			w.await(t, "what is left", sized)

			if err := l.Fault(fake.FaultNiks3); err != nil {
				t.Fatal(err)
			}
			s := w.await(t, "503", ill)
			if s.GC.Value.State != state.GCSucceeded || !sized(s) {
				t.Errorf("what was known is gone: %+v", s.GC.Value)
			}
			l.Calm()
			w.await(t, "up again", well)
		})
	}
}
