package niks3

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// noneYet is what niks3 answers where nothing was collected since it started.
const noneYet = "no garbage collection has run yet"

// task is a collection (niks3 api/types.go, GCTaskStatus).
type task struct {
	State  string `json:"state"`
	Phase  string `json:"phase"`
	Params struct {
		OlderThan        string `json:"older_than"`
		UploadsOlderThan string `json:"failed_uploads_older_than"`
		Force            bool   `json:"force"`
	} `json:"params"`
	Stats    counts     `json:"stats"`
	Error    string     `json:"error"`
	Started  time.Time  `json:"started_at"`
	Updated  time.Time  `json:"updated_at"`
	Finished *time.Time `json:"finished_at"`
}

// counts are its figures (niks3 api/types.go, GCStats).
type counts struct {
	Uploads   *int64 `json:"failed_uploads_deleted"`
	Closures  int64  `json:"old_closures_deleted"`
	Marked    int64  `json:"objects_marked_for_deletion"`
	Deletions int64  `json:"objects_deleted_after_grace_period"`
	Failures  int64  `json:"objects_failed_to_delete"`
}

func (n counts) value() state.GCCounts {
	out := state.GCCounts{Closures: n.Closures, Marked: n.Marked, Deletions: n.Deletions, Failures: n.Failures}
	if n.Uploads != nil {
		out.Uploads = *n.Uploads
	}
	return out
}

func (t task) value() state.GCStatus {
	out := state.GCStatus{
		Offered: true, State: state.CleanText(t.State, wordLimit), Phase: state.CleanText(t.Phase, wordLimit),
		Policy: state.GCPolicy{
			OlderThan:        state.CleanText(t.Params.OlderThan, wordLimit),
			UploadsOlderThan: state.CleanText(t.Params.UploadsOlderThan, wordLimit),
			Force:            t.Params.Force,
		},
		Counts: t.Stats.value(), Error: state.CleanText(t.Error, textLimit), Started: t.Started, Updated: t.Updated,
	}
	if t.Finished != nil {
		out.Finished = *t.Finished
	}
	return out
}

// GC asks for the last garbage collection (GET /api/gc/status, since v1.5.0).
// The server remembers it only until it is started again. A token that it does
// not take gives state.ErrUnauthorized.
func (c *Client) GC(ctx context.Context, token state.Secret) (state.GCStatus, error) {
	a, err := c.do(ctx, "read GC status", http.MethodGet, "/api/gc/status", token)
	switch {
	case err != nil:
		return state.GCStatus{}, err
	case a.unknown():
		return state.GCStatus{}, nil
	case a.says(http.StatusNotFound, noneYet):
		return state.GCStatus{Offered: true}, nil
	}
	var t task
	if err := a.decode(http.StatusOK, &t); err != nil {
		return state.GCStatus{}, err
	}
	if t.State == "" {
		return state.GCStatus{}, a.wrong("it has no state")
	}
	return t.value(), nil
}

// StartGC starts a garbage collection (DELETE /api/closures) and returns it.
// Where one with the same policy is running, it is that one. Where another is
// running, started is false and the status is the other's. A policy that niks3
// does not understand gives state.ErrInvalid with its words. niks3 has no way to
// say what a collection would take before it is started.
//
// A niks3 before v1.5.0 answers when it has finished, and stops where the
// client leaves before that: the status has finished then, and Offered is
// false, since it cannot be asked for again.
func (c *Client) StartGC(ctx context.Context, token state.Secret, p state.GCPolicy) (now state.GCStatus, started bool, err error) {
	q := url.Values{"older-than": {p.OlderThan}}
	if p.UploadsOlderThan != "" {
		q.Set("failed-uploads-older-than", p.UploadsOlderThan)
	}
	if p.Force {
		q.Set("force", "true")
	}
	a, err := c.do(ctx, "start GC", http.MethodDelete, "/api/closures?"+q.Encode(), token)
	if err != nil {
		return state.GCStatus{}, false, err
	}
	switch a.status {
	case http.StatusConflict:
		return a.conflict()
	case http.StatusOK:
		var n counts
		if err := a.decode(http.StatusOK, &n); err != nil {
			return state.GCStatus{}, false, err
		}
		if n.Uploads == nil {
			return state.GCStatus{}, false, a.wrong("it has no figures")
		}
		return state.GCStatus{State: state.GCSucceeded, Policy: p, Counts: n.value()}, true, nil
	}
	var t task
	if err := a.decode(http.StatusAccepted, &t); err != nil {
		return state.GCStatus{}, false, err
	}
	if t.State == "" {
		return state.GCStatus{}, false, a.wrong("it has no state")
	}
	return t.value(), true, nil
}

// conflict reads the collection that is in the way.
func (a answer) conflict() (state.GCStatus, bool, error) {
	var in struct {
		Active task `json:"active_task"`
	}
	if err := json.Unmarshal(a.body, &in); err != nil || in.Active.State == "" {
		return state.GCStatus{}, false, &state.CallError{
			Service: "niks3", Op: a.op, Status: a.status, Kind: state.ErrExists, Text: httpx.CleanBody(a.body),
		}
	}
	return in.Active.value(), false, nil
}
