package buildbot

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// shownProperties are those that are told. For each build that is asked for
// any the master looks into its database once more.
func shownProperties() []string {
	return []string{"attr", "out_path", "buildername", "projectname", "branch", "revision", "got_revision"}
}

// fewBuilders are read one by one; for more the list is shorter work.
const fewBuilders = 10

// details reads the properties that are wanted, and who triggered the builds,
// as long as the session lasts. What is wanted while it reads waits, and is
// then read at once: a storm of new builds costs as many requests as a breeze.
func (x *session) details(ctx context.Context) error {
	for {
		for _, s := range spans(x.wants()) {
			x.have(s.ids) // what is wanted from now on may be newer than the answer
			if err := x.detailsOf(ctx, s); err != nil {
				x.want(s.ids...)
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-x.some:
		}
	}
}

// detailsOf reads and tells builds with their properties.
func (x *session) detailsOf(ctx context.Context, s span) error {
	at := x.o.Clock.Now()
	all, err := x.buildsIn(ctx, s, shownProperties())
	if err != nil {
		return err
	}
	return x.detail(ctx, live.Update{At: at}, all)
}

// detail tells builds that were read with their properties at a time.
func (x *session) detail(ctx context.Context, u live.Update, all []state.Build) error {
	parents, err := x.askParents(ctx, all)
	if err != nil {
		return err
	}
	if err := x.askBuilders(ctx, all); err != nil {
		return err
	}
	x.tell(u.At, live.Builds{All: x.builds(all, parents)})
	return nil
}

// builds are builds as they are told, with the parents that are known.
func (x *session) builds(all []state.Build, parents map[int64]int64) []live.Build {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make([]live.Build, len(all))
	for i, b := range all {
		parent, known := x.parent(b.Request)
		if !known {
			parent = parents[b.Request]
		}
		out[i] = live.NewBuild(b, parent)
		switch {
		case b.Done || out[i].Commit != "":
			delete(x.bare, b.ID)
		case len(b.Properties) > 0:
			x.bare[b.ID] = true
		}
	}
	return out
}

// askParents finds, by request, the builds that triggered some builds. Where
// the master refuses to say they stay unknown: builds then stand for themselves.
func (x *session) askParents(ctx context.Context, all []state.Build) (map[int64]int64, error) {
	var requests, sets []int64
	x.mu.Lock()
	for _, b := range all {
		if _, known := x.parent(b.Request); !known {
			requests = append(requests, b.Request)
		}
	}
	x.mu.Unlock()
	of, parents := map[int64]int64{}, map[int64]int64{}
	for _, s := range spans(requests) {
		got, err := inSpan[wireRequest](ctx, x, s, ask{"list requests", "/buildrequests", "buildrequests", url.Values{"field": {"buildrequestid", "buildsetid"}}}, "buildrequestid")
		if err != nil {
			return nil, unlessRefused(err)
		}
		for _, r := range got {
			of[r.ID] = r.Set
			sets = append(sets, r.Set)
		}
	}
	for _, s := range spans(sets) {
		got, err := inSpan[wireSet](ctx, x, s, ask{"list buildsets", "/buildsets", "buildsets", url.Values{"field": {"bsid", "parent_buildid"}}}, "bsid")
		if err != nil {
			return nil, unlessRefused(err)
		}
		for _, w := range got {
			parents[w.ID] = deref(w.Parent)
		}
	}
	for request, set := range of {
		of[request] = parents[set]
	}
	return of, nil
}

// unlessRefused is an error that is no answer of the master.
func unlessRefused(err error) error {
	if e, is := errors.AsType[*state.CallError](err); is && e.Status != 0 {
		return nil
	}
	return err
}

// askBuilders tells the builders of builds that were not told yet.
func (x *session) askBuilders(ctx context.Context, builds []state.Build) error {
	var unknown []int64
	x.mu.Lock()
	for _, b := range builds {
		if !x.builders[b.Builder] {
			unknown = append(unknown, b.Builder)
		}
	}
	x.mu.Unlock()
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	if len(unknown) > fewBuilders {
		return x.syncBuilders(ctx)
	}
	for _, id := range unknown {
		at := x.o.Clock.Now()
		w, err := within(ctx, x.o.Patience, func(ctx context.Context) (wireBuilder, error) {
			return row[wireBuilder](ctx, x.c, ask{number("read builder", id), number("/builders/", id), "builders", nil}, id)
		})
		if errors.Is(err, state.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		x.told([]state.Builder{w.value()})
		x.tell(at, live.Builders{All: []state.Builder{w.value()}})
	}
	return nil
}

// span is numbers that are close together.
type span struct{ ids []int64 }

// spans are numbers in spans that are read at once.
func spans(ids []int64) (all []span) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for begin, i := 0, 1; i <= len(ids); i++ {
		if i == len(ids) || ids[i]-ids[begin] >= buildPage {
			all = append(all, span{ids[begin:i]})
			begin = i
		}
	}
	return all
}

// inSpan reads the rows of a span, and what is between them.
func inSpan[W keyed](ctx context.Context, x *session, s span, a ask, field string) ([]W, error) {
	a.q.Set(field+"__ge", strconv.FormatInt(s.ids[0], 10))
	a.q.Set(field+"__le", strconv.FormatInt(s.ids[len(s.ids)-1], 10))
	return within(ctx, x.o.Patience, func(ctx context.Context) ([]W, error) { return rows[W](ctx, x.c, a) })
}

func (x *session) buildsIn(ctx context.Context, s span, properties []string) ([]state.Build, error) {
	q := url.Values{}
	if len(properties) > 0 {
		q["property"] = properties
	}
	all, err := inSpan[wireBuild](ctx, x, s, ask{"list builds", "/builds", "builds", q}, "buildid")
	return values(all, err)
}
