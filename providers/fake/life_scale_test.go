package fake

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

// large is the world that the console's budgets are about.
var large = Life{Seed: "scale", Rate: 100, Builders: 10_000, Builds: 100_000, Objects: 1_000_000}

func TestLargeLife(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	w, l := livingWorld(t, large)
	t.Logf("it begins in %v", time.Since(begin))
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d MiB", (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>20)
	truth := l.Truth()
	if truth.Past[1]-truth.Past[0]+1 != 100_000 || truth.Objects != 1_000_000 || truth.Builders < 10_000 || truth.Builders > 10_100 {
		t.Errorf("%+v", truth)
	}
	begin = time.Now()
	steps(l, 10*time.Minute)
	now := l.Truth()
	rate := float64(now.Events-truth.Events) / 600
	queued := len(now.Queue)
	t.Logf("ten minutes in %v: %.0f events/s, %d pushes, %d builds, %d wait", time.Since(begin), rate, now.Pushes, len(now.Builds), queued)
	if rate < 60 || rate > 140 {
		t.Errorf("%.0f events a second, want about 100", rate)
	}
	for _, path := range []string{
		"/builds?order=-buildid&limit=100&property=*", "/builds?order=-complete_at&limit=100&complete=true", "/builds?complete=false", "/builds?results=2&order=-buildid&limit=100",
		"/builds?builderid=5000&order=-buildid", "/builds?buildid__lt=50000&order=-buildid&limit=200", "/buildrequests?complete=false&claimed=false",
		"/builds/50000/steps", "/builds/50000/triggered_builds", "/workers", "/changes?order=-changeid&limit=50", "/builders?order=builderid&limit=5000",
	} {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			fetch(t, "GET", w.url("buildbot")+"/api/v2"+path, http.Header{"Accept": {"application/json"}}, "").want(200)
			best = min(best, time.Since(begin))
		}
		t.Logf("%-60s %v", path, best)
		if best > 200*time.Millisecond || path[:8] == "/builds?" && best > 100*time.Millisecond {
			t.Errorf("%s takes %v", path, best)
		}
	}
}

// TestPastIsOneThing: the same build, however it is asked for.
func TestPastIsOneThing(t *testing.T) {
	t.Parallel()
	w, _ := livingWorld(t, Life{Seed: "past", Builders: 200, Builds: 2111, Objects: 5000})
	c := buildbot.New(http.DefaultClient, w.Endpoints().Buildbot)
	ctx := t.Context()
	all, err := c.Builds(ctx, buildbot.BuildQuery{Properties: []string{"attr", "buildername", "out_path"}})
	if err != nil || len(all) != 2111 {
		t.Fatal(len(all), err)
	}
	numbers := map[int64]int{}
	for _, b := range slices.Backward(all) {
		if numbers[b.Builder]++; b.Number != numbers[b.Builder] || !b.Done || b.At.Before(b.Started) || b.At.After(lifeBegin) {
			t.Fatalf("build %+v, want number %d", b, numbers[b.Builder])
		}
	}
	for id, n := range numbers {
		of, err := c.Builds(ctx, buildbot.BuildQuery{Builder: id})
		if err != nil || len(of) != n || of[0].Builder != id || of[0].Number != n {
			t.Fatalf("builder %d: %d builds, %v, want %d", id, len(of), err, n)
		}
	}
	got := fetch(t, "GET", w.url("buildbot")+"/api/v2/builds?order=-complete_at", http.Header{"Accept": {"application/json"}}, "").want(200)
	var page struct {
		Builds []bbBuild `json:"builds"`
	}
	if err := json.Unmarshal(got.body, &page); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(page.Builds); i++ {
		if *page.Builds[i].CompleteAt > *page.Builds[i-1].CompleteAt {
			t.Fatalf("build %d is before %d", page.Builds[i-1].ID, page.Builds[i].ID)
		}
	}
	if len(page.Builds) != 2111 {
		t.Errorf("%d builds by their end", len(page.Builds))
	}
}

func TestPastHasItsParts(t *testing.T) {
	t.Parallel()
	w, l := livingWorld(t, Life{Seed: "past", Builders: 200, Builds: 2111, Objects: 5000})
	c := buildbot.New(http.DefaultClient, w.Endpoints().Buildbot)
	ctx := t.Context()
	all, err := c.Builds(ctx, buildbot.BuildQuery{Properties: []string{"attr", "buildername", "out_path"}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	red := 0
	for _, b := range all {
		steps, err := c.Steps(ctx, b.ID)
		if err != nil || len(steps) < 2 || steps[len(steps)-1].At.After(b.At) {
			t.Fatalf("build %+v: steps %+v, %v", b, steps, err)
		}
		if b.Result == state.ResultFailure && b.Attr != "" {
			red++
			if lines := logLines(t, c, int(b.ID), len(steps)-1); len(lines) < 3 {
				t.Errorf("log %q", lines)
			}
		}
		if b.Attr == "" {
			if of, err := c.Triggered(ctx, b.ID); err != nil || len(of) == 0 || of[0].ID != b.ID+1 {
				t.Errorf("of evaluation %d: %v, %v", b.ID, of, err)
			}
			if of, err := c.BuildChanges(ctx, b.ID); err != nil || len(of) != 1 {
				t.Errorf("changes of %d: %v, %v", b.ID, of, err)
			}
		}
		if one, err := c.Request(ctx, b.Request); err != nil || !one.Done || one.Result != b.Result {
			t.Errorf("request of %+v: %+v, %v", b, one, err)
		}
		held := l.w.HasObject(l.bucket, strings.TrimSuffix(strings.TrimPrefix(b.OutPath, "/nix/store/")[:min(32, len(b.OutPath))], "-")+".narinfo")
		if b.Attr != "" && held != (b.Result == state.ResultSuccess) {
			t.Errorf("%+v is in the cache: %v", b, held)
		}
	}
	if red == 0 {
		t.Error("nothing failed")
	}
}

func BenchmarkStep(b *testing.B) {
	_, l := livingWorld(b, large)
	for b.Loop() {
		l.Step()
	}
}

// TestLifeRuns lets a world run by a clock that goes a hundred times as fast.
func TestLifeRuns(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	_, l := livingWorld(t, Life{
		Seed: "run", Rate: 100, Builders: 100, Builds: 100, Tick: 20 * time.Millisecond,
		Clock: func() time.Time { return lifeBegin.Add(100 * time.Since(begin)) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	for limit := time.Now().Add(20 * time.Second); l.Now().Before(lifeBegin.Add(time.Minute)) && time.Now().Before(limit); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	if truth := l.Truth(); truth.At.Before(lifeBegin.Add(time.Minute)) || truth.Events < 1000 {
		t.Errorf("at %v after %d events", truth.At, truth.Events)
	}
}
