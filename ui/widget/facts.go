package widget

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Facts is a block of names and what is so of each.
type Facts struct {
	Facts []Fact
	Short bool // each on one line, cut at its end
}

// Fact is a name and the parts of what is so.
type Fact struct {
	Name  string
	Parts []Part
}

// Part is one thing that is so: a mark without its word, a text, or what a
// widget drew on one line.
type Part struct {
	Mark  theme.Mark
	Text  string
	Role  theme.Role // of the text
	Drawn string     // in place of the text
}

// View draws the names in a column and behind each its parts, with dots
// between them, on as many lines as they need; a part that is too long for a
// line is wrapped.
func (d Facts) View(t theme.Theme, w, h int) string {
	names := 0
	for _, f := range d.Facts {
		names = max(names, ansi.StringWidth(clean(t, f.Name)))
	}
	names = min(names, w/3)
	var lines []string
	for _, f := range d.Facts {
		start := " " + padded(cutEnd(t, clean(t, f.Name), names), names) + gap
		if names == 0 {
			start = " "
		}
		flow := f.flow(t, w-ansi.StringWidth(start))
		if d.Short {
			flow = Clip(t, flow, w-ansi.StringWidth(start), 1)
		}
		lines = append(lines, hang(flow, start)...)
	}
	return fit(lines, w, h)
}

// flow is the parts on lines of a width.
func (f Fact) flow(t theme.Theme, w int) []string {
	dot := " " + t.Signs(theme.Dot) + " "
	lines := []string{""}
	for _, p := range f.Parts {
		for i, piece := range p.pieces(t, w) {
			last := len(lines) - 1
			switch used := ansi.StringWidth(lines[last]); {
			case used == 0:
				lines[last] = piece
			case i == 0 && used+ansi.StringWidth(dot+piece) <= w:
				lines[last] += paint(t, theme.Quiet, dot) + piece
			default:
				lines = append(lines, piece)
			}
		}
	}
	return lines
}

// pieces is the part as it is drawn, in more than one piece where it is too
// long for a line.
func (p Part) pieces(t theme.Theme, w int) []string {
	glyph := p.Mark.Glyph(t.ASCII())
	if glyph != "" {
		glyph = paint(t, p.Mark.Role, glyph) + " "
	}
	if p.Drawn != "" {
		return []string{glyph + p.Drawn}
	}
	all := wrapped(t, p.Text, w-ansi.StringWidth(glyph))
	if len(all) == 0 {
		return nil
	}
	for i, l := range all {
		all[i] = paint(t, p.Role, l)
	}
	return hang(all, glyph)
}
