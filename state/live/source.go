package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Source tells what it sees. Watch tells emit until ctx ends or it cannot go
// on, and says why; it is called again after a while, and must then tell all
// anew (a Resync where there are rows). It calls emit from one goroutine at a
// time or from many, but not after it has returned.
type Source interface {
	Name() string
	Watch(ctx context.Context, emit func(Update)) error
}

// Clock is time as a value.
type Clock struct {
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// The pauses before a source is watched again: doubled each time from the
// shortest to the longest, and from the shortest again once it worked for as
// long as the longest.
const (
	shortestPause = time.Second
	longestPause  = time.Minute
	steady        = 5 * time.Second // a source that worked so long is tried again at once
)

// errEnded is why a source is down that gave no reason.
var errEnded = errors.New("it ended without a reason")

// Supervise watches a source until ctx ends, again and again. It tells emit a
// Link when the source comes (with its first update) and when it goes (with the
// cause and the time of the next try), and fills in Source and At. A source that
// panics has failed. random is in [0, 1): a pause is cut by up to half, so that
// sources that failed together do not come back together.
func Supervise(ctx context.Context, src Source, emit func(Update), clock Clock, random func() float64) {
	w := watch{src: src, out: emit, clock: clock}
	pause := shortestPause
	var down Link // since the source went
	for ctx.Err() == nil {
		begun := clock.Now()
		err := w.once(ctx)
		if ctx.Err() != nil {
			return
		}
		now := clock.Now()
		if w.worked() {
			down = Link{}
			if now.Sub(begun) >= steady {
				pause = shortestPause
			}
		}
		if down.Since.IsZero() {
			down.Since = now
		}
		wait := time.Duration(float64(pause) * (1 - random()/2))
		down.Err, down.Retry, down.Count = err.Error(), now.Add(wait), down.Count+1
		emit(Update{Source: src.Name(), At: now, News: down})
		if clock.Sleep(ctx, wait) != nil {
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// SuperviseAll supervises many sources, each on its own, until ctx ends and all
// have returned.
func SuperviseAll(ctx context.Context, all []Source, emit func(Update), clock Clock, random func() float64) {
	var wg sync.WaitGroup
	for _, src := range all {
		wg.Go(func() { Supervise(ctx, src, emit, clock, random) })
	}
	wg.Wait()
}

// watch is a source and whether it works.
type watch struct {
	src   Source
	out   func(Update)
	clock Clock

	mu   sync.Mutex
	turn int // counts the calls of Watch; what an earlier one emits is not told
	open bool
	up   bool
}

// once calls Watch once.
func (w *watch) once(ctx context.Context) (err error) {
	w.mu.Lock()
	w.turn++
	turn := w.turn
	w.open, w.up = true, false
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("watch %s: it panicked: %v", w.src.Name(), r)
		}
		w.mu.Lock()
		w.open = false // before whoever waits for the context's end can tell something
		w.mu.Unlock()
		cancel()
	}()
	if err = w.src.Watch(ctx, func(u Update) { w.emit(turn, u) }); err == nil {
		err = errEnded
	}
	return err
}

func (w *watch) worked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.up
}

func (w *watch) emit(turn int, u Update) {
	u.Source = w.src.Name()
	if u.At.IsZero() {
		u.At = w.clock.Now()
	}
	w.mu.Lock()
	if !w.open || turn != w.turn {
		w.mu.Unlock()
		return
	}
	link, is := u.News.(Link)
	first := !w.up && (!is || link.Up)
	w.up = w.up || first
	w.mu.Unlock()
	if first && !is {
		w.out(Update{Source: u.Source, At: u.At, News: Link{Up: true, Since: u.At}})
	}
	w.out(u)
}
