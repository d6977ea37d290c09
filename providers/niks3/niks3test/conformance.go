package niks3test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
)

// Conformance drives the adapter through what this niks3 does, in good weather
// and in bad.
func Conformance(t *testing.T, open func(t *testing.T) World) {
	t.Helper()
	w := open(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, World)
	}{
		{"health", health}, {"config", config}, {"authorization", authorization}, {"routes", routes}, {"policies", policies},
		{"collection", collection}, {"failed collection", failedCollection}, {"cache", cache}, {"cancelled", cancelled}, {"storm", storm},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, w) })
	}
}

func health(t *testing.T, w World) {
	t.Helper()
	if err := w.client().Health(t.Context()); err != nil {
		t.Error(err)
	}
}

func config(t *testing.T, w World) {
	t.Helper()
	got, found, err := w.client().Config(t.Context())
	switch {
	case err != nil || found != w.Offers.Config:
		t.Errorf("found %v, %v", found, err)
	case found && (got.Substituter != w.CacheURL || len(got.PublicKeys) != 1 || got.PublicKeys[0] != w.PublicKey):
		t.Errorf("%+v, want %s and %s", got, w.CacheURL, w.PublicKey)
	}
}

// authorization: a wrong token, one that is too long, none.
func authorization(t *testing.T, w World) {
	t.Helper()
	ctx, c := t.Context(), w.client()
	for _, token := range []state.Secret{{}, state.NewSecret("wrong"), state.NewSecret(w.Token.Reveal() + "x")} {
		for name, call := range map[string]func() error{
			"GC":      func() error { _, err := c.GC(ctx, token); return err },
			"StartGC": func() error { _, _, err := c.StartGC(ctx, token, state.GCPolicy{OlderThan: "720h"}); return err },
			"Pins":    func() error { _, _, err := c.Pins(ctx, token); return err },
		} {
			known := name == "StartGC" || name == "GC" && w.Offers.Status || name == "Pins" && w.Offers.Pins
			if err := call(); known && !errors.Is(err, state.ErrUnauthorized) || !known && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// routes: what this niks3 does not know, and how it says so.
func routes(t *testing.T, w World) {
	t.Helper()
	for _, r := range []struct {
		method, path string
		status       int
		allow, text  string
	}{
		{"POST", "/api/closures?older-than=720h", http.StatusMethodNotAllowed, "DELETE, GET, HEAD", "Method Not Allowed"},
		{"GET", "/api/closures?older-than=720h", http.StatusNotFound, "", "404 page not found"},
		{"GET", "/api/nothing", http.StatusNotFound, "", "404 page not found"},
		{"DELETE", "/api/nothing", http.StatusMethodNotAllowed, "GET, HEAD", "Method Not Allowed"},
	} {
		status, h, text := w.ask(t, r.method, r.path, "")
		if status != r.status || h.Get("Allow") != r.allow || strings.TrimSpace(text) != r.text || h.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s %s: %d %v %s", r.method, r.path, status, h, text)
		}
	}
	for path, offered := range map[string]bool{
		"/health": true, "/api/cache-config": w.Offers.Config, "/api/gc/status": w.Offers.Status,
		"/api/pins": w.Offers.Pins, "/api/cache-stats": w.Offers.Stats, "/metrics": w.Offers.Metrics,
	} {
		if _, _, text := w.ask(t, http.MethodGet, path, ""); (strings.TrimSpace(text) != "404 page not found") != offered {
			t.Errorf("%s says %.80q, offered %v", path, text, offered)
		}
	}
}

// policies that niks3 does not understand are refused in its words.
func policies(t *testing.T, w World) {
	t.Helper()
	for says, p := range map[string]state.GCPolicy{
		"missing age": {},
		`failed to parse age: time: unknown unit "d" in duration "30d"`: {OlderThan: "30d"},
		"older-than must not be negative":                               {OlderThan: "-1h"},
		`failed to parse failed-uploads-older-than: time: unknown unit`: {OlderThan: "1h", UploadsOlderThan: "3d"},
		"failed-uploads-older-than must not be negative":                {OlderThan: "1h", UploadsOlderThan: "-1h"},
	} {
		_, started, err := w.client().StartGC(t.Context(), w.Token, p)
		if started || !errors.Is(err, state.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, %v", p, started, err)
		}
	}
}

// collection: none yet, running, the same again, another, its end, forgotten.
func collection(t *testing.T, w World) {
	t.Helper()
	ctx, c := t.Context(), w.client()
	p := state.GCPolicy{OlderThan: "720h"}
	want := state.GCPolicy{OlderThan: "720h", UploadsOlderThan: "6h"}
	if got, err := c.GC(ctx, w.Token); err != nil || got != (state.GCStatus{Offered: w.Offers.Status}) {
		t.Fatalf("before the first: %+v, %v", got, err)
	}
	if !w.Offers.Status {
		now, started, err := c.StartGC(ctx, w.Token, p)
		if err != nil || !started || now != (state.GCStatus{State: state.GCSucceeded, Policy: p}) {
			t.Errorf("%+v, %v, %v", now, started, err)
		}
		return
	}
	release := w.Hold(t)
	first, started, err := c.StartGC(ctx, w.Token, p)
	if err != nil || !started || first.State != state.GCRunning || !first.Offered || first.Policy != want || first.Started.IsZero() || !first.Finished.IsZero() {
		t.Fatalf("the first: %+v, %v, %v", first, started, err)
	}
	whileItRuns(t, w, first)
	release()
	end := w.await(t, settled)
	if end.State != state.GCSucceeded || end.Phase != "" || end.Finished.Before(end.Started) || end.Finished.IsZero() || end.Error != "" || !end.Started.Equal(first.Started) {
		t.Errorf("its end: %+v", end)
	}
	forced(t, w, c)
	w.Restart(t)
	if got, err := c.GC(ctx, w.Token); err != nil || got != (state.GCStatus{Offered: true}) {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
}

// whileItRuns: the same again is the one that runs; any other has to wait.
func whileItRuns(t *testing.T, w World, first state.GCStatus) {
	t.Helper()
	ctx, c := t.Context(), w.client()
	again, started, err := c.StartGC(ctx, w.Token, state.GCPolicy{OlderThan: "720h", UploadsOlderThan: "6h"})
	if err != nil || !started || !again.Started.Equal(first.Started) {
		t.Errorf("the same again: %+v, %v, %v", again, started, err)
	}
	for _, other := range []state.GCPolicy{{OlderThan: "721h"}, {OlderThan: "43200m"}, {OlderThan: "720h", Force: true}, {OlderThan: "720h", UploadsOlderThan: "5h"}} {
		now, started, err := c.StartGC(ctx, w.Token, other)
		if err != nil || started || now.Policy != first.Policy || now.State != state.GCRunning || !now.Started.Equal(first.Started) {
			t.Errorf("another, %+v: %+v, %v, %v", other, now, started, err)
		}
	}
	now := w.await(t, func(s state.GCStatus) bool { return s.State != state.GCRunning || s.Phase != "" })
	if now.State != state.GCRunning || now.Phase != "cleanup_pending_uploads" || now.Policy != first.Policy {
		t.Errorf("while it runs: %+v", now)
	}
}

// forced: what is asked for is what is told.
func forced(t *testing.T, w World, c *niks3.Client) {
	t.Helper()
	p := state.GCPolicy{OlderThan: "720h", UploadsOlderThan: "1h", Force: true}
	if now, started, err := c.StartGC(t.Context(), w.Token, p); err != nil || !started || now.Policy != p {
		t.Errorf("forced: %+v, %v, %v", now, started, err)
	}
	w.await(t, settled)
}

// failedCollection: S3 refuses. niks3's words are hundreds of thousands of
// characters; their beginning is kept.
func failedCollection(t *testing.T, w World) {
	t.Helper()
	ctx, c := t.Context(), w.client()
	all := state.GCPolicy{OlderThan: "0s", UploadsOlderThan: "0s"}
	w.Push(t)
	w.Refuse(t, true)
	defer w.Refuse(t, false)
	now, started, err := c.StartGC(ctx, w.Token, all)
	if !w.Offers.Status {
		if started || !errors.Is(err, state.ErrService) || !strings.Contains(err.Error(), "S3 failures") {
			t.Errorf("%+v, %v, %v", now, started, err)
		}
		return
	}
	if err != nil || !started {
		t.Fatalf("%+v, %v, %v", now, started, err)
	}
	end := w.await(t, settled)
	if end.State != state.GCFailed || end.Finished.IsZero() || end.Phase != "cleanup_orphan_objects" || end.Counts.Marked == 0 ||
		end.Counts.Failures <= end.Counts.Marked || !strings.Contains(end.Error, "S3 failures: failed to remove object") || utf8.RuneCountInString(end.Error) > 301 {
		t.Errorf("%+v", end)
	}
}

// cache: its size, its pins, its metrics, where they are offered.
func cache(t *testing.T, w World) {
	t.Helper()
	ctx, c := t.Context(), w.client()
	path := w.Push(t)
	stats, found, err := c.Stats(ctx)
	if err != nil || found != w.Offers.Stats || found && (stats.Objects < 2 || stats.LogicalBytes < 1) {
		t.Errorf("stats: %+v, %v, %v", stats, found, err)
	}
	m, found, err := c.Metrics(ctx)
	if err != nil || found != w.Offers.Metrics || found && (m.DBMax == 0 || m.GCFailed == 0 || m.Requests == 0) {
		t.Errorf("metrics: %+v, %v, %v", m, found, err)
	}
	got, found, err := c.Pins(ctx, w.Token)
	if err != nil || found != w.Offers.Pins || len(got) != 0 {
		t.Errorf("pins before: %+v, %v, %v", got, found, err)
	}
	if !w.Offers.Pins {
		return
	}
	for _, r := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"POST", "/api/pins/main", `{"store_path":"` + path + `"}`, http.StatusNoContent, ""},
		{"POST", "/api/pins/also", `{"store_path":"` + path + `"}`, http.StatusNoContent, ""},
		{"POST", "/api/pins/none", `{"store_path":"/nix/store/00000000000000000000000000000000-none"}`, http.StatusNotFound, "closure not found: store path must be pushed before pinning"},
		{"POST", "/api/pins/none", `{}`, http.StatusBadRequest, "missing store_path"},
		{"POST", "/api/pins/a+b", `{}`, http.StatusBadRequest, "invalid pin name: must contain only alphanumeric characters, dashes, underscores, and dots"},
		{"DELETE", "/api/pins/none", "", http.StatusNotFound, "pin not found"},
	} {
		if status, _, text := w.ask(t, r.method, r.path, r.body); status != r.status || strings.TrimSpace(text) != r.text {
			t.Errorf("%s %s: %d %s", r.method, r.path, status, text)
		}
	}
	got, _, err = c.Pins(ctx, w.Token)
	if err != nil || len(got) != 2 || got[0].Name != "also" || got[1].Name != "main" || got[0].StorePath != path || got[0].Created.IsZero() || got[0].Updated.IsZero() {
		t.Errorf("pins: %+v, %v", got, err)
	}
	if status, _, _ := w.ask(t, http.MethodDelete, "/api/pins/also", ""); status != http.StatusNoContent {
		t.Errorf("unpin: %d", status)
	}
	if got, _, err = c.Pins(ctx, w.Token); err != nil || len(got) != 1 { // one stays, for the storm
		t.Errorf("pins after: %+v, %v", got, err)
	}
}

// cancelled: nothing is asked where the caller has left.
func cancelled(t *testing.T, w World) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, op := range append(reading(w), starting(w)) {
		if _, err := op.Call(ctx, http.DefaultClient); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), op.Name) {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}
