package steps_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

// outside is something that a person mends elsewhere.
type outside struct {
	mended atomic.Bool
	looks  atomic.Int64
}

// patient is a chain c, a, b, where b waits for a and c for b; a is blocked
// until the outside is mended.
func patient(t *testing.T, out *outside) (e *steps.Engine, w *stepstest.World, said func() []string) {
	t.Helper()
	w = stepstest.NewWorld()
	list := chain(w, &stepstest.Power{})
	list[1].(*stepstest.Thing).Look = func(context.Context, state.Facts) (steps.Finding, error) {
		out.looks.Add(1)
		switch {
		case !out.mended.Load():
			return steps.Finding{}, state.Problem{What: "it is not switched on"}
		case w.Count("a") == 0:
			return steps.Finding{Status: steps.Missing}, nil
		}
		return steps.Finding{Status: steps.Ready}, nil
	}
	e, said = engine(t, list)
	e.Clock, e.Patience = steps.RealClock(), time.Hour
	return e, w, said
}

// during runs a setup and, beside it, what a person does.
func during(t *testing.T, e *steps.Engine, person func(cancel func())) (steps.Report, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begin := time.Now()
	go person(cancel)
	r := e.Setup(ctx)
	return r, time.Since(begin)
}

func TestBlockedIsLookedAtUntilMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out outside
		e, _, said := patient(t, &out)
		r, took := during(t, e, func(func()) {
			time.Sleep(35 * time.Second)
			out.mended.Store(true)
		})
		if got := statuses(r); got != "c=ready a=ready b=ready" || took != 40*time.Second {
			t.Errorf("got %s after %s; said %v", got, took, said())
		}
		told := 0
		for _, s := range said() {
			if s == "step a blocked" {
				told++
			}
		}
		if told != 1 {
			t.Errorf("that it is blocked was told %d times: %v", told, said())
		}
	})
}

func TestABlockedStepIsTriedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out outside
		e, _, _ := patient(t, &out)
		r, took := during(t, e, func(func()) {
			time.Sleep(3 * time.Second)
			out.mended.Store(true)
			if e.Again("b") || e.Again("none") || !e.Again("a") {
				t.Error("a, and a alone, is to be tried again")
			}
		})
		if got := statuses(r); got != "c=ready a=ready b=ready" || took != 3*time.Second {
			t.Errorf("got %s after %s", got, took)
		}
		if e.Again("a") || e.Skip("a") {
			t.Error("heard when no run is on")
		}
	})
}

// What a person has mended while the run still looked is tried right after.
func TestAStepIsTriedAgainThatIsStillLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out outside
		list := chain(stepstest.NewWorld(), &stepstest.Power{})
		list[1].(*stepstest.Thing).Look = func(context.Context, state.Facts) (steps.Finding, error) {
			if out.mended.Load() {
				return steps.Finding{Status: steps.Ready}, nil
			}
			time.Sleep(5 * time.Second)
			return steps.Finding{}, state.Problem{What: "it is not switched on"}
		}
		e, _ := engine(t, list)
		e.Clock, e.Patience = steps.RealClock(), time.Hour
		r, took := during(t, e, func(func()) {
			time.Sleep(2 * time.Second)
			out.mended.Store(true)
			if !e.Again("a") {
				t.Error("it is not tried again")
			}
		})
		if got := statuses(r); got != "c=ready a=ready b=ready" || took != 5*time.Second {
			t.Errorf("got %s after %s", got, took)
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out outside
		e, _, _ := patient(t, &out)
		r, took := during(t, e, func(func()) {})
		if got := statuses(r); got != "c=unknown a=blocked b=unknown" || took != time.Hour || out.looks.Load() > 362 {
			t.Errorf("got %s after %s and %d looks", got, took, out.looks.Load())
		}
		e.Patience = 0
		out.looks.Store(0)
		if _, took := during(t, e, func(func()) {}); took != 0 || out.looks.Load() != 1 {
			t.Errorf("without patience: %s, %d looks", took, out.looks.Load())
		}
	})
}

func TestABlockedStepIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out outside
		e, _, _ := patient(t, &out)
		r, took := during(t, e, func(func()) {
			time.Sleep(time.Second)
			if !e.Skip("a") {
				t.Error("not heard")
			}
		})
		if got := statuses(r); got != "c=unknown a=blocked b=unknown" || took != time.Second {
			t.Errorf("got %s after %s", got, took)
		}
	})
}

func TestAnInterruptEndsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out outside
		e, w, _ := patient(t, &out)
		r, took := during(t, e, func(cancel func()) {
			time.Sleep(time.Minute + time.Second)
			out.mended.Store(true)
			cancel()
		})
		if got := statuses(r); got != "c=unknown a=blocked b=unknown" || took != 61*time.Second || !r.Interrupted || w.Count("a") != 0 {
			t.Errorf("got %s after %s, %+v", got, took, r.Outcome())
		}
	})
}

// TestALookThatFailsMendsNothing is a network that goes away while a step is
// blocked.
func TestALookThatFailsMendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
		s.Look = func(context.Context, state.Facts) (steps.Finding, error) {
			switch s.Looked {
			case 1, 4:
				return steps.Finding{Status: steps.Blocked, Hint: "open the page"}, nil
			case 2, 3:
				return steps.Finding{}, errors.New("no network")
			}
			return steps.Finding{Status: steps.Ready}, nil
		}
		e, said := engine(t, []steps.Step{s})
		e.Clock, e.Patience = steps.RealClock(), time.Hour
		if r := e.Setup(t.Context()); statuses(r) != "a=ready" || slices.Contains(said(), "step a failed") {
			t.Errorf("got %s, said %v", statuses(r), said())
		}
	})
}

// TestARefusedApplyIsTriedByAPersonOnly: what Apply was refused is not asked
// for every ten seconds, but a look that finds it there goes on.
func TestARefusedApplyIsTriedByAPersonOnly(t *testing.T) {
	for name, tc := range map[string]struct {
		err     error
		again   bool
		tries   int
		took    time.Duration
		becomes string
	}{
		"blocked, made elsewhere": {state.Problem{What: "taken"}, false, 1, 30 * time.Second, "ready"},
		"blocked, tried again":    {state.Problem{What: "taken"}, true, 2, 25 * time.Second, "ready"},
		"failed, tried again":     {errors.New("no"), true, 2, 25 * time.Second, "ready"},
		"failed, made elsewhere":  {errors.New("no"), false, 1, time.Hour, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, tries := stepstest.NewWorld(), 0
				s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: &stepstest.Power{}}
				s.Do = func(context.Context, state.Facts, steps.Finding, steps.Out) error {
					if tries++; tries == 1 {
						return tc.err
					}
					return w.Make("a")
				}
				e, _ := engine(t, []steps.Step{s})
				e.Clock, e.Patience = steps.RealClock(), time.Hour
				r, took := during(t, e, func(func()) {
					time.Sleep(25 * time.Second)
					if !tc.again {
						_ = w.Make("a")
					} else if !e.Again("a") {
						t.Error("not heard")
					}
				})
				if statuses(r) != "a="+tc.becomes || took != tc.took || tries != tc.tries {
					t.Errorf("%s after %s and %d tries", statuses(r), took, tries)
				}
			})
		})
	}
}

// TestAProbeIsNotForgotten: what was refused by a probe is exercised again
// before it counts as true.
func TestAProbeIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		thing := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
		s := &prober{Thing: thing, err: state.Problem{ID: "F22", What: "too wide"}}
		e, _ := engine(t, []steps.Step{s})
		e.Clock, e.Patience = steps.RealClock(), time.Hour
		r, took := during(t, e, func(func()) {
			time.Sleep(time.Minute)
			e.Again("a")
			synctest.Wait()
			time.Sleep(time.Minute)
			s.err = nil
			e.Again("a")
		})
		if statuses(r) != "a=ready" || took != 2*time.Minute || s.probed != 3 {
			t.Errorf("%s after %s, probed %d times", statuses(r), took, s.probed)
		}
	})
}

// TestPowerCutWhileHeld cuts at every write of a run in which the first step
// is blocked, and mended while the run looks.
func TestPowerCutWhileHeld(t *testing.T) {
	stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
		t.Helper()
		w, looks := stepstest.NewWorld(), 0
		run := func(p *stepstest.Power) steps.Report {
			list := chain(w, p)
			list[1].(*stepstest.Thing).Look = func(context.Context, state.Facts) (steps.Finding, error) {
				looks++
				switch {
				case looks < 4:
					return steps.Finding{Status: steps.Blocked}, nil
				case w.Count("a") == 0:
					return steps.Finding{Status: steps.Missing}, nil
				}
				return steps.Finding{Status: steps.Ready}, nil
			}
			e, _ := engine(t, list)
			e.Patience = time.Minute
			return e.Setup(t.Context())
		}
		return run, func(t *testing.T, r steps.Report) {
			t.Helper()
			if statuses(r) != "c=ready a=ready b=ready" || w.Count("a")+w.Count("b")+w.Count("c") != 3 {
				t.Errorf("got %s; a %d, b %d, c %d", statuses(r), w.Count("a"), w.Count("b"), w.Count("c"))
			}
		}
	})
}
