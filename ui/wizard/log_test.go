package wizard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// TestALogIsReadWhole: it follows its end until it is scrolled, wraps, and
// moves sideways where it does not.
func TestALogIsReadWhole(t *testing.T) {
	heard := append(begin(t), steps.Event{Kind: steps.KindStart, Step: "deploy", At: rehearsal(t)[0].At})
	for i := range 60 {
		heard = append(heard, steps.Event{Kind: steps.KindLog, Step: "deploy", At: rehearsal(t)[0].At, Text: fmt.Sprintf("line %d %s end%d", i, strings.Repeat("long ", 20), i)})
	}
	s := onRun(t, &fakeRun{}, heard).Press("l").Has("line 59", "end59").Golden("log")
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindLog, Step: "deploy", At: rehearsal(t)[0].At, Text: "the newest"}}).Has("the newest")
	s.Press("up", "up").Lacks("the newest").Press("G").Has("the newest")
	s.Press("w", "home").Has("line 0").Lacks("end0").Press("right", "right", "right", "right", "right", "right", "right").Has("end0").Lacks("line 0")
}

// The pages behind a line, at every size.
func TestPagesBehindALineAtEverySize(t *testing.T) {
	f, found := state.FailureByID("F12")
	if !found {
		t.Fatal("F12 is gone")
	}
	heard := append(begin(t), steps.Event{Kind: steps.KindStart, Step: "deploy", At: rehearsal(t)[0].At})
	for i := range 60 {
		heard = append(heard, steps.Event{Kind: steps.KindLog, Step: "deploy", At: rehearsal(t)[0].At, Text: fmt.Sprintf("building path %d of 60: %s", i, strings.Repeat("word ", i%30))})
	}
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
		at := tuitest.Size(size[0], size[1])
		onRun(t, &fakeRun{}, heard, at).Press("l").Golden("log-deploy")
		tuitest.New(t, wizard.NewExplain(f), at).Golden("explain")
		tuitest.New(t, wizard.NewDone(ready(t), chose), at).Press("f").Golden("done-list")
	}
}
