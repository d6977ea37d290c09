package live

import (
	"iter"
	"math"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
)

// What the pages read. Nothing here looks at more rows than it hands out, but
// where it says so.

// Build is a build by its number; nil where it is not known. As with all that
// is read: not to be changed.
func (s *Snapshot) Build(n int64) *Build { return s.builds.get(n) }

// Builder is a builder by its number; nil where it is not known.
func (s *Snapshot) Builder(n int64) *state.Builder { return s.builders.get(n) }

// Worker is a worker by its number; nil where it is not known.
func (s *Snapshot) Worker(n int64) *state.BuildWorker { return s.workers.get(n) }

// Builds are the builds with a smaller number than before (0: all), the newest
// first: buildbot numbers them as they start.
func (s *Snapshot) Builds(before int64) iter.Seq[*Build] {
	return newest(s.builds.rows, before)
}

// ByStatus are the builds of a status, the newest first, as Builds.
func (s *Snapshot) ByStatus(status Status, before int64) iter.Seq[*Build] {
	return s.index(s.byStatus, int64(status)+1, before)
}

// OfBuilder are the builds of a builder, which is one attribute or the
// evaluations of a repository, the newest first, as Builds.
func (s *Snapshot) OfBuilder(builder, before int64) iter.Seq[*Build] {
	return s.index(s.byBuilder, builder, before)
}

func (s *Snapshot) index(t tree[struct{}], hi, before int64) iter.Seq[*Build] {
	return func(yield func(*Build) bool) {
		for k := range t.down(key{hi, below(before)}, key{hi, math.MinInt64}) {
			if b := s.Build(k.lo); b != nil && !yield(b) {
				return
			}
		}
	}
}

func below(before int64) int64 {
	if before == 0 {
		return math.MaxInt64
	}
	return before - 1
}

func newest[T any](t tree[*row[T]], before int64) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, r := range t.down(id(below(before)), first) {
			if !yield(&r.v) {
				return
			}
		}
	}
}

// Len is how many there are of a kind.
func (s *Snapshot) Len() (builders, builds, requests int) {
	return s.builders.rows.len(), s.builds.rows.len(), s.requests.rows.len()
}

// Evaluation is an evaluation and how the builds that it triggered stand. A
// build of an attribute whose evaluation is not known stands for itself.
type Evaluation struct {
	ID     int64
	Head   *Build // the evaluation itself, or a build of it where that is not known
	Counts Counts
}

// Status is how it stands: a failure counts from the first build on.
func (e Evaluation) Status() Status {
	head := e.Head.Status()
	switch c := e.Counts; {
	case c.Red() > 0 || head.Red():
		return Failed
	case head == Running || c[Running] > 0:
		return Running
	case c[Warnings] > 0:
		return Warnings
	case c[Cancelled] > 0:
		return Cancelled
	}
	return head
}

// Evaluations are those with a smaller number than before (0: all), the newest
// first.
func (s *Snapshot) Evaluations(before int64) iter.Seq[Evaluation] {
	return func(yield func(Evaluation) bool) {
		for k := range s.counts.down(id(below(before)), first) {
			if e, found := s.Evaluation(k.lo); found && !yield(e) {
				return
			}
		}
	}
}

// Later are the evaluations with a greater number than after, the oldest first.
func (s *Snapshot) Later(after int64) iter.Seq[Evaluation] {
	return func(yield func(Evaluation) bool) {
		for k := range s.counts.up(id(after+1), id(math.MaxInt64)) {
			if e, found := s.Evaluation(k.lo); found && !yield(e) {
				return
			}
		}
	}
}

// Evaluation is an evaluation by its number.
func (s *Snapshot) Evaluation(n int64) (Evaluation, bool) {
	counts, found := s.counts.get(id(n))
	e := Evaluation{ID: n, Head: s.Build(n), Counts: counts}
	if e.Head == nil {
		for b := range s.BuildsOf(n) {
			e.Head = b
			break
		}
	}
	return e, found && e.Head != nil
}

// BuildsOf are the builds that an evaluation triggered, what failed first, then
// what warns, what runs, and the rest (the order of Status).
func (s *Snapshot) BuildsOf(evaluation int64) iter.Seq[*Build] {
	return func(yield func(*Build) bool) {
		for k := range s.byGroup.up(key{evaluation, 0}, key{evaluation, int64(statuses)<<idBits - 1}) {
			if b := s.Build(k.lo & (1<<idBits - 1)); b != nil && !yield(b) {
				return
			}
		}
	}
}

// Message is the first line of the comments of a commit's change; empty where
// no change of it is known. It looks at all changes that are kept.
func (s *Snapshot) Message(commit string) (message, author string) {
	for c := range s.Changes() {
		if commit != "" && c.Revision == commit {
			return c.Comments, c.Author
		}
	}
	return "", ""
}

