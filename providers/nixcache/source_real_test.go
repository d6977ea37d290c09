package nixcache_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/shape"
)

// hurried is how much faster than usual a source looks in these tests.
const hurried = 100

// sourceAt watches a cache for the builds that are told.
func sourceAt(t *testing.T, base, key string) *watched {
	t.Helper()
	w := watch(t.Context(), func(w *watched) live.Source {
		return nixcache.NewSource(nixcache.New(httpx.New(httpx.Options{}), base), nixcache.SourceOptions{
			PublicKey: key, Clock: clock(hurried), Newest: func() []live.Build { s := w.now(); return nixcache.Unseen(&s) },
		})
	}, clock(hurried))
	t.Cleanup(w.end)
	return w
}

func (w *watched) green(id int, path string, finished time.Time) {
	w.take(live.Update{Source: "buildbot", At: time.Now(), News: live.Builds{All: []live.Build{{
		ID: int64(id), Builder: 2, Done: true, Finished: finished, OutPath: path, Upload: live.Uploaded,
	}}}})
}

// TestSourceReal: what niks3 v1.7.0 took is seen where clients read it.
func TestSourceReal(t *testing.T) {
	t.Parallel()
	n := realtest.StartNiks3(t, realtest.Gofakes3(t))
	w := sourceAt(t, n.CacheURL, n.PublicKey)
	w.await(t, "up", func(s live.Snapshot) bool { link, _ := s.Source("cache"); return link.Up })
	first := n.PushText(t, "demo-hello", rand.Text())
	w.green(1, first, time.Now())
	w.await(t, "served", func(s live.Snapshot) bool { return s.Build(1).Served == live.Present })
	w.green(2, "/nix/store/0sm0hb161mq6n22bf4lknc3kqprqx342-never", time.Now().Add(-time.Hour))
	w.await(t, "not pushed", func(s live.Snapshot) bool { return s.Build(2).Cached() == live.CacheMissing })
	second := n.PushText(t, "demo-hello", rand.Text())
	w.green(3, second, time.Now())
	w.await(t, "the newest", func(s live.Snapshot) bool {
		paths, _ := s.Paths.Get()
		return len(paths) == 3 && paths[0].Path == second && paths[0].Narinfo.Verified && paths[0].Bytes > 0 && !paths[1].Found && paths[2].Path == first
	})
}

// TestSourceInTheWorld: what it says of the builds of a living world is true.
func TestSourceInTheWorld(t *testing.T) {
	t.Parallel()
	world, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	key, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := shape.PublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := world.RunBuildbot(state.FullyPrivate, "phlip9/dotfiles", state.NewSecret("hook-secret"), state.NewSecret("basic-password")); err != nil {
		t.Fatal(err)
	}
	if err := world.DeployNiks3(state.NewSecret("a-token-of-more-than-36-characters-0123456789"), key); err != nil {
		t.Fatal(err)
	}
	if err := world.Update(func(s *fake.State) error {
		b := &s.Cloud.Buckets[len(s.Cloud.Buckets)-1]
		b.Domains = append(b.Domains, fake.CloudDomain{Domain: s.Config.Cache.Domain, Enabled: true, Ownership: "active", SSL: "active"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	l := world.Live(fake.Life{Seed: "cache", Rate: 50, Builders: 100, Builds: 400, Objects: 4000, Clock: func() time.Time {
		return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	}})
	if err := l.Fault(fake.FaultNotPushed); err != nil {
		t.Fatal(err)
	}
	for end := l.Now().Add(2 * time.Minute); l.Now().Before(end); {
		l.Step()
	}
	w := sourceAt(t, world.Endpoints().Cache, public)
	green, dark := 0, 0
	for _, b := range l.Truth().Builds {
		switch {
		case b.Result != 0 && b.Result != 1, b.OutPath == "", b.Cached && green == 12: // neither green nor with warnings
			continue
		case b.Cached:
			green++
		default:
			dark++
		}
		w.green(b.ID, b.OutPath, time.Now().Add(-time.Hour))
	}
	if green < 5 || dark == 0 {
		t.Fatalf("%d green builds are cached, %d are not", green, dark)
	}
	for _, b := range l.Truth().Builds {
		w.await(t, b.OutPath, func(s live.Snapshot) bool {
			told := s.Build(int64(b.ID))
			return told == nil || told.Served == live.Present && b.Cached || told.Served == live.Missing && !b.Cached
		})
	}
	w.await(t, "paths", func(s live.Snapshot) bool { paths, _ := s.Paths.Get(); return len(paths) == 10 })
}
