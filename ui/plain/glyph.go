// Package plain shows a run without a screen: text lines, JSON lines, the plan
// and the checklist as documents, and a line prompter over the same questions
// that every other way asks. It prints what it is given and decides nothing.
package plain

import (
	"strings"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/theme"
)

// The colours (SGR) by status; its glyph is the theme's, and the word always
// stands beside it.
var colours = map[string]string{
	string(steps.Ready):   "32",
	string(steps.Drifted): "33",
	string(steps.Blocked): "33",
	string(steps.Waiting): "34",
	string(steps.Failed):  "91",
	you:                   "1",
}

// Style is how text is drawn.
type Style struct{ Colour, ASCII bool }

// StyleOf decides from the environment: NO_COLOR, TERM, and the locale. A file
// or a pipe gets no colour and UTF-8.
func StyleOf(env func(string) string, terminal bool) Style {
	return Style{
		Colour: terminal && env("NO_COLOR") == "" && env("TERM") != "dumb",
		ASCII:  terminal && theme.ASCII(env),
	}
}

// you is a word of the screen: a step that waits for a person.
const you = theme.WordYou

// glyph is the sign of a status alone, where a word of the line says the same.
func (s Style) glyph(word string) string { return theme.MarkOf(word).Glyph(s.ASCII) }

// mark draws a status as glyph and padded word.
func (s Style) mark(word string) string {
	text := s.glyph(word) + " " + word + strings.Repeat(" ", max(0, len(steps.NotNeeded)-len(word)))
	if colour := colours[word]; s.Colour && colour != "" {
		text = "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
	return text
}
