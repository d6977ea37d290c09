package console

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
)

// Feed reduces what the queue holds to Snapshots until ctx ends, and sends the
// newest one as soon as the program takes it: however much is told, the screen
// is never behind by more than what it is drawing. Every snapshot goes to seen
// as well, which may be nil.
func Feed(ctx context.Context, q *live.Queue, first live.Snapshot, out chan<- tea.Msg, seen func(live.Snapshot)) {
	batches := make(chan []live.Update)
	go func() {
		defer close(batches)
		for {
			all, err := q.Take(ctx)
			if err != nil {
				return
			}
			select {
			case batches <- all:
			case <-ctx.Done():
				return
			}
		}
	}()
	snap, send := first, chan<- tea.Msg(nil)
	for {
		select {
		case all, more := <-batches:
			if !more {
				return
			}
			for _, u := range all {
				snap = live.Reduce(snap, u)
			}
			if seen != nil {
				seen(snap)
			}
			send = out
		case send <- Told{snap}:
			send = nil
		}
	}
}
