package widget

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Field is a line of text being typed: what a textinput of bubbles holds, with
// a bar as its cursor.
type Field struct {
	Value    string
	Position int // of the cursor, in runes
	Empty    string
	Note     string // behind the value: "free, 17 of 34"
	Focused  bool
	Secret   bool // nothing of the value is drawn, not even its length
}

// View draws the field from column 2; of a long value the part around the
// cursor.
func (d Field) View(t theme.Theme, w, h int) string {
	start, caret := cursor(t, d.Focused), ""
	if d.Focused {
		caret = paint(t, theme.Run, t.Signs(theme.Caret))
	}
	line := start + caret
	if !d.Secret && d.Value != "" {
		runes := []rune(d.Value)
		at := min(max(d.Position, 0), len(runes))
		before, after := clean(t, string(runes[:at])), clean(t, string(runes[at:]))
		room := max(0, w-len(start)-ansi.StringWidth(caret))
		if over := ansi.StringWidth(before) - room; over > 0 {
			more := t.Signs(theme.More)
			before = ansi.TruncateLeft(before, over+ansi.StringWidth(more), more)
		}
		line = start + before + caret + cutEnd(t, after, room-ansi.StringWidth(before))
	} else if d.Empty != "" {
		line += gap + paint(t, theme.Quiet, cutEnd(t, clean(t, d.Empty), w-ansi.StringWidth(line+gap)))
	}
	if note := clean(t, d.Note); note != "" && ansi.StringWidth(line+"   "+note) <= w {
		line += "   " + paint(t, theme.Quiet, note)
	}
	return fit([]string{line}, w, h)
}
