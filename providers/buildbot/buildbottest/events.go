package buildbottest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

// watcher is one way to be told of events, and what came by it.
type watcher struct {
	watch func(context.Context, buildbot.Watch, func(state.BuildEvent)) error
	stop  context.CancelFunc
	ended chan error

	mu  sync.Mutex
	got []state.BuildEvent
}

// watching returns when the master listens.
func watching(t *testing.T, watch func(context.Context, buildbot.Watch, func(state.BuildEvent)) error, w buildbot.Watch) *watcher {
	t.Helper()
	o := &watcher{watch: watch, ended: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	o.stop = cancel
	t.Cleanup(cancel)
	ready := make(chan struct{})
	w.Listening = func() { close(ready) }
	go func() {
		o.ended <- watch(ctx, w, func(e state.BuildEvent) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.got = append(o.got, e)
		})
	}()
	select {
	case <-ready:
	case err := <-o.ended:
		t.Fatalf("watch: %v", err)
	}
	return o
}

func (o *watcher) all() []state.BuildEvent {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.got)
}

func (o *watcher) has(key string) bool {
	return slices.ContainsFunc(o.all(), func(e state.BuildEvent) bool { return e.Key == key })
}

// forceAndWatch forces an evaluation, stops the one of its builds that would
// never end, and looks at all that is told meanwhile.
func (x *suite) forceAndWatch(t *testing.T) {
	all := buildbot.Watch{Paths: []string{"*/*/*"}}
	socket, streamed := watching(t, x.c.Watch, all), watching(t, x.c.Listen, all)
	// Each step's events come by three of these paths; they are told once.
	several := watching(t, x.c.Listen, buildbot.Watch{Paths: []string{"builds/*/steps/*/*", "steps/*/*", "builds/*/*"}})
	twice := watching(t, x.c.Watch, buildbot.Watch{Paths: []string{"builds/*/steps/*/*", "steps/*/*", "builds/*/*"}})

	request := need(x.c.Force(t.Context(), x.s, x.scheduler, "a test"))(t)
	var slow state.Build
	await(t, "slow runs", func(ctx context.Context) (bool, error) {
		builds, err := x.c.Builds(ctx, buildbot.BuildQuery{Properties: []string{"attr", "buildername", "reason"}})
		done := 0
		for _, b := range builds {
			switch {
			case b.Request == request:
				x.eval = b
			case b.Attr == "x86_64-linux.slow":
				slow = b
			}
			x.attrs[b.Attr] = b
			if b.Done && b.Attr != "" {
				done++
			}
		}
		return slow.ID != 0 && done == 2 && socket.has("steps/"+x.stepOf(ctx, slow.ID, "Build flake attr")+"/started"), err
	})
	if running := need(x.c.Build(t.Context(), slow.ID))(t); running.Done || running.Result != state.ResultNone || !running.At.IsZero() {
		t.Errorf("slow runs as %+v", running)
	}
	if err := x.c.Stop(t.Context(), x.s, slow.ID, "enough"); err != nil {
		t.Fatal(err)
	}
	end := fmt.Sprintf("buildrequests/%d/complete", request)
	await(t, "all is told", func(context.Context) (bool, error) {
		last := fmt.Sprintf("builds/%d/finished", x.eval.ID)
		steps := len(only(socket.all(), "steps")) // the last of them may come after the build's end
		return socket.has(end) && streamed.has(end) && several.has(last) && twice.has(last) &&
			len(only(several.all(), "steps")) >= steps && len(only(twice.all(), "steps")) >= steps, nil
	})
	slow = need(x.c.Build(t.Context(), slow.ID))(t)
	if slow.Result != state.ResultCancelled || !slow.Done || !strings.Contains(slow.State, "cancelled") {
		t.Errorf("stopped: %+v", slow)
	}
	if x.eval = need(x.c.Build(t.Context(), x.eval.ID))(t); x.eval.Result != state.ResultCancelled {
		t.Errorf("evaluation: %+v", x.eval)
	}
	x.socket, x.streamed = socket.all(), streamed.all()
	if a, b := only(several.all(), "steps"), only(x.socket, "steps"); !slices.Equal(a, b) {
		t.Errorf("by three paths %d events of steps, by one %d", len(a), len(b))
	}
	if a, b := only(twice.all(), "steps"), only(x.socket, "steps"); !slices.Equal(a, b) {
		t.Errorf("by three paths %d events of steps, by one %d", len(a), len(b))
	}
	for _, w := range []*watcher{socket, streamed, several, twice} {
		w.stop()
		kind(t, "the caller's own end", <-w.ended, context.Canceled, "")
	}
}

func (x *suite) stepOf(ctx context.Context, build int64, name string) string {
	steps, err := x.c.Steps(ctx, build)
	if err != nil {
		return ""
	}
	for _, s := range steps {
		if s.Name == name {
			return strconv.FormatInt(s.ID, 10)
		}
	}
	return ""
}

// only is the keys of some kinds.
func only(all []state.BuildEvent, kinds ...string) []string {
	var keys []string
	for _, e := range all {
		if slices.Contains(kinds, e.Kind()) {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// sameEvents looks at what was told: the same by both ways, and each thing from
// its beginning to its end.
func (x *suite) sameEvents(t *testing.T) {
	shown := []string{"builds", "steps", "logs", "buildrequests"}
	if a, b := only(x.socket, shown...), only(x.streamed, shown...); !slices.Equal(a, b) {
		t.Errorf("over WebSocket\n%q\nover server sent events\n%q", a, b)
	}
	order := map[string][]string{}
	for i, e := range x.socket {
		if slices.Contains(shown, e.Kind()) {
			thing := strings.TrimSuffix(e.Key, "/"+e.What())
			order[thing] = append(order[thing], e.What())
			if e.Build == nil && e.Step == nil && e.Log == nil && e.Request == nil {
				t.Errorf("event %d, %s, is of nothing", i, e.Key)
			}
		}
	}
	for thing, got := range order {
		want := map[string][]string{
			"builds": {"new", "finished"}, "steps": {"new", "started", "finished"}, "logs": {"new", "append", "finished"}, "buildrequests": {"new", "claimed", "complete"},
		}[thing[:strings.IndexByte(thing, '/')]]
		if thing == fmt.Sprintf("builds/%d", x.eval.ID) {
			want = []string{"new", "started-nix-eval", "finished-nix-eval", "started-nix-build", "finished-nix-build", "finished"}
		}
		if !inOrder(got, want) {
			t.Errorf("%s: %q, want %q in it", thing, got, want)
		}
	}
	for _, e := range x.socket {
		if e.Key == fmt.Sprintf("builds/%d/finished", x.eval.ID) {
			bare := x.eval
			bare.Properties, bare.Repo = nil, ""
			if fmt.Sprint(*e.Build) != fmt.Sprint(bare) {
				t.Errorf("told %+v, read %+v", *e.Build, bare)
			}
		}
	}
}

// inOrder says whether all of want are in got, in this order.
func inOrder(got, want []string) bool {
	for _, g := range got {
		if len(want) > 0 && g == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}
