package wizard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/steps"
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
