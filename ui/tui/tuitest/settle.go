package tuitest

import (
	"reflect"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
)

// clock is time that stands still between two calls of Advance.
type clock struct {
	now   time.Time
	ticks []tick
}

// tick is a message that is due at a time; as a message itself it says that a
// command asked for it.
type tick struct {
	at time.Time
	f  func(time.Time) tea.Msg
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Tick(d time.Duration, f func(time.Time) tea.Msg) tea.Cmd {
	due := tick{c.now.Add(d), f}
	return func() tea.Msg { return due }
}

// next takes out the earliest tick that is due by then.
func (c *clock) next(by time.Time) (tick, bool) {
	first := -1
	for i, t := range c.ticks {
		if !t.at.After(by) && (first < 0 || t.at.Before(c.ticks[first].at)) {
			first = i
		}
	}
	if first < 0 {
		return tick{}, false
	}
	t := c.ticks[first]
	c.ticks = slices.Delete(c.ticks, first, first+1)
	return t, true
}

// Settle runs the commands that were returned, and those that follow from
// them, until none is left.
func (s *Story) Settle() *Story {
	s.t.Helper()
	for range most {
		if len(s.pending) == 0 || s.quit {
			return s
		}
		cmd := s.pending[0]
		s.pending = s.pending[1:]
		if cmd != nil {
			s.answer(cmd())
		}
	}
	s.t.Fatalf("the screen does not come to rest: %d commands and still more", most)
	return s
}

// answer does what the program's loop does with a command's message.
func (s *Story) answer(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
		return
	case tick:
		s.clock.ticks = append(s.clock.ticks, msg)
		return
	case tea.QuitMsg:
		s.quit = true
		return
	}
	if list, ok := commands(msg); ok { // a batch or a sequence: one by one, in order
		s.pending = append(list, s.pending...)
		return
	}
	s.asked = append(s.asked, msg)
	s.update(msg)
}

// commands are those of a batch or of a sequence, whose type is bubbletea's
// own.
func commands(msg tea.Msg) ([]tea.Cmd, bool) {
	list := reflect.ValueOf(msg)
	if list.Kind() != reflect.Slice || list.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return nil, false
	}
	out := make([]tea.Cmd, 0, list.Len())
	for i := range list.Len() {
		if cmd, ok := reflect.TypeAssert[tea.Cmd](list.Index(i)); ok {
			out = append(out, cmd)
		}
	}
	return out, true
}

// Asked are the messages that commands answered with so far, in order: what a
// page wanted of the terminal (a copy to the clipboard) among them.
func (s *Story) Asked() []tea.Msg {
	s.t.Helper()
	s.Settle()
	return s.asked
}
