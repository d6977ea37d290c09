package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/buildbot/buildbottest"
	"github.com/nixwright/nixwright/state"
)

var lifeBegin = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const lifeKey = "cache.phlip9.com-1:mE6d1tLrT2mJw3oXr0dJcJvUfn8wR0Q2nB6cZ4xXx1k="

// livingWorld is a world with life in it, by a clock that stands.
func livingWorld(tb testing.TB, life Life) (*World, *Living) {
	tb.Helper()
	w, err := Start(tb.Context(), tb.TempDir(), "fresh", Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Close)
	if err := w.RunBuildbot(state.FullyPrivate, "phlip9/dotfiles", state.NewSecret("hook-secret"), state.NewSecret("basic-password")); err != nil {
		tb.Fatal(err)
	}
	err = w.Update(func(s *State) error {
		s.CI.Secrets["niks3-api-token"], s.CI.Secrets["niks3-signing-key"] = strings.Repeat("t", 64), lifeKey
		s.CI.Niks3.Version = Niks3Newer
		s.Host.unitsUp(lifeBegin)
		s.addBucket(CloudBucket{Account: s.Config.Cache.R2.Account, Name: s.Config.Cache.R2.Bucket})
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if life.Clock == nil {
		life.Clock = func() time.Time { return lifeBegin }
	}
	return w, w.Live(life)
}

func steps(l *Living, d time.Duration) {
	for end := l.Now().Add(d); l.Now().Before(end); {
		l.Step()
	}
}

func TestLifeFollowsFromItsSeed(t *testing.T) {
	t.Parallel()
	tell := func(seed string) (Truth, string) {
		w, l := livingWorld(t, Life{Seed: seed, Rate: 50, Builders: 100, Builds: 500, Objects: 4000})
		steps(l, 2*time.Minute)
		if err := l.Fault(FaultWorker); err != nil {
			t.Fatal(err)
		}
		steps(l, time.Minute)
		raw, err := json.Marshal([]any{w.master.tables["builds"].rows, w.master.tables["steps"].rows, w.master.tables["logs"].rows, w.master.tables["buildrequests"].rows})
		if err != nil {
			t.Fatal(err)
		}
		return l.Truth(), string(raw)
	}
	a, rowsA := tell("one")
	b, rowsB := tell("one")
	other, _ := tell("two")
	if !reflect.DeepEqual(a, b) || rowsA != rowsB {
		t.Errorf("the same seed:\n%+v\n%+v", a, b)
	}
	if reflect.DeepEqual(a.Builds, other.Builds) {
		t.Error("another seed, the same life")
	}
	results := map[int]int{}
	for _, b := range a.Builds {
		results[b.Result]++
	}
	t.Logf("%d pushes, results %v, %d waiting, %d objects", a.Pushes, results, len(a.Queue), a.Objects)
	if results[bbSuccess] < 20 || results[bbFailure] == 0 || results[bbRetry] == 0 {
		t.Errorf("results %v", results)
	}
}

// console is what somebody knows who reads once and is told from then on.
type console struct {
	mu     sync.Mutex
	builds map[int64]state.Build
	order  map[string][]string
	events int
}

func (c *console) take(e state.BuildEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events++
	if e.Build != nil {
		c.builds[e.Build.ID] = *e.Build
	}
	thing := strings.TrimSuffix(e.Key, "/"+e.What())
	c.order[thing] = append(c.order[thing], e.What())
}

// watch follows the master until ctx or the connection ends; it returns when it
// listens and all was read.
func (c *console) watch(ctx context.Context, t *testing.T, way func(context.Context, buildbot.Watch, func(state.BuildEvent)) error, client *buildbot.Client) (ended chan error) {
	t.Helper()
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() {
		ended <- way(ctx, buildbot.Watch{Paths: []string{"*/*/*"}, Listening: func() { close(ready) }}, c.take)
	}()
	<-ready
	all, err := client.Builds(ctx, buildbot.BuildQuery{})
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range all {
		c.builds[b.ID] = b
	}
	return ended
}

func TestTruthIsTold(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"WebSocket", "server sent events"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, l := livingWorld(t, Life{Seed: "truth", Rate: 60, Builders: 60, Builds: 300, Objects: 1000})
			client := buildbot.New(http.DefaultClient, w.Endpoints().Buildbot)
			way := map[string]func(context.Context, buildbot.Watch, func(state.BuildEvent)) error{"WebSocket": client.Watch, "server sent events": client.Listen}[name]
			seen := &console{builds: map[int64]state.Build{}, order: map[string][]string{}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := seen.watch(ctx, t, way, client)
			steps(l, time.Minute)
			if err := l.Fault(FaultDrop); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Fatal("a connection that was cut ends without an error")
			}
			steps(l, 30*time.Second) // nobody is told
			ended = seen.watch(ctx, t, way, client)
			steps(l, time.Minute)
			truth := l.Truth()
			last := truth.Builds[len(truth.Builds)-1]
			limit := time.Now().Add(20 * time.Second)
			for time.Now().Before(limit) && len(seen.differs(truth)) > 0 {
				time.Sleep(5 * time.Millisecond)
			}
			if d := seen.differs(truth); len(d) > 0 {
				t.Errorf("last %d: %s", last.ID, strings.Join(d[:min(5, len(d))], "\n"))
			}
			read(t, client, truth)
			seen.inOrder(t)
			cancel()
			<-ended
			t.Logf("%d events, %d builds, queue %d", seen.events, len(truth.Builds), len(truth.Queue))
		})
	}
}

