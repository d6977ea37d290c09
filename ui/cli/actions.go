package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// kindAction is the kind of an event that is no part of a run: something was
// done to a running CI.
const kindAction steps.EventKind = "action"

// actions are what is done to a running CI. Each is in the journal, on disk,
// before it is done, and again with what came of it.
type actions struct {
	station *station
	journal *state.Journal
	run     string

	mu  sync.Mutex
	seq int
}

func newActions(s *station) *actions {
	return &actions{station: s, journal: state.NewJournal(s.l.dir), run: fmt.Sprintf("%x", time.Now().UnixMilli())}
}

func (a *actions) close() { _ = a.journal.Close() }

// do is one action, with its two lines. Without the first on disk it is not done.
func (a *actions) do(what string, act func() (said string, err error)) (string, error) {
	e := steps.Event{At: time.Now().UTC(), Run: a.run, Kind: kindAction, Text: what}
	if err := a.write(e); err != nil {
		return "", state.Problem{What: what + ": not done", Why: err.Error(), Fix: "every action is in the journal: see that " + a.station.l.dir.Own("") + " can be written"}
	}
	said, err := act()
	e.At, e.Status, e.Text = time.Now().UTC(), steps.Ready, what+": "+said
	if err != nil {
		e.Status, e.Text, e.Err = steps.Failed, what, err.Error()
	}
	_ = a.write(e)
	return said, err
}

func (a *actions) write(e steps.Event) error {
	if err := a.station.l.dir.MakeOwn(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seq++
	e.Seq = a.seq
	return a.journal.Append(e, true)
}

func (a *actions) restart(ctx context.Context, build int64) (string, error) {
	return a.do(fmt.Sprintf("restart build %d", build), func() (string, error) {
		request, err := a.station.Restart(ctx, build)
		return fmt.Sprintf("asked for as request %d", request), err
	})
}

func (a *actions) stop(ctx context.Context, build int64) (string, error) {
	return a.do(fmt.Sprintf("stop build %d", build), func() (string, error) {
		return "it will be cancelled", a.station.Stop(ctx, build)
	})
}

func (a *actions) collect(ctx context.Context) (string, error) {
	return a.do("run garbage collection", func() (string, error) {
		now, err := a.station.Collect(ctx)
		return "it is " + now.State, err
	})
}
