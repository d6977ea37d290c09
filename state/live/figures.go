package live

import (
	"time"

	"github.com/nixwright/nixwright/state"
)

// The figures that are told whole. Sizes are bytes; 0 is "not told" where
// nothing else is said.

// Health is whether niks3 answers (GET /health says nothing of database or S3).
type Health struct {
	OK   bool   `json:"ok"`
	Text string `json:"text,omitempty"` // why not
}

// Pins are what the cache keeps from collection.
type Pins []state.Pin

// SizeFrom is who told the cache's size, the best first.
type SizeFrom uint8

// The sources of a size: niks3's cache-stats or metrics, Cloudflare's GraphQL,
// its account-wide /r2/metrics, a listing of the bucket.
const (
	FromNiks3 SizeFrom = iota
	FromGraphQL
	FromR2
	FromListing
	sizesFrom
)

// String is the source's word.
func (f SizeFrom) String() string {
	return []string{"niks3", "cloudflare", "r2-metrics", "listing"}[f]
}

// MarshalText implements encoding.TextMarshaler.
func (f SizeFrom) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Size is how large the cache is.
type Size struct {
	From    SizeFrom `json:"from"`
	Objects int64    `json:"objects"`
	Logical int64    `json:"logical_bytes,omitempty"` // before compression
	Stored  int64    `json:"stored_bytes,omitempty"`
}

// Traffic is what clients asked the cache for from a time on (Cloudflare's
// GraphQL), by R2's classes of requests and by what the edge made of them.
type Traffic struct {
	From     time.Time `json:"from"`
	ClassA   int64     `json:"class_a"`
	ClassB   int64     `json:"class_b"`
	Hits     int64     `json:"hits"`
	Misses   int64     `json:"misses"`
	NotFound int64     `json:"not_found"`
}

// Paths are the newest store paths, the newest first, as clients see them.
type Paths []PathCheck

// PathCheck is a store path read back from the cache.
type PathCheck struct {
	Path    string         `json:"path"`
	Build   int64          `json:"build,omitempty"`
	Bytes   int64          `json:"bytes,omitempty"`
	Found   bool           `json:"found"`
	Narinfo *state.Narinfo `json:"narinfo,omitempty"`
	At      time.Time      `json:"at"`
}

// Uploads is what went to the cache.
type Uploads struct {
	Pending     int64         `json:"pending"`
	Oldest      time.Time     `json:"oldest,omitzero"` // pending since
	Last        time.Time     `json:"last,omitzero"`
	LastBytes   int64         `json:"last_bytes,omitempty"`
	LastTook    time.Duration `json:"last_took_ns,omitempty"`
	FailedToday int64         `json:"failed_today"`
}

// Hooks are the webhooks that are on.
type Hooks struct {
	App   string     `json:"app,omitempty"` // address of the App's own; empty: off
	Repos []RepoHook `json:"repos"`
}

// RepoHook is a webhook of a repository.
type RepoHook struct {
	state.Hook

	Repo string `json:"repo"`
}

// Delivery is a delivery of a webhook.
type Delivery struct {
	state.Delivery

	Repo string        `json:"repo,omitempty"`
	App  bool          `json:"app"` // through the App's own hook
	Took time.Duration `json:"took_ns"`
}

// GitHub is the App and what may be asked of GitHub.
type GitHub struct {
	Slug      string            `json:"slug"`
	Lacks     map[string]string `json:"lacks,omitempty"`     // permissions that the App needs and lacks, with the level
	Unsettled map[string]string `json:"unsettled,omitempty"` // that the App has and an installation did not accept
	Absent    []string          `json:"absent,omitempty"`    // repositories that it is not installed on
	Page      string            `json:"page,omitempty"`      // where permissions are changed
	Limit     int               `json:"rate_limit"`          // requests an hour
	Left      int               `json:"rate_left"`
	Reset     time.Time         `json:"rate_reset,omitzero"`
	Calls     int               `json:"calls_last_hour"` // of ours
	Posted    int               `json:"statuses_posted"`
	Refused   int               `json:"statuses_refused"`
}

// Host is the machine.
type Host struct {
	Name  string    `json:"name"`
	Boot  time.Time `json:"boot,omitzero"`
	Store int64     `json:"store_bytes,omitempty"` // of /nix/store
}

// Units are the units of the set-up.
type Units []Unit

// Unit is a unit with what systemd and its journal say besides.
type Unit struct {
	state.Unit

	Since     time.Time `json:"since,omitzero"`       // in this state
	LastError string    `json:"last_error,omitempty"` // the line that names the cause
	ErrorAt   time.Time `json:"error_at,omitzero"`
	// Streak is how often it was started again since Rose was last quiet for
	// ten minutes; Reduce counts.
	Streak int       `json:"streak,omitempty"`
	Rose   time.Time `json:"rose,omitzero"` // when Restarts was last seen to rise
}

// Timers are the timers of the set-up.
type Timers []state.Timer

// Disks are the file systems that matter, the one of /nix/store first.
type Disks []Disk

// Disk is a file system.
type Disk struct {
	Mount      string `json:"mount"`
	Bytes      int64  `json:"bytes"`
	Used       int64  `json:"used_bytes"`
	Inodes     int64  `json:"inodes"` // 0: it has no fixed number (btrfs)
	InodesUsed int64  `json:"inodes_used"`
}

// Memory is the host's memory.
type Memory struct {
	Bytes    int64     `json:"bytes"`
	Used     int64     `json:"used_bytes"`
	Kills    int       `json:"kills"` // by the kernel for memory, in 30 days
	LastKill time.Time `json:"last_kill,omitzero"`
	Killed   string    `json:"killed,omitempty"` // what was last killed
}

// Sockets are what listens.
type Sockets []Socket

// Socket is a listening socket.
type Socket struct {
	Address string `json:"address"` // 127.0.0.1:8010
	Program string `json:"program,omitempty"`
}

// Certificates are those that the host serves.
type Certificates []Certificate

// Certificate is a TLS certificate.
type Certificate struct {
	Name string    `json:"name"`
	Ends time.Time `json:"ends"`
}

// Checklist is the fifteen lines, and what else was found.
type Checklist []Line

// Line is a line of the checklist. Number 0 is a finding besides them. Status
// is a status of the vocabulary: ready, missing, blocked, ...
type Line struct {
	Number   int             `json:"number,omitempty"`
	Step     string          `json:"step"`
	Title    string          `json:"title"`
	Status   string          `json:"status"`
	Text     string          `json:"text,omitempty"`
	Problems []state.Problem `json:"problems,omitempty"`
}

// True says whether the line is: ready or not needed.
func (l Line) True() bool { return l.Status == "ready" || l.Status == "not-needed" }
