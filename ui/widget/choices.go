package widget

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Choices is a list to choose one of, numbered, or many of, with boxes.
type Choices struct {
	Options []Option
	Cursor  int
	Many    bool
}

// leastNote is the least that the reason of an option that is off is cut to.
const leastNote = 8

// Option is one choice.
type Option struct {
	Text   string
	Notes  []string // columns behind it, dropped from the right
	More   string   // sentences below it while the cursor is on it
	Chosen bool     // of many
	Off    bool     // it cannot be chosen; a note says why
}

// View draws the options around the cursor.
func (d Choices) View(t theme.Theme, w, h int) string {
	box := len("[x]")
	if !d.Many {
		box = len(fmt.Sprint(len(d.Options)))
	}
	widths := d.layout(t)
	var lines []string
	at := 0
	for i, o := range d.Options {
		chosen := i == d.Cursor
		if chosen {
			at = len(lines)
		}
		lines = append(lines, row(t, chosen, w, func(t theme.Theme) string {
			start := cursor(t, chosen) + padded(d.sign(t, i), box) + d.space()
			role := theme.Plain
			if o.Off {
				role = theme.Quiet
			}
			return paint(t, theme.Plain, start) + o.line(t, role, widths, w-ansi.StringWidth(start))
		}))
		if chosen && o.More != "" {
			before := strings.Repeat(" ", len("   ")+box+len(d.space()))
			lines = append(lines, indent(wrapped(t, o.More, w-len(before)), before)...)
		}
	}
	from, to := window(len(lines), at, h)
	return fit(lines[from:to], w, h)
}

// space lies between a sign and its text.
func (d Choices) space() string {
	if d.Many {
		return " "
	}
	return gap
}

// sign is a box, a number, or a dash where there is nothing to choose.
func (d Choices) sign(t theme.Theme, i int) string {
	off := theme.MarkOf("cancelled").Glyph(t.ASCII())
	switch o := d.Options[i]; {
	case o.Off && d.Many:
		return " " + off
	case o.Off:
		return off
	case !d.Many:
		return fmt.Sprint(i + 1)
	case o.Chosen:
		return "[x]"
	}
	return "[ ]"
}

// layout is how wide the text and each column of notes is; the reason of an
// option that is off stands behind the columns' start and stretches none.
func (d Choices) layout(t theme.Theme) []int {
	var widths []int
	for _, o := range d.Options {
		for i, s := range append([]string{o.Text}, o.Notes...) {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i == 0 || !o.Off {
				widths[i] = max(widths[i], ansi.StringWidth(clean(t, s)))
			}
		}
	}
	return widths
}

func (d Option) line(t theme.Theme, role theme.Role, widths []int, w int) string {
	text := cutMiddle(t, clean(t, d.Text), w)
	line := paint(t, role, padded(text, widths[0]))
	for i, n := range d.Notes {
		n = clean(t, n)
		if room := w - ansi.StringWidth(line+gap); d.Off && room >= leastNote {
			n = cutEnd(t, n, room)
		} else if ansi.StringWidth(n) > room {
			break
		}
		line += paint(t, theme.Plain, gap) + paint(t, theme.Quiet, padded(n, widths[i+1]))
	}
	return line
}
