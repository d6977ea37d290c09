package niks3

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/nixwright/nixwright/state"
)

// Metrics asks for what niks3 tells Prometheus (GET /metrics, newer than
// v1.7.0); found is false where this niks3 does not offer it.
func (c *Client) Metrics(ctx context.Context) (m state.Niks3Metrics, found bool, err error) {
	a, err := c.do(ctx, "read metrics", http.MethodGet, "/metrics", state.Secret{})
	switch {
	case err != nil, a.unknown():
		return state.Niks3Metrics{}, false, err
	case a.status != http.StatusOK:
		return state.Niks3Metrics{}, false, a.refused()
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(a.body))
	if err != nil {
		return state.Niks3Metrics{}, false, a.wrong("it is not what Prometheus reads")
	}
	f := figures(families)
	for _, name := range always {
		if len(f[name].GetMetric()) == 0 {
			return state.Niks3Metrics{}, false, a.wrong("it lacks " + name)
		}
	}
	return f.value(), true, nil
}

// always are the families that are there from the start. niks3 sorts by name,
// so the last one of its own is among them, and an answer that was cut shows.
var always = []string{
	"niks3_cache_objects", "niks3_cache_logical_bytes", "niks3_pending_closures", "niks3_db_connections_in_use",
	"niks3_db_connections_max", "niks3_http_requests_in_flight", "niks3_gc_objects_deleted_total",
}

// figures are the families of an answer by name.
type figures map[string]*dto.MetricFamily

func (f figures) value() state.Niks3Metrics {
	m := state.Niks3Metrics{
		Cache:          state.CacheStats{Objects: f.count("niks3_cache_objects"), LogicalBytes: f.count("niks3_cache_logical_bytes")},
		PendingUploads: f.count("niks3_pending_closures"),
		DBInUse:        f.count("niks3_db_connections_in_use"),
		DBMax:          f.count("niks3_db_connections_max"),
		InFlight:       f.count("niks3_http_requests_in_flight"),
		Requests:       f.count("niks3_http_requests_total"),
		GCDeletions:    f.count("niks3_gc_objects_deleted_total"),
		GCSeconds:      f.sum("niks3_gc_duration_seconds", anyLabel),
		RequestErrors:  whole(f.sum("niks3_http_requests_total", label("status", func(v string) bool { return strings.HasPrefix(v, "5") }))),
		GCSucceeded:    whole(f.sum("niks3_gc_runs_total", label("result", func(v string) bool { return v == state.GCSucceeded }))),
		GCFailed:       whole(f.sum("niks3_gc_runs_total", label("result", func(v string) bool { return v == state.GCFailed }))),
	}
	if at := f.sum("niks3_gc_last_run_timestamp_seconds", anyLabel); at > 0 { // 0 until one succeeded
		m.GCLast = time.UnixMilli(whole(at * 1000)).UTC()
	}
	return m
}

func (f figures) count(name string) int64 { return whole(f.sum(name, anyLabel)) }

// sum adds what the series of a family say: a histogram its sum.
func (f figures) sum(name string, want func(*dto.Metric) bool) float64 {
	total := 0.0
	for _, m := range f[name].GetMetric() {
		if want(m) {
			total += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue() + m.GetHistogram().GetSampleSum()
		}
	}
	return total
}

// whole is a figure as a whole number; what is none is 0.
func whole(v float64) int64 {
	if math.IsNaN(v) || math.Abs(v) >= math.MaxInt64 {
		return 0
	}
	return int64(v)
}

func anyLabel(*dto.Metric) bool { return true }

// label wants series that have the label with a fitting value.
func label(name string, fits func(string) bool) func(*dto.Metric) bool {
	return func(m *dto.Metric) bool {
		for _, l := range m.GetLabel() {
			if l.GetName() == name {
				return fits(l.GetValue())
			}
		}
		return false
	}
}
