package tuitest_test

import (
	"slices"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// echo draws what came, and on enter asks for what do returns.
type echo struct {
	came string
	do   func(tui.Env) tea.Cmd
}

func (e echo) Title() string       { return "echo" }
func (e echo) Keys() []key.Binding { return nil }
func (e echo) Typing() bool        { return true }

func (e echo) View(env tui.Env) string { return e.came + env.Now.Format(" 15:04:05") }

func (e echo) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		e.came += "<" + msg.String() + ">"
		if msg.String() == "enter" {
			return e, e.do(env)
		}
	case string:
		e.came += msg
	}
	return e, nil
}

func answer(text string) tea.Cmd { return func() tea.Msg { return text } }

func TestSettleRunsBatchesAndSequences(t *testing.T) {
	s := tuitest.New(t, echo{do: func(tui.Env) tea.Cmd {
		return tea.Batch(answer("1"), tea.Sequence(answer("2"), tea.Batch(answer("3"), answer("4")), answer("5")), nil)
	}})
	s.Press("enter").Has("<enter>12345 14:00:00")
}

func TestCommandThatWaitsForAChannel(t *testing.T) {
	came := make(chan string, 1)
	s := tuitest.New(t, echo{do: func(tui.Env) tea.Cmd { return func() tea.Msg { return <-came } }})
	s.Press("enter")
	came <- "late"
	s.Has("<enter>late")
}

func TestTicksComeInTheirOrder(t *testing.T) {
	after := func(env tui.Env, d time.Duration) tea.Cmd {
		return env.Tick(d, func(at time.Time) tea.Msg { return at.Format("[04:05]") })
	}
	s := tuitest.New(t, echo{do: func(env tui.Env) tea.Cmd {
		return tea.Batch(after(env, 3*time.Second), after(env, time.Second), after(env, time.Minute))
	}}, tuitest.At(time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)))
	s.Press("enter").Advance(5 * time.Second).Press("x").Has("<enter>[00:01][00:03]<x> 08:00:05")
	if s.Ticks() != 1 {
		t.Errorf("%d ticks are awaited", s.Ticks())
	}
}

func TestKeysAreWrittenAsTheyRead(t *testing.T) {
	names := []string{"a", "G", "?", "/", "enter", "esc", "tab", "shift+tab", "space", "ctrl+a", "alt+x", "up", "pgdown", "backspace"}
	s := tuitest.New(t, echo{do: func(tui.Env) tea.Cmd { return nil }}, tuitest.Size(200, 24)).Press(names...)
	for _, name := range names {
		s.Has("<" + name + ">")
	}
	s.Type("é!").Has("<é>", "<!>")
}

func TestAsked(t *testing.T) {
	s := tuitest.New(t, echo{do: func(tui.Env) tea.Cmd { return tea.SetClipboard("link") }})
	want := tea.SetClipboard("link")()
	if slices.Contains(s.Asked(), want) || !slices.Contains(s.Press("enter").Asked(), want) {
		t.Errorf("asked %v", s.Asked())
	}
}
