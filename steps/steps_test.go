package steps_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

// chain is three things, each after the one before.
func chain(w *stepstest.World, p *stepstest.Power) []steps.Step {
	return []steps.Step{
		&stepstest.Thing{Is: steps.Info{ID: "c", After: refs("b"), Gives: refs("c")}, World: w, Power: p},
		&stepstest.Thing{Is: steps.Info{ID: "a", Gives: refs("a")}, World: w, Power: p},
		&stepstest.Thing{Is: steps.Info{ID: "b", After: refs("a"), Gives: refs("b")}, World: w, Power: p},
	}
}

func refs(names ...string) []state.Ref {
	var out []state.Ref
	for _, n := range names {
		out = append(out, state.Ref(n))
	}
	return out
}

// engine makes one that records what it tells.
func engine(t *testing.T, list []steps.Step) (*steps.Engine, func() []string) {
	t.Helper()
	e, err := steps.New(list, stepstest.Clock())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var said []string
	e.Emit = func(ev steps.Event) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s", ev.Kind, ev.Step, ev.Status)))
	}
	return e, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(said)
	}
}

func statuses(r steps.Report) string {
	var out []string
	for _, row := range r.Rows {
		out = append(out, row.Info.ID+"="+string(row.Status()))
	}
	return strings.Join(out, " ")
}

func TestSetupWorksInTheOrderOfNeeds(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	e, said := engine(t, chain(w, p))
	r := e.Setup(t.Context())
	if got := statuses(r); got != "c=ready a=ready b=ready" {
		t.Errorf("got %s", got)
	}
	var done []string
	for _, s := range said()[4:] {
		if strings.HasSuffix(s, "ready") && strings.HasPrefix(s, "step") {
			done = append(done, s)
		}
	}
	if want := []string{"step a ready", "step b ready", "step c ready"}; !slices.Equal(done, want) {
		t.Errorf("work was done in the order %v, want %v; all: %v", done, want, said())
	}
	if o := r.Outcome(); o.Status != steps.Ready || o.Done != 3 {
		t.Errorf("outcome %+v", o)
	}
}

func TestASecondRunWritesNothing(t *testing.T) {
	w := stepstest.NewWorld()
	first, _ := engine(t, chain(w, &stepstest.Power{}))
	first.Setup(t.Context())
	list := chain(w, &stepstest.Power{})
	for _, s := range list {
		s.(*stepstest.Thing).Do = func(context.Context, state.Facts, steps.Finding, steps.Out) error {
			t.Error("applied again")
			return nil
		}
	}
	second, _ := engine(t, list)
	if r := second.Setup(t.Context()); r.Outcome().Status != steps.Ready {
		t.Errorf("got %s", statuses(r))
	}
	for _, s := range list {
		if n := s.(*stepstest.Thing).Looked; n != 1 {
			t.Errorf("%s was looked at %d times", s.Info().ID, n)
		}
	}
}

func TestPowerCutAtEveryWrite(t *testing.T) {
	stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
		t.Helper()
		w := stepstest.NewWorld()
		run := func(p *stepstest.Power) steps.Report {
			e, _ := engine(t, chain(w, p))
			return e.Setup(t.Context())
		}
		return run, func(t *testing.T, r steps.Report) {
			t.Helper()
			for _, thing := range []string{"a", "b", "c"} {
				if w.Count(thing) != 1 {
					t.Errorf("%d of %s", w.Count(thing), thing)
				}
			}
			if r.Outcome().Status != steps.Ready {
				t.Errorf("got %s", statuses(r))
			}
		}
	})
}

func TestAFailureLeavesTheOthersAlone(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	list := append(chain(w, p), &stepstest.Thing{Is: steps.Info{ID: "d"}, World: w, Power: p})
	list[1].(*stepstest.Thing).Do = func(context.Context, state.Facts, steps.Finding, steps.Out) error { return errors.New("no") }
	e, _ := engine(t, list)
	r := e.Setup(t.Context())
	if got := statuses(r); got != "c=unknown a=failed b=unknown d=ready" {
		t.Errorf("got %s", got)
	}
	row, _ := r.Row("c")
	if row.Finding.Hint != "waits for b" {
		t.Errorf("hint %q", row.Finding.Hint)
	}
	if o := r.Outcome(); o.Status != steps.Failed {
		t.Errorf("outcome %+v", o)
	}
}

