package fake

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// Life is what happens in a world by itself: pushes, evaluations and builds on
// the world's workers, uploads, garbage collections. The zero value is a world
// in which nothing happens until somebody asks for it.
type Life struct {
	// Seed is what everything follows from.
	Seed string
	// Rate is how many events a second the master tells, about; 0: no pushes.
	Rate float64
	// Repos are those that things happen in; none: the configuration's, and a
	// few more where there are attributes for them.
	Repos []string
	// Builders are those of attributes, rounded up to a multiple of 20.
	Builders int
	// Builds are those that were made before life began.
	Builds int
	// Objects are those in the cache when life begins, rounded to an even number.
	Objects int
	// Tick is how far a Step goes; 0: 100 ms.
	Tick time.Duration
	// Clock says when life begins, and paces Run. nil: the world's clock.
	Clock func() time.Time
}

// Living is a world with life in it.
type Living struct {
	life   Life
	w      *World
	m      *master
	seed   uint64
	host0  string // the host's name
	bucket string
	older  string // the policy of the garbage collection
	key    signingKey
	domain string // of the CI

	repos   []string
	kinds   []map[string]int // builders of the repositories, by what they do
	attrs   int              // those that have a builder from the start
	attr0   int              // the builder before that of the first one
	blocks  int              // groups of attributes
	begun   time.Time
	workers []*bbWorker

	// Under the master's lock:
	now     time.Time
	due     beats
	seq     int
	draws   uint64
	pushes  int
	attrOf  map[int]int // attributes' builders that came later
	more    int         // attributes that came later
	plays   map[int]*play
	jobs    map[int]*job // by build
	logs    map[int]logOf
	ended   []TruthBuild
	ending  map[int]int // build -> its place in ended
	paths   int         // store paths, ever
	missing int         // so many builds to come are green, and not uploaded

	mu    sync.Mutex // of what follows; taken after the master's
	halts []int
	fault faults
	cache lifeCache
}

// beat is something that will happen.
type beat struct {
	at  time.Time
	seq int
	do  func()
}

type beats []beat

func (b beats) Len() int { return len(b) }

func (b beats) Less(i, j int) bool {
	if !b[i].at.Equal(b[j].at) {
		return b[i].at.Before(b[j].at)
	}
	return b[i].seq < b[j].seq
}

func (b beats) Swap(i, j int) { b[i], b[j] = b[j], b[i] }

// Push and Pop are those of container/heap.
func (b *beats) Push(x any) {
	if one, ok := x.(beat); ok {
		*b = append(*b, one)
	}
}

// Pop takes the last one.
func (b *beats) Pop() any {
	old := *b
	one := old[len(old)-1]
	old[len(old)-1] = beat{}
	*b = old[:len(old)-1]
	return one
}

// Live gives the world life; nothing happens before Step or Run. The master
// must be deployed, and a world gets life once: later calls return the same.
func (w *World) Live(life Life) *Living {
	if l := w.living(); l != nil {
		return l
	}
	if life.Tick <= 0 {
		life.Tick = 100 * time.Millisecond
	}
	if life.Clock == nil {
		life.Clock = w.opts.Now
	}
	sum := sha256.Sum256([]byte("life/" + life.Seed))
	l := &Living{
		life: life, w: w, m: w.master, seed: binary.BigEndian.Uint64(sum[:]), now: life.Clock().UTC(),
		attrOf: map[int]int{}, plays: map[int]*play{}, jobs: map[int]*job{}, logs: map[int]logOf{}, ending: map[int]int{},
	}
	l.begun = l.now
	l.fault.healed = make(chan struct{})
	w.master.refresh()
	w.Look(func(s *State) {
		if l.repos = slices.Clone(life.Repos); len(l.repos) == 0 {
			l.repos = slices.Clone(s.Config.GitHub.Repos)
		}
		l.host0, l.bucket, l.older, l.domain = s.Host.Name, s.Config.Cache.R2.Bucket, s.Config.GC.OlderThan, s.Config.CI.Domain
		if key, err := parseSigningKey(s.CI.Secrets["niks3-signing-key"]); err == nil {
			l.key = key
		}
	})
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.m.life = l
	l.populate()
	l.fill()
	if life.Rate > 0 {
		l.after(time.Second, l.arrive) // somebody pushes at once
		l.after(10*time.Minute, l.restless)
	}
	l.after(l.untilGC(), l.nightly)
	w.life.Store(l)
	return l
}

// living is the life of the world; nil: there is none.
func (w *World) living() *Living { return w.life.Load() }

// after lets something happen later. Call it with the master's lock held.
func (l *Living) after(d time.Duration, do func()) {
	l.seq++
	heap.Push(&l.due, beat{at: l.now.Add(max(d, 0)), seq: l.seq, do: do})
}

// Step lets one tick pass, and everything happen that is due in it. While the
// master is down its part waits.
func (l *Living) Step() {
	l.m.refresh()
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	end := l.now.Add(l.life.Tick)
	l.stopHalted()
	down := l.heal(end)
	for !down && len(l.due) > 0 && !l.due[0].at.After(end) {
		one, ok := heap.Pop(&l.due).(beat)
		if !ok {
			break
		}
		if one.at.After(l.now) { // what waited happens now
			l.now = one.at
		}
		one.do()
	}
	l.now = end
	l.m.claimAll()
}

// Run lets the world live by its clock until ctx ends. A clock that jumps ahead
// is followed at most a minute at once.
func (l *Living) Run(ctx context.Context) {
	tick := time.NewTicker(l.life.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range int(time.Minute / l.life.Tick) {
			if l.Now().Add(l.life.Tick).After(l.life.Clock()) || ctx.Err() != nil {
				break
			}
			l.Step()
		}
	}
}

// Now is how far life has come.
func (l *Living) Now() time.Time {
	l.m.mu.RLock()
	defer l.m.mu.RUnlock()
	return l.now
}

// The kinds of draws, so that one does not follow from another.
const (
	drawPast = iota + 1
	drawLive
	drawCommit
	drawPath
	drawSize
	drawText
	drawHost
)

// draw is a number that follows from the seed, a kind and another number
// (splitmix64).
func (l *Living) draw(kind, n int) uint64 {
	return mixed(l.seed + uint64(kind)*0xd1342543de82ef95 + uint64(n)*0x9e3779b97f4a7c15) //nolint:gosec // any number will do
}

func mixed(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// next is a new draw, below n.
func (l *Living) next(n int) int {
	l.draws++
	return below(l.draw(drawLive, int(l.draws)), n) //nolint:gosec // a count
}

func below(draw uint64, n int) int {
	return int(draw >> 1 % uint64(max(n, 1))) //nolint:gosec // below n
}
