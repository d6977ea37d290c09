package buildbot_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

const patient = 30 * time.Second // of the tests, with what must come

var lifeBegin = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// livingWorld is a world with life in it, whose clock a test moves.
func livingWorld(tb testing.TB, life fake.Life) (string, *fake.Living) {
	tb.Helper()
	w, err := fake.Start(tb.Context(), tb.TempDir(), "fresh", fake.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Close)
	if err := w.RunBuildbot(state.FullyPrivate, repo, state.NewSecret("hook-secret"), state.NewSecret("basic-password")); err != nil {
		tb.Fatal(err)
	}
	life.Clock = func() time.Time { return lifeBegin }
	return w.Endpoints().Buildbot, w.Live(life)
}

// worldTime is the time of a living world, as a clock on which no two looks
// are the same.
type worldTime struct {
	l *fake.Living

	mu     sync.Mutex
	more   time.Duration // how far it is ahead of the world
	passed chan struct{} // closed when time passes
}

func newWorldTime(l *fake.Living) *worldTime { return &worldTime{l: l, passed: make(chan struct{})} }

func (c *worldTime) clock() live.Clock { return live.Clock{Now: c.now, Sleep: c.sleep} }

func (c *worldTime) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more++
	return c.l.Now().Add(c.more)
}

func (c *worldTime) sleep(ctx context.Context, d time.Duration) error {
	for end := c.now().Add(d); ; {
		c.mu.Lock()
		passed := c.passed
		c.mu.Unlock()
		if !c.now().Before(end) {
			return nil
		}
		select {
		case <-passed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step lets the world live for a tick; skip lets time pass and nothing happen.
func (c *worldTime) step() {
	c.l.Step()
	c.skip(0)
}

func (c *worldTime) skip(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more += d
	close(c.passed)
	c.passed = make(chan struct{})
}

// reader supervises a source and makes a snapshot of what it tells.
type reader struct {
	mu    sync.Mutex
	snap  live.Snapshot
	links []live.Link
	some  chan struct{}
}

// reading reads until the test ends.
func reading(tb testing.TB, src live.Source, clock live.Clock) *reader {
	tb.Helper()
	r := &reader{snap: live.New(), some: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(tb.Context())
	var all sync.WaitGroup
	all.Go(func() { live.Supervise(ctx, src, r.take, clock, func() float64 { return 0 }) })
	tb.Cleanup(func() { cancel(); all.Wait() })
	return r
}

func (r *reader) take(u live.Update) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snap = live.Reduce(r.snap, u)
	if link, is := u.News.(live.Link); is {
		r.links = append(r.links, link)
	}
	select {
	case r.some <- struct{}{}:
	default:
	}
}

func (r *reader) now() (live.Snapshot, live.Link, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := live.Link{}
	if len(r.links) > 0 {
		last = r.links[len(r.links)-1]
	}
	return r.snap, last, len(r.links)
}

// await waits for what must come; idle is done when nothing new is told for a
// moment.
func (r *reader) await(tb testing.TB, what string, idle func(), is func(live.Snapshot, live.Link) error) {
	tb.Helper()
	moment := time.NewTicker(2 * time.Millisecond)
	defer moment.Stop()
	var last error
	for end := time.Now().Add(patient); time.Now().Before(end); {
		snap, link, _ := r.now()
		if last = is(snap, link); last == nil {
			return
		}
		select {
		case <-r.some:
		case <-moment.C:
			idle()
		}
	}
	_, _, links := r.now()
	tb.Fatalf("%s: %v, after %d links: %+v", what, last, links, r.links[max(0, len(r.links)-5):])
}

func up(_ live.Snapshot, link live.Link) error {
	if !link.Up {
		return fmt.Errorf("it is down: %s", link.Err)
	}
	return nil
}

// agrees says how a snapshot differs from what is true in a living world.
func agrees(snap live.Snapshot, truth fake.Truth, parents map[int64]int64) error {
	for _, want := range truth.Builds {
		b := snap.Build(int64(want.ID))
		if b == nil {
			return fmt.Errorf("build %d is lost", want.ID)
		}
		got := fake.TruthBuild{
			ID: int(b.ID), Builder: int(b.Builder), Number: int(b.Number), Request: int(b.Request), Repo: b.Repo, Attr: b.Attr, Commit: b.Commit, Branch: b.Branch,
			Result: -1, OutPath: b.OutPath, Worker: snap.Worker(b.Worker).Name,
		}
		if b.Done {
			got.Result, got.Words = int(b.Result), b.State
		}
		want.Cached, want.Failing = false, ""
		if got != want {
			return fmt.Errorf("build\n%+v, want\n%+v", got, want)
		}
		if b.Parent != parents[b.ID] || (b.Kind == live.KindEval) != (want.Attr == "") {
			return fmt.Errorf("build %d: parent %d of %d, %s", b.ID, b.Parent, parents[b.ID], b.Kind)
		}
	}
	n := 0
	for b := range snap.Builds(0) {
		if b.ID > int64(truth.Past[1]) {
			n++
		}
	}
	if n != len(truth.Builds) {
		return fmt.Errorf("%d builds, want %d", n, len(truth.Builds))
	}
	var queue []int
	for r := range snap.Waiting() {
		queue = append(queue, int(r.ID))
	}
	slices.Sort(queue)
	if !slices.Equal(queue, truth.Queue) {
		return fmt.Errorf("queue %v, want %v", queue, truth.Queue)
	}
	for w := range snap.Workers() {
		if here, known := truth.Workers[w.Name]; !known || here != w.Connected {
			return fmt.Errorf("worker %+v", w)
		}
	}
	return nil
}

// triggered asks the world, build by build, who triggered what.
func triggered(tb testing.TB, c *buildbot.Client, truth fake.Truth) map[int64]int64 {
	tb.Helper()
	parents := map[int64]int64{}
	for _, b := range truth.Builds {
		if b.Attr != "" {
			continue
		}
		all, err := c.Triggered(tb.Context(), int64(b.ID))
		if err != nil {
			tb.Fatal(err)
		}
		for _, child := range all {
			parents[child.ID] = int64(b.ID)
		}
	}
	return parents
}

// chaosTime is how long the chaos may take on a machine that has other work.
const chaosTime = 12 * time.Second

// chaosSeeds are 1 and 2, or as many as NIXWRIGHT_CHAOS says.
func chaosSeeds(tb testing.TB) (seeds []uint64) {
	tb.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv("NIXWRIGHT_CHAOS"), "2"), 10, 16)
	if err != nil {
		tb.Fatal(err)
	}
	for seed := range n {
		seeds = append(seeds, seed+1)
	}
	return seeds
}

// TestChaos lets ten minutes pass, or less on a slow machine, with a hundred
// events a second and a fault every few seconds, and then looks whether the
// snapshot is what is true.
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, seed := range chaosSeeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			url, l := livingWorld(t, fake.Life{Seed: fmt.Sprint("chaos", seed), Rate: 100, Builders: 200, Builds: 3000})
			c, clock := buildbot.New(http.DefaultClient, url), newWorldTime(l)
			r := reading(t, buildbot.NewSource(c, buildbot.SourceOptions{Builds: 400, Clock: clock.clock()}), clock.clock())
			// What began before the first look is none of its business.
			r.await(t, "the beginning", func() {}, func(snap live.Snapshot, _ live.Link) error {
				if _, builds, _ := snap.Len(); builds == 0 {
					return errNotYet
				}
				return nil
			})
			chance := rand.New(rand.NewPCG(seed, 0))
			begin, next := time.Now(), time.Duration(0)
			all := []string{fake.FaultDrop, fake.FaultBuildbot, fake.FaultSlow, fake.FaultHang, fake.FaultWorker, fake.FaultRequest, fake.FaultDrop}
			faults := map[string]int{}
			for l.Now().Before(lifeBegin.Add(10*time.Minute)) && time.Since(begin) < chaosTime {
				clock.step()
				if l.Now().Sub(lifeBegin) < next {
					continue
				}
				next = l.Now().Sub(lifeBegin) + time.Duration(5+chance.IntN(20))*time.Second
				name := all[chance.IntN(len(all))]
				faults[name]++
				r.await(t, "before "+name, clock.step, up)
				_, _, before := r.now()
				if err := l.Fault(name); err != nil {
					t.Fatal(err)
				}
				if name == fake.FaultDrop || name == fake.FaultBuildbot {
					r.await(t, name, clock.step, func(live.Snapshot, live.Link) error {
						if _, _, now := r.now(); now == before {
							return fmt.Errorf("nobody tells of it")
						}
						return nil
					})
				}
				if chance.IntN(3) == 0 {
					for range chance.IntN(50) {
						clock.step()
					}
					l.Calm()
				}
			}
			l.Calm()
			truth := l.Truth()
			parents := triggered(t, c, truth)
			lived := time.Since(begin)
			r.await(t, "the truth", func() { clock.skip(100 * time.Millisecond) }, func(snap live.Snapshot, _ live.Link) error {
				return agrees(snap, truth, parents)
			})
			snap, _, links := r.now()
			_, builds, _ := snap.Len()
			t.Logf("%d events, %d builds of life, %d told, %d links, faults %v: lived %v, then %v", truth.Events, len(truth.Builds), builds, links, faults, lived, time.Since(begin)-lived)
			if downs := slices.ContainsFunc(r.links, func(l live.Link) bool { return !l.Up && l.Err != "" }); !downs && faults[fake.FaultDrop]+faults[fake.FaultBuildbot] > 0 || !r.links[links-1].Up {
				t.Errorf("links %+v", r.links)
			}
		})
	}
}
