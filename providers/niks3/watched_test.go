package niks3_test

import (
	"context"
	"fmt"
	"strings"
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

func never() float64 { return 0 }

// watched is a source under supervision, and all that it told.
type watched struct {
	mu    sync.Mutex
	s     live.Snapshot
	lines []string
	begun time.Time
	end   func()
}

func watch(ctx context.Context, src live.Source, c live.Clock) *watched {
	ctx, cancel := context.WithCancel(ctx)
	w := &watched{s: live.New(), begun: time.Now()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		live.Supervise(ctx, src, w.take, c, never)
	}()
	w.end = func() { cancel(); <-done }
	return w
}

func (w *watched) take(u live.Update) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.s = live.Reduce(w.s, u)
	line := fmt.Sprintf("%v %T", u.At.Sub(w.begun), u.News)
	switch n := u.News.(type) {
	case live.Link:
		line = fmt.Sprintf("%v link up=%v %s%s", u.At.Sub(w.begun), n.Up, n.Err, n.Note)
	case live.Tell[live.Health]:
		line = fmt.Sprintf("%v health %v", u.At.Sub(w.begun), n.Value.OK)
	}
	w.lines = append(w.lines, line)
}

func (w *watched) now() live.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.s
}

// told are the lines since the last time it was asked.
func (w *watched) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.lines
	w.lines = nil
	return out
}

// await waits until the snapshot is as wanted.
func (w *watched) await(t *testing.T, what string, wanted func(live.Snapshot) bool) live.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if s := w.now(); wanted(s) {
			return s
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: it never comes\n%s", what, strings.Join(w.told(), "\n"))
		case <-tick.C:
		}
	}
}
