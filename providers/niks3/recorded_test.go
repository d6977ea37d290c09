package niks3_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/state"
)

// Each call gives back what it kept, in niks3's own names, so that it can be
// compared with all that niks3 said.
type call func(ctx context.Context, c *niks3.Client) (kept any, err error)

func gcStatus(ctx context.Context, c *niks3.Client) (any, error) {
	s, err := c.GC(ctx, state.NewSecret(token))
	if s == (state.GCStatus{Offered: true}) {
		return nil, err
	}
	return gcTask(s), err
}

func gcStart(p state.GCPolicy) call {
	return func(ctx context.Context, c *niks3.Client) (any, error) {
		s, started, err := c.StartGC(ctx, state.NewSecret(token), p)
		if err == nil && !started {
			return map[string]any{"active_task": gcTask(s)}, nil
		}
		return gcTask(s), err
	}
}

func gcTask(s state.GCStatus) any {
	out := map[string]any{
		"state":      s.State,
		"params":     map[string]any{"older_than": s.Policy.OlderThan, "failed_uploads_older_than": s.Policy.UploadsOlderThan, "force": s.Policy.Force},
		"started_at": s.Started, "updated_at": s.Updated,
		"stats": map[string]any{
			"failed_uploads_deleted": s.Counts.Uploads, "old_closures_deleted": s.Counts.Closures, "objects_marked_for_deletion": s.Counts.Marked,
			"objects_deleted_after_grace_period": s.Counts.Deletions, "objects_failed_to_delete": s.Counts.Failures,
		},
	}
	if s.Phase != "" {
		out["phase"] = s.Phase
	}
	if s.Error != "" {
		out["error"] = s.Error
	}
	if !s.Finished.IsZero() {
		out["finished_at"] = s.Finished
	}
	return out
}

func cacheConfig(ctx context.Context, c *niks3.Client) (any, error) {
	n, _, err := c.Config(ctx)
	return map[string]any{"substituter_url": n.Substituter, "public_keys": n.PublicKeys}, err
}

func cacheStats(ctx context.Context, c *niks3.Client) (any, error) {
	s, _, err := c.Stats(ctx)
	return map[string]any{"objects": s.Objects, "logical_bytes": s.LogicalBytes}, err
}

func pinList(ctx context.Context, c *niks3.Client) (any, error) {
	pins, found, err := c.Pins(ctx, state.NewSecret(token))
	if !found {
		return nil, err
	}
	return append([]any{}, make([]any, len(pins))...), err
}

func health(ctx context.Context, c *niks3.Client) (any, error) { return nil, c.Health(ctx) }

// TestRecorded: every answer that was recorded of a real niks3 goes through the
// adapter, and every field of it is kept, but for those named.
func TestRecorded(t *testing.T) {
	t.Parallel()
	status, month := "GET /api/gc/status", state.GCPolicy{OlderThan: "720h"}
	start := "DELETE /api/closures?older-than=720h"
	for file, c := range map[string]struct {
		asked string
		call  call
		want  error
		drops []string
	}{
		"cache-config.txt":                       {"GET /api/cache-config", cacheConfig, nil, nil},
		"cache-stats-empty.txt":                  {"GET /api/cache-stats", cacheStats, nil, nil},
		"cache-stats-after-push.txt":             {"GET /api/cache-stats", cacheStats, nil, nil},
		"cache-stats-after-gc.txt":               {"GET /api/cache-stats", cacheStats, nil, nil},
		"pins-empty.txt":                         {"GET /api/pins", pinList, nil, nil},
		"gc-status-running.txt":                  {status, gcStatus, nil, nil},
		"gc-status-succeeded.txt":                {status, gcStatus, nil, nil},
		"gc-status-succeeded-after-force.txt":    {status, gcStatus, nil, nil},
		"gc-status-failed.txt":                   {status, gcStatus, nil, nil},
		"gc-status-none-yet.txt":                 {status, gcStatus, nil, nil},
		"gc-status-bad-token.txt":                {status, gcStatus, state.ErrUnauthorized, nil},
		"gc-status-no-auth.txt":                  {status, gcStatus, state.ErrUnauthorized, nil},
		"gc-start-202-accepted.txt":              {start, gcStart(month), nil, nil},
		"gc-start-same-params-dedup-202.txt":     {start, gcStart(month), nil, nil},
		"gc-start-while-db-lock-held.txt":        {start, gcStart(month), nil, nil},
		"gc-force-start.txt":                     {"DELETE /api/closures?force=true&older-than=0s", gcStart(state.GCPolicy{OlderThan: "0s", Force: true}), nil, nil},
		"gc-start-other-params-409-conflict.txt": {start, gcStart(month), nil, []string{"error"}}, // its sentence says no more than the status
		"delete-closures-no-auth.txt":            {start, gcStart(month), state.ErrUnauthorized, nil},
		"delete-closures-bad-duration.txt":       {"DELETE /api/closures?older-than=30d", gcStart(state.GCPolicy{OlderThan: "30d"}), state.ErrInvalid, nil},
		"delete-closures-missing-age.txt":        {"DELETE /api/closures?older-than=", gcStart(state.GCPolicy{}), state.ErrInvalid, nil},
		"post-closures-method-not-allowed.txt":   {start, gcStart(month), state.ErrInvalid, nil},
		"unknown-api.txt":                        {"GET /api/pins", pinList, nil, nil},
		"health.txt":                             {"GET /health", health, nil, nil},
		"root.txt":                               {"GET /health", health, state.ErrService, nil},
	} {
		t.Run(file, func(t *testing.T) {
			status, kind, body := recorded(t, file)
			kept, err := c.call(t.Context(), serve(t, c.asked, status, kind, body))
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if c.want != nil {
				if says := strings.TrimSpace(body); kind == "text/plain; charset=utf-8" && !strings.Contains(err.Error(), says) {
					t.Errorf("%v does not repeat %s", err, says)
				}
				return
			}
			if kind == "application/json" {
				compare(t, body, kept, c.drops)
			}
		})
	}
}

