package buildbot_test

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state/live"
)

// BenchmarkEvent is how long it takes from a change in the world to its Update,
// with a hundred events a second; the time of an operation is that of a
// hundred milliseconds of life.
func BenchmarkEvent(b *testing.B) {
	at, l := livingWorld(b, fake.Life{Seed: "event", Rate: 100, Builders: 1000, Builds: 1000})
	var mu sync.Mutex
	var took []time.Duration
	var stepped time.Time
	ready, told := make(chan struct{}), 0
	begin := sync.OnceFunc(func() { close(ready) })
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() {
		done <- buildbot.NewSource(buildbot.New(http.DefaultClient, at), buildbot.SourceOptions{}).Watch(ctx, func(u live.Update) {
			mu.Lock()
			defer mu.Unlock()
			told++
			if n, is := u.News.(live.Builds); is && n.Resync == nil && len(n.All) == 1 {
				took = append(took, time.Since(stepped))
			}
			if n, is := u.News.(live.Builds); is && len(n.All) > 0 && n.All[len(n.All)-1].ID <= 1000-800 {
				begin()
			}
		})
	}()
	<-ready
	tick := time.NewTicker(10 * time.Millisecond) // ten times as fast
	defer tick.Stop()
	for b.Loop() {
		<-tick.C
		mu.Lock()
		stepped = time.Now()
		mu.Unlock()
		l.Step()
	}
	cancel()
	<-done
	slices.Sort(took)
	if len(took) > 0 {
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/median")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs/p99")
	}
}

// BenchmarkFirstLoad is the time until a screen is there and until all is, with
// 10,000 builders and 100,000 builds.
func BenchmarkFirstLoad(b *testing.B) {
	at, _ := livingWorld(b, fake.Life{Seed: "load", Builders: 10_000, Builds: 100_000})
	for _, n := range []int{2000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				load(b, at, n)
			}
		})
	}
}

func load(b *testing.B, at string, n int) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin, first, whole := time.Now(), time.Duration(0), make(chan struct{})
	all := sync.OnceFunc(func() { close(whole) })
	snap := live.New()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	var mu sync.Mutex
	go func() {
		done <- buildbot.NewSource(buildbot.New(http.DefaultClient, at), buildbot.SourceOptions{Builds: n}).Watch(ctx, func(u live.Update) {
			mu.Lock()
			defer mu.Unlock()
			snap = live.Reduce(snap, u)
			builders, builds, _ := snap.Len()
			if first == 0 && builders > 0 && builds > 0 {
				first = time.Since(begin)
			}
			if builds >= n {
				all()
			}
		})
	}()
	<-whole
	b.ReportMetric(float64(first.Milliseconds()), "ms/screen")
	b.ReportMetric(float64(time.Since(begin).Milliseconds()), "ms/all")
	cancel()
	<-done
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MiB")
	runtime.KeepAlive(snap)
}
