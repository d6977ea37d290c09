package buildbot

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// The sizes of pages, in rows. Builders and workers are few bytes each and do
// not change; of builds the properties may be many.
const (
	buildPage   = 200
	builderPage = 5000
)

// newest is how many finished builds of all builders Finished looks at: one
// evaluation makes a build of nix-eval and a few for each attribute.
const newest = 200

// BuildQuery says which builds; the zero value is all of them.
type BuildQuery struct {
	Complete   *bool    // only finished ones, or only running ones; nil: both
	Builder    int64    // only of this builder; 0: of all
	Before     int64    // only those with a smaller number: the page after a list's last build; 0: from the newest
	Limit      int      // at most so many; 0: all
	Properties []string // that are wanted: their names, or "*"
}

// Builds lists builds, the newest first (GET /builds).
func (c *Client) Builds(ctx context.Context, q BuildQuery) ([]state.Build, error) {
	v := url.Values{}
	if q.Complete != nil {
		v.Set("complete", strconv.FormatBool(*q.Complete))
	}
	if q.Builder != 0 {
		v.Set("builderid", strconv.FormatInt(q.Builder, 10))
	}
	if q.Before != 0 {
		v.Set("buildid__lt", strconv.FormatInt(q.Before, 10))
	}
	if len(q.Properties) > 0 {
		v["property"] = q.Properties
	}
	all, err := read[wireBuild](ctx, c, walk{
		ask: ask{"list builds", "/builds", "builds", v}, field: "buildid", down: true, page: buildPage, limit: q.Limit,
	})
	return values(all, err)
}

// valued is a row that can say its value.
type valued[V any] interface{ value() V }

func values[V any, W valued[V]](all []W, err error) ([]V, error) {
	if err != nil {
		return nil, err
	}
	out := make([]V, 0, len(all))
	for _, w := range all {
		out = append(out, w.value())
	}
	return out, nil
}

// Finished lists, newest first, the finished builds of single attributes
// (builders OWNER/REPO/nix-build) that have an output path, among the last 200
// builds of the master. It makes one request.
func (c *Client) Finished(ctx context.Context) ([]state.Build, error) {
	complete := true
	all, err := c.Builds(ctx, BuildQuery{Complete: &complete, Limit: newest, Properties: []string{"attr", "out_path", "buildername"}})
	if err != nil {
		return nil, err
	}
	var out []state.Build
	for _, b := range all {
		for _, p := range b.Properties {
			if p.Name == "buildername" && strings.HasSuffix(p.Value, "/nix-build") && b.OutPath != "" && b.Result != state.ResultNone && !b.At.IsZero() {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// Build is one build with all its properties (GET /builds/ID).
func (c *Client) Build(ctx context.Context, id int64) (state.Build, error) {
	w, err := row[wireBuild](ctx, c, ask{number("read build", id), number("/builds/", id), "builds", url.Values{"property": {"*"}}}, id)
	return w.value(), err
}

// number puts a number behind words, or at the end of a path.
func number(text string, id int64) string {
	if !strings.HasSuffix(text, "/") {
		text += " "
	}
	return text + strconv.FormatInt(id, 10)
}

// Triggered lists the builds that a build triggered: of an evaluation, those of
// its attributes (GET /builds/ID/triggered_builds).
func (c *Client) Triggered(ctx context.Context, id int64) ([]state.Build, error) {
	all, err := rows[wireBuild](ctx, c, ask{number("list what was triggered by build", id), number("/builds/", id) + "/triggered_builds", "builds", nil})
	return values(all, err)
}

// Steps lists the steps of a build in their order; of a build that does not
// exist there are none (GET /builds/ID/steps).
func (c *Client) Steps(ctx context.Context, build int64) ([]state.BuildStep, error) {
	all, err := rows[wireStep](ctx, c, ask{number("list steps of build", build), number("/builds/", build) + "/steps", "steps", url.Values{"order": {"number"}}})
	for _, s := range all {
		if s.Build != build {
			return nil, odd(number("list steps of build", build), "a step of another build")
		}
	}
	return values(all, err)
}

// Changes lists the newest changes that the master was told of, the newest
// first; limit 0: all (GET /changes).
func (c *Client) Changes(ctx context.Context, limit int) ([]state.BuildChange, error) {
	all, err := read[wireChange](ctx, c, walk{ask: ask{"list changes", "/changes", "changes", nil}, field: "changeid", down: true, page: buildPage, limit: limit})
	return values(all, err)
}

// BuildChanges lists the changes that a build is of (GET /builds/ID/changes).
func (c *Client) BuildChanges(ctx context.Context, id int64) ([]state.BuildChange, error) {
	all, err := rows[wireChange](ctx, c, ask{number("list changes of build", id), number("/builds/", id) + "/changes", "changes", nil})
	return values(all, err)
}

// Builders lists all builders, also those that exist only in the history (GET
// /builders).
func (c *Client) Builders(ctx context.Context) ([]state.Builder, error) {
	all, err := read[wireBuilder](ctx, c, walk{ask: ask{"list builders", "/builders", "builders", nil}, field: "builderid", page: builderPage})
	return values(all, err)
}
