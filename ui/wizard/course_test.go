package wizard_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// What the run was asked for in these tests.
type (
	answered struct {
		key   string
		value state.Secret
	}
	skippedStep string
	triedStep   string
	openedPage  string
	stopped     struct{}
)

// fakeRun is a run that notes what it is asked for.
type fakeRun struct{ asked []any }

func (f *fakeRun) run() guide.Run {
	note := func(v any) { f.asked = append(f.asked, v) }
	return guide.Run{
		Opens: true,
		Infos: infos(), To: state.Cost{Pages: 4, Clicks: 8, Pastes: 1}, Human: state.Cost{Pages: 1, Clicks: 3, Pastes: 1},
		Answer: func(key string, v state.Secret) { note(answered{key, v}) },
		Skip:   func(step string) bool { note(skippedStep(step)); return true },
		Again:  func(step string) bool { note(triedStep(step)); return step != "dns" },
		Open:   func(_ context.Context, url string) error { note(openedPage(url)); return nil },
		Stop:   func() { note(stopped{}) },
		Here:   "omnara1.phlip9.com",
	}
}

func asks[T comparable](f *fakeRun, v T) int {
	n := 0
	for _, a := range f.asked {
		if got, ok := a.(T); ok && got == v {
			n++
		}
	}
	return n
}

// chose gives the choice as a message, so that a story knows it.
func chose(c guide.Choice) tea.Cmd { return func() tea.Msg { return c } }

// until is the beginning of the rehearsal, to the first event that fits.
func until(t *testing.T, fits func(steps.Event) bool) []steps.Event {
	t.Helper()
	all := rehearsal(t)
	i := slices.IndexFunc(all, fits)
	if i < 0 {
		t.Fatal("no such event")
	}
	return all[:i+1]
}

// story is a course that heard the events, a while after the last one.
func story(t *testing.T, heard []steps.Event, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	now := rehearsal(t)[0].At
	if n := len(heard); n > 0 {
		now = heard[n-1].At.Add(8 * time.Second)
	}
	page := wizard.NewCourse(guide.Plan{Infos: infos()}, chose)
	s := tuitest.New(t, page, append([]tuitest.Option{tuitest.At(now.UTC().Truncate(time.Second))}, options...)...)
	for _, e := range heard {
		s.Send(wizard.Told{Event: e})
	}
	return s.Advance(600 * time.Millisecond)
}

// onRun is a course whose run has told the events.
func onRun(t *testing.T, f *fakeRun, heard []steps.Event, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	return story(t, heard, options...).Send(wizard.Running{Run: f.run()}).Advance(600 * time.Millisecond)
}

// looked is the look of the rehearsal, with what it plans.
func looked(t *testing.T) []steps.Event {
	t.Helper()
	all := rehearsal(t)
	last := 0
	for i, e := range all {
		if e.Kind == steps.KindChange {
			last = i
		}
	}
	return all[1 : last+1]
}

func isAsked(e steps.Event) bool { return e.Kind == steps.KindQuestion }

// wrong is a step that ended with a problem.
func wrong(status steps.Status, step string, p state.Problem) []steps.Event {
	at := time.Date(2026, 11, 23, 6, 31, 18, 0, time.UTC)
	return []steps.Event{
		{At: at, Kind: steps.KindStart, Step: step},
		{At: at, Kind: steps.KindLog, Step: step, Text: "asked once"},
		{At: at, Kind: steps.KindStep, Step: step, Status: status},
		{At: at, Kind: steps.KindLog, Step: step, Status: status, Problem: &p},
	}
}

var errNameTaken = state.Problem{
	ID: "F12", What: "the name phlip9-buildbot-ci is taken", Why: "App names are one list for all of GitHub; this one is not yours.",
	Fix: "Choose another. It shows on commits and on the install page.", Key: "github.app_name",
}

var errNotEnabled = state.Problem{
	ID: "10042", What: "Cloudflare refused to create phlip9-nix-cache", Why: "R2 is not switched on for this account. The token is fine.",
	Fix: "Open the R2 page, choose the plan, confirm. Cloudflare wants a payment method; 10 GB are free.", URL: "https://dash.cloudflare.com/?to=/:account/r2/overview",
}

func begin(t *testing.T) []steps.Event {
	t.Helper()
	return append(until(t, func(e steps.Event) bool { return e.Kind == steps.KindRun }), looked(t)...)
}