func TestAProblemBlocksAndDoesNotFail(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: p}
	s.Do = func(context.Context, state.Facts, steps.Finding, steps.Out) error {
		return fmt.Errorf("make a: %w", state.Problem{ID: "F12", What: "taken"})
	}
	e, _ := engine(t, []steps.Step{s})
	r := e.Setup(t.Context())
	if r.Rows[0].Status() != steps.Blocked || len(r.Rows[0].Finding.Problems) != 1 || r.Rows[0].Err != nil {
		t.Errorf("row %+v", r.Rows[0])
	}
}

func TestNeedsAreUnknownUntilGiven(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	giver := &stepstest.Thing{Is: steps.Info{ID: "giver", Gives: []state.Ref{state.FactPublicKey.Ref()}}, World: w, Power: p}
	giver.Look = func(context.Context, state.Facts) (steps.Finding, error) {
		if w.Count("giver") == 0 {
			return steps.Finding{Status: steps.Missing}, nil
		}
		return steps.Finding{Status: steps.Ready, Facts: state.One(state.FactPublicKey, "k")}, nil
	}
	taker := &stepstest.Thing{Is: steps.Info{ID: "taker", Does: "take it", Needs: []state.Ref{state.FactPublicKey.Ref()}}, World: w, Power: p}
	later := &stepstest.Thing{Is: steps.Info{ID: "later", Until: "not deployed", Needs: []state.Ref{state.FactPublicKey.Ref()}}, World: w, Power: p}
	e, _ := engine(t, []steps.Step{giver, taker, later})
	r := e.Look(t.Context())
	if got := statuses(r); got != "giver=missing taker=unknown later=waiting" {
		t.Errorf("a look finds %s", got)
	}
	if got := r.Rows[1].Planned(); len(got) != 1 || got[0].What != "take it" {
		t.Errorf("the plan says %v", got)
	}
	if got := statuses(e.Setup(t.Context())); got != "giver=ready taker=ready later=ready" {
		t.Errorf("a setup ends with %s", got)
	}
}

func TestAStepThatGivesWhatItDoesNotSayFails(t *testing.T) {
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
	s.Look = func(context.Context, state.Facts) (steps.Finding, error) {
		return steps.Finding{Status: steps.Ready, Facts: state.One(state.FactPublicKey, "k")}, nil
	}
	e, _ := engine(t, []steps.Step{s})
	if r := e.Look(t.Context()); r.Rows[0].Status() != steps.Failed {
		t.Errorf("got %s", statuses(r))
	}
}

