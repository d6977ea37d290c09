package buildbot

import (
	"context"
	"maps"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// How many rows are read at once, besides the newest builds.
const (
	newestRequests = 200 // besides all that wait
	newestChanges  = 100
	longList       = 4 // times the patience: the list of all builders
)

// sync tells how all is: seven requests, two more of each five thousand
// builders the first time, and one for each build that runs.
func (x *session) sync(ctx context.Context, first bool) error {
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return x.syncBuilds(ctx, first) }, x.syncRequests, x.syncWorkers, x.syncChanges,
	}
	if first {
		parts = append(parts, x.syncBuilders)
	}
	return together(ctx, parts...)
}

// syncBuilds tells the newest builds, all that run, and those that ran when
// last heard of; without properties, which take the master longer.
func (x *session) syncBuilds(ctx context.Context, first bool) error {
	since := x.o.Clock.Now()
	incomplete := false
	all, err := within(ctx, x.o.Patience, func(ctx context.Context) ([]state.Build, error) {
		return x.c.Builds(ctx, BuildQuery{Complete: &incomplete})
	})
	if err != nil {
		return err
	}
	latest, err := within(ctx, x.o.Patience, func(ctx context.Context) ([]state.Build, error) {
		return x.c.Builds(ctx, BuildQuery{Limit: newest})
	})
	if err != nil {
		return err
	}
	// Of a build that began and ended between the two, or ended, the newer.
	all = slices.DeleteFunc(all, func(b state.Build) bool {
		return slices.ContainsFunc(latest, func(l state.Build) bool { return l.ID == b.ID })
	})
	all = append(latest, all...)
	ran := x.ran()
	gone := maps.Clone(ran)
	for _, b := range all {
		delete(gone, b.ID)
	}
	for _, s := range spans(slices.Collect(maps.Keys(gone))) {
		ended, err := x.buildsIn(ctx, s, nil)
		if err != nil {
			return err
		}
		all = append(all, ended...)
	}
	resync := live.Resync{Since: since}
	if len(latest) == newest {
		resync.From = latest[newest-1].ID
	}
	x.runs(all...)
	x.note(all, latest, first)
	x.tell(since, live.Builds{All: x.builds(all, nil), Resync: &resync})
	wake(x.some)
	var steps []func(context.Context) error
	for _, b := range all {
		if !b.Done || ran[b.ID] {
			steps = append(steps, func(ctx context.Context) error { return x.syncSteps(ctx, b.ID) })
		}
	}
	return together(ctx, steps...)
}

// note notes what was read, and wants the properties of what is new. Where more
// builds began since the last look than are looked at, some are missing.
func (x *session) note(all, latest []state.Build, first bool) {
	low := int64(0)
	if len(latest) == newest {
		low = latest[newest-1].ID
	}
	x.begins(low)
	x.mu.Lock()
	before := x.seen
	var fresh []int64
	for _, b := range all {
		if first || b.ID > before || x.bare[b.ID] {
			fresh = append(fresh, b.ID)
		}
		x.seen = max(x.seen, b.ID)
	}
	gap := !first && low > before+1
	if first {
		x.low, x.count = low, len(latest)
	} else if gap {
		x.low, x.closed = low, false
	}
	seen, closed := x.seen, x.closed
	x.mu.Unlock()
	x.want(fresh...)
	if closed {
		x.toldTo(seen)
	}
	if gap {
		wake(x.gap)
	}
}

func (x *session) syncSteps(ctx context.Context, build int64) error {
	at := x.o.Clock.Now()
	all, err := within(ctx, x.o.Patience, func(ctx context.Context) ([]state.BuildStep, error) { return x.c.Steps(ctx, build) })
	if err == nil && len(all) > 0 {
		x.tell(at, live.Steps{All: all})
	}
	return err
}

func (x *session) syncRequests(ctx context.Context) error {
	since := x.o.Clock.Now()
	all, err := within(ctx, x.o.Patience, x.c.Queue)
	if err != nil {
		return err
	}
	latest, err := within(ctx, x.o.Patience, func(ctx context.Context) ([]state.BuildRequest, error) {
		w, err := read[wireRequest](ctx, x.c, walk{
			ask: ask{"list requests", "/buildrequests", "buildrequests", nil}, field: "buildrequestid", down: true, page: buildPage, limit: newestRequests,
		})
		return values(w, err)
	})
	if err != nil {
		return err
	}
	all = append(slices.DeleteFunc(all, func(r state.BuildRequest) bool {
		return slices.ContainsFunc(latest, func(l state.BuildRequest) bool { return l.ID == r.ID })
	}), latest...)
	for _, r := range all {
		x.request(r)
	}
	x.tell(since, live.Requests{All: all, Resync: &live.Resync{Since: since}})
	return nil
}

func (x *session) syncWorkers(ctx context.Context) error {
	since := x.o.Clock.Now()
	all, err := within(ctx, x.o.Patience, x.c.Workers)
	if err == nil {
		x.tell(since, live.Workers{All: all, Resync: &live.Resync{Since: since}})
	}
	return err
}

func (x *session) syncChanges(ctx context.Context) error {
	since := x.o.Clock.Now()
	all, err := within(ctx, x.o.Patience, func(ctx context.Context) ([]state.BuildChange, error) { return x.c.Changes(ctx, newestChanges) })
	if err != nil {
		return err
	}
	resync := live.Resync{Since: since}
	if len(all) == newestChanges {
		resync.From = all[newestChanges-1].ID
	}
	x.tell(since, live.Changes{All: all, Resync: &resync})
	return nil
}

func (x *session) syncBuilders(ctx context.Context) error {
	since := x.o.Clock.Now()
	all, err := within(ctx, longList*x.o.Patience, x.c.Builders)
	if err == nil {
		x.told(all)
		x.tell(since, live.Builders{All: all, Resync: &live.Resync{Since: since}})
	}
	return err
}
