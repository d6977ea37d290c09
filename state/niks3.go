package state

import "time"

// GCStatus is the last garbage collection that niks3 knows of (niks3
// api/types.go, GCTaskStatus). It lives in niks3's memory, so State is empty
// where none ran since niks3 started. Offered is false where this niks3 has no
// such API.
type GCStatus struct {
	Offered bool     `json:"offered"`
	State   string   `json:"state,omitempty"` // running, succeeded, failed
	Phase   string   `json:"phase,omitempty"` // cleanup_pending_uploads, cleanup_old_closures, cleanup_orphan_objects, vacuum_tables
	Policy  GCPolicy `json:"policy,omitzero"`
	Counts  GCCounts `json:"counts,omitzero"`
	Error   string   `json:"error,omitempty"` // its beginning: niks3 repeats it for every attempt

	Started  time.Time `json:"started,omitzero"`
	Updated  time.Time `json:"updated,omitzero"`
	Finished time.Time `json:"finished,omitzero"` // zero while it is running
}

// The states of a garbage collection.
const (
	GCRunning   = "running"
	GCSucceeded = "succeeded"
	GCFailed    = "failed"
)

// GCPolicy is what a garbage collection is asked for. The ages are Go
// durations ("720h"; niks3 knows no days). Two requests are the same to niks3
// where the texts are the same: "720h" is not "720h0m0s".
type GCPolicy struct {
	OlderThan        string `json:"older_than"`                   // of what was pushed
	UploadsOlderThan string `json:"uploads_older_than,omitempty"` // of uploads that did not end, and the grace of marked objects; empty: niks3's 6h
	Force            bool   `json:"force,omitempty"`              // without the grace: what is being pushed may go too
}

// GCCounts is what a garbage collection did. Uploads, Closures and Marked are
// numbers of things. Deletions and Failures are not: niks3 takes an object that
// is to go again and again until a thousand were gone, so that four objects
// make 3004 deletions. They tell that something happened, and no more.
type GCCounts struct {
	Uploads   int64 `json:"uploads"`   // failed ones that were dropped
	Closures  int64 `json:"closures"`  // older ones that were dropped
	Marked    int64 `json:"marked"`    // objects that go after the grace
	Deletions int64 `json:"deletions"` // attempts that S3 took
	Failures  int64 `json:"failures"`  // attempts that S3 refused
}

// Niks3Config is what niks3 tells Nix clients (niks3 api/types.go, CacheConfig).
type Niks3Config struct {
	Substituter string   `json:"substituter,omitempty"` // empty where niks3 was not told its public address
	PublicKeys  []string `json:"public_keys"`           // "NAME:BASE64"; empty where it signs nothing
	Audience    string   `json:"audience,omitempty"`    // of OIDC tokens
}

// CacheStats is what niks3 knows of the cache's size.
type CacheStats struct {
	Objects      int64 `json:"objects"`
	LogicalBytes int64 `json:"logical_bytes"` // before compression
}

// Niks3Metrics is what niks3 tells Prometheus (niks3 server/metrics.go), the
// part that is shown. The cache's figures are up to a minute old, the others
// count since niks3 started.
type Niks3Metrics struct {
	Cache          CacheStats `json:"cache"`
	PendingUploads int64      `json:"pending_uploads"` // closures being pushed, or left behind
	DBInUse        int64      `json:"db_in_use"`       // connections
	DBMax          int64      `json:"db_max"`
	InFlight       int64      `json:"in_flight"`      // requests
	Requests       int64      `json:"requests"`       // answered
	RequestErrors  int64      `json:"request_errors"` // answered with 5xx
	GCSucceeded    int64      `json:"gc_succeeded"`   // runs
	GCFailed       int64      `json:"gc_failed"`
	GCDeletions    int64      `json:"gc_deletions"` // attempts, as GCCounts.Deletions
	GCSeconds      float64    `json:"gc_seconds"`   // of all runs together
	GCLast         time.Time  `json:"gc_last,omitzero"`
}

// Pin keeps a closure from being collected.
type Pin struct {
	Name      string    `json:"name"`
	StorePath string    `json:"store_path"`
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
}

// What depends on niks3's version.
const (
	Niks3GCStatus = "the state of the collection"
	Niks3Keys     = "its public keys"
	Niks3Pins     = "pins"
	Niks3Stats    = "the size of the cache"
	Niks3Measures = "metrics"
)

// Niks3Needs is the sentence for what this niks3 does not offer: "not offered
// by this niks3 (needs newer than v1.7.0)". It is no failure, and not to be
// shown as one.
func Niks3Needs(what string) string {
	since := map[string]string{
		Niks3GCStatus: "v1.5.0", Niks3Keys: "v1.5.0", Niks3Pins: "v1.7.0",
		Niks3Stats: "newer than v1.7.0", Niks3Measures: "newer than v1.7.0",
	}[what]
	return "not offered by this niks3 (needs " + since + ")"
}
