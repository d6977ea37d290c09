// Package widget draws: pure functions of a theme, data, a width and a height
// to a string. Nothing here knows keys that were pressed, time or the world.
//
// Every widget keeps the grid (column 1 empty, 2 cursor, 4 text or glyph), is
// never wider than its width or taller than its height, counts in cells and
// cleans the text it is given, which may come from outside. What is edited or
// scrolled lives in the models of bubbles; here is only how it looks.
package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
)

// gap is between two columns.
const gap = "  "

// Text draws a sentence: from column 2, wrapped at words.
func Text(t theme.Theme, s string, w, h int) string {
	return fit(indent(wrapped(t, s, w-1), " "), w, h)
}

// Fit cuts what widgets drew to a size, by cells and lines; styles end with
// their line.
func Fit(block string, w, h int) string { return fit(strings.Split(block, "\n"), w, h) }

func fit(lines []string, w, h int) string {
	if w <= 0 || h <= 0 {
		return ""
	}
	lines = lines[:min(h, len(lines))]
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		if ansi.StringWidth(l) > w {
			l = ansi.Truncate(l, w, "")
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// Clip are the first lines of a text that was drawn; where there are more, the
// last of them says so.
func Clip(t theme.Theme, lines []string, w, h int) []string {
	if h <= 0 || len(lines) <= h {
		return lines[:min(len(lines), max(h, 0))]
	}
	more := t.Signs(theme.More)
	out := append([]string(nil), lines[:h]...)
	last, before := out[h-1], " "
	if room := max(0, w-ansi.StringWidth(before+more)); ansi.StringWidth(last) > room {
		last, before = ansi.Truncate(last, room+len(before), ""), ""
	}
	out[h-1] = last + before + paint(t, theme.Quiet, more)
	return out
}

// clean makes text safe for one line, as state.CleanText does, and keeps its
// blanks: they may be columns.
func clean(t theme.Theme, s string) string {
	words := strings.Split(s, " ")
	for i, word := range words {
		words[i] = state.CleanText(word, 0)
	}
	return t.Signs(strings.Join(words, " "))
}

// cutEnd cuts a sentence or an address at its end. s is clean.
func cutEnd(t theme.Theme, s string, w int) string {
	return ansi.Truncate(s, max(w, 0), t.Signs(theme.More))
}

// cutMiddle cuts a path or an attribute in its middle; the end, which tells
// more, keeps the odd cell. s is clean.
func cutMiddle(t theme.Theme, s string, w int) string {
	more := t.Signs(theme.More)
	have, room := ansi.StringWidth(s), w-ansi.StringWidth(more)
	if have <= w || room < 2 {
		return cutEnd(t, s, w)
	}
	return ansi.Truncate(s, room/2, "") + more + ansi.TruncateLeft(s, have-(room+1)/2, "")
}

// paint draws a text in a role's style; nothing stays nothing.
func paint(t theme.Theme, r theme.Role, s string) string {
	if s == "" {
		return ""
	}
	return t.Style(r).Render(s)
}

// padded fills a text with blanks to a width.
func padded(s string, w int) string {
	return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s)))
}

// aligned fills a text with blanks on its left.
func aligned(s string, w int) string {
	return strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) + s
}

// wrapped breaks a text at blanks, and a word that is too long anywhere; a
// name with hyphens is one word.
func wrapped(t theme.Theme, s string, w int) []string {
	if s = clean(t, s); s == "" {
		return nil
	}
	const hyphen = "\u2011" // one that does not break
	s = ansi.Wrap(strings.ReplaceAll(s, "-", hyphen), max(w, 1), "")
	return strings.Split(strings.ReplaceAll(s, hyphen, "-"), "\n")
}

// indent puts a prefix before every line.
func indent(lines []string, prefix string) []string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, prefix+l)
	}
	return out
}

// hang puts a start before the first line and blanks before the others.
func hang(lines []string, start string) []string {
	out := indent(lines, strings.Repeat(" ", ansi.StringWidth(start)))
	if len(out) > 0 {
		out[0] = start + lines[0]
	}
	return out
}

// row draws a line of a list: what draw draws, over the whole width where the
// row is the chosen one.
func row(t theme.Theme, chosen bool, w int, draw func(theme.Theme) string) string {
	if !chosen {
		return draw(t)
	}
	t = t.Chosen()
	line := ansi.Truncate(draw(t), max(w, 0), "")
	return line + paint(t, theme.Plain, strings.Repeat(" ", max(0, w-ansi.StringWidth(line))))
}

// cursor is the first three columns of a list's row.
func cursor(t theme.Theme, chosen bool) string {
	if !chosen {
		return "   "
	}
	return " " + t.Signs(theme.Cursor) + " "
}

// window is the part of n lines that h lines show: at lies in it, in the
// middle where there is room on both sides.
func window(n, at, h int) (from, to int) {
	h = min(max(h, 0), n)
	from = min(max(0, at-h/2), n-h)
	return from, from + h
}