func (c *console) differs(truth Truth) (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range truth.Builds {
		got := c.builds[int64(b.ID)]
		if got.Done != (b.Result >= 0) || b.Number != got.Number || b.Result >= 0 && (resultOf(got) != b.Result || got.State != b.Words) {
			all = append(all, fmt.Sprintf("%+v, told %+v", b, got))
		}
	}
	if want := len(truth.Builds) + truth.Past[1] - truth.Past[0] + 1; truth.Past[1] > 0 && len(c.builds) != want {
		all = append(all, fmt.Sprintf("%d builds, want %d", len(c.builds), want))
	}
	return all
}

func resultOf(b state.Build) int {
	for i, r := range []state.BuildResult{state.ResultSuccess, state.ResultWarnings, state.ResultFailure, state.ResultSkipped, state.ResultException, state.ResultRetry, state.ResultCancelled} {
		if b.Result == r {
			return i
		}
	}
	return -1
}

// inOrder looks at those that began and ended while somebody was told.
func (c *console) inOrder(t *testing.T) {
	t.Helper()
	whole := 0
	for thing, got := range c.order {
		kind, _, _ := strings.Cut(thing, "/")
		want := map[string]string{"builds": "new finished", "steps": "new started finished", "logs": "new append finished"}[kind]
		if want == "" || !slices.Contains(got, strings.Fields(want)[0]) || got[len(got)-1] != "finished" {
			continue
		}
		whole++
		at := 0
		words := strings.Fields(want)
		for _, g := range got {
			if at < len(words) && g == words[at] {
				at++
			}
		}
		if at != len(words) {
			t.Errorf("%s: %q, want %s in it", thing, got, want)
		}
	}
	if whole < 100 {
		t.Errorf("%d things were told from their beginning to their end", whole)
	}
}

// read compares what REST says with the truth.
func read(t *testing.T, c *buildbot.Client, truth Truth) {
	t.Helper()
	queue, err := c.Queue(t.Context())
	if err != nil || len(queue) != len(truth.Queue) {
		t.Errorf("queue %v, %v, want %v", queue, err, truth.Queue)
	}
	yes, no := true, false
	running, err := c.Builds(t.Context(), buildbot.BuildQuery{Complete: &no})
	want := 0
	for _, b := range truth.Builds {
		if b.Result < 0 {
			want++
		}
	}
	if err != nil || len(running) != want {
		t.Errorf("%d run, %v, want %d", len(running), err, want)
	}
	if done, err := c.Builds(t.Context(), buildbot.BuildQuery{Complete: &yes}); err != nil || len(done) != len(truth.Builds)-want+truth.Past[1]-truth.Past[0]+1 {
		t.Errorf("%d are done, %v", len(done), err)
	}
	failing := 0
	for i, b := range truth.Builds {
		one, err := c.Build(t.Context(), int64(b.ID))
		if err != nil || one.Attr != b.Attr || one.Repo != b.Repo || one.OutPath != b.OutPath || one.ID != int64(b.ID) {
			t.Errorf("%+v is read as %+v, %v", b, one, err)
		}
		of, err := c.Builds(t.Context(), buildbot.BuildQuery{Builder: int64(b.Builder)})
		if i%10 == 0 && (err != nil || len(of) == 0 || of[0].Number != len(of)) {
			t.Errorf("builds of builder %d: %d, the last %+v, %v", b.Builder, len(of), of[0], err)
		}
		if b.Failing != "" && failing < 5 {
			failing++
			if lines := logLines(t, c, b.ID, 1); !strings.Contains(strings.Join(lines, "\n"), b.Failing) {
				t.Errorf("build %d: %q does not have %q", b.ID, lines, b.Failing)
			}
		}
	}
	if failing == 0 {
		t.Error("nothing failed")
	}
}

func logLines(t *testing.T, c *buildbot.Client, build, step int) (out []string) {
	t.Helper()
	all, err := c.Steps(t.Context(), int64(build))
	if err != nil || len(all) <= step {
		t.Fatalf("steps %v, %v", all, err)
	}
	logs, err := c.Logs(t.Context(), all[step].ID)
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	lines, err := c.Lines(t.Context(), logs[0], 0, 1000)
	if err != nil || len(lines) != logs[0].Lines {
		t.Errorf("%d lines of %+v, %v", len(lines), logs[0], err)
	}
	for _, l := range lines {
		out = append(out, l.Text)
	}
	return out
}

// TestConformanceWhileItLives: the same tests as of the real one, in a world of
// a thousand builders in which nobody pushes.
func TestConformanceWhileItLives(t *testing.T) {
	t.Parallel()
	buildbottest.Conformance(t, func(t *testing.T, mode string) buildbottest.World {
		t.Helper()
		w, err := Start(t.Context(), t.TempDir(), "fresh", Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Close)
		hook, password := state.NewSecret("hook-secret"), state.NewSecret("basic-password")
		if err := w.RunBuildbot(mode, "phlip9/dotfiles", hook, password); err != nil {
			t.Fatal(err)
		}
		l := w.Live(Life{Seed: "conformance", Repos: []string{"phlip9/dotfiles"}, Builders: 1000, Objects: 10_000, Tick: 10 * time.Millisecond})
		go l.Run(t.Context())
		return buildbottest.World{URL: w.Endpoints().Buildbot, Repo: "phlip9/dotfiles", Admin: theOwner, Password: password, Hook: hook}
	})
}
