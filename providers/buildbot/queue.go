package buildbot

import (
	"context"
	"net/url"

	"github.com/nixwright/nixwright/state"
)

// Queue lists the requests that wait for a worker, the oldest first (GET
// /buildrequests?complete=false&claimed=false).
func (c *Client) Queue(ctx context.Context) ([]state.BuildRequest, error) {
	all, err := read[wireRequest](ctx, c, walk{
		ask:   ask{"list queue", "/buildrequests", "buildrequests", url.Values{"complete": {"false"}, "claimed": {"false"}}},
		field: "buildrequestid", page: buildPage,
	})
	return values(all, err)
}

// Request is one request (GET /buildrequests/ID).
func (c *Client) Request(ctx context.Context, id int64) (state.BuildRequest, error) {
	w, err := row[wireRequest](ctx, c, ask{number("read request", id), number("/buildrequests/", id), "buildrequests", nil}, id)
	return w.value(), err
}

// Workers lists all workers, buildbot's own Janitor too (GET /workers).
func (c *Client) Workers(ctx context.Context) ([]state.BuildWorker, error) {
	all, err := read[wireWorker](ctx, c, walk{ask: ask{"list workers", "/workers", "workers", nil}, field: "workerid", page: builderPage})
	return values(all, err)
}

// Masters lists the masters of this buildbot (GET /masters).
func (c *Client) Masters(ctx context.Context) ([]state.BuildMaster, error) {
	all, err := read[wireMaster](ctx, c, walk{ask: ask{"list masters", "/masters", "masters", nil}, field: "masterid", page: builderPage})
	return values(all, err)
}

// ForceSchedulers lists what a person can start builds with (GET
// /forceschedulers).
func (c *Client) ForceSchedulers(ctx context.Context) ([]state.ForceScheduler, error) {
	const op = "list force schedulers"
	all, err := rows[wireScheduler](ctx, c, ask{op, "/forceschedulers", "forceschedulers", nil})
	for _, s := range all {
		if s.Name == "" {
			return nil, odd(op, "one without a name")
		}
	}
	return values(all, err)
}