// Changes are the changes that are kept, the newest first.
func (s *Snapshot) Changes() iter.Seq[*state.BuildChange] { return newest(s.changes.rows, 0) }

// Deliveries are the deliveries of webhooks that are kept, the newest first.
func (s *Snapshot) Deliveries() iter.Seq[*Delivery] { return newest(s.deliveries.rows, 0) }

// Steps are the steps of a build in their order, where they were told lately.
func (s *Snapshot) Steps(build int64) []state.BuildStep {
	var out []state.BuildStep
	for k := range s.ofBuild.up(key{build, math.MinInt64}, key{build, math.MaxInt64}) {
		if step := s.steps.get(k.lo); step != nil {
			out = append(out, *step)
		}
	}
	slices.SortFunc(out, func(a, b state.BuildStep) int { return a.Number - b.Number })
	return out
}

// Waiting are the requests that no worker took, the oldest first.
func (s *Snapshot) Waiting() iter.Seq[*state.BuildRequest] {
	return func(yield func(*state.BuildRequest) bool) {
		for k := range s.waiting.all() {
			if r := s.requests.get(k.lo); r != nil && !yield(r) {
				return
			}
		}
	}
}

// Workers are the workers by number, without buildbot's own Janitor.
func (s *Snapshot) Workers() iter.Seq[*state.BuildWorker] {
	return func(yield func(*state.BuildWorker) bool) {
		for _, r := range s.workers.rows.all() {
			if !r.v.Janitor && !yield(&r.v) {
				return
			}
		}
	}
}

// The windows of what is usual.
const (
	usualOf   = 7   // runs
	usualLook = 200 // builds that are looked at for them
)

// Usual is the median time of the last seven successes of what a build builds,
// and of how many it is; none of 0.
func (s *Snapshot) Usual(b *Build) (usual time.Duration, of int) {
	var times []time.Duration
	looked := 0
	for other := range s.OfBuilder(b.Builder, b.ID) {
		if looked++; looked > usualLook || len(times) == usualOf {
			break
		}
		if status := other.Status(); other.Attr == b.Attr && (status == Success || status == Warnings) && !other.Finished.IsZero() {
			times = append(times, other.Took(other.Finished))
		}
	}
	return median(times), len(times)
}

// UsualWait is the median time that the last 21 taken requests waited, among the
// last two hundred; none of 0.
func (s *Snapshot) UsualWait() (usual time.Duration, of int) {
	var times []time.Duration
	looked := 0
	for r := range newest(s.requests.rows, 0) {
		if looked++; looked > usualLook || len(times) == 3*usualOf {
			break
		}
		if !r.ClaimedAt.IsZero() && !r.Submitted.IsZero() {
			times = append(times, r.ClaimedAt.Sub(r.Submitted))
		}
	}
	return median(times), len(times)
}

func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// Forecast is how far a running build is.
type Forecast struct {
	Took  time.Duration
	Usual time.Duration // 0: not known, and neither is what follows
	Left  time.Duration // negative: it takes longer than usual
	Part  float64       // 0 to 1
}

// Forecast says how long a build will take, by what is usual.
func (s *Snapshot) Forecast(b *Build, now time.Time) Forecast {
	f := Forecast{Took: b.Took(now)}
	f.Usual, _ = s.Usual(b)
	if f.Usual > 0 {
		f.Left = f.Usual - f.Took
		f.Part = min(1, float64(f.Took)/float64(f.Usual))
	}
	return f
}

// Rate is how many builds of attributes ended in the last 30 days, and how many
// of them were green.
func (s *Snapshot) Rate(now time.Time) (green, ended int) {
	return int(s.green.Sum(now, days)), int(s.finished.Sum(now, days))
}

// Table is one of the tables, to ask when it was last told.
type Table string

// The tables, by their names in JSON.
const (
	TableBuilds     Table = "builds"
	TableQueue      Table = "queue"
	TableWorkers    Table = "workers"
	TableChanges    Table = "changes"
	TableDeliveries Table = "deliveries"
)

// Told says who last told rows of a table, and when; the zero time: nobody did.
func (s *Snapshot) Told(t Table) (source string, at time.Time) {
	switch t {
	case TableBuilds:
		return s.builds.source, s.builds.at
	case TableQueue:
		return s.requests.source, s.requests.at
	case TableWorkers:
		return s.workers.source, s.workers.at
	case TableChanges:
		return s.changes.source, s.changes.at
	case TableDeliveries:
		return s.deliveries.source, s.deliveries.at
	}
	return "", time.Time{}
}
