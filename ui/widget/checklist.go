package widget

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Checklist is groups of lines with their status; the part around the cursor
// is shown.
type Checklist struct {
	Groups   []Group
	Cursor   int  // counts rows: heads, and the items of groups that are not folded; -1: none
	Wordless bool // the glyph alone, for screens under 60 columns
}

// Group is the lines under one head.
type Group struct {
	Title       string
	Done, Total int
	Folded      bool
	Items       []Item
}

// Item is one line.
type Item struct {
	Mark        theme.Mark
	Text, Right string // right: a time, or how far it is
}

// wordWidth is the longest word of a step.
const wordWidth = 7

// Rows is how many rows there are.
func (d Checklist) Rows() int {
	n := len(d.Groups)
	for _, g := range d.Groups {
		if !g.Folded {
			n += len(g.Items)
		}
	}
	return n
}

// At is the group and the item of a row; -1 for the item of a head, and for
// both where there is no such row.
func (d Checklist) At(row int) (group, item int) {
	for i, g := range d.Groups {
		if row == 0 {
			return i, -1
		}
		row--
		if g.Folded {
			continue
		}
		if row >= 0 && row < len(g.Items) {
			return i, row
		}
		row -= len(g.Items)
	}
	return -1, -1
}

// View draws the rows; what stands on the right ends three columns before w.
func (d Checklist) View(t theme.Theme, w, h int) string {
	from, to := window(d.Rows(), d.Cursor, h)
	lines := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		chosen := i == d.Cursor
		group, item := d.At(i)
		g := d.Groups[group]
		lines = append(lines, row(t, chosen, w, func(t theme.Theme) string {
			if item < 0 {
				return g.head(t, chosen, w)
			}
			return g.Items[item].line(t, chosen, d.Wordless, w)
		}))
	}
	return fit(lines, w, h)
}

func (d Group) head(t theme.Theme, chosen bool, w int) string {
	start, glyph := " ", ""
	if chosen {
		start = cursor(t, true)
	}
	if d.Total > 0 && d.Done == d.Total {
		ready := theme.MarkOf("ready")
		glyph = paint(t, ready.Role, ready.Glyph(t.ASCII())) + paint(t, theme.Plain, " ")
	}
	end := "   "
	if d.Folded {
		end = " " + t.Signs(theme.Cursor) + " "
	}
	start = paint(t, theme.Plain, start) + glyph
	right := fmt.Sprintf("%d of %d", d.Done, d.Total)
	return start + sides(t, d.Title, right, theme.Plain, w-ansi.StringWidth(start)-len("   ")) + paint(t, theme.Plain, end)
}

func (d Item) line(t theme.Theme, chosen, wordless bool, w int) string {
	word := " " + padded(clean(t, d.Mark.Word), wordWidth)
	if wordless {
		word = ""
	}
	start := paint(t, theme.Plain, cursor(t, chosen)) + paint(t, d.Mark.Role, d.Mark.Glyph(t.ASCII())+word) + paint(t, theme.Plain, gap)
	room := w - ansi.StringWidth(start) - len("   ")
	if want := ansi.StringWidth(clean(t, d.Text) + " " + clean(t, d.Right)); d.Right != "" && want > room {
		room = min(want, room+len(gap)) // rather into the margin than cut
	}
	return start + sides(t, d.Text, d.Right, theme.Quiet, room)
}

// sides draws a text and what stands right of it, at least one blank between;
// the text is cut.
func sides(t theme.Theme, left, right string, role theme.Role, w int) string {
	left, right = clean(t, left), clean(t, right)
	have := ansi.StringWidth(right)
	room := w
	if have > 0 {
		room = w - have - 1
	}
	left = cutEnd(t, left, room)
	space := strings.Repeat(" ", max(0, w-have-ansi.StringWidth(left)))
	return paint(t, theme.Plain, left+space) + paint(t, role, right)
}
