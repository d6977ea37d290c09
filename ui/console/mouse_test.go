package console

import (
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// A click chooses a row, a second one opens it, on every page with rows, where
// all rows are seen and where they are not.
func TestClicks(t *testing.T) {
	for name, test := range map[string]struct{ page, row, opens string }{
		"host": {"7", "   oauth2-proxy", "oauth2-proxy"}, "checklist": {"8", "   ✓ ready     6  App installed", "App installed"},
	} {
		for _, h := range []int{24, 14} {
			s := beginWith(t, Options{First: green(), Desk: &desk{}}, tuitest.Size(80, h)).Press(test.page)
			s.Click(40, row(t, s, test.row)).Has(" ▸ " + strings.TrimSpace(test.row))
			s.Click(40, 0).Click(40, h-1).Has(" ▸ " + strings.TrimSpace(test.row))
			s.Click(40, row(t, s, " ▸ ")).Advance(time.Second).Has(test.opens).Lacks(" ▸ ")
			if t.Failed() {
				t.Log(name, h)
			}
		}
	}
	s := beginWith(t, Options{First: green(), Desk: &desk{}}).Press("4")
	s.Click(40, row(t, s, " ▸ ")).Advance(time.Second).Has("2 Builds ·")
}

// row is the line of a screen with a text.
func row(t *testing.T, s *tuitest.Story, text string) int {
	t.Helper()
	for i, line := range strings.Split(s.Screen(), "\n") {
		if strings.HasPrefix(line, text) {
			return i
		}
	}
	t.Fatalf("no row %q:\n%s", text, s.Screen())
	return 0
}

// A click on a page's name opens it, and one on a verb presses its key.
func TestClicksOnTheFrame(t *testing.T) {
	s := begin(t, green(), 80, 24).Has("sources")
	s.Click(13, 1).Has("ATTRIBUTE").Click(32, 1).Has("NEWEST PATHS").Click(33, 0).Has("NEWEST PATHS")
	s.Click(23, 1).Has("Queue is not there yet", "NEWEST PATHS").Click(61, 1).Has("of 15 true")
	begin(t, red(), 40, 12).Click(12, 1).Has("2 Builds")
	begin(t, red(), 80, 24).Press("2").Click(12, 23).Advance(time.Second).Has("2 Builds ·")
}
