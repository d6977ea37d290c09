package wizard_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// begun is what the course's command answers in these tests.
type begun struct{}

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
func story(t *testing.T, heard []steps.Event, width, height int) *tuitest.Story {
	t.Helper()
	now := rehearsal(t)[0].At
	if n := len(heard); n > 0 {
		now = heard[n-1].At.Add(8 * time.Second)
	}
	s := tuitest.New(t, wizard.NewCourse(infos(), func() tea.Msg { return begun{} }), tuitest.Size(width, height), tuitest.At(now.UTC().Truncate(time.Second)))
	for _, e := range heard {
		s.Send(wizard.Told{Event: e})
	}
	return s
}

func looked(t *testing.T) []steps.Event {
	t.Helper()
	all := rehearsal(t)
	last := 0
	for i, e := range all {
		if e.Kind == steps.KindChange {
			last = i
		}
	}
	return all[:last+1]
}

func TestTheCourseAtEverySize(t *testing.T) {
	for name, heard := range map[string][]steps.Event{
		"unseen": nil,
		"plan":   looked(t),
		"asks":   until(t, func(e steps.Event) bool { return e.Kind == steps.KindQuestion }),
		"end":    rehearsal(t),
	} {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s %dx%d", name, size[0], size[1]), func(t *testing.T) {
				story(t, heard, size[0], size[1]).Golden("course-" + name)
			})
		}
	}
}

func TestGoIsPressedOnce(t *testing.T) {
	times := func(s *tuitest.Story) (n int) {
		for _, m := range s.Settle().Asked() {
			if _, ok := m.(begun); ok {
				n++
			}
		}
		return n
	}
	if s := story(t, nil, 80, 24).Press("g"); times(s) != 0 {
		t.Error("it goes before it looked")
	}
	s := story(t, looked(t), 80, 24).Has("Plan")
	if s.Press("g", "g"); times(s) != 1 {
		t.Errorf("it began %d times", times(s))
	}
	s.Has("Run").Lacks("Plan")
}

func TestTheCursorFollowsUntilItIsMoved(t *testing.T) {
	s := story(t, looked(t), 80, 24)
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStart, Step: "r2-token"}}).Has("line 3 of the list · r2-token")
	s.Press("down").Has("line 4 of the list")
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStart, Step: "dns"}}).Has("line 4 of the list")
}

func TestGroupsFold(t *testing.T) {
	s := story(t, looked(t), 80, 24)
	s.Send(wizard.Told{Event: steps.Event{Kind: steps.KindStart, Step: "r2-token"}})
	s.Has("R2 bucket").Press("enter").Lacks("R2 bucket", "line 3 of the list").Has("Before deployment")
	s.Press("enter").Has("R2 bucket")
}

// TestTimeGoesOnOnlyWhileSomethingMoves: at rest nothing is drawn again.
func TestTimeGoesOnOnlyWhileSomethingMoves(t *testing.T) {
	s := story(t, rehearsal(t), 80, 24).Advance(2 * time.Second)
	if n := s.Ticks(); n > 0 {
		t.Errorf("%d ticks are asked for at the end", n)
	}
	s = story(t, until(t, func(e steps.Event) bool { return e.Kind == steps.KindQuestion }), 80, 24)
	if n := s.Ticks(); n != 1 {
		t.Errorf("%d ticks are asked for while somebody is waited for", n)
	}
}
