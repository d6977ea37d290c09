package console

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
)

// pen draws the parts of a line. What it is given may come from outside.
type pen struct {
	theme.Theme

	stale bool // all of it is old: greyed
}

// text is a clean text in the style of a role.
func (p pen) text(r theme.Role, s string) string { return p.raw(r, p.clean(s)) }

// raw is what is clean already in the style of a role.
func (p pen) raw(r theme.Role, s string) string {
	if s == "" {
		return ""
	}
	if p.stale {
		r = theme.Quiet
	}
	return p.Style(r).Render(s)
}

// clean is a text that can be drawn. Blanks at its ends go.
func (p pen) clean(s string) string { return p.Signs(state.CleanText(s, 0)) }

// cut is a clean text of at most w cells, cut at its end.
func (p pen) cut(s string, w int) string {
	return ansi.Truncate(p.clean(s), max(w, 0), p.Signs(theme.More))
}

// middle is the same, cut in its middle: of a path or an attribute both ends
// tell something.
func (p pen) middle(s string, w int) string {
	s = p.clean(s)
	more := p.Signs(theme.More)
	have, room := cells(s), w-cells(more)
	if have <= w || room < 2 {
		return ansi.Truncate(s, max(w, 0), more)
	}
	return ansi.Truncate(s, room/2, "") + more + ansi.TruncateLeft(s, have-(room+1)/2, "")
}

// glyph is the sign of a status in its colour.
func (p pen) glyph(m theme.Mark) string { return p.raw(m.Role, m.Glyph(p.ASCII())) }

// mark is the sign of a status and its word.
func (p pen) mark(m theme.Mark) string {
	return p.raw(m.Role, m.Glyph(p.ASCII())+" "+p.clean(m.Word))
}

// dot is between the parts of a sentence.
func (p pen) dot() string { return " " + p.Signs(theme.Dot) + " " }

// row is a line of a list, the chosen one over its whole width.
func (p pen) row(chosen bool, w int, draw func(pen) string) string {
	if !chosen {
		return "   " + draw(p)
	}
	p.Theme = p.Chosen()
	line := ansi.Truncate(p.raw(theme.Plain, " "+p.Signs(theme.Cursor)+" ")+draw(p), max(w, 0), "")
	return line + p.raw(theme.Plain, strings.Repeat(" ", max(0, w-cells(line))))
}

// cells is how wide a text is.
func cells(s string) int { return ansi.StringWidth(s) }

// left fills what was drawn with blanks up to a width; right has them before.
func (p pen) left(s string, w int) string {
	return s + p.raw(theme.Plain, strings.Repeat(" ", max(0, w-cells(s))))
}

func (p pen) right(s string, w int) string {
	return p.raw(theme.Plain, strings.Repeat(" ", max(0, w-cells(s)))) + s
}
