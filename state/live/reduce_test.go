package live

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
)

var start = time.Date(2026, 8, 24, 12, 0, 0, 0, time.UTC)

func reduced(all ...Update) Snapshot {
	s := New()
	for _, u := range all {
		s = Reduce(s, u)
	}
	return s
}

func at(d time.Duration, news News) Update {
	return Update{Source: "buildbot", At: start.Add(d), News: news}
}

var builders = Builders{All: []state.Builder{
	{ID: 1, Name: "o/r/nix-eval"},
	{ID: 2, Name: "github:o/r#checks.x86_64-linux.a"},
	{ID: 3, Name: "github:o/r#checks.x86_64-linux.b"},
	{ID: 4, Name: "o/r/nix-register-gcroot"},
}}

// master is a buildbot in which things happen.
type master struct {
	r      *rand.Rand
	now    time.Duration
	next   int64
	builds map[int64]Build
	steps  map[int64]state.BuildStep
	asked  map[int64]state.BuildRequest
}

func newMaster(seed uint64) *master {
	return &master{
		r: rand.New(rand.NewPCG(seed, 7)), next: 1,
		builds: map[int64]Build{}, steps: map[int64]state.BuildStep{}, asked: map[int64]state.BuildRequest{},
	}
}

// happens is one thing, and the update that tells it.
func (m *master) happens() Update {
	m.now += time.Second
	var running []int64
	for _, n := range sortedKeys(m.builds) {
		if !m.builds[n].Done {
			running = append(running, n)
		}
	}
	switch what := m.r.IntN(10); {
	case what < 3 || len(running) == 0:
		b := Build{ID: m.next, Builder: 1 + m.r.Int64N(4), Started: start.Add(m.now), State: "starting", Commit: fmt.Sprint("c", m.next), Result: state.ResultNone}
		if b.Builder != 1 {
			b.Parent = m.r.Int64N(m.next)
		}
		m.next++
		m.builds[b.ID] = b
		return at(m.now, Builds{All: []Build{b}})
	case what < 5:
		b := m.builds[running[m.r.IntN(len(running))]]
		b.State = fmt.Sprint("at ", m.now)
		m.builds[b.ID] = b
		bare := b
		bare.Parent, bare.Commit = 0, "" // as events tell it
		return at(m.now, Builds{All: []Build{bare}})
	case what < 7:
		n := running[m.r.IntN(len(running))]
		step := state.BuildStep{ID: n, Build: n, Name: uploadStep, Started: start.Add(m.now), Result: state.ResultNone}
		if old, is := m.steps[n]; is {
			if step = old; step.Done {
				return at(m.now, Steps{All: []state.BuildStep{step}})
			}
			step.Done, step.Result = true, state.BuildResult(m.r.IntN(3))
		}
		m.steps[n] = step
		return at(m.now, Steps{All: []state.BuildStep{step}})
	case what < 8:
		req := state.BuildRequest{ID: 1 + m.r.Int64N(20), Builder: 2, Submitted: start}
		if old, is := m.asked[req.ID]; is {
			req = old
			req.Done = req.Claimed
			req.Claimed = true
		}
		m.asked[req.ID] = req
		return at(m.now, Requests{All: []state.BuildRequest{req}})
	default:
		b := m.builds[running[m.r.IntN(len(running))]]
		b.Done, b.Result, b.Finished = true, state.BuildResult(m.r.IntN(7)), start.Add(m.now)
		b.State = b.Result.String()
		m.builds[b.ID] = b
		bare := b
		bare.Parent, bare.Commit = 0, ""
		return at(m.now, Builds{All: []Build{bare}})
	}
}

