package live

import (
	"time"

	"github.com/nixwright/nixwright/state"
)

// Snapshot is everything that is known at a moment. It is a value and never
// changes. A part that is nil was never told; each knows who told it, and when.
type Snapshot struct {
	Sources []*Origin // by name

	Health       *Part[Health]
	Config       *Part[state.Niks3Config]
	GC           *Part[state.GCStatus]
	Metrics      *Part[state.Niks3Metrics]
	Pins         *Part[Pins]
	Sizes        [sizesFrom]*Part[Size]
	Traffic      *Part[Traffic]
	Paths        *Part[Paths]
	Uploads      *Part[Uploads]
	Hooks        *Part[Hooks]
	GitHub       *Part[GitHub]
	Host         *Part[Host]
	Units        *Part[Units]
	Timers       *Part[Timers]
	Disks        *Part[Disks]
	Memory       *Part[Memory]
	Sockets      *Part[Sockets]
	Certificates *Part[Certificates]
	Checklist    *Part[Checklist]

	BuildsPerHour Ring // finished builds, 24 hours
	StoredBytes   Ring // of the cache, by day
	DiskUsed      Ring // of the first disk, by day
	StoreBytes    Ring // of /nix/store, by day
	finished      Ring // builds of attributes that ended green or red, by day
	green         Ring // and how many of them were green

	builders   table[state.Builder]
	builds     table[Build]
	steps      table[state.BuildStep]
	requests   table[state.BuildRequest]
	workers    table[state.BuildWorker]
	changes    table[state.BuildChange]
	deliveries table[Delivery]

	byStatus  tree[struct{}] // {status, build}
	byBuilder tree[struct{}] // {builder, build}
	byGroup   tree[struct{}] // {evaluation, status and build}
	counts    tree[Counts]   // of the evaluations
	ofBuild   tree[struct{}] // {build, step}
	waiting   tree[struct{}] // requests that nobody took
}

// Part is a figure with who told it and when.
type Part[T any] struct {
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	Value  T         `json:"value"`
}

// Age is how long ago it was told; known is false where it never was.
func (p *Part[T]) Age(now time.Time) (age time.Duration, known bool) {
	if p == nil {
		return 0, false
	}
	return max(0, now.Sub(p.At)), true
}

// Get is the value; the zero value where it was never told.
func (p *Part[T]) Get() (v T, known bool) {
	if p == nil {
		return v, false
	}
	return p.Value, true
}

// Origin is a source: whether it works, and when it last told something.
type Origin struct {
	Link

	Name   string    `json:"name"`
	At     time.Time `json:"at,omitzero"`
	linked time.Time // when Link was told
}

// Counts is how the builds of an evaluation's attributes stand.
type Counts [statuses]int32

// Total is how many there are.
func (c Counts) Total() int {
	n := 0
	for _, one := range c {
		n += int(one)
	}
	return n
}

// Done is how many have ended.
func (c Counts) Done() int { return c.Total() - int(c[Running]) }

// Red is how many failed.
func (c Counts) Red() int { return int(c[Failed] + c[Exception]) }

// New is a snapshot in which nothing was told yet.
func New() Snapshot {
	const day = 24 * time.Hour
	return Snapshot{
		BuildsPerHour: ring(time.Hour, hours), StoredBytes: ring(day, days), DiskUsed: ring(day, days),
		StoreBytes: ring(day, days), finished: ring(day, days), green: ring(day, days),
	}
}

// Size is the cache's size of the best sources: each figure of the first that
// tells it. The parts themselves know their ages.
func (s *Snapshot) Size() (size Size, known bool) {
	for _, p := range s.Sizes {
		if p == nil {
			continue
		}
		if !known {
			size.From, known = p.Value.From, true
		}
		fill(&size.Objects, p.Value.Objects, false)
		fill(&size.Logical, p.Value.Logical, false)
		fill(&size.Stored, p.Value.Stored, false)
	}
	return size, known
}

// Source finds a source by its name.
func (s *Snapshot) Source(name string) (Origin, bool) {
	for _, o := range s.Sources {
		if o.Name == name {
			return *o, true
		}
	}
	return Origin{}, false
}