func TestTheCourseAtEverySize(t *testing.T) {
	f := &fakeRun{}
	for name, c := range map[string]struct {
		heard []steps.Event
		on    bool
		keys  []string
	}{
		"unseen":  {nil, false, nil},
		"plan":    {looked(t), false, nil},
		"asks":    {until(t, isAsked), true, []string{"esc"}},
		"blocked": {append(begin(t), wrong(steps.Blocked, "r2-bucket", errNotEnabled)...), true, nil},
		"ways":    {append(begin(t), wrong(steps.Blocked, "r2-bucket", errNotEnabled)...), true, []string{"enter"}},
		"taken":   {append(begin(t), wrong(steps.Blocked, "github-app", errNameTaken)...), true, []string{"enter"}},
		"failed":  {append(begin(t), wrong(steps.Failed, "dns", state.Problem{What: "look up ci.phlip9.com", Why: "no answer from the network"})...), true, nil},
		"stopped": {append(begin(t), steps.Event{Kind: steps.KindResult, Status: steps.Blocked, Err: "1 step waits for you", Text: "8 ready"}), true, nil},
		"after": {until(t, func(e steps.Event) bool {
			return e.Step == "check-cache" && e.Kind == steps.KindStart
		}), true, nil},
		"end": {rehearsal(t), true, nil},
	} {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s %dx%d", name, size[0], size[1]), func(t *testing.T) {
				s := story(t, c.heard, tuitest.Size(size[0], size[1]))
				if c.on {
					s.Send(wizard.Running{Run: f.run()}).Advance(600 * time.Millisecond)
				}
				s.Press(c.keys...).Golden("course-" + name)
			})
		}
	}
	onRun(t, f, until(t, isAsked), tuitest.ASCII()).Press("esc").Golden("course-asks-ascii")
	onRun(t, f, append(begin(t), wrong(steps.Blocked, "r2-bucket", errNotEnabled)...), tuitest.ASCII()).Press("enter").Golden("course-ways-ascii")
	onRun(t, f, until(t, isAsked), tuitest.Light()).Press("esc").Golden("course-asks-light")
}

func TestGoIsPressedOnce(t *testing.T) {
	goes := func(s *tuitest.Story) int { return len(said[guide.Choice](s.Settle())) }
	if s := story(t, nil).Press("g"); goes(s) != 0 {
		t.Error("it goes before it looked")
	}
	s := story(t, looked(t)[:20]).Has("Looking, changing nothing").Press("g").Has("the look is not over yet")
	for _, e := range looked(t)[20:] {
		s.Send(wizard.Told{Event: e})
	}
	if s.Press("g"); goes(s) != 0 {
		t.Error("g counts that was pressed before the plan was drawn")
	}
	s.Advance(600*time.Millisecond).Has("Plan", "Nothing is written before you press g.")
	if s.Press("g", "g"); goes(s) != 1 || said[guide.Choice](s)[0].Do != guide.Next {
		t.Errorf("it began %d times", goes(s))
	}
	s.Has("Run").Lacks("Plan")
}

func TestEscLeadsBackFromThePlanAlone(t *testing.T) {
	s := story(t, looked(t)).Press("esc")
	if got := said[guide.Choice](s); len(got) != 1 || got[0].Do != guide.Back {
		t.Errorf("esc chose %v", got)
	}
	if got := said[guide.Choice](onRun(t, &fakeRun{}, begin(t)).Press("esc")); len(got) != 0 {
		t.Errorf("esc in a run chose %v", got)
	}
}

func TestTheCursorFollowsUntilItIsMoved(t *testing.T) {
	s := story(t, looked(t), tuitest.Size(80, 40))
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStart, Step: "r2-token"}}).Has("line 3 of the list · r2-token")
	s.Press("down").Has("line 4 of the list")
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStart, Step: "dns"}}).Has("line 4 of the list")
}

func TestGroupsFold(t *testing.T) {
	s := story(t, looked(t), tuitest.Size(80, 40))
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStart, Step: "r2-token"}})
	s.Has("R2 bucket").Press("left").Lacks("line 3 of the list", "Cache domain   ").Has("Before deployment")
	s.Press("enter").Has("Cache domain   ")
}

// TestTimeGoesOnOnlyWhileSomethingMoves: at rest nothing is drawn again, and
// never more often than once a second.
func TestTimeGoesOnOnlyWhileSomethingMoves(t *testing.T) {
	f := &fakeRun{}
	for name, s := range map[string]*tuitest.Story{
		"at the end": onRun(t, f, rehearsal(t)), "in the plan": story(t, looked(t)),
	} {
		if n := s.Advance(2 * time.Second).Ticks(); n > 0 {
			t.Errorf("%d ticks are asked for %s", n, name)
		}
	}
	s := onRun(t, f, until(t, isAsked)).Advance(20 * time.Second)
	if n := s.Ticks(); n != 1 {
		t.Errorf("%d ticks are asked for while somebody is waited for", n)
	}
}

