// Package plain shows a run without a screen: text lines, JSON lines, the plan
// and the checklist as documents, and a line prompter over the same questions
// that every other way asks. It prints what it is given and decides nothing.
package plain

import (
	"os"
	"strings"

	"github.com/nixwright/nixwright/steps"
)

// glyph is a status at a glance; the word always stands beside it.
type glyph struct{ utf, ascii, colour string }

// The glyphs and colours (SGR) by status. "you" is a word of the screen: a
// step that waits for a person.
var glyphs = map[string]glyph{
	string(steps.Ready):     {"✓", "+", "32"},
	string(steps.Missing):   {"○", "o", ""},
	string(steps.Drifted):   {"≠", "~", "33"},
	string(steps.Blocked):   {"▲", "!", "33"},
	string(steps.Waiting):   {"◇", ".", "34"},
	string(steps.Unknown):   {"○", "o", ""},
	string(steps.NotNeeded): {"–", "-", ""},
	string(steps.Failed):    {"✗", "x", "91"},
	"you":                   {"◆", "@", "1"},
}

// Style is how text is drawn.
type Style struct{ Colour, ASCII bool }

// StyleOf decides from the environment: NO_COLOR, TERM, the locale.
func StyleOf(env func(string) string, terminal bool) Style {
	locale := env("LC_ALL") + env("LC_CTYPE") + env("LANG")
	return Style{
		Colour: terminal && env("NO_COLOR") == "" && env("TERM") != "dumb",
		ASCII:  terminal && !strings.Contains(strings.ToLower(strings.ReplaceAll(locale, "-", "")), "utf8"),
	}
}

// Environ is os.Getenv, for callers that pass it on.
func Environ(name string) string { return os.Getenv(name) }

// mark draws a status as glyph and padded word.
func (s Style) mark(word string) string {
	g := glyphs[word]
	c := g.utf
	if s.ASCII {
		c = g.ascii
	}
	text := c + " " + word + strings.Repeat(" ", max(0, 10-len(word)))
	if s.Colour && g.colour != "" {
		text = "\x1b[" + g.colour + "m" + text + "\x1b[0m"
	}
	return text
}

// word is what a row's status is called where people read it.
func word(row steps.Row) string {
	switch {
	case row.Question != nil:
		return "you"
	case row.Status() == steps.NotNeeded:
		return string(steps.NotNeeded)
	}
	return string(row.Status())
}
