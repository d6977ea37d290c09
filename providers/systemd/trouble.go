package systemd

import (
	"bytes"
	"context"
	"time"

	"github.com/nixwright/nixwright/state/live"
)

// When the log of a unit that fails is read: no more often than that, and its
// last error is history once it stayed up for so long.
const (
	troubleRest = 5 * time.Second
	calm        = 10 * time.Minute
)

// trouble is what is known of a unit that fails.
type trouble struct {
	restarts int
	rose     time.Time // when it was last seen to have been started again
	failed   time.Time // since when it was failed, as of the last reading
	read     time.Time // when its log was read; zero: never
	stale    bool      // it has failed again since
	text     string    // the line that names the cause
	at       time.Time
}

// explained are the units, those that fail with the line that says why.
func (w *watcher) explained(ctx context.Context, all []seen, now time.Time) (live.News, error) {
	out := make(live.Units, 0, len(all))
	for _, u := range all {
		one := live.Unit{Unit: u.Unit, Since: u.since}
		t := w.faults[u.Name]
		if t == nil {
			t = &trouble{restarts: u.Restarts, stale: true}
			w.faults[u.Name] = t
		}
		if t.see(u, now) {
			if t.stale && now.Sub(t.read) >= troubleRest {
				if err := w.why(ctx, u.Name, t); err != nil {
					return nil, err
				}
				t.read, t.stale = now, false
			}
			one.LastError, one.ErrorAt = t.text, t.at
		}
		out = append(out, one)
	}
	return live.Tell[live.Units]{Value: out}, nil
}

// see says whether the unit fails, or did so lately.
func (t *trouble) see(u seen, now time.Time) bool {
	if u.Restarts > t.restarts {
		t.rose, t.stale = now, true
	}
	t.restarts = u.Restarts
	if u.Active == "failed" && !u.since.Equal(t.failed) {
		t.failed, t.stale = u.since, true
	}
	return u.Active == "failed" || u.Sub == "auto-restart" || !t.rose.IsZero() && now.Sub(t.rose) < calm
}

// why reads a unit's last error.
func (w *watcher) why(ctx context.Context, unit string, t *trouble) error {
	var out bytes.Buffer
	if err := w.shell.Sh(ctx, "read log of "+unit, logScript(unit), head{&out}); err != nil {
		return err
	}
	var log []entry
	log, w.denied = entries(out.String())
	t.text, t.at = fault(log)
	return nil
}
