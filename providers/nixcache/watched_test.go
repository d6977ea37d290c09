package nixcache_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state/live"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// clock is the real one, or that of a synctest bubble; a pause is cut to a part
// of it.
func clock(part time.Duration) live.Clock {
	return live.Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-time.After(d / part):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

// watched is a source under supervision, and what is known by it.
type watched struct {
	mu    sync.Mutex
	s     live.Snapshot
	links []live.Link
	end   func()
}

// watch has a source tell; which one may depend on what is known.
func watch(ctx context.Context, source func(*watched) live.Source, c live.Clock) *watched {
	ctx, cancel := context.WithCancel(ctx)
	w := &watched{s: live.New()}
	src := source(w)
	done := make(chan struct{})
	go func() {
		defer close(done)
		live.Supervise(ctx, src, w.take, c, func() float64 { return 0 })
	}()
	w.end = func() { cancel(); <-done }
	return w
}

func (w *watched) take(u live.Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if link, is := u.News.(live.Link); is {
		w.links = append(w.links, link)
	}
	w.s = live.Reduce(w.s, u)
}

func (w *watched) told() []live.Link {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.links)
}

func (w *watched) now() live.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.s
}

// await waits until the snapshot is as wanted.
func (w *watched) await(t *testing.T, what string, wanted func(live.Snapshot) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !wanted(w.now()) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: it never comes; %+v", what, w.told())
		case <-tick.C:
		}
	}
}
