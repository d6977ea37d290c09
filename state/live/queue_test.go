package live

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/state"
)

func progress(n int64, what string) Update {
	return at(time.Duration(n), Builds{All: []Build{{ID: 1, Builder: 2, State: what}}})
}

func put(t *testing.T, q *Queue, all ...Update) {
	t.Helper()
	for _, u := range all {
		if err := q.Put(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
}

func take(t *testing.T, q *Queue) []Update {
	t.Helper()
	all, err := q.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestQueueReplaces(t *testing.T) {
	q := NewQueue(100)
	first := at(0, Builds{All: []Build{{ID: 1, Parent: 7, Commit: "abc"}}})
	done := at(9, Builds{All: []Build{{ID: 1, Done: true, State: "done"}}})
	put(t, q, first, progress(2, "b"), progress(1, "a"), at(3, Link{Up: true}), at(4, Link{}), done,
		at(5, Tell[Memory]{Memory{Bytes: 1}}), at(6, Tell[Disks]{}), at(7, Tell[Memory]{Memory{Bytes: 2}}),
		at(8, Tell[Size]{Size{From: FromNiks3}}), at(8, Tell[Size]{Size{From: FromR2}}),
		at(10, Steps{All: []state.BuildStep{{ID: 4}}}), at(11, Steps{All: []state.BuildStep{{ID: 4, Done: true}}}))
	all := take(t, q)
	if len(all) != 10 {
		t.Fatalf("%d updates wait, want 10", len(all))
	}
	if b := all[0].News.(Builds).All[0]; b.State != "b" || b.Parent != 7 || b.Commit != "abc" {
		t.Errorf("the progress of build 1 is %+v", b)
	}
	if m := all[4].News.(Tell[Memory]).Value; m.Bytes != 2 {
		t.Errorf("memory is %+v", m)
	}
}

// TestQueueSame says that what is taken leads where all of it would.
func TestQueueSame(t *testing.T) {
	for seed := range uint64(50) {
		m, q := newMaster(seed), NewQueue(10_000)
		straight := reduced(at(0, builders))
		behind := straight
		for i := range 300 {
			u := m.happens()
			straight = Reduce(straight, u)
			put(t, q, u)
			if i%37 == 0 || i == 299 {
				for _, one := range take(t, q) {
					behind = Reduce(behind, one)
				}
			}
		}
		if got, want := canon(behind), canon(straight); got != want {
			t.Fatalf("seed %d:\n%s", seed, differ(got, want))
		}
	}
}

// TestQueueHoldsOneSource fills the room of one source; another one goes on.
func TestQueueHoldsOneSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		q := NewQueue(2)
		put(t, q, at(0, Link{}), at(0, Link{}))
		third := make(chan error, 2)
		go func() { third <- q.Put(ctx, at(0, Link{})) }()
		synctest.Wait()
		if len(third) != 0 {
			t.Fatal("a third update has room")
		}
		other := at(0, Link{})
		other.Source = "other"
		put(t, q, other)
		if n := len(take(t, q)); n != 3 {
			t.Errorf("%d updates wait, want 3", n)
		}
		synctest.Wait()
		if err := <-third; err != nil || len(take(t, q)) != 1 {
			t.Errorf("the third one: %v", err)
		}
		put(t, q, at(0, Link{}), at(0, Link{}))
		go func() { third <- q.Put(ctx, at(0, Link{})) }()
		synctest.Wait()
		cancel()
		if err := <-third; err == nil {
			t.Error("a source waits on after its end")
		}
		q2 := NewQueue(1)
		if _, err := q2.Take(ctx); err == nil {
			t.Error("a reader waits on after its end")
		}
	})
}
