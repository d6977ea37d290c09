package live

import (
	"time"

	"github.com/nixwright/nixwright/state"
)

// Update is one thing that a source tells. What is in it is never changed
// afterwards, by nobody: snapshots keep it.
type Update struct {
	Source string    // who tells it; Supervise fills it in
	At     time.Time // when it was learned; Supervise fills it in
	News   News
}

// News is what an Update can tell: Link, the rows of a table (Builders, Builds,
// Steps, Requests, Workers, Changes, Deliveries), Served, or Tell of a figure.
type News interface {
	// place is what a later update of the same source makes needless, nil
	// where each one must be told.
	place() any
}

// Resync says that rows are all there are, and when reading them began. What
// the snapshot has besides and was told before Since is gone; what was told
// later is newer than the rows and stays.
type Resync struct {
	Since time.Time
	// From is the smallest id that was read; what is below is left alone. Of
	// builds the rows must have every running one as well: one that is not
	// among them ended while nobody looked.
	From int64
}

// Rows are rows of a table, some (Resync nil) or all of them.
type Rows[T any] struct {
	All    []T
	Resync *Resync
}

// The rows of the tables. A row that is told again replaces the one with its
// id, but what is done stays done, and of a build what is empty stays as known.
type (
	// Builders are builders of buildbot.
	Builders Rows[state.Builder]
	// Builds are builds.
	Builds Rows[Build]
	// Requests are builds that were asked for.
	Requests Rows[state.BuildRequest]
	// Workers are workers, buildbot's own Janitor too.
	Workers Rows[state.BuildWorker]
	// Changes are changes of repositories.
	Changes Rows[state.BuildChange]
	// Deliveries are deliveries of webhooks.
	Deliveries Rows[Delivery]
	// Steps are steps of builds. A Resync is not looked at: a step is never
	// taken back.
	Steps Rows[state.BuildStep]
)

// Served is what a look for a build's output in the cache found.
type Served struct {
	Build int64
	Found bool
}

// Link is whether a source works. Sources may tell it themselves to say how
// they are connected; Supervise tells when they come and go.
type Link struct {
	Up    bool      `json:"up"`
	Via   string    `json:"via,omitempty"`   // how: WebSocket, SSE, polling, D-Bus, ssh
	Err   string    `json:"err,omitempty"`   // why it is down
	Since time.Time `json:"since,omitzero"`  // up or down since
	Retry time.Time `json:"retry,omitzero"`  // down: when it is tried again
	Count int       `json:"count,omitempty"` // down: how often it was tried
	Note  string    `json:"note,omitempty"`  // up, and not all of it: "no Cloudflare token here: size from niks3"
}

// Tell says what a figure is now, whole.
type Tell[T Figure] struct{ Value T }

// Figure is a part of the snapshot that is told whole every time.
type Figure interface {
	Health | state.Niks3Config | state.GCStatus | state.Niks3Metrics | Pins | Size | Traffic | Paths | Uploads |
		Hooks | GitHub | Host | Units | Timers | Disks | Memory | Sockets | Certificates | Checklist
}

func (Link) place() any       { return nil }
func (Builders) place() any   { return nil }
func (Requests) place() any   { return nil }
func (Workers) place() any    { return nil }
func (Changes) place() any    { return nil }
func (Deliveries) place() any { return nil }

func (n Served) place() any { return n }

// buildPlace is the place of what a build says while it runs, stepPlace that of
// a step.
type (
	buildPlace int64
	stepPlace  int64
)

func (n Builds) place() any {
	if n.Resync != nil || len(n.All) != 1 || n.All[0].Done {
		return nil
	}
	return buildPlace(n.All[0].ID)
}

func (n Steps) place() any {
	if n.Resync != nil || len(n.All) != 1 || n.All[0].Done {
		return nil
	}
	return stepPlace(n.All[0].ID)
}

// sizePlace is the place of a size by who told it.
type sizePlace SizeFrom

func (n Tell[T]) place() any {
	if size, is := any(n.Value).(Size); is {
		return sizePlace(size.From)
	}
	return (*T)(nil)
}
