package console

import (
	"context"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/logview"
)

// Desk is what the console asks for on a key. All methods are called by
// commands and end with their context; errors are what the user reads, a
// *state.Problem where there is a cause and a fix.
type Desk interface { //nolint:interfacebloat // it is all that keys can ask for
	// Steps are the steps of a build with their logs, in their order.
	Steps(ctx context.Context, build int64) ([]Step, error)
	// Log is where the lines of a log are read; nothing is asked yet.
	Log(l state.BuildLog) logview.Source
	// Follow tells how long a log is by now, each time that it grew, until it
	// is complete.
	Follow(ctx context.Context, l state.BuildLog, grown func(logview.Size)) error
	// Save writes a log to a file, cleaned of nothing, and says which.
	Save(ctx context.Context, l state.BuildLog, name string) (path string, err error)
	// Unit tells the journal of a unit, raw, from its last lines on, until ctx
	// ends.
	Unit(ctx context.Context, unit string, lines func(raw []byte)) error
	// Open opens an address in a browser.
	Open(ctx context.Context, url string) error
	// BuildURL is where a browser shows a build; empty where there is no such
	// address.
	BuildURL(build int64) string
	// Look looks at the checklist again; its result comes with a Snapshot.
	Look(ctx context.Context) error
	// Check looks at the cache again: at niks3, and at the newest path as
	// clients read it; its result comes with a Snapshot.
	Check(ctx context.Context) error
	// Count lists the bucket, which costs one billed call for a thousand
	// objects; its result comes with a Snapshot.
	Count(ctx context.Context) error

	// Actions. Each is journaled by the Desk before it is done; said is what
	// came of it, in a few words.
	Restart(ctx context.Context, build int64) (said string, err error)
	Stop(ctx context.Context, build int64) (said string, err error)
	Collect(ctx context.Context) (said string, err error)
}

// Step is a step of a build with its logs.
type Step struct {
	state.BuildStep

	Logs []state.BuildLog
}
