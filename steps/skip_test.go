package steps_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

// asking is a step that asks a person and makes its thing with the answer, one
// that waits for it, and another that does not.
func asking(t *testing.T, q state.Question, more ...steps.Step) (*steps.Engine, *stepstest.World) {
	t.Helper()
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	ask := &stepstest.Thing{Is: steps.Info{ID: "ask", Gives: refs("x")}, World: w, Power: p}
	ask.Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, o steps.Out) error {
		if _, err := o.Ask(ctx, q); err != nil {
			return err
		}
		return w.Make("ask")
	}
	after := &stepstest.Thing{Is: steps.Info{ID: "after", After: refs("x")}, World: w, Power: p}
	other := &stepstest.Thing{Is: steps.Info{ID: "other"}, World: w, Power: p}
	e, _ := engine(t, append([]steps.Step{ask, after, other}, more...))
	e.Clock, e.Patience = steps.RealClock(), time.Hour
	return e, w
}

func TestAQuestionIsSkipped(t *testing.T) {
	for name, q := range map[string]state.Question{
		"a click, which reads nothing": {Key: "k", Kind: state.KindClick, Then: "later", Done: func(context.Context) (bool, error) { return false, nil }},
		"a page":                       {Key: "k", Kind: state.KindPage, Then: "later"},
		"a line":                       {Key: "k", Kind: state.KindText, Then: "later"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, w := asking(t, q)
				e.Ask = steps.NewPeople(steps.People{Browser: noBrowser{}, Wait: time.Hour, Clock: e.Clock, Read: silent}).Ask
				r, took := during(t, e, func(func()) {
					time.Sleep(time.Minute)
					if e.Again("ask") || !e.Skip("ask") {
						t.Error("an open question is skipped, and not tried again")
					}
				})
				if statuses(r) != "ask=waiting after=unknown other=ready" || took != time.Minute || w.Count("other") != 1 {
					t.Errorf("%s after %s", statuses(r), took)
				}
				if row := r.Rows[0]; row.Question == nil || row.Finding.Hint != "later" || !row.ForPerson() {
					t.Errorf("row %+v", row)
				}
			})
		})
	}
}

// TestASkippedStepIsTakenUpAgain, while another one keeps the run going.
func TestASkippedStepIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clicked, slow atomic.Bool
		blocked := &stepstest.Thing{Is: steps.Info{ID: "slow"}, Power: &stepstest.Power{}}
		blocked.Look = func(context.Context, state.Facts) (steps.Finding, error) {
			if slow.Load() {
				return steps.Finding{Status: steps.Ready}, nil
			}
			return steps.Finding{Status: steps.Blocked}, nil
		}
		click := state.Question{Key: "k", Kind: state.KindClick, Done: func(context.Context) (bool, error) { return clicked.Load(), nil }}
		e, _ := asking(t, click, blocked)
		e.Ask = steps.NewPeople(steps.People{Browser: noBrowser{}, Wait: time.Hour, Clock: e.Clock}).Ask
		r, _ := during(t, e, func(func()) {
			time.Sleep(time.Second)
			e.Skip("ask")
			time.Sleep(time.Second)
			if !e.Again("ask") {
				t.Error("not heard")
			}
			clicked.Store(true)
			time.Sleep(time.Minute)
			slow.Store(true)
		})
		if got := statuses(r); got != "ask=ready after=ready other=ready slow=ready" {
			t.Errorf("got %s", got)
		}
	})
}

// TestAQuestionThatWaitsForItsTurnIsSkipped, and the one before it stays open.
func TestAQuestionThatWaitsForItsTurnIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clicked atomic.Bool
		second := &stepstest.Thing{Is: steps.Info{ID: "second"}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
		second.Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, o steps.Out) error {
			_, err := o.Ask(ctx, state.Question{Key: "k2", Kind: state.KindPage})
			return err
		}
		click := state.Question{Key: "k", Kind: state.KindClick, Done: func(context.Context) (bool, error) { return clicked.Load(), nil }}
		e, _ := asking(t, click, second)
		e.Ask = steps.NewPeople(steps.People{Browser: noBrowser{}, Wait: time.Hour, Clock: e.Clock}).Ask
		r, _ := during(t, e, func(func()) {
			time.Sleep(time.Minute)
			if !e.Skip("second") {
				t.Error("not heard")
			}
			time.Sleep(time.Minute)
			clicked.Store(true)
		})
		if got := statuses(r); got != "ask=ready after=ready other=ready second=waiting" || r.Rows[3].Question == nil {
			t.Errorf("got %s", got)
		}
	})
}

// TestAnInterruptIsNoSkip: the step is not told as one that nobody answered.
func TestAnInterruptIsNoSkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := asking(t, state.Question{Key: "k", Kind: state.KindText})
		e.Ask = steps.NewPeople(steps.People{Browser: noBrowser{}, Wait: time.Hour, Clock: e.Clock, Read: silent}).Ask
		r, took := during(t, e, func(cancel func()) {
			time.Sleep(time.Minute)
			cancel()
		})
		if row := r.Rows[0]; row.Question != nil || row.Finding.Hint != "interrupted" || took != time.Minute {
			t.Errorf("row %+v after %s", row, took)
		}
	})
}

// TestWhatIsSaidFromASinkIsHeard: a screen may answer an event at once.
func TestWhatIsSaidFromASinkIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := asking(t, state.Question{Key: "k", Kind: state.KindText})
		e.Emit = func(ev steps.Event) {
			if ev.Kind == steps.KindQuestion && !e.Skip(ev.Step) {
				t.Error("not heard")
			}
		}
		e.Ask = func(ctx context.Context, _ state.Question) (state.Answer, error) {
			<-ctx.Done()
			return state.Answer{}, ctx.Err()
		}
		if got := statuses(e.Setup(t.Context())); !strings.HasPrefix(got, "ask=waiting") {
			t.Errorf("got %s", got)
		}
	})
}

// noBrowser shows nothing and hears nothing.
type noBrowser struct{}

func (noBrowser) Serve(string, *state.Form) <-chan state.Secret { return nil }
func (noBrowser) Save(string, *state.Form) error                { return nil }
func (noBrowser) Open(context.Context, string) error            { return nil }

// silent is a person who types nothing.
func silent(ctx context.Context, _ state.Question) (state.Secret, error) {
	<-ctx.Done()
	return state.Secret{}, ctx.Err()
}
