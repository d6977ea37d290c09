package widget

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Header is the truth in the first lines of a screen.
type Header struct {
	Parts   []string
	Current int // the part that is the current page: bold
}

// View draws the parts one after the other, on as many lines as there are; the
// last line is cut at its end.
func (d Header) View(t theme.Theme, w, h int) string {
	dot := " " + t.Signs(theme.Dot) + " "
	var lines []string
	used := 0
	for i, part := range d.Parts {
		part = clean(t, part)
		if part == "" {
			continue
		}
		start := dot
		if len(lines) == 0 || used+ansi.StringWidth(dot+part) > w && len(lines) < h {
			lines, used, start = append(lines, ""), 0, " "
		}
		part = cutEnd(t, part, w-used-ansi.StringWidth(start))
		style := t.Style(theme.Plain)
		if i == d.Current {
			style = t.Bold()
		}
		lines[len(lines)-1] += start + style.Render(part)
		used += ansi.StringWidth(start + part)
	}
	return fit(lines, w, h)
}
