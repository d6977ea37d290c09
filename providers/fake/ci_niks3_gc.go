package fake

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ciGC is a garbage collection (niks3 api/types.go, GCTaskStatus).
type ciGC struct {
	State    string     `json:"state"`
	Phase    string     `json:"phase,omitempty"`
	Params   gcParams   `json:"params"`
	Stats    gcStats    `json:"stats"`
	Error    string     `json:"error,omitempty"`
	Started  time.Time  `json:"started_at"`
	Updated  time.Time  `json:"updated_at"`
	Finished *time.Time `json:"finished_at,omitempty"`
}

// gcParams are compared as they were written: 60m is not 1h.
type gcParams struct {
	OlderThan string `json:"older_than"`
	Failed    string `json:"failed_uploads_older_than"`
	Force     bool   `json:"force"`
}

type gcStats struct {
	Uploads   int `json:"failed_uploads_deleted"`
	Closures  int `json:"old_closures_deleted"`
	Marked    int `json:"objects_marked_for_deletion"`
	Deletions int `json:"objects_deleted_after_grace_period"`
	Failures  int `json:"objects_failed_to_delete"`
}

// s3Failures is how often niks3 tries four objects that S3 refuses to remove.
const s3Failures = 2016

var errGCConflict = errors.New("a different garbage collection is already running")

func (w *World) niks3Status(rw http.ResponseWriter, _ *http.Request) {
	if l := w.living(); l != nil {
		l.serveGC(rw)
		return
	}
	var gc *ciGC
	err := w.Update(func(s *State) error {
		s.CI.Niks3.settle(w.now())
		if s.CI.Niks3.GC != nil {
			c := *s.CI.Niks3.GC
			gc = &c
		}
		return nil
	})
	switch {
	case err != nil:
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	case gc == nil:
		http.Error(rw, "no garbage collection has run yet", http.StatusNotFound)
	default:
		niks3JSON(rw, http.StatusOK, gc)
	}
}

// niks3Collect starts a garbage collection. It is over when somebody looks the
// next time, unless it is held.
func (w *World) niks3Collect(rw http.ResponseWriter, r *http.Request) {
	p, problem := gcParamsOf(r.URL.Query())
	if problem != "" {
		http.Error(rw, problem, http.StatusBadRequest)
		return
	}
	if l := w.living(); l != nil {
		l.collect(rw, r, p)
		return
	}
	var gc ciGC
	status := http.StatusAccepted
	err := w.Update(func(s *State) error {
		n, early := &s.CI.Niks3, s.CI.Niks3.Version == Niks3Early
		n.settle(w.now())
		switch {
		case n.GC != nil && n.GC.State == gcRunning && n.GC.Params != p:
			gc = *n.GC
			return errGCConflict
		case n.GC != nil && n.GC.State == gcRunning:
		default:
			n.GC = &ciGC{State: gcRunning, Params: p, Started: w.now(), Updated: w.now()}
		}
		gc = *n.GC
		n.GC.Phase = "cleanup_pending_uploads" // the answer above is older
		if early {
			n.Held = false
			n.settle(w.now())
			gc, n.GC, status = *n.GC, nil, http.StatusOK
		}
		s.recordWrite("niks3", r, status)
		return nil
	})
	switch {
	case errors.Is(err, errGCConflict):
		niks3JSON(rw, http.StatusConflict, map[string]any{"error": err.Error(), "active_task": gc})
	case err != nil:
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	case status == http.StatusOK && gc.Error != "":
		http.Error(rw, gc.Error, http.StatusInternalServerError)
	case status == http.StatusOK:
		niks3JSON(rw, status, gc.Stats)
	default:
		niks3JSON(rw, status, gc)
	}
}

// gcParamsOf reads what is asked for, and says what is wrong with it in niks3's
// words (niks3 server/closure.go).
func gcParamsOf(q url.Values) (p gcParams, problem string) {
	p = gcParams{OlderThan: q.Get("older-than"), Failed: q.Get("failed-uploads-older-than"), Force: q.Get("force") == "true"}
	if p.Failed == "" {
		p.Failed = q.Get("pending-older-than")
	}
	if p.Failed == "" {
		p.Failed = "6h"
	}
	if p.OlderThan == "" {
		return p, "missing age"
	}
	switch age, err := time.ParseDuration(p.OlderThan); {
	case err != nil:
		return p, "failed to parse age: " + err.Error()
	case age < 0:
		return p, "older-than must not be negative"
	}
	switch age, err := time.ParseDuration(p.Failed); {
	case err != nil:
		return p, "failed to parse failed-uploads-older-than: " + err.Error()
	case age < 0:
		return p, "failed-uploads-older-than must not be negative"
	}
	return p, ""
}

// The states of a collection.
const (
	gcRunning   = "running"
	gcSucceeded = "succeeded"
	gcFailed    = "failed"
)

// settle ends the collection that is running, unless it is held.
func (n *Niks3State) settle(now time.Time) {
	gc := n.GC
	if gc == nil || gc.State != gcRunning || n.Held {
		return
	}
	gc.Updated, gc.Finished = now, &now
	if !n.Refused {
		gc.State, gc.Phase = gcSucceeded, ""
		n.Succeeded++
		return
	}
	gc.State, gc.Phase = gcFailed, "cleanup_orphan_objects"
	gc.Stats = gcStats{Closures: 1, Marked: 4, Failures: s3Failures}
	lines := make([]string, s3Failures)
	for i := range lines {
		lines[i] = fmt.Sprintf("failed to remove object %q: Access Denied", fmt.Sprintf("nar/%052d.nar.zst", i%gc.Stats.Marked))
	}
	gc.Error = fmt.Sprintf("failed to cleanup orphan objects: %d S3 failures: %s", s3Failures, strings.Join(lines, "\n"))
	n.Failed++
}
