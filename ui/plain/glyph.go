// Package plain shows a run without a screen: text lines, JSON lines, the plan
// and the checklist as documents, and a line prompter over the same questions
// that every other way asks. It prints what it is given and decides nothing.
package plain

import (
	"strings"

	"github.com/nixwright/nixwright/steps"
)

// glyph is a status at a glance; the word always stands beside it.
type glyph struct{ utf, ascii, colour string }

// The glyphs and colours (SGR) by status.
var glyphs = map[string]glyph{
	string(steps.Ready):     {"✓", "+", "32"},
	string(steps.Missing):   {"○", "o", ""},
	string(steps.Drifted):   {"≠", "~", "33"},
	string(steps.Blocked):   {"▲", "!", "33"},
	string(steps.Waiting):   {"◇", ".", "34"},
	string(steps.Unknown):   {"○", "o", ""},
	string(steps.NotNeeded): {"–", "-", ""},
	string(steps.Failed):    {"✗", "x", "91"},
	you:                     {"◆", "@", "1"},
}

// Style is how text is drawn.
type Style struct{ Colour, ASCII bool }

// StyleOf decides from the environment: NO_COLOR, TERM, and the locale, which
// is the first of LC_ALL, LC_CTYPE and LANG that is set. A file or a pipe gets
// no colour and UTF-8.
func StyleOf(env func(string) string, terminal bool) Style {
	var locale string
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale = env(name); locale != "" {
			break
		}
	}
	return Style{
		Colour: terminal && env("NO_COLOR") == "" && env("TERM") != "dumb",
		ASCII:  terminal && !strings.Contains(strings.ToLower(strings.ReplaceAll(locale, "-", "")), "utf8"),
	}
}

// you is a word of the screen: a step that waits for a person.
const you = "you"

// glyph is the sign of a status alone, where a word of the line says the same.
func (s Style) glyph(word string) string {
	if s.ASCII {
		return glyphs[word].ascii
	}
	return glyphs[word].utf
}

// mark draws a status as glyph and padded word.
func (s Style) mark(word string) string {
	text := s.glyph(word) + " " + word + strings.Repeat(" ", max(0, len(steps.NotNeeded)-len(word)))
	if colour := glyphs[word].colour; s.Colour && colour != "" {
		text = "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
	return text
}
