package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/theme"
)

// Env is what a page may know of the world while it updates or draws.
type Env struct {
	// Width and Height are the cells of the body, not of the window.
	Width, Height int
	// Theme has the styles and glyphs for this terminal.
	Theme theme.Theme
	// Now is the time of the message that is being handled.
	Now time.Time

	clock Clock
	hand  bool // the message came from the user's hand
	// moves are made once the message is answered, before the next one is
	// looked at: whoever types ahead means what comes up, and a page that takes
	// itself off is still the one that goes; nil: by a command.
	moves *[]moveMsg
}

// Tick asks for one message after d. A page asks for the next one only while
// something is running, at most one a second.
func (e Env) Tick(d time.Duration, f func(time.Time) tea.Msg) tea.Cmd { return e.clock.Tick(d, f) }

// Push lays a page on top. It takes keys at once if a key, a click or a paste
// is being answered, else after half a second; the same holds for what the
// other moves bring up.
func (e Env) Push(p Page) tea.Cmd { return e.move(push, p) }

// Pop takes the uppermost page off; the last one ends the program.
func (e Env) Pop() tea.Cmd { return e.move(pop, nil) }

// Replace puts a page in the place of the uppermost one.
func (e Env) Replace(p Page) tea.Cmd { return e.move(replace, p) }

// Open lays an overlay over all pages and overlays.
func (e Env) Open(overlay Page) tea.Cmd { return e.move(open, overlay) }

// Close takes the uppermost overlay off.
func (e Env) Close() tea.Cmd { return e.move(shut, nil) }

func (e Env) move(act action, p Page) tea.Cmd {
	msg := moveMsg{act: act, page: p, hand: e.hand}
	if e.moves != nil {
		*e.moves = append(*e.moves, msg)
		return nil
	}
	return func() tea.Msg { return msg }
}
