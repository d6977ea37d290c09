package widget

import (
	"strings"

	"github.com/nixwright/nixwright/ui/theme"
)

// Panel is what wants a decision: what widgets drew, behind a bar in its
// colour.
type Panel struct {
	Role theme.Role
	Body string
}

// barWidth is the blank and the bar before a panel's body.
const barWidth = 2

// View draws the bar over the height of the body.
func (d Panel) View(t theme.Theme, w, h int) string {
	bar := " " + paint(t, d.Role, t.Signs(theme.Bar))
	return fit(indent(strings.Split(d.Body, "\n"), bar), w, h)
}

// ErrorPanel says what is wrong, why, and what to do.
type ErrorPanel struct {
	Mark          theme.Mark
	What, Why, Do string
	Link          string   // the page where it is done; may be empty
	Body          string   // what widgets drew below Do: a field, choices
	IDs           []string // failure id or the service's own code, then the step
}

// View draws the panel. Where it is too tall, the blank lines around the link
// go, then the reason, then the end.
func (d ErrorPanel) View(t theme.Theme, w, h int) string {
	width := w - barWidth - 1
	why, do := labelled(t, "Why", d.Why, width), labelled(t, "Do ", d.Do, width)
	var link, body, blank []string
	if d.Link != "" {
		link, blank = indent(address(t, d.Link, width-len("Why  ")), "      "), []string{""}
	}
	if d.Body != "" {
		body = strings.Split(d.Body, "\n")
	}
	head, ids := d.head(t, width), d.ids(t, width)
	fixed := len(head) + len(do) + len(link) + len(body) + len(ids)
	if fixed+len(why)+2*len(blank) > h {
		blank = nil
	}
	why = why[:min(len(why), max(0, h-fixed-2*len(blank)))]

	var lines []string
	for _, part := range [][]string{head, why, do, blank, link, blank, body, ids} {
		lines = append(lines, part...)
	}
	return Panel{Role: d.Mark.Role, Body: strings.Join(lines, "\n")}.View(t, w, h)
}

// head is the status and what happened; only the status has a colour.
func (d ErrorPanel) head(t theme.Theme, w int) []string {
	label := d.Mark.Glyph(t.ASCII()) + " " + clean(t, d.Mark.Word)
	lines := wrapped(t, label+": "+d.What, w-len(gap))
	if rest, ok := strings.CutPrefix(lines[0], label); ok {
		lines[0] = paint(t, d.Mark.Role, label) + rest
	}
	return append([]string{" " + lines[0]}, indent(lines[1:], " "+gap)...)
}

func (d ErrorPanel) ids(t theme.Theme, w int) []string {
	if len(d.IDs) == 0 {
		return nil
	}
	s := cutEnd(t, clean(t, strings.Join(d.IDs, " "+theme.Dot+" ")), w)
	return []string{" " + paint(t, theme.Quiet, s)}
}

// labelled is a text that hangs behind its label.
func labelled(t theme.Theme, label, s string, w int) []string {
	return hang(wrapped(t, s, w-len(label+gap)), " "+label+gap)
}
