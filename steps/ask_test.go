package steps_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

func TestAskingParksAndAnUnansweredStepWaitsForAPerson(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	ask := &stepstest.Thing{Is: steps.Info{ID: "ask", Gives: refs("x")}, World: w, Power: p}
	ask.Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, o steps.Out) error {
		_, err := o.Ask(ctx, state.Question{Key: "k", URL: "http://page", Then: "pass it"})
		return err
	}
	after := &stepstest.Thing{Is: steps.Info{ID: "after", After: refs("x")}, World: w, Power: p}
	other := &stepstest.Thing{Is: steps.Info{ID: "other"}, World: w, Power: p}
	e, said := engine(t, []steps.Step{ask, after, other})
	e.Ask = func(ctx context.Context, _ state.Question) (state.Answer, error) {
		for w.Count("other") == 0 { // the others go on meanwhile
			time.Sleep(time.Millisecond)
		}
		return state.Answer{}, state.ErrNoAnswer
	}
	r := e.Setup(t.Context())
	if got := statuses(r); got != "ask=waiting after=unknown other=ready" {
		t.Errorf("got %s; said %v", got, said())
	}
	if r.Rows[0].Question == nil || r.Rows[0].Finding.Hint != "pass it" {
		t.Errorf("row %+v", r.Rows[0])
	}
	if o := r.Outcome(); o.Status != steps.Blocked || o.ForPerson != 1 {
		t.Errorf("outcome %+v", o)
	}
}

func TestGivenAnswersAskNobody(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: p}
	s.Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, o steps.Out) error {
		a, err := o.Ask(ctx, state.Question{Key: "k", Cost: state.Cost{Clicks: 2}})
		if err != nil || a.Value.Reveal() != "v" {
			return fmt.Errorf("answer %v %w", a, err)
		}
		return w.Make("a")
	}
	e, _ := engine(t, []steps.Step{s})
	e.Given = steps.Answers{Set: map[string]state.Secret{"k": state.NewSecret("v")}}.Given
	e.Ask = func(context.Context, state.Question) (state.Answer, error) {
		t.Error("asked a person")
		return state.Answer{}, state.ErrNoAnswer
	}
	r := e.Setup(t.Context())
	if r.Outcome().Status != steps.Ready || r.Human.Clicks != 2 {
		t.Errorf("got %s, human %+v", statuses(r), r.Human)
	}
}

func TestAMisfitAnswerIsTold(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: p}
	s.Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, o steps.Out) error {
		_, err := o.Ask(ctx, state.Question{Key: "k", Accept: func(state.Answer) error { return state.Problem{What: "wrong page"} }})
		return err
	}
	e, _ := engine(t, []steps.Step{s})
	e.Given = steps.Answers{Set: map[string]state.Secret{"k": state.NewSecret("v")}}.Given
	r := e.Setup(t.Context())
	row := r.Rows[0]
	if row.Status() != steps.Waiting || len(row.Finding.Problems) != 1 || row.Finding.Problems[0].What != "wrong page" {
		t.Errorf("row %+v", row)
	}
}

func TestKeepIsToldByNameOnly(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: p}
	s.Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, o steps.Out) error {
		if err := o.Keep(ctx, state.Sealed{Name: "n", Value: state.NewSecret("hush")}); err != nil {
			return err
		}
		return w.Make("a")
	}
	e, err := steps.New([]steps.Step{s}, stepstest.Clock())
	if err != nil {
		t.Fatal(err)
	}
	var kept []state.Sealed
	e.Keep = func(_ context.Context, all ...state.Sealed) error { kept = append(kept, all...); return nil }
	var told strings.Builder
	e.Emit = func(ev steps.Event) { fmt.Fprintf(&told, "%+v\n", ev) }
	e.Setup(t.Context())
	if len(kept) != 1 || kept[0].Value.Reveal() != "hush" {
		t.Errorf("kept %v", kept)
	}
	if strings.Contains(told.String(), "hush") || !strings.Contains(told.String(), "sealed") {
		t.Errorf("told %s", told.String())
	}
}

func TestAnInterruptBeginsNothingNew(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	ctx, cancel := context.WithCancel(t.Context())
	list := chain(w, p)
	list[1].(*stepstest.Thing).Do = func(ctx context.Context, _ state.Facts, _ steps.Finding, _ steps.Out) error {
		cancel()
		once, done := steps.Once(ctx)
		defer done()
		if once.Err() != nil {
			t.Error("the one-time call was cut")
		}
		return w.Make("a")
	}
	e, _ := engine(t, list)
	e.Setup(ctx)
	if w.Count("a") != 1 || w.Count("b") != 0 || w.Count("c") != 0 {
		t.Errorf("made a %d, b %d, c %d", w.Count("a"), w.Count("b"), w.Count("c"))
	}
}

func TestOnlyAppliesWhatIsNamed(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	e, _ := engine(t, chain(w, p))
	e.Only = []string{"a"}
	e.Setup(t.Context())
	if w.Count("a") != 1 || w.Count("b") != 0 {
		t.Errorf("made a %d, b %d", w.Count("a"), w.Count("b"))
	}
}

func TestAReadyStepWithNotesIsApplied(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: p}
	s.Look = func(context.Context, state.Facts) (steps.Finding, error) {
		f := steps.Finding{Status: steps.Ready}
		if w.Count("a") == 0 {
			f.Changes = steps.Changes("seal", "our note")
		}
		return f, nil
	}
	e, _ := engine(t, []steps.Step{s})
	if e.Setup(t.Context()); w.Count("a") != 1 {
		t.Errorf("the note was written %d times", w.Count("a"))
	}
}

func TestApplyThatDoesNotHelpFails(t *testing.T) {
	s := &stepstest.Thing{Is: steps.Info{ID: "a"}, World: stepstest.NewWorld(), Power: &stepstest.Power{}}
	s.Do = func(context.Context, state.Facts, steps.Finding, steps.Out) error { return nil }
	e, _ := engine(t, []steps.Step{s})
	if r := e.Setup(t.Context()); r.Rows[0].Status() != steps.Failed || !strings.Contains(r.Rows[0].Err.Error(), "second look") {
		t.Errorf("row %+v", r.Rows[0])
	}
}

// prober is a thing that is exercised.
type prober struct {
	*stepstest.Thing

	probed int
	err    error
}

func (p *prober) Probe(context.Context, state.Facts, steps.Out) error { p.probed++; return p.err }

func TestProbeRunsOnceAfterAChange(t *testing.T) {
	w, p := stepstest.NewWorld(), &stepstest.Power{}
	s := &prober{Thing: &stepstest.Thing{Is: steps.Info{ID: "a"}, World: w, Power: p}}
	e, _ := engine(t, []steps.Step{s})
	e.Look(t.Context())
	e.Setup(t.Context())
	e.Setup(t.Context())
	if s.probed != 1 {
		t.Errorf("probed %d times", s.probed)
	}
	bad := &prober{Thing: &stepstest.Thing{Is: steps.Info{ID: "b"}, World: w, Power: p}, err: state.Problem{ID: "F22", What: "too wide"}}
	e, _ = engine(t, []steps.Step{bad})
	if r := e.Setup(t.Context()); r.Rows[0].Status() != steps.Blocked {
		t.Errorf("a probe that found a problem leaves %s", statuses(r))
	}
}
