package steps

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
)

// LookAgain is the pause before a blocked step is looked at again while the
// engine has Patience.
const LookAgain = 10 * time.Second

// errAgain is why a pause was cut: a person wants the step tried now.
var errAgain = errors.New("a person wants it tried now")

// pauses are the waits of steps that a person may cut, by step.
type pauses struct {
	mu     sync.Mutex
	open   map[string]*pause
	early  bool            // the run still looks: its pauses are to come
	wanted map[string]bool // steps that were to be tried again meanwhile
}

// looking says whether the run still looks at the world.
func (p *pauses) looking(early bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.early = early; early {
		p.wanted = map[string]bool{}
	}
}

type pause struct {
	cut   context.CancelCauseFunc
	asked bool // it is an open question: there is nothing to try again
}

// begin opens a pause of a step; its context ends with ctx, with cut or with
// end, which must be called.
func (p *pauses) begin(ctx context.Context, id string, asked bool) (paused context.Context, end func()) {
	paused, cut := context.WithCancelCause(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[string]*pause{}
	}
	one := &pause{cut, asked}
	p.open[id] = one
	if !asked && p.wanted[id] {
		delete(p.wanted, id)
		cut(errAgain)
	}
	return paused, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open[id] == one {
			delete(p.open, id)
		}
		cut(nil)
	}
}

func (p *pauses) cut(id string, why error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, ok := p.open[id]
	if !ok && p.early && errors.Is(why, errAgain) {
		p.wanted[id] = true
		return true
	}
	if !ok || one.asked && errors.Is(why, errAgain) {
		return false
	}
	delete(p.open, id)
	one.cut(why)
	return true
}

// Again has a step that is blocked, failed or was skipped tried now, while
// Setup runs with Patience; it may be called from anywhere, also from Emit. What
// the run still looks at is tried as soon as the look is over.
// false: there is no such step at this moment.
func (e *Engine) Again(id string) bool { return e.pauses.cut(id, errAgain) }

// Skip gives up, for this run, what is open of a step: its question, which
// ends as one that nobody answered; or, where the step is blocked or failed,
// the Patience for it. Its status stays, and Again brings it back as long as
// the run lasts. false: nothing is open.
func (e *Engine) Skip(id string) bool { return e.pauses.cut(id, state.ErrNoAnswer) }

// hold keeps a step that ended as something that only a person can mend: as
// held, which keeps the run going, or as resting, which does not.
func (w *work) hold(ctx context.Context, i int) {
	row := w.rows[i]
	stuck := row.Status() == Blocked || row.Status() == Failed
	if w.e.Patience <= 0 || ctx.Err() != nil || !w.e.wanted(row.Info.ID) || !stuck && row.Question == nil {
		return
	}
	paused, end := w.e.pauses.begin(ctx, row.Info.ID, false)
	if !stuck {
		w.rest(i, paused, end)
		return
	}
	w.state[i] = held
	go func() {
		to := w.mended(paused, row, i)
		end()
		w.send(message{i: i, to: to})
	}()
}

// rest waits, as long as the run lasts, for a person to want the step again.
func (w *work) rest(i int, paused context.Context, end func()) {
	w.state[i] = resting
	go func() {
		select {
		case <-paused.Done():
		case <-w.over:
		}
		end()
		if errors.Is(context.Cause(paused), errAgain) {
			w.send(message{i: i, to: idle})
		}
	}()
}

// mended looks at a held step until it differs from what held it: idle, so
// that it is worked on again; or until a person gave it up, or the Patience is
// over: resting. One that failed waits for a person.
func (w *work) mended(paused context.Context, row Row, i int) taskState {
	clock := w.e.Clock
	deadline := clock.Now().Add(w.e.Patience)
	for {
		left := deadline.Sub(clock.Now())
		if left <= 0 {
			return resting
		}
		if row.Status() == Blocked {
			left = min(left, LookAgain)
		}
		if clock.Sleep(paused, left) != nil || paused.Err() != nil {
			if errors.Is(context.Cause(paused), errAgain) {
				return idle
			}
			return resting
		}
		if row.Status() != Blocked {
			continue
		}
		if seen := w.peek(paused, i); paused.Err() == nil && row.differs(seen) {
			return idle
		}
	}
}

// differs says whether a look at a blocked step shows something else than
// blocked it. Where Apply or Probe was refused, that is another status than
// the one which Detect gave before: what was refused is not tried again by
// itself. A look that failed shows nothing.
func (r Row) differs(seen Row) bool {
	switch {
	case seen.Status() == Failed:
		return false
	case r.before != "":
		return seen.Status() != r.before
	}
	return seen.Status() != Blocked || !slices.Equal(seen.Finding.Problems, r.Finding.Problems) || seen.Finding.Hint != r.Finding.Hint
}

// kept says whether the step could not be looked at, or not be applied, for
// want of what others give.
func (r Row) kept() bool {
	return r.Status() == Unknown || r.Status() == Waiting && r.Info.Until != "" && r.Finding.Hint == r.Info.Until
}