// compare wants all of niks3's answer in what was kept.
func compare(t *testing.T, body string, kept any, drops []string) {
	t.Helper()
	raw, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := errors.Join(json.Unmarshal(raw, &got), json.Unmarshal([]byte(body), &want)); err != nil {
		t.Fatal(err)
	}
	if m, is := want.(map[string]any); is {
		maps.DeleteFunc(m, func(name string, _ any) bool { return slices.Contains(drops, name) })
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("kept %v\nof   %v", got, want)
	}
}

// TestRecordedFiles: no answer was recorded that nobody looks at.
func TestRecordedFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(recordings(t), "*.txt"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d, %v", len(files), err)
	}
	for _, other := range []string{
		"metrics.txt", "routes-diff-by-version.txt", // tests of their own
		"client-", "server-", "nix-copy-", // what programs say
		"bucket-", "readproxy-", "narinfo-", // answers of S3, read by another adapter
	} {
		files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), other) })
	}
	if len(files) != 24 { // those of TestRecorded
		t.Errorf("%d answers: %v", len(files), files)
	}
}

// TestRecordedMetrics: what niks3 told Prometheus after two collections that
// succeeded and one that failed.
func TestRecordedMetrics(t *testing.T) {
	t.Parallel()
	status, kind, body := recorded(t, "metrics.txt")
	got, found, err := serve(t, "GET /metrics", status, kind, body).Metrics(t.Context())
	want := state.Niks3Metrics{
		DBMax: 4, InFlight: 1, Requests: 49, RequestErrors: 12, GCSucceeded: 2, GCFailed: 1, GCDeletions: 2020, GCSeconds: 3.724800824,
		GCLast: time.UnixMilli(1795390218659).UTC(),
	}
	if err != nil || !found || got != want {
		t.Errorf("%+v, %v, %v\nwant %+v", got, found, err, want)
	}
	kept := []string{
		"niks3_cache_logical_bytes", "niks3_cache_objects", "niks3_db_connections_in_use", "niks3_db_connections_max", "niks3_gc_duration_seconds",
		"niks3_gc_last_run_timestamp_seconds", "niks3_gc_objects_deleted_total", "niks3_gc_runs_total", "niks3_http_requests_in_flight",
		"niks3_http_requests_total", "niks3_pending_closures",
	}
	for line := range strings.Lines(body) {
		name, found := strings.CutPrefix(line, "# TYPE ")
		name, _, _ = strings.Cut(name, " ")
		dropped := strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") || name == "niks3_http_request_duration_seconds"
		if found && !dropped && !slices.Contains(kept, name) {
			t.Errorf("%s is neither kept nor left out on purpose", name)
		}
	}
}

// TestMetricsFormat: what Prometheus' format allows besides.
func TestMetricsFormat(t *testing.T) {
	t.Parallel()
	lines := []string{
		"niks3_cache_objects 1.2e3", "niks3_cache_logical_bytes +Inf", "niks3_pending_closures 3 1795390218659", "niks3_db_connections_in_use NaN",
		"niks3_db_connections_max{} 4", "niks3_http_requests_in_flight 0", "niks3_gc_objects_deleted_total 0", "",
		`niks3_http_requests_total{status="500",route="a \"b\" \\ {c},d=e",} 2`, `niks3_http_requests_total{route="GET /",status="200"} 5`,
	}
	ask := func(lines []string) (state.Niks3Metrics, bool, error) {
		return serve(t, "GET /metrics", 200, "text/plain", strings.Join(lines, "\n")+"\n").Metrics(t.Context())
	}
	got, found, err := ask(lines)
	want := state.Niks3Metrics{Cache: state.CacheStats{Objects: 1200}, PendingUploads: 3, DBMax: 4, Requests: 7, RequestErrors: 2}
	if err != nil || !found || got != want {
		t.Errorf("%+v, %v, %v", got, found, err)
	}
	for _, bad := range []string{"niks3_cache_objects", "{} 1", "a{b} 1", `a{b="c} 1`, "a x", `a{b="c"`, `a{b='c} 1`} {
		if got, found, err := ask(append(slices.Clone(lines), bad)); !errors.Is(err, state.ErrService) {
			t.Errorf("%s: %+v, %v, %v", bad, got, found, err)
		}
	}
	if _, _, err := ask(lines[1:]); !errors.Is(err, state.ErrService) || !strings.Contains(err.Error(), "it lacks niks3_cache_objects") {
		t.Errorf("without the objects: %v", err)
	}
}
