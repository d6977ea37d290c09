package fake

import (
	"net/http"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Collections of a living world take their time: phases as in niks3's
// api/types.go, with counters that grow.

// gcTake is how long each of the three phases lasts.
const gcTake = 4 * time.Second

func (l *Living) serveGC(rw http.ResponseWriter) {
	l.mu.Lock()
	var gc *ciGC
	if l.cache.gc != nil {
		c := *l.cache.gc
		gc = &c
	}
	l.mu.Unlock()
	if gc == nil {
		http.Error(rw, "no garbage collection has run yet", http.StatusNotFound)
		return
	}
	niks3JSON(rw, http.StatusOK, gc)
}

// collect starts a collection, where none runs.
func (l *Living) collect(rw http.ResponseWriter, r *http.Request, p gcParams) {
	l.m.mu.Lock()
	gc, ours := l.startGC(p)
	l.m.mu.Unlock()
	status := http.StatusAccepted
	var out any = gc
	if !ours {
		status, out = http.StatusConflict, map[string]any{"error": errGCConflict.Error(), "active_task": gc}
	}
	if err := l.w.recordWrite("niks3", r, status); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	niks3JSON(rw, status, out)
}

// startGC begins a collection, or is the one that runs; ours: with this policy.
// Call it with the master's lock held.
func (l *Living) startGC(p gcParams) (gc ciGC, ours bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.cache
	if c.gc != nil && c.gc.State == gcRunning {
		return *c.gc, c.gc.Params == p
	}
	c.gc = &ciGC{State: gcRunning, Params: p, Started: l.now, Updated: l.now}
	gc = *c.gc // without a phase, as the answer
	c.gc.Phase = "cleanup_pending_uploads"
	doomed := (c.start - c.from + len(c.pushed)) / 50
	const parts = 8
	for i := 1; i <= parts; i++ {
		l.after(gcTake+gcTake*time.Duration(i)/parts, func() { l.collected1(func(c *lifeCache) { c.close(doomed * i / parts) }) })
		l.after(2*gcTake+gcTake*time.Duration(i)/parts, func() { l.collected1(func(c *lifeCache) { l.remove(doomed*i/parts - doomed*(i-1)/parts) }) })
	}
	l.after(3*gcTake+time.Second, func() {
		l.collected1(func(c *lifeCache) {
			end := l.now
			c.gc.State, c.gc.Phase, c.gc.Finished = gcSucceeded, "", &end
			c.gcLast = end
			c.succeeded++
		})
	})
	return gc, true
}

// collected1 is one move of a collection.
func (l *Living) collected1(move func(*lifeCache)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cache.gc.Updated = l.now
	move(&l.cache)
}

func (c *lifeCache) close(closures int) {
	c.gc.Phase, c.gc.Stats.Closures = "cleanup_old_closures", closures
}

// remove takes the oldest paths out of the cache.
func (l *Living) remove(paths int) {
	c := &l.cache
	c.gc.Phase = "cleanup_orphan_objects"
	for paths > 0 && c.from < l.paths {
		if c.holds(l, c.from) {
			c.objects -= 2
			c.bytes -= narBytes(l.textSize(c.from))
			c.gc.Stats.Marked += 2
			c.gc.Stats.Deletions += 2
			c.deleted += 2
		}
		delete(c.pushed, c.from)
		c.from++
		paths--
	}
}

// collected are the figures of the collections since the start.
func (l *Living) collected() (succeeded, failed int, last time.Time, pending, deleted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cache.succeeded, 0, l.cache.gcLast, l.cache.pending, l.cache.deleted
}

// untilGC is how long it is until the timer elapses, at midnight.
func (l *Living) untilGC() time.Duration {
	return l.now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(l.now)
}

func (l *Living) nightly() {
	l.after(24*time.Hour, l.nightly)
	l.startGC(gcParams{OlderThan: l.older, Failed: "6h"})
}

// renamed is a narinfo, as it is stored, with another URL.
func (l *Living) renamed(stored []byte, url string) []byte {
	unzip, err := zstd.NewReader(nil)
	if err != nil {
		return stored
	}
	defer unzip.Close()
	text, err := unzip.DecodeAll(stored, nil)
	if err != nil {
		return stored
	}
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		return stored
	}
	return zip.EncodeAll(withURL(text, url), nil)
}
