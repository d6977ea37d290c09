// Package theme is the design language as data: what a colour means, which
// glyph and word a status has, and what stands for them where the terminal has
// no colours or no UTF-8.
//
// Text and background are the terminal's own. Colour is never alone: a glyph
// and its word say the same. Every value has a contrast of at least 4.5:1 on
// the usual backgrounds and on the chosen row.
package theme

import (
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// Options is what is known of the terminal.
type Options struct {
	Dark    bool                 // its background; where it does not answer: true
	Profile colorprofile.Profile // how many colours it draws; 0 counts as none
	ASCII   bool                 // see ASCII
}

// Theme is how things look on one terminal; it is a value.
type Theme struct {
	options Options
	chosen  bool
}

// New makes the theme of a terminal.
func New(o Options) Theme { return Theme{options: o} }

// ASCII says whether the terminal draws ASCII only.
func (t Theme) ASCII() bool { return t.options.ASCII }

// Dark says whether the terminal's background is dark.
func (t Theme) Dark() bool { return t.options.Dark }

// Colours says whether the terminal draws colours.
func (t Theme) Colours() bool { return t.options.Profile >= colorprofile.ANSI }

// Chosen is the theme of the chosen row: every style of it lies on the
// selection. Where the selection is reverse, the row has no other colour.
func (t Theme) Chosen() Theme {
	t.chosen = true
	return t
}

// Style is how a role is drawn.
func (t Theme) Style(r Role) lipgloss.Style {
	style := lipgloss.NewStyle()
	look := looks[r]
	switch p := t.options.Profile; {
	case p < colorprofile.ASCII:
		return style
	case r == Select || t.chosen && p <= colorprofile.ANSI:
		return t.selection(style)
	case p == colorprofile.ASCII:
		return style.Bold(r == Bad || r == You)
	case r == Plain:
	case r == Quiet && p == colorprofile.ANSI:
		style = style.Faint(true)
	case p == colorprofile.ANSI:
		style = style.Foreground(pick(t.options.Dark, look.dark16, look.light16))
	default:
		style = style.Foreground(look.of(t.options))
	}
	if t.chosen {
		return t.selection(style)
	}
	return style
}

// Bold is the sentence of truth, the thing asked, the current page.
func (t Theme) Bold() lipgloss.Style {
	return t.Style(Plain).Bold(t.options.Profile >= colorprofile.ASCII)
}

// Link is how an address is drawn.
func (t Theme) Link() lipgloss.Style {
	return t.Style(Run).Underline(t.options.Profile >= colorprofile.ASCII)
}

// selection lays a style on the chosen row.
func (t Theme) selection(style lipgloss.Style) lipgloss.Style {
	if t.options.Profile <= colorprofile.ANSI {
		return style.Reverse(true)
	}
	return style.Background(looks[Select].of(t.options))
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
