package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// niks3Pin keeps a closure from being collected (niks3 server/pins.go).
type niks3Pin struct {
	Name      string    `json:"name"`
	StorePath string    `json:"store_path"`
	Created   time.Time `json:"created_at"`
	Updated   time.Time `json:"updated_at"`
}

var pinName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// niks3Pins lists the pins by name.
func (w *World) niks3Pins(rw http.ResponseWriter, _ *http.Request) {
	pins := []niks3Pin{}
	w.Look(func(s *State) { pins = append(pins, s.CI.Niks3.Pins...) })
	slices.SortFunc(pins, func(a, b niks3Pin) int { return strings.Compare(a.Name, b.Name) })
	niks3JSON(rw, http.StatusOK, pins)
}

// niks3PinCreate pins what was pushed before.
func (w *World) niks3PinCreate(rw http.ResponseWriter, r *http.Request) {
	pin := niks3Pin{Name: r.PathValue("name"), Created: w.now(), Updated: w.now()}
	var in struct {
		StorePath string `json:"store_path"`
	}
	if !pinName.MatchString(pin.Name) {
		http.Error(rw, "invalid pin name: must contain only alphanumeric characters, dashes, underscores, and dots", http.StatusBadRequest)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(rw, "failed to decode request: "+err.Error(), http.StatusBadRequest)
		return
	}
	hash, _, found := strings.Cut(path.Base(in.StorePath), "-")
	switch {
	case in.StorePath == "":
		http.Error(rw, "missing store_path", http.StatusBadRequest)
		return
	case !found || hash == "":
		http.Error(rw, "invalid store path: invalid store path format: "+in.StorePath, http.StatusBadRequest)
		return
	case !w.HasObject(w.niks3Bucket(), hash+".narinfo"):
		http.Error(rw, "closure not found: store path must be pushed before pinning", http.StatusNotFound)
		return
	}
	pin.StorePath = in.StorePath
	w.niks3Write(rw, r, func(pins []niks3Pin, at int) []niks3Pin {
		if at < 0 {
			return append(pins, pin)
		}
		pin.Created = pins[at].Created
		pins[at] = pin
		return pins
	})
}

// niks3PinDelete lets a closure be collected again.
func (w *World) niks3PinDelete(rw http.ResponseWriter, r *http.Request) {
	found := false
	w.Look(func(s *State) { found = pinAt(s.CI.Niks3.Pins, r.PathValue("name")) >= 0 })
	if !found {
		http.Error(rw, "pin not found", http.StatusNotFound)
		return
	}
	w.niks3Write(rw, r, func(pins []niks3Pin, at int) []niks3Pin { return slices.Delete(pins, at, at+1) })
}

// niks3Write changes the pins; at is where the named one is, or -1.
func (w *World) niks3Write(rw http.ResponseWriter, r *http.Request, change func(pins []niks3Pin, at int) []niks3Pin) {
	err := w.Update(func(s *State) error {
		s.CI.Niks3.Pins = change(s.CI.Niks3.Pins, pinAt(s.CI.Niks3.Pins, r.PathValue("name")))
		s.recordWrite("niks3", r, http.StatusNoContent)
		return nil
	})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.WriteHeader(http.StatusNoContent)
}

func pinAt(pins []niks3Pin, name string) int {
	return slices.IndexFunc(pins, func(p niks3Pin) bool { return p.Name == name })
}

func (w *World) niks3Bucket() (name string) {
	w.Look(func(s *State) { name = s.Config.Cache.R2.Bucket })
	return name
}

// niks3Object says whether the cache has an object.
func (w *World) niks3Object(rw http.ResponseWriter, r *http.Request) {
	if !w.HasObject(w.niks3Bucket(), r.PathValue("key")) {
		rw.WriteHeader(http.StatusNotFound)
	}
}

// niks3Size counts what was pushed: the bucket's own files are no part of it.
func (w *World) niks3Size() (objects, size int, err error) {
	all, err := w.objects(w.niks3Bucket())
	for _, o := range all {
		if o.Key != "nix-cache-info" && o.Key != "index.html" {
			objects++
			size += o.Size
		}
	}
	if l := w.living(); l != nil {
		more, bytes := l.size()
		objects, size = objects+more, size+bytes
	}
	return objects, size, err
}

func (w *World) niks3Stats(rw http.ResponseWriter, _ *http.Request) {
	objects, size, err := w.niks3Size()
	if err != nil {
		http.Error(rw, "failed to read cache stats", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Access-Control-Allow-Origin", "*")
	niks3JSON(rw, http.StatusOK, map[string]int{"objects": objects, "logical_bytes": size})
}

// niks3Metrics is the part of niks3's metrics (server/metrics.go) that says
// something here, in Prometheus' order, by name.
func (w *World) niks3Metrics(rw http.ResponseWriter, _ *http.Request) {
	objects, size, err := w.niks3Size()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	var n Niks3State
	var last time.Time
	w.Look(func(s *State) {
		n = s.CI.Niks3
		if n.GC != nil && n.GC.State == gcSucceeded {
			last = *n.GC.Finished
		}
	})
	pending, deleted := 0, 0
	if l := w.living(); l != nil {
		n.Succeeded, n.Failed, last, pending, deleted = l.collected()
	}
	var out strings.Builder
	family := func(name, kind string, series ...string) {
		fmt.Fprintf(&out, "# HELP %s what niks3 says of it\n# TYPE %s %s\n%s\n", name, name, kind, strings.Join(series, "\n"))
	}
	single := func(name, kind string, value any) { family(name, kind, fmt.Sprintf("%s %v", name, value)) }
	single("go_goroutines", "gauge", 12)
	single("niks3_cache_logical_bytes", "gauge", size)
	single("niks3_cache_objects", "gauge", objects)
	single("niks3_db_connections_in_use", "gauge", 0)
	single("niks3_db_connections_max", "gauge", 4)
	runs := n.Succeeded + n.Failed
	family("niks3_gc_duration_seconds", "histogram", fmt.Sprintf("niks3_gc_duration_seconds_bucket{le=\"+Inf\"} %d", runs),
		fmt.Sprintf("niks3_gc_duration_seconds_sum %d", runs), fmt.Sprintf("niks3_gc_duration_seconds_count %d", runs))
	if last.IsZero() {
		single("niks3_gc_last_run_timestamp_seconds", "gauge", 0)
	} else {
		single("niks3_gc_last_run_timestamp_seconds", "gauge", last.Unix())
	}
	single("niks3_gc_objects_deleted_total", "counter", deleted)
	if runs > 0 {
		family("niks3_gc_runs_total", "counter",
			fmt.Sprintf("niks3_gc_runs_total{result=\"failed\"} %d", n.Failed), fmt.Sprintf("niks3_gc_runs_total{result=\"succeeded\"} %d", n.Succeeded))
	}
	single("niks3_http_requests_in_flight", "gauge", 1)
	family("niks3_http_requests_total", "counter", `niks3_http_requests_total{method="GET",route="GET /health",status="200"} 1`)
	single("niks3_pending_closures", "gauge", pending)
	rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
	_, _ = rw.Write([]byte(out.String()))
}
