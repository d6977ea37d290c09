package console

import (
	"context"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
)

// However much is told while nobody reads, what is read then is the newest.
func TestFeedHandsOverTheNewest(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const builds = 1000
	q, out, ended := live.NewQueue(10), make(chan tea.Msg), make(chan struct{})
	saw := make(chan int, builds+1)
	go func() {
		defer close(ended)
		Feed(ctx, q, live.New(), out, func(s live.Snapshot) { _, n, _ := s.Len(); saw <- n })
	}()
	for i := range int64(builds) {
		if err := q.Put(ctx, told("buildbot", monday, live.Builds{All: []live.Build{{ID: i + 1, Done: true}}})); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n < builds; {
		select {
		case n = <-saw:
		case <-time.After(30 * time.Second):
			t.Fatalf("%d builds were seen", n)
		}
	}
	snap := (<-out).(Told).Snapshot
	if _, n, _ := snap.Len(); n != builds {
		t.Errorf("%d builds at the first look", n)
	}
	stop()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("it goes on without its context")
	}
}
