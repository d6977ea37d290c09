package widget

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Pair is a name and what is so; the mark, if any, stands between.
type Pair struct {
	Key   string
	Mark  theme.Mark
	Value string
}

// Pairs is a block of names and values.
type Pairs struct{ Pairs []Pair }

// View draws the names in a column and the values wrapped behind it; a name
// takes at most a third of the width.
func (d Pairs) View(t theme.Theme, w, h int) string {
	keys := 0
	for _, p := range d.Pairs {
		keys = max(keys, ansi.StringWidth(clean(t, p.Key)))
	}
	keys = min(keys, w/3)
	var lines []string
	for _, p := range d.Pairs {
		start := " " + padded(cutEnd(t, clean(t, p.Key), keys), keys) + gap
		if glyph := p.Mark.Glyph(t.ASCII()); glyph != "" {
			start += paint(t, p.Mark.Role, glyph) + " "
		}
		value := wrapped(t, p.Value, w-ansi.StringWidth(start))
		if len(value) == 0 {
			value = []string{""}
		}
		lines = append(lines, hang(value, start)...)
	}
	return fit(lines, w, h)
}
