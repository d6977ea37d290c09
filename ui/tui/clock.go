package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// Clock is where time comes from, so that stories need no waiting.
type Clock interface {
	Now() time.Time
	// Tick is a command that answers with f's message after d.
	Tick(d time.Duration, f func(time.Time) tea.Msg) tea.Cmd
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Tick(d time.Duration, f func(time.Time) tea.Msg) tea.Cmd { return tea.Tick(d, f) }
