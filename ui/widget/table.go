package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Cut is where a cell that is too long is cut.
type Cut int

// The cuts.
const (
	CutNever  Cut = iota // numbers, glyphs, commits
	CutEnd               // sentences and addresses
	CutMiddle            // paths and attributes
)

// Column is a column of a table.
type Column struct {
	Title string
	Worth int // where the table is too wide, the column of the least worth goes
	Right bool
	Cut   Cut
	Least int // what it keeps where it is cut; 0: twelve
}

// Cell is one value: a mark and its word, a text, or both.
type Cell struct {
	Mark theme.Mark
	Text string
	Role theme.Role // of the text
}

// Table is rows of cells under their titles.
type Table struct {
	Columns  []Column
	Rows     [][]Cell
	Cursor   int  // -1: none
	Wordless bool // marks without their word, for screens under 60 columns
}

// leastCut is the least that a cut column keeps, where it does not say more.
const leastCut = 12

// View draws the titles, where there is more than one line, and the rows
// around the cursor.
func (d Table) View(t theme.Theme, w, h int) string {
	shown, widths := d.layout(t, w-len("   "))
	var lines []string
	if h > 1 {
		lines = append(lines, "   "+paint(t, theme.Quiet, d.titles(t, shown, widths)))
	}
	from, to := window(len(d.Rows), d.Cursor, h-len(lines))
	for i := from; i < to; i++ {
		chosen := i == d.Cursor
		lines = append(lines, row(t, chosen, w, func(t theme.Theme) string {
			return paint(t, theme.Plain, cursor(t, chosen)) + d.line(t, d.Rows[i], shown, widths)
		}))
	}
	return fit(lines, w, h)
}

// At is the row that a line of View(w, h) shows; -1: none.
func (d Table) At(y, h int) int {
	if h > 1 { // the titles
		y, h = y-1, h-1
	}
	if from, to := window(len(d.Rows), d.Cursor, h); y >= 0 && from+y < to {
		return from + y
	}
	return -1
}

// layout chooses the columns and how wide each is: first the widest that may
// be cut shrinks, then the one of the least worth goes.
func (d Table) layout(t theme.Theme, w int) (shown, widths []int) {
	natural := make([]int, len(d.Columns))
	for i, c := range d.Columns {
		shown = append(shown, i)
		natural[i] = ansi.StringWidth(clean(t, c.Title))
		for _, r := range d.Rows {
			natural[i] = max(natural[i], ansi.StringWidth(d.cell(t, r, i)))
		}
	}
	for {
		widths = append([]int(nil), natural...)
		total := max(0, len(shown)-1) * len(gap)
		for _, i := range shown {
			total += widths[i]
		}
		for total > w {
			widest := -1
			for _, i := range shown {
				if d.Columns[i].Cut != CutNever && widths[i] > max(leastCut, d.Columns[i].Least) && (widest < 0 || widths[i] > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
			total--
		}
		if total <= w || len(shown) == 0 {
			return shown, widths
		}
		if len(shown) == 1 {
			widths[shown[0]] = max(w, 0)
			return shown, widths
		}
		shown = d.without(shown)
	}
}

// without leaves the column of the least worth out; of equals the last.
func (d Table) without(shown []int) []int {
	least := 0
	for at, i := range shown {
		if d.Columns[i].Worth <= d.Columns[shown[least]].Worth {
			least = at
		}
	}
	return append(shown[:least:least], shown[least+1:]...)
}

func (d Table) titles(t theme.Theme, shown, widths []int) string {
	out := make([]string, 0, len(shown))
	for _, i := range shown {
		title := cutEnd(t, clean(t, d.Columns[i].Title), widths[i])
		out = append(out, placed(title, widths[i], d.Columns[i].Right))
	}
	return strings.TrimRight(strings.Join(out, gap), " ")
}

// cell is the text of a cell, without its colours.
func (d Table) cell(t theme.Theme, r []Cell, i int) string {
	if i >= len(r) {
		return ""
	}
	mark, text := d.mark(t, r[i]), clean(t, r[i].Text)
	if mark != "" && text != "" {
		return mark + " " + text
	}
	return mark + text
}

func (d Table) mark(t theme.Theme, c Cell) string {
	glyph, word := c.Mark.Glyph(t.ASCII()), clean(t, c.Mark.Word)
	if glyph == "" || word == "" || d.Wordless {
		return glyph
	}
	return glyph + " " + word
}

func (d Table) line(t theme.Theme, r []Cell, shown, widths []int) string {
	out := make([]string, 0, len(shown))
	for _, i := range shown {
		text := d.cell(t, r, i)
		switch d.Columns[i].Cut {
		case CutMiddle:
			text = cutMiddle(t, text, widths[i])
		case CutEnd:
			text = cutEnd(t, text, widths[i])
		case CutNever:
		}
		text = placed(text, widths[i], d.Columns[i].Right)
		if i >= len(r) {
			out = append(out, paint(t, theme.Plain, text))
			continue
		}
		mark := d.mark(t, r[i])
		before, after, found := strings.Cut(text, mark)
		if mark == "" || !found {
			before, mark, after = "", "", text
		}
		out = append(out, paint(t, theme.Plain, before)+paint(t, r[i].Mark.Role, mark)+paint(t, r[i].Role, after))
	}
	return strings.Join(out, paint(t, theme.Plain, gap))
}

func placed(s string, w int, right bool) string {
	if right {
		return aligned(s, w)
	}
	return padded(s, w)
}
