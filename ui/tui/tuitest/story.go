// Package tuitest tells stories to the screens: keys, pastes and messages go
// in, the plain text of the screen comes out. There is no terminal and no
// waiting; time moves by Advance alone.
//
// Commands are run one after another when the screen settles: before the next
// input, and before the screen is looked at. A command that waits for a channel
// must find its message there by then. Every look at the screen checks that
// the frame fits its window.
package tuitest

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/nixwright/nixwright/ui/tui"
)

// most is how many messages a screen may need to come to rest.
const most = 10_000

// Story is one program under test.
type Story struct {
	t             testing.TB
	look          tui.Look
	width, height int
	model         tea.Model
	clock         *clock
	pending       []tea.Cmd
	quit          bool
	asked         []tea.Msg
}

// Option changes how a story begins.
type Option func(*Story)

// Size is the window; 80x24 without it.
func Size(width, height int) Option {
	return func(s *Story) { s.width, s.height = width, height }
}

// At is the time at the beginning; Mon 24 Aug 2026 14:00 UTC without it.
func At(now time.Time) Option { return func(s *Story) { s.clock.now = now } }

// ASCII draws without any other character.
func ASCII() Option { return func(s *Story) { s.look.Theme.ASCII = true } }

// Light is a terminal with a light background.
func Light() Option { return func(s *Story) { s.look.Theme.Dark = false } }

// New begins a story with its first page. The theme is dark and has all
// colours, which View shows and Screen does not.
func New(tb testing.TB, first tui.Page, options ...Option) *Story {
	tb.Helper()
	s := &Story{
		t: tb, width: 80, height: 24,
		clock: &clock{now: time.Date(2026, 8, 24, 14, 0, 0, 0, time.UTC)},
	}
	s.look.Theme.Dark, s.look.Theme.Profile, s.look.Mouse = true, colorprofile.TrueColor, true
	for _, o := range options {
		o(s)
	}
	s.look.Clock = s.clock
	root := tui.NewRoot(first, s.look)
	s.model = root
	s.pending = append(s.pending, root.Init())
	s.update(tea.WindowSizeMsg{Width: s.width, Height: s.height})
	return s
}

// Send gives the program one message.
func (s *Story) Send(msg tea.Msg) *Story {
	s.t.Helper()
	s.Settle()
	s.update(msg)
	return s
}

// Resize changes the window.
func (s *Story) Resize(width, height int) *Story {
	s.t.Helper()
	s.width, s.height = width, height
	return s.Send(tea.WindowSizeMsg{Width: width, Height: height})
}

// Advance moves time on; ticks that fall due are answered in their order.
func (s *Story) Advance(d time.Duration) *Story {
	s.t.Helper()
	s.Settle()
	end := s.clock.now.Add(d)
	for {
		tick, ok := s.clock.next(end)
		if !ok {
			break
		}
		s.clock.now = tick.at
		s.update(tick.f(tick.at))
		s.Settle()
	}
	s.clock.now = end
	return s
}

// Quit says whether the program has ended.
func (s *Story) Quit() bool {
	s.t.Helper()
	s.Settle()
	return s.quit
}

// Ticks is how many ticks are awaited; at rest it is zero.
func (s *Story) Ticks() int {
	s.t.Helper()
	s.Settle()
	return len(s.clock.ticks)
}

func (s *Story) update(msg tea.Msg) {
	if s.quit {
		return
	}
	var cmd tea.Cmd
	s.model, cmd = s.model.Update(msg)
	s.pending = append(s.pending, cmd)
}