func TestGraphErrors(t *testing.T) {
	thing := func(id string, needs, after, gives []state.Ref) steps.Step {
		return &stepstest.Thing{Is: steps.Info{ID: id, Needs: needs, After: after, Gives: gives}}
	}
	for name, tc := range map[string]struct {
		list []steps.Step
		want string
	}{
		"two givers":   {[]steps.Step{thing("a", nil, nil, refs("x")), thing("b", nil, nil, refs("x"))}, "x is given by a already"},
		"no giver":     {[]steps.Step{thing("a", refs("x"), nil, nil)}, "nobody gives x"},
		"no giver 2":   {[]steps.Step{thing("a", nil, refs("y"), nil)}, "nobody gives y"},
		"a circle":     {[]steps.Step{thing("a", refs("y"), nil, refs("x")), thing("b", nil, refs("x"), refs("y"))}, "waits for itself"},
		"one name":     {[]steps.Step{thing("a", nil, nil, nil), thing("a", nil, nil, nil)}, "there are two"},
		"own giver":    {[]steps.Step{thing("a", refs("x"), nil, refs("x"))}, "waits for itself"},
		"all at once":  {[]steps.Step{thing("a", refs("p", "q"), nil, nil)}, "nobody gives q"},
		"all at once2": {[]steps.Step{thing("a", refs("p", "q"), nil, nil)}, "nobody gives p"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := steps.New(tc.list, stepstest.Clock()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestLookIsParallelAndToldInListOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []steps.Step
		for i := range 8 {
			s := &stepstest.Thing{Is: steps.Info{ID: strconv.Itoa(i)}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
			s.Look = func(context.Context, state.Facts) (steps.Finding, error) {
				time.Sleep(time.Duration(8-i) * time.Second)
				return steps.Finding{Status: steps.Ready}, nil
			}
			list = append(list, s)
		}
		e, said := engine(t, list)
		begin := time.Now()
		e.Look(t.Context())
		if took := time.Since(begin); took != 8*time.Second {
			t.Errorf("eight looks took %s, the longest one takes 8s", took)
		}
		for i, s := range said() {
			if s != fmt.Sprintf("step %d ready", i) {
				t.Errorf("event %d is %q", i, s)
			}
		}
	})
}

func TestWaitingHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := stepstest.NewWorld(), &stepstest.Power{}
		slow := &stepstest.Thing{Is: steps.Info{ID: "slow"}, World: w, Power: p}
		looks := 0
		slow.Look = func(context.Context, state.Facts) (steps.Finding, error) {
			looks++
			switch {
			case w.Count("slow") == 0:
				return steps.Finding{Status: steps.Missing}, nil
			case w.Count("quick") == 0 || looks < 5:
				return steps.Finding{Status: steps.Waiting, Again: time.Second}, nil
			}
			return steps.Finding{Status: steps.Ready}, nil
		}
		quick := &stepstest.Thing{Is: steps.Info{ID: "quick"}, World: w, Power: p}
		e, _ := engine(t, []steps.Step{slow, quick})
		e.Clock = steps.RealClock() // which stands still while anybody works
		if got := statuses(e.Setup(t.Context())); got != "slow=ready quick=ready" {
			t.Errorf("got %s", got)
		}
	})
}

func TestWaitingPausesToItsEnd(t *testing.T) {
	s := &stepstest.Thing{Is: steps.Info{ID: "a", Limit: time.Hour}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
	s.Look = func(context.Context, state.Facts) (steps.Finding, error) {
		return steps.Finding{Status: steps.Waiting, Again: 5 * time.Second}, nil
	}
	e, _ := engine(t, []steps.Step{s})
	sleep := e.Clock.Sleep
	e.Clock.Sleep = func(ctx context.Context, d time.Duration) error {
		if d <= 0 {
			return fmt.Errorf("a pause of %s", d)
		}
		return sleep(ctx, d)
	}
	begin := e.Clock.Now()
	e.Setup(t.Context())
	if took := e.Clock.Now().Sub(begin); took < time.Hour || s.Looked > 730 {
		t.Errorf("waited %s and looked %d times, the limit is an hour", took, s.Looked)
	}
}

func TestWaitingEndsAtTheLimit(t *testing.T) {
	s := &stepstest.Thing{Is: steps.Info{ID: "a", Limit: time.Minute}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
	s.Look = func(context.Context, state.Facts) (steps.Finding, error) {
		return steps.Finding{Status: steps.Waiting, Again: 5 * time.Second}, nil
	}
	clock := stepstest.Clock()
	e, err := steps.New([]steps.Step{s}, clock)
	if err != nil {
		t.Fatal(err)
	}
	begin := clock.Now()
	r := e.Setup(t.Context())
	if r.Outcome().Status != steps.Waiting || r.Outcome().ForWorld != 1 {
		t.Errorf("outcome %+v", r.Outcome())
	}
	if took := clock.Now().Sub(begin); took < time.Minute || took > 70*time.Second {
		t.Errorf("waited %s, the limit is a minute", took)
	}
}
