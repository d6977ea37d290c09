package wizard_test

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/setup"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/wizard"
)

// infos are the steps of the catalog.
func infos() []steps.Info {
	var out []steps.Info
	for _, s := range setup.Catalog(setup.Deps{}) {
		out = append(out, s.Info())
	}
	return out
}

// rehearsal is the stream of a whole set-up on the built-in world, as
// rehearse --output json writes it.
func rehearsal(t *testing.T) []steps.Event {
	t.Helper()
	f, err := os.Open("testdata/rehearsal.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []steps.Event
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e steps.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	if len(out) < 100 {
		t.Fatalf("only %d events", len(out))
	}
	return out
}

func TestABoardFollowsAWholeSetUp(t *testing.T) {
	b := wizard.NewBoard(infos())
	asked := 0
	for _, e := range rehearsal(t) {
		before := len(b.Asked)
		b = b.Take(e)
		if e.Kind == steps.KindQuestion {
			if l, _ := b.Line(e.Step); l.Word() != theme.WordYou || !slices.Contains(b.Asked, e.Step) {
				t.Errorf("%s asks, and is %q", e.Step, l.Word())
			}
			asked++
		}
		if len(b.Asked) > before+1 {
			t.Errorf("one event asked %d times", len(b.Asked)-before)
		}
	}
	if asked != 3 || len(b.Asked) != 0 {
		t.Errorf("asked %d times, %v still open", asked, b.Asked)
	}
	const later = "repo-flake" // its pull request waits to be merged
	for _, l := range b.Lines {
		if l.Info.ID == later {
			continue
		}
		if !l.Status.True() || l.Running || l.Word() != string(l.Status) {
			t.Errorf("%s ends as %q", l.Info.ID, l.Word())
		}
	}
	groups := b.Groups()
	var phases []steps.Phase
	lines := 0
	for _, g := range groups {
		phases, lines = append(phases, g.Phase), lines+len(g.Lines)
		if g.True() != len(g.Lines) && g.Phase != steps.PhaseRepos {
			t.Errorf("%s: %d of %d", g.Phase, g.True(), len(g.Lines))
		}
	}
	want := []steps.Phase{steps.PhaseFirst, steps.PhaseBefore, steps.PhaseNixOS, steps.PhaseRepos, steps.PhaseAfter}
	if !slices.Equal(phases, want) || lines != len(b.Lines) {
		t.Errorf("groups %v with %d of %d lines", phases, lines, len(b.Lines))
	}
	if keys, _ := b.Line("r2-token"); !slices.Equal(keys.Sealed, []string{"niks3-s3-access-key", "niks3-s3-secret-key"}) || len(keys.Planned) == 0 {
		t.Errorf("the token sealed %v, planned %v", keys.Sealed, keys.Planned)
	}
	if b.Result == nil || b.Result.Status != steps.Ready || b.Began.IsZero() {
		t.Errorf("it ends %+v, began %v", b.Result, b.Began)
	}
}

// TestTakeChangesNoOtherBoard: a board that is kept stays as it was, whatever
// comes after it.
func TestTakeChangesNoOtherBoard(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	events := rehearsal(t)
	for range 20 {
		b := wizard.NewBoard(infos())
		for range random.IntN(len(events)) {
			b = b.Take(events[random.IntN(len(events))])
		}
		kept := deep(t, b)
		for range 50 {
			e := events[random.IntN(len(events))]
			_ = b.Take(e)
			_ = b.Take(e).Take(events[random.IntN(len(events))])
		}
		if !reflect.DeepEqual(kept, deep(t, b)) {
			t.Fatal("a board changed that was kept")
		}
	}
}

func deep(t *testing.T, b wizard.Board) string {
	t.Helper()
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestWordsOfALine(t *testing.T) {
	at := time.Date(2026, 8, 24, 14, 0, 0, 0, time.UTC)
	event := func(kind steps.EventKind, change func(*steps.Event)) steps.Event {
		e := steps.Event{Kind: kind, Step: "github-app", At: at}
		if change != nil {
			change(&e)
		}
		return e
	}
	q := &state.Question{Key: "github.app_return", Ask: "create the App"}
	taken := &state.Problem{ID: "F12", What: "the name is taken", Fix: "another one"}
	for name, c := range map[string]struct {
		events   []steps.Event
		word     string
		problems int
		asked    int
	}{
		"not looked at": {nil, "", 0, 0},
		"missing":       {[]steps.Event{event(steps.KindStep, func(e *steps.Event) { e.Status = steps.Missing })}, "missing", 0, 0},
		"taken up":      {[]steps.Event{event(steps.KindStart, nil)}, theme.WordRunning, 0, 0},
		"asks":          {[]steps.Event{event(steps.KindStart, nil), event(steps.KindQuestion, func(e *steps.Event) { e.Question = q })}, theme.WordYou, 0, 1},
		"answered":      {[]steps.Event{event(steps.KindStart, nil), event(steps.KindQuestion, func(e *steps.Event) { e.Question = q }), event(steps.KindAnswer, nil)}, theme.WordRunning, 0, 0},
		"given up": {[]steps.Event{
			event(steps.KindQuestion, func(e *steps.Event) { e.Question = q }),
			event(steps.KindStep, func(e *steps.Event) { e.Status, e.Question = steps.Waiting, q }),
		}, theme.WordSkipped, 0, 0},
		"blocked, told twice": {[]steps.Event{
			event(steps.KindStep, func(e *steps.Event) { e.Status, e.Problem = steps.Blocked, taken }),
			event(steps.KindLog, func(e *steps.Event) { e.Problem = taken }),
		}, "blocked", 1, 0},
		"mended": {[]steps.Event{
			event(steps.KindStep, func(e *steps.Event) { e.Status, e.Problem = steps.Blocked, taken }),
			event(steps.KindStep, func(e *steps.Event) { e.Status = steps.Ready }),
		}, "ready", 0, 0},
		"another step's": {[]steps.Event{event(steps.KindStart, func(e *steps.Event) { e.Step = "nobody" })}, "", 0, 0},
	} {
		b := wizard.NewBoard(infos())
		for _, e := range c.events {
			b = b.Take(e)
		}
		l, found := b.Line("github-app")
		if !found || l.Word() != c.word || len(l.Problems) != c.problems || len(b.Asked) != c.asked {
			t.Errorf("%s: %q, %d problems, asked %v", name, l.Word(), len(l.Problems), b.Asked)
		}
	}
	if _, found := wizard.NewBoard(nil).Line("github-app"); found {
		t.Error("a line on an empty board")
	}
}

// TestALogIsBounded: what a step says without end is kept to a limit, the
// newest of it.
func TestALogIsBounded(t *testing.T) {
	b := wizard.NewBoard(infos())
	for i := range 5000 {
		text := []string{"one", "other"}[i%2]
		b = b.Take(steps.Event{Kind: steps.KindLog, Step: "deploy", Text: text})
		b = b.Take(steps.Event{Kind: steps.KindLog, Step: "deploy", Text: text}) // said twice, kept once
	}
	if l, _ := b.Line("deploy"); len(l.Log) != 2000 || l.Log[1999].Text != "other" || l.Log[1998].Text != "one" {
		t.Errorf("%d lines are kept", len(l.Log))
	}
}
