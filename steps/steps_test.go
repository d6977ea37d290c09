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
