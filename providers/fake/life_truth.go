package fake

import (
	"maps"
	"slices"
	"time"
)

// Truth is how things are in a living world now.
type Truth struct {
	At       time.Time
	Builds   []TruthBuild // of life, in the order of their numbers, also those that run
	Past     [2]int       // the first number and the last one of the builds that were made before; 0, 0: none
	Queue    []int        // numbers of the requests that wait
	Workers  map[string]bool
	Builders int // all of them
	Pushes   int
	Events   int // that the master told, ever; those of steps once
	Objects  int // in the cache
	Bytes    int // logical ones
	Pending  int // uploads that go on
	GC       string
}

// TruthBuild is a build.
type TruthBuild struct {
	ID      int
	Builder int
	Number  int
	Request int
	Repo    string
	Attr    string // empty: an evaluation
	Commit  string
	Branch  string
	Worker  string
	Result  int    // -1: it runs
	Words   string // at its end
	OutPath string // of an attribute
	Cached  bool   // its output is in the cache, now
	Failing string // the line of its log that says why it failed
}

func (l *Living) remember(p *play) {
	t := TruthBuild{
		ID: p.b.ID, Builder: p.b.Builder, Number: p.b.Number, Request: p.r.ID, Repo: l.repos[p.j.repo], Commit: p.j.commit, Branch: p.j.branch,
		Worker: p.worker, Result: -1,
	}
	if p.j.attr >= 0 {
		t.Attr, t.OutPath = l.attrName(p.j.attr), l.outPath(p.j)
	}
	l.ending[p.b.ID] = len(l.ended)
	l.ended = append(l.ended, t)
}

func (l *Living) record(p *play, fate int) {
	t := &l.ended[l.ending[p.b.ID]]
	t.Result, t.Words = fate, p.b.State
	if fate == bbFailure && p.j.attr >= 0 && !p.j.broken() {
		t.Failing = l.blame(p.j)
	}
}

// Truth is how things are now; what a console shows must agree with it.
func (l *Living) Truth() Truth {
	l.m.mu.RLock()
	defer l.m.mu.RUnlock()
	t := Truth{At: l.now, Builds: slices.Clone(l.ended), Workers: map[string]bool{}, Builders: l.m.tables["builders"].len(), Pushes: l.pushes, Events: l.m.told}
	if p := l.m.tables["builds"].past; p != nil {
		t.Past = [2]int{p.from + 1, p.from + p.n}
	}
	for _, row := range l.m.tables["buildrequests"].rows {
		if r, ok := row.(*bbRequest); ok && !r.Claimed && !r.Complete {
			t.Queue = append(t.Queue, r.ID)
		}
	}
	for _, row := range l.m.tables["workers"].rows {
		if w, ok := row.(*bbWorker); ok {
			t.Workers[w.Name] = len(w.Connected) > 0
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, b := range t.Builds {
		if j := l.jobs[b.ID]; j.attr >= 0 {
			t.Builds[i].Cached = l.cache.holds(l, j.path)
		}
	}
	t.Objects, t.Bytes, t.Pending = l.cache.objects, l.cache.bytes, l.cache.pending
	if l.cache.gc != nil {
		t.GC = l.cache.gc.State
	}
	return t
}

func sortedKeys[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }
