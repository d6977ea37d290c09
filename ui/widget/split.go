package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// SplitFrom is the narrowest screen that is split.
const SplitFrom = 76

// Split is two panes that widgets drew, side by side; on a narrow screen the
// left one alone.
type Split struct {
	Left, Right string
	At          int // the width of the left pane
}

// View draws the panes.
func (d Split) View(t theme.Theme, w, h int) string {
	if w < SplitFrom || d.At <= 0 || d.At >= w {
		return Fit(d.Left, w, h)
	}
	left, right := strings.Split(d.Left, "\n"), strings.Split(d.Right, "\n")
	rule := paint(t, theme.Quiet, t.Signs(theme.Rule))
	lines := make([]string, 0, h)
	for i := range min(max(len(left), len(right)), h) {
		line := padded(ansi.Truncate(at(left, i), d.At, ""), d.At) + rule
		lines = append(lines, line+at(right, i))
	}
	return fit(lines, w, h)
}

// at is the line of a block, empty behind its end.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
