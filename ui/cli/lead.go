package cli

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state/live"
)

// headStart is how long the host's own sources are alone, at most.
const headStart = 500 * time.Millisecond

// lead lets the host's own sources speak first: while they are asked, neither
// secrets are opened nor the checklist is looked at, so that the first figures
// come soon.
type lead struct{ said chan struct{} }

func newLead() *lead { return &lead{make(chan struct{})} }

// sources are all of them; those that are not the host's own begin later.
func (f *lead) sources(all []live.Source) []live.Source {
	own := []string{"buildbot", "systemd"}
	out := slices.Clone(all)
	for i, one := range out {
		if !slices.Contains(own, one.Name()) {
			out[i] = second{one, f.said}
		}
	}
	return out
}

// seen is told of every snapshot, from one goroutine, and gives it to next.
func (f *lead) seen(next func(live.Snapshot)) func(live.Snapshot) {
	over := sync.OnceFunc(func() { close(f.said) })
	return func(snap live.Snapshot) {
		if builders, _, _ := snap.Len(); builders > 0 { // they are the longest of what it tells
			over()
		}
		next(snap)
	}
}

// second is a source that begins after the first ones.
type second struct {
	live.Source

	said <-chan struct{}
}

// Watch implements live.Source.
func (s second) Watch(ctx context.Context, emit func(live.Update)) error {
	limit := time.NewTimer(headStart)
	defer limit.Stop()
	select {
	case <-s.said:
	case <-limit.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.Source.Watch(ctx, emit)
}
