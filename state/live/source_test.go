package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// script is a source that plays one scene each time it is watched.
type script struct {
	name   string
	scenes []func(ctx context.Context, emit func(Update)) error
	n      int
}

func (s *script) Name() string { return s.name }

func (s *script) Watch(ctx context.Context, emit func(Update)) error {
	scene := s.scenes[min(s.n, len(s.scenes)-1)]
	s.n++
	return scene(ctx, emit)
}

func fake() Clock {
	return Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

func noRandom() float64 { return 0 }

var errRefused = errors.New("refused")

func fails(context.Context, func(Update)) error { return errRefused }

func works(for_ time.Duration) func(context.Context, func(Update)) error {
	return func(ctx context.Context, emit func(Update)) error {
		emit(Update{News: Tell[Memory]{Memory{Bytes: 1}}})
		select {
		case <-time.After(for_):
			return errRefused
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func panics(context.Context, func(Update)) error { panic("oh") }

// supervised is what a source is seen to tell in a time.
func supervised(t *testing.T, for_ time.Duration, random func() float64, all ...Source) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), for_)
		defer cancel()
		begin := time.Now()
		var mu sync.Mutex
		SuperviseAll(ctx, all, func(u Update) {
			mu.Lock()
			defer mu.Unlock()
			line := fmt.Sprintf("%v %s %T", u.At.Sub(begin), u.Source, u.News)
			if l, is := u.News.(Link); is {
				line = fmt.Sprintf("%v %s up=%v %q", u.At.Sub(begin), u.Source, l.Up, l.Err)
				if !l.Up {
					line += fmt.Sprintf(" since %v, try %d, again after %v", l.Since.Sub(begin), l.Count, l.Retry.Sub(u.At))
				}
			}
			lines = append(lines, line)
		}, fake(), random)
	})
	return lines
}

func TestSupervise(t *testing.T) {
	for name, tc := range map[string]struct {
		for_   time.Duration
		random float64
		scenes []func(context.Context, func(Update)) error
		want   []string
	}{
		"pauses double": {20 * time.Second, 0, []func(context.Context, func(Update)) error{fails}, []string{
			`0s s up=false "refused" since 0s, try 1, again after 1s`,
			`1s s up=false "refused" since 0s, try 2, again after 2s`,
			`3s s up=false "refused" since 0s, try 3, again after 4s`,
			`7s s up=false "refused" since 0s, try 4, again after 8s`,
			`15s s up=false "refused" since 0s, try 5, again after 16s`,
		}},
		"chance cuts them": {2 * time.Second, 0.5, []func(context.Context, func(Update)) error{fails}, []string{
			`0s s up=false "refused" since 0s, try 1, again after 750ms`,
			`750ms s up=false "refused" since 0s, try 2, again after 1.5s`,
		}},
		"up again": {9 * time.Second, 0, []func(context.Context, func(Update)) error{fails, works(4 * time.Second), fails}, []string{
			`0s s up=false "refused" since 0s, try 1, again after 1s`,
			`1s s up=true ""`,
			`1s s live.Tell[github.com/nixwright/nixwright/state/live.Memory]`,
			`5s s up=false "refused" since 5s, try 1, again after 2s`,
			`7s s up=false "refused" since 5s, try 2, again after 4s`,
		}},
		"long up starts anew": {14 * time.Second, 0, []func(context.Context, func(Update)) error{fails, works(5 * time.Second), works(time.Hour)}, []string{
			`0s s up=false "refused" since 0s, try 1, again after 1s`,
			`1s s up=true ""`,
			`1s s live.Tell[github.com/nixwright/nixwright/state/live.Memory]`,
			`6s s up=false "refused" since 6s, try 1, again after 1s`,
			`7s s up=true ""`,
			`7s s live.Tell[github.com/nixwright/nixwright/state/live.Memory]`,
		}},
		"a panic is a failure": {900 * time.Millisecond, 0, []func(context.Context, func(Update)) error{panics}, []string{
			`0s s up=false "watch s: it panicked: oh" since 0s, try 1, again after 1s`,
		}},
		"no reason": {900 * time.Millisecond, 0, []func(context.Context, func(Update)) error{func(context.Context, func(Update)) error { return nil }}, []string{
			`0s s up=false "it ended without a reason" since 0s, try 1, again after 1s`,
		}},
		"its own word": {time.Second, 0, []func(context.Context, func(Update)) error{func(ctx context.Context, emit func(Update)) error {
			emit(Update{News: Link{Up: true, Via: "SSE"}})
			<-ctx.Done()
			return ctx.Err()
		}}, []string{`0s s up=true ""`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := supervised(t, tc.for_, func() float64 { return tc.random }, &script{name: "s", scenes: tc.scenes})
			if !slices.Equal(got, tc.want) {
				t.Errorf("it told\n%q\nwant\n%q", got, tc.want)
			}
		})
	}
}

// TestSuperviseOthers has a source that never returns from anything but ctx,
// one that panics and one that works: none hinders another.
func TestSuperviseOthers(t *testing.T) {
	silent := func(ctx context.Context, _ func(Update)) error { <-ctx.Done(); return ctx.Err() }
	one := func(name string, f func(context.Context, func(Update)) error) Source {
		return &script{name: name, scenes: []func(context.Context, func(Update)) error{f}}
	}
	got := supervised(t, 900*time.Millisecond, noRandom, one("a", silent), one("b", panics), one("c", works(time.Hour)))
	slices.Sort(got)
	if len(got) != 3 || got[1] != `0s c live.Tell[github.com/nixwright/nixwright/state/live.Memory]` {
		t.Errorf("they told %q", got)
	}
}

// TestLateEmit has a source that goes on telling after it has failed.
func TestLateEmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		src := &script{name: "s", scenes: []func(context.Context, func(Update)) error{func(ctx context.Context, emit func(Update)) error {
			context.AfterFunc(ctx, func() { emit(Update{News: Served{1, true}}) })
			return errRefused
		}}}
		Supervise(ctx, src, func(u Update) {
			if _, is := u.News.(Served); is {
				t.Error("a source told something after it had returned")
			}
		}, fake(), noRandom)
		synctest.Wait()
	})
}
