package buildbot

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// wireSet is a buildset: what was asked for at once, and by which build.
type wireSet struct {
	ID       int64  `json:"bsid"`
	Parent   *int64 `json:"parent_buildid"`
	Complete bool   `json:"complete"`
}

func (w wireSet) key() int64 { return w.ID }

// event tells what an event says. One that does not decode is passed over.
func (x *session) event(key string, message []byte) {
	at := x.o.Clock.Now()
	switch kind, _, _ := strings.Cut(key, "/"); kind {
	case "builds":
		if w, ok := unwired[wireBuild](message); ok {
			x.build(at, key[strings.LastIndexByte(key, '/')+1:], w)
		}
	case "steps":
		if w, ok := unwired[wireStep](message); ok {
			x.tell(at, live.Steps{All: []state.BuildStep{w.value()}})
		}
	case "buildrequests":
		if w, ok := unwired[wireRequest](message); ok {
			x.request(w.value())
			x.tell(at, live.Requests{All: []state.BuildRequest{w.value()}})
		}
	case "buildsets":
		if w, ok := unwired[wireSet](message); ok {
			x.set(w)
		}
	case "workers":
		if w, ok := unwired[wireWorker](message); ok {
			x.tell(at, live.Workers{All: []state.BuildWorker{w.value()}})
		}
	case "changes":
		if w, ok := unwired[wireChange](message); ok {
			x.tell(at, live.Changes{All: []state.BuildChange{w.value()}})
		}
	case "builders":
		if w, ok := unwired[wireBuilder](message); ok {
			x.told([]state.Builder{w.value()})
			x.tell(at, live.Builders{All: []state.Builder{w.value()}})
		}
	}
}

func unwired[W keyed](message []byte) (w W, ok bool) {
	err := json.Unmarshal(message, &w)
	return w, err == nil && w.key() > 0
}

// build is an event of a build, which has no properties. They are there from
// the beginning, but for the commit of an evaluation that was not of a push:
// its first step finds that out.
func (x *session) build(at time.Time, what string, w wireBuild) {
	b := w.value()
	b.Properties = nil
	x.mu.Lock()
	x.seen = max(x.seen, b.ID)
	fresh := what == "new" || x.bare[b.ID] && what != "update"
	if b.Done {
		delete(x.bare, b.ID)
	}
	parent, _ := x.parent(b.Request)
	closed := x.closed
	x.mu.Unlock()
	x.runs(b)
	if what == "new" {
		x.begins(b.ID)
	}
	if closed {
		x.toldTo(b.ID)
	}
	x.tell(at, live.Builds{All: []live.Build{live.NewBuild(b, parent)}})
	if fresh {
		x.want(b.ID)
		wake(x.some)
	}
}

// wake wakes who waits for c, now or later.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// request keeps which buildset a request is of, until it is complete.
func (x *session) request(r state.BuildRequest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.Done {
		delete(x.sets, r.ID)
		return
	}
	x.sets[r.ID] = r.Set
}

// set keeps which build asked for a buildset, until that is complete.
func (x *session) set(w wireSet) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if w.Complete {
		delete(x.parents, w.ID)
		return
	}
	x.parents[w.ID] = deref(w.Parent)
}

// parent is the build that asked for a request, as far as events said. Call it
// with the lock held.
func (x *session) parent(request int64) (build int64, known bool) {
	set, known := x.sets[request]
	if !known {
		return 0, false
	}
	build, known = x.parents[set]
	return build, known
}

// told notes builders that were told.
func (x *session) told(all []state.Builder) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, b := range all {
		x.builders[b.ID] = true
	}
}
