package fake

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// ciGC is the garbage collection that niks3 remembers; it forgets it when it
// starts anew.
type ciGC struct {
	OlderThan string    `json:"older_than"`
	Failed    string    `json:"failed"`
	Force     bool      `json:"force"`
	At        time.Time `json:"at"`
}

// niks3Handler is niks3 v1.7.0: no /metrics and no /api/cache-stats yet. While
// the unit is down nobody answers.
func (w *World) niks3Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(rw http.ResponseWriter, _ *http.Request) { plain(rw, http.StatusOK, "OK") })
	mux.HandleFunc("GET /api/cache-config", w.niks3Config)
	mux.HandleFunc("GET /api/gc/status", w.niks3Auth(w.niks3Status))
	mux.HandleFunc("DELETE /api/closures", w.niks3Auth(w.niks3Collect))
	mux.HandleFunc("GET /api/pins", w.niks3Auth(func(rw http.ResponseWriter, _ *http.Request) { niks3JSON(rw, http.StatusOK, []string{}) }))
	mux.HandleFunc("/api/closures", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Allow", "DELETE, GET, HEAD")
		http.Error(rw, "Method Not Allowed", http.StatusMethodNotAllowed)
	})
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		w.Look(func(s *State) { http.Redirect(rw, r, "https://"+s.Config.Cache.Domain, http.StatusMovedPermanently) })
	})
	return w.whileUp("niks3", mux)
}

// niks3Auth wants the sealed token; any other is "Unauthorized".
func (w *World) niks3Auth(h http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var want string
		w.Look(func(s *State) { want = "Bearer " + s.CI.Secrets["niks3-api-token"] })
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
			http.Error(rw, "Unauthorized", http.StatusUnauthorized)
			return
		}
		h(rw, r)
	}
}

func niks3JSON(rw http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(append(raw, '\n'))
}

func (w *World) niks3Config(rw http.ResponseWriter, _ *http.Request) {
	keys := []string{}
	var at string
	w.Look(func(s *State) {
		at = "https://" + s.Config.Cache.Domain
		if k, err := parseSigningKey(s.CI.Secrets["niks3-signing-key"]); err == nil {
			keys = append(keys, k.public())
		}
	})
	niks3JSON(rw, http.StatusOK, map[string]any{"substituter_url": at, "public_keys": keys})
}

func (w *World) niks3Status(rw http.ResponseWriter, _ *http.Request) {
	var gc *ciGC
	w.Look(func(s *State) {
		if s.CI.GC != nil {
			c := *s.CI.GC
			gc = &c
		}
	})
	if gc == nil {
		http.Error(rw, "no garbage collection has run yet", http.StatusNotFound)
		return
	}
	out := gc.task("succeeded")
	out["finished_at"] = gc.At.Add(time.Second)
	niks3JSON(rw, http.StatusOK, out)
}

// niks3Collect starts a garbage collection, which is over at once here.
func (w *World) niks3Collect(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	gc := ciGC{OlderThan: q.Get("older-than"), Failed: "6h", Force: q.Get("force") == "true", At: w.now()}
	if f := q.Get("failed-uploads-older-than"); f != "" {
		gc.Failed = f
	}
	status := http.StatusAccepted
	switch text := gc.problem(q); {
	case text != "":
		status = http.StatusBadRequest
		http.Error(rw, text, status)
	default:
		err := w.Update(func(s *State) error {
			s.CI.GC = &gc
			s.recordWrite("niks3", r, status)
			return nil
		})
		if err != nil {
			status = http.StatusInternalServerError
			http.Error(rw, err.Error(), status)
			break
		}
		niks3JSON(rw, status, gc.task("running"))
	}
}

func (g *ciGC) problem(q url.Values) string {
	if !q.Has("older-than") {
		return "missing age"
	}
	for _, d := range []string{g.OlderThan, g.Failed} {
		if _, err := time.ParseDuration(d); err != nil {
			return "failed to parse age: " + err.Error()
		}
	}
	return ""
}

func (g *ciGC) task(status string) map[string]any {
	return map[string]any{
		"state":  status,
		"params": map[string]any{"older_than": g.OlderThan, "failed_uploads_older_than": g.Failed, "force": g.Force},
		"stats": map[string]int{
			"failed_uploads_deleted": 0, "old_closures_deleted": 0, "objects_marked_for_deletion": 0,
			"objects_deleted_after_grace_period": 0, "objects_failed_to_delete": 0,
		},
		"started_at": g.At, "updated_at": g.At,
	}
}