// TestAMomentAppearsByItself: one at a time, the next when it is answered, and
// not again by itself where it was left.
func TestAMomentAppearsByItself(t *testing.T) {
	f := &fakeRun{}
	two := until(t, func(e steps.Event) bool { return e.Kind == steps.KindQuestion && e.Step == "login-proxy" })
	s := onRun(t, f, two).Has("Create the GitHub App phlip9-buildbot-ci.").Lacks("Waiting for you: ")
	tell := func(kind steps.EventKind, step string) {
		s.Send(wizard.Told{Event: steps.Event{Kind: kind, Step: step, Text: "buildbot-github-app-secret-key"}})
	}
	tell(steps.KindAnswer, "github-app")
	s.Has("Create the login App phlip9-ci-oauth2-proxy.", "you: 2 of 4 pages, 4 of 8 clicks")
	tell(steps.KindSealed, "github-app")
	s.Has("Thank you. The key is sealed; nobody has seen it, you neither.")
	s.Advance(600 * time.Millisecond).Press("esc").Has("Waiting for you: create the login App")
	tell(steps.KindLog, "login-proxy")
	s.Has("Waiting for you: ").Press("enter").Has("Create the login App phlip9-ci-oauth2-proxy.")
	tell(steps.KindAnswer, "login-proxy")
	s.Has("Run").Lacks("Waiting for you: ", "Create the login App")
	if s.Quit() {
		t.Error("it ended")
	}
}

// TestWhatAppearsTakesNoKeyAtOnce: keys that were meant for the page below do
// nothing to one that came up.
func TestWhatAppearsTakesNoKeyAtOnce(t *testing.T) {
	f := &fakeRun{}
	s := onRun(t, f, begin(t))
	for _, e := range until(t, isAsked)[len(begin(t)):] {
		s.Send(wizard.Told{Event: e})
	}
	s.Has("Create the GitHub App").Press("s", "s", "o", "t", "esc").Has("Create the GitHub App").Lacks("Two ways", "Skip ")
	if len(f.asked) > 0 {
		t.Errorf("the run was asked for %v", f.asked)
	}
	if s.Advance(600 * time.Millisecond).Press("o").Settle(); len(f.asked) != 1 {
		t.Error("after that o does not open")
	}
}

func TestTheMomentAnswersTheRun(t *testing.T) {
	f := &fakeRun{}
	onRun(t, f, until(t, isAsked)).Paste(back).Settle()
	if len(f.asked) != 1 {
		t.Fatalf("the run was asked for %d things", len(f.asked))
	}
	a, ok := f.asked[0].(answered)
	if !ok || a.key != "github.app_return" || !strings.Contains(a.value.Reveal(), "code=0123456789") {
		t.Errorf("the run was given %v", f.asked[0])
	}
}

// TestASkipSaysItsPriceFirst: and is told to the run only after a yes.
func TestASkipSaysItsPriceFirst(t *testing.T) {
	f := &fakeRun{}
	blocked := append(begin(t), wrong(steps.Blocked, "r2-bucket", errNotEnabled)...)
	s := onRun(t, f, blocked).Press("s").Has("Skip R2 bucket for now", "Cache domain", "R2 token", "Module and facts")
	if s.Press("esc").Lacks("Skip R2 bucket for now"); len(f.asked) > 0 {
		t.Error("a no skips")
	}
	if s.Press("s", "s"); asks(f, skippedStep("r2-bucket")) != 0 {
		t.Log("settling")
	}
	if s.Has("Skipped for now: R2 bucket."); asks(f, skippedStep("r2-bucket")) != 1 {
		t.Errorf("the run was asked for %v", f.asked)
	}
	// The same from the moment; a step whose question was given up can be tried again.
	s = onRun(t, f, until(t, isAsked)).Press("s").Has("Skip GitHub App for now", "App installed").Press("s").Settle()
	if asks(f, skippedStep("github-app")) != 1 {
		t.Errorf("the run was asked for %v", f.asked)
	}
	q := createApp()
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStep, Step: "github-app", Status: steps.Waiting, Question: &q}})
	s.Advance(600*time.Millisecond).Has("skipped", "Run").Lacks("Waiting for you").Press("r").Settle()
	if asks(f, triedStep("github-app")) != 1 {
		t.Errorf("the run was asked for %v", f.asked)
	}
}