func sortedKeys[V any](m map[int64]V) []int64 {
	var out []int64
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// read is a whole reading, during which more happens.
func (m *master) read(during int, from int64) []Update {
	since := m.now + time.Millisecond
	var out []Update
	for range during {
		out = append(out, m.happens())
	}
	again := &Resync{Since: start.Add(since), From: from}
	var rows []Build
	for _, n := range sortedKeys(m.builds) {
		if b := m.builds[n]; n >= from || !b.Done {
			rows = append(rows, b)
		}
	}
	var steps []state.BuildStep
	for _, n := range sortedKeys(m.steps) {
		steps = append(steps, m.steps[n])
	}
	var asked []state.BuildRequest
	for _, n := range sortedKeys(m.asked) {
		asked = append(asked, m.asked[n])
	}
	m.now += time.Millisecond
	return append(out, at(m.now, Builds{rows, again}), at(m.now, Steps{All: steps}), at(m.now, Requests{asked, &Resync{Since: start.Add(since)}}))
}

// prune takes away an old build that is done, as buildbot's janitor does.
func (m *master) prune() {
	for _, n := range sortedKeys(m.builds) {
		if m.builds[n].Done {
			delete(m.builds, n)
			delete(m.steps, n)
			return
		}
	}
}

// canon is all that a snapshot knows of builds, through every index.
func canon(s Snapshot) string {
	var out strings.Builder
	for b := range s.Builds(0) {
		_, _ = fmt.Fprintf(&out, "%d %v %d %d %s %s %v %s %v %v %d %s\n", b.ID, b.Status(), b.Builder, b.Parent, b.State, b.Commit, b.Upload, b.Attr, b.Kind, b.Finished, b.PR, b.Repo)
	}
	for e := range s.Evaluations(0) {
		_, _ = fmt.Fprintf(&out, "evaluation %d %v %v:", e.ID, e.Status(), e.Counts)
		for b := range s.BuildsOf(e.ID) {
			_, _ = fmt.Fprintf(&out, " %d", b.ID)
		}
		out.WriteString("\n")
	}
	for status := range statuses {
		_, _ = fmt.Fprintf(&out, "%v:", status)
		for b := range s.ByStatus(status, 0) {
			_, _ = fmt.Fprintf(&out, " %d", b.ID)
		}
		out.WriteString("\n")
	}
	for n := range int64(5) {
		_, _ = fmt.Fprintf(&out, "builder %d:", n)
		for b := range s.OfBuilder(n, 0) {
			_, _ = fmt.Fprintf(&out, " %d", b.ID)
		}
		out.WriteString("\n")
	}
	for r := range s.Waiting() {
		_, _ = fmt.Fprintf(&out, "waits %d\n", r.ID)
	}
	green, ended := s.Rate(start.Add(time.Hour))
	_, _ = fmt.Fprintf(&out, "rate %d of %d, %v in the hour\n", green, ended, s.BuildsPerHour.Sum(start.Add(time.Hour), hours))
	return out.String()
}

// TestAnyOrderConverges tells what happens at a buildbot late, doubled, not at
// all and in any order, with whole readings among it: what was told in time or
// read in the end is what is known.
func TestAnyOrderConverges(t *testing.T) {
	for seed := range uint64(300) {
		converges(t, seed, 120)
	}
}

func FuzzConverges(f *testing.F) {
	f.Add(uint64(1), 40)
	f.Fuzz(func(t *testing.T, seed uint64, n int) { converges(t, seed, max(0, min(n, 300))) })
}

func converges(t *testing.T, seed uint64, n int) {
	t.Helper()
	m := newMaster(seed)
	told := []Update{at(0, builders)}
	for range n {
		switch u := m.happens(); m.r.IntN(8) {
		case 0: // lost
		case 1:
			told = append(told, u, u)
		default:
			told = append(told, u)
		}
		if m.r.IntN(25) == 0 {
			told = append(told, m.read(m.r.IntN(4), m.r.Int64N(m.next))...)
		}
		if m.r.IntN(10) == 0 {
			m.prune()
		}
	}
	told = append(told, m.read(5, 0)...)
	for range 10 {
		told = append(told, m.happens())
	}
	want := canon(reduced(append([]Update{at(0, builders)}, m.read(0, 0)...)...))
	m.r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
	if got := canon(reduced(told...)); got != want {
		t.Fatalf("seed %d: known in the end and wanted:\n%s", seed, differ(got, want))
	}
}

// differ is the lines that only one of two texts has.
func differ(got, want string) string {
	var out strings.Builder
	for line := range strings.Lines(got) {
		if !strings.Contains(want, line) {
			out.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(want) {
		if !strings.Contains(got, line) {
			out.WriteString("+ " + line)
		}
	}
	return out.String()
}

// TestOldSnapshotsNeverChange keeps every tenth snapshot, and goes on from old
// ones too.
func TestOldSnapshotsNeverChange(t *testing.T) {
	for seed := range uint64(10) {
		m := newMaster(seed)
		type past struct {
			s    Snapshot
			was  string
			json string
		}
		s := reduced(at(0, builders))
		var olds []past
		for i := range 400 {
			u := m.happens()
			s = Reduce(s, u)
			s = Reduce(s, at(m.now, Tell[Disks]{Disks{{Mount: "/", Bytes: 100, Used: int64(i)}}}))
			if i%10 == 0 {
				olds = append(olds, past{s, canon(s), encoded(t, s)})
				old := olds[m.r.IntN(len(olds))].s
				for _, one := range m.read(0, 0) { // another future of an old one
					old = Reduce(old, one)
				}
			}
		}
		for i, p := range olds {
			if canon(p.s) != p.was || encoded(t, p.s) != p.json {
				t.Fatalf("seed %d: snapshot %d is another one now", seed, i)
			}
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLimits(t *testing.T) {
	var all []Update
	old := buildRows
	old.limit = 10
	s := reduced(at(0, builders))
	for i := range int64(50) {
		u := at(time.Duration(i)*time.Second, Builds{All: []Build{{ID: i + 1, Builder: 2, Done: i != 3, Finished: start}}})
		old.take(&s, &s.builds, u, Rows[Build](u.News.(Builds)))
		all = append(all, u)
	}
	if _, n, _ := s.Len(); n != 10 || s.Build(4) == nil || s.Build(50) == nil || s.Build(5) != nil {
		t.Errorf("of 50 builds %d stay; the running one must, and the newest", n)
	}
	green, ended := s.Rate(start)
	before := canon(s)
	for _, u := range all {
		old.take(&s, &s.builds, u, Rows[Build](u.News.(Builds)))
	}
	if g, e := s.Rate(start); green != 49 || ended != 49 || g != green || e != ended || canon(s) != before {
		t.Errorf("told again, %d of %d become %d of %d", green, ended, g, e)
	}
}

func TestBuilderToldLate(t *testing.T) {
	b := Build{ID: 9, Builder: 2, Parent: 8, Done: true, Finished: start}
	early := reduced(at(0, builders), at(1, Builds{All: []Build{b}}))
	late := reduced(at(1, Builds{All: []Build{b}}), at(2, builders))
	if canon(early) != canon(late) {
		t.Errorf("the builder told late:\n%s\nbefore:\n%s", canon(late), canon(early))
	}
	if got := late.Build(9); got.Attr != "x86_64-linux.a" || got.Repo != "o/r" || got.Kind != KindAttr {
		t.Errorf("build 9 is %+v", got)
	}
}

func TestServed(t *testing.T) {
	s := reduced(
		at(0, builders), at(1, Builds{All: []Build{{ID: 1, Builder: 2, Done: true, Finished: start}}}),
		at(5, Served{1, true}), at(3, Served{1, false}),
	)
	if c := s.Build(1).Cached(); c != CacheServed {
		t.Errorf("after a later look it is %s", c)
	}
}

func TestLinkAndAges(t *testing.T) {
	s := reduced(
		at(1*time.Second, Link{Up: true}),
		at(5*time.Second, Tell[Memory]{Memory{Bytes: 5}}),
		at(9*time.Second, Link{Err: "timeout", Retry: start.Add(time.Minute)}),
		at(12*time.Second, Link{Err: "refused"}),
		at(2*time.Second, Link{Up: true}), // late
		at(3*time.Second, Tell[Memory]{Memory{Bytes: 3}}),
	)
	o, _ := s.Source("buildbot")
	if o.Up || o.Err != "refused" || !o.Since.Equal(start.Add(9*time.Second)) || !o.At.Equal(start.Add(5*time.Second)) {
		t.Errorf("the source is %+v", o)
	}
	if age, known := s.Memory.Age(start.Add(15 * time.Second)); s.Memory.Value.Bytes != 5 || age != 10*time.Second || !known {
		t.Errorf("memory is %+v, %v old", s.Memory, age)
	}
	if _, known := s.GC.Age(start); known {
		t.Error("what was never told has an age")
	}
}

func TestSizesInOrder(t *testing.T) {
	s := reduced(
		at(0, Tell[Size]{Size{From: FromGraphQL, Objects: 7, Stored: 48}}),
		at(1, Tell[Size]{Size{From: FromNiks3, Objects: 9, Logical: 171}}),
	)
	if size, known := s.Size(); !known || size != (Size{FromNiks3, 9, 171, 48}) {
		t.Errorf("the size is %+v", size)
	}
}
