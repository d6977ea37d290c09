package fake

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// Niks3State is what the pretend niks3 remembers, and how it behaves.
type Niks3State struct {
	// Version is the niks3 that it is; empty: v1.7.0.
	Version string `json:"version,omitempty"`
	// Held: a collection goes on for as long as this is set.
	Held bool `json:"held,omitempty"`
	// Refused: S3 refuses to remove objects, so that a collection fails.
	Refused bool `json:"refused,omitempty"`

	GC        *ciGC      `json:"gc,omitempty"` // the last one since it started
	Pins      []niks3Pin `json:"pins,omitempty"`
	Succeeded int        `json:"succeeded,omitempty"` // collections since it started
	Failed    int        `json:"failed,omitempty"`
}

// The versions of niks3 that the world can be, besides v1.7.0. Routes came one
// after the other.
const (
	Niks3Early = "early 2026" // collects while the request lasts, and remembers nothing
	Niks3V161  = "v1.6.1"
	Niks3V170  = "v1.7.0"
	Niks3Newer = "newer than v1.7.0"
)

// niks3Versions are in the order of time.
var niks3Versions = []string{Niks3Early, Niks3V161, Niks3V170, Niks3Newer}

// niks3Route is a route, and the first version that has it.
type niks3Route struct {
	pattern string
	since   string
	handler http.HandlerFunc
}

// niks3Handler is niks3 in the version of the state. While the unit is down
// nobody answers.
func (w *World) niks3Handler() http.Handler {
	muxes := map[string]http.Handler{}
	for _, version := range niks3Versions {
		muxes[version] = w.niks3Mux(version)
	}
	return w.whileUp("niks3", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		version := Niks3V170
		w.Look(func(s *State) {
			if s.CI.Niks3.Version != "" {
				version = s.CI.Niks3.Version
			}
		})
		muxes[version].ServeHTTP(rw, r)
	}))
}

// niks3Mux has the routes of a version (niks3 server/server.go). A path that it
// does not know is found by "GET /", so that another method is not allowed
// there rather than not found.
func (w *World) niks3Mux(version string) http.Handler {
	mux := http.NewServeMux()
	for _, r := range []niks3Route{
		{"GET /", Niks3Early, w.niks3Root},
		{"GET /health", Niks3Early, func(rw http.ResponseWriter, _ *http.Request) { plain(rw, http.StatusOK, "OK") }},
		{"DELETE /api/closures", Niks3Early, w.niks3Auth(w.niks3Collect)},
		{"GET /api/cache-config", Niks3V161, w.niks3Config},
		{"GET /api/gc/status", Niks3V161, w.niks3Auth(w.niks3Status)},
		{"GET /api/pins", Niks3V170, w.niks3Auth(w.niks3Pins)},
		{"POST /api/pins/{name}", Niks3V170, w.niks3Auth(w.niks3PinCreate)},
		{"DELETE /api/pins/{name}", Niks3V170, w.niks3Auth(w.niks3PinDelete)},
		{"HEAD /api/objects/{key...}", Niks3Newer, w.niks3Auth(w.niks3Object)},
		{"GET /api/cache-stats", Niks3Newer, w.niks3Stats},
		{"GET /metrics", Niks3Newer, w.niks3Metrics},
	} {
		if slices.Index(niks3Versions, r.since) <= slices.Index(niks3Versions, version) {
			mux.HandleFunc(r.pattern, r.handler)
		}
	}
	return mux
}

// DeployNiks3 runs niks3, and nothing else, with this token and signing key, on
// an empty bucket of the name that the configuration has.
func (w *World) DeployNiks3(token, signingKey state.Secret) error {
	return w.Update(func(s *State) error {
		s.CI.Mode = state.FullyPrivate
		s.CI.Secrets = map[string]string{"niks3-api-token": token.Reveal(), "niks3-signing-key": signingKey.Reveal()}
		s.Host.setUnit(hostUnit{Name: "niks3.service", Active: "active", Sub: "running", Result: "success"})
		s.addBucket(CloudBucket{Account: s.Config.Cache.R2.Account, Name: s.Config.Cache.R2.Bucket})
		return nil
	})
}

// PushNiks3 puts a store path that is one text file into niks3's bucket, signed
// as a push makes it.
func (w *World) PushNiks3(storePath, text string) error {
	var key signingKey
	var err error
	w.Look(func(s *State) { key, err = parseSigningKey(s.CI.Secrets["niks3-signing-key"]) })
	if err != nil {
		return err
	}
	objects, err := packed(storePath, text, key)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := w.PutObject(w.niks3Bucket(), o.key, o.body, o.kind, o.encoding); err != nil {
			return err
		}
	}
	return nil
}

// RestartNiks3 starts niks3 anew.
func (w *World) RestartNiks3() error {
	return w.Update(func(s *State) error {
		s.CI.Niks3.forget()
		return nil
	})
}

// forget is what a start does: collections live in niks3's memory.
func (n *Niks3State) forget() { n.GC, n.Succeeded, n.Failed = nil, 0, 0 }

// niks3Auth wants the sealed token; any other is "Unauthorized".
func (w *World) niks3Auth(h http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var want string
		w.Look(func(s *State) { want = "Bearer " + strings.TrimSpace(s.CI.Secrets["niks3-api-token"]) })
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

// niks3Root sends a browser to the cache.
func (w *World) niks3Root(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(rw, r)
		return
	}
	var to string
	w.Look(func(s *State) { to = "https://" + s.Config.Cache.Domain })
	http.Redirect(rw, r, to, http.StatusMovedPermanently)
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