func TestKeysMendAWrongLine(t *testing.T) {
	f := &fakeRun{}
	s := onRun(t, f, append(begin(t), wrong(steps.Blocked, "r2-bucket", errNotEnabled)...))
	s.Press("o", "r").Has("Tried again").Press("e").Has("no answer of yours").Press("x").Has("no known failure")
	if asks(f, openedPage(errNotEnabled.URL)) != 1 || asks(f, triedStep("r2-bucket")) != 1 {
		t.Errorf("the run was asked for %v", f.asked)
	}
	s.Press("y").Has("Copied: the link").Press("l").Has("asked once", "Log of R2 bucket").Press("esc").Has("Run")
	s.Press("enter").Has("looking every 10s", "Skipping leaves open").Press("r", "esc").Has("Run")
	if asks(f, triedStep("r2-bucket")) != 2 {
		t.Error("r does not try on the page of the line")
	}
	s = onRun(t, f, append(begin(t), wrong(steps.Blocked, "github-app", errNameTaken)...))
	s.Press("x").Has("Explain F12", "Seen").Press("esc", "e")
	if got := said[guide.Choice](s); len(got) != 1 || got[0] != (guide.Choice{Do: guide.Change, Key: "github.app_name"}) {
		t.Errorf("e chose %v", got)
	}
	s = onRun(t, f, append(begin(t), wrong(steps.Failed, "dns", state.Problem{What: "no answer"})...)).Press("r")
	s.Has("There is nothing to try at this moment.")
}

// TestARunIsStoppedInTwoSteps: first after the call, then at once.
func TestARunIsStoppedInTwoSteps(t *testing.T) {
	if s := story(t, looked(t)).Press("ctrl+c"); !s.Quit() {
		t.Error("before a run it does not quit at once")
	}
	f := &fakeRun{}
	s := onRun(t, f, until(t, isAsked)).Press("ctrl+c").Has("Stopping after this call. Again: at once. Both are safe.")
	if s.Quit() || asks(f, stopped{}) != 1 {
		t.Errorf("the first one: quit %v, asked for %v", s.Quit(), f.asked)
	}
	if s.Press("ctrl+c"); !s.Quit() {
		t.Error("the second one does not quit")
	}
}

// TestTheEndOfARun: a good one leads on by itself, once; another waits for g.
func TestTheEndOfARun(t *testing.T) {
	f := &fakeRun{}
	next := guide.Choice{Do: guide.Next}
	s := onRun(t, f, rehearsal(t))
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindLog, Step: "dns", Text: "late"}})
	s.Press("g")
	if got := said[guide.Choice](s); !slices.Equal(got, []guide.Choice{next}) {
		t.Errorf("a good end chose %v", got)
	}
	result := steps.Event{Kind: steps.KindResult, Status: steps.Blocked, Err: "1 step waits for you"}
	s = onRun(t, f, append(until(t, isAsked), result)).Has("Stopped: 1 step waits for you. What is true stays so; g goes on.")
	if len(said[guide.Choice](s)) > 0 {
		t.Error("a bad end leads on by itself")
	}
	if s.Press("g", "g"); !slices.Equal(said[guide.Choice](s), []guide.Choice{next}) {
		t.Errorf("g chose %v", said[guide.Choice](s))
	}
	s.Send(wizard.Running{Run: f.run()}).Send(wizard.Told{Event: steps.Event{Kind: steps.KindRun, At: rehearsal(t)[0].At}}).Has("Run").Lacks("Stopped")
	if s = onRun(t, f, append(until(t, isAsked), result)).Press("q"); !s.Quit() {
		t.Error("q does not quit after the end")
	}
}

func TestTheTerminalIsToldHowFarItIs(t *testing.T) {
	f := &fakeRun{}
	bar := func(s *tuitest.Story) tea.ProgressBar { return *s.View().ProgressBar }
	if got := bar(story(t, looked(t))); got.State != tea.ProgressBarNone {
		t.Errorf("the plan shows %v", got)
	}
	s := onRun(t, f, until(t, isAsked))
	if got := bar(s); got.State != tea.ProgressBarDefault || got.Value != 100*5/22 && got.Value != 100*5/21 {
		t.Errorf("the run shows %v", got)
	}
	if got := s.View().WindowTitle; got != "nixwright: 5 of 21, waits for you" {
		t.Errorf("the window is called %q", got)
	}
	if got := bar(onRun(t, f, append(begin(t), wrong(steps.Failed, "dns", errNotEnabled)...))); got.State != tea.ProgressBarError {
		t.Errorf("what is wrong shows %v", got)
	}
	if got := bar(onRun(t, f, rehearsal(t))); got.State != tea.ProgressBarNone {
		t.Errorf("the end shows %v", got)
	}
}

func TestAProgressIsCounted(t *testing.T) {
	started := append(begin(t), steps.Event{Kind: steps.KindStart, Step: "local-secrets", At: rehearsal(t)[0].At},
		steps.Event{Kind: steps.KindProgress, Step: "local-secrets", Done: 4, Total: 7})
	onRun(t, &fakeRun{}, started).Has("4/7", "57 %")
}

var _ tui.Owner = wizard.Course{}
