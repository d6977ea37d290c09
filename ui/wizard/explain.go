package wizard

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Explain is a row of the failure table, whole. It needs no network.
type Explain struct {
	failure state.Failure
	scroll  scroll
}

// NewExplain is the page of a failure.
func NewExplain(f state.Failure) Explain { return Explain{failure: f} }

// Title implements tui.Page.
func (e Explain) Title() string { return "nixwright setup · Explain " + e.failure.ID }

// Keys implements tui.Page.
func (e Explain) Keys() []key.Binding {
	return []key.Binding{
		key.NewBinding(key.WithKeys("up"), key.WithHelp("↑↓", "scroll")),
		key.NewBinding(key.WithKeys("esc", "x"), key.WithHelp("esc", "back")),
	}
}

// Update implements tui.Page.
func (e Explain) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if s := msg.String(); s == "esc" || s == "x" {
			return e, env.Pop()
		}
		e.scroll = e.scroll.press(msg, len(e.rows(env)), env.Height)
	case tea.MouseWheelMsg:
		e.scroll = e.scroll.wheel(msg, len(e.rows(env)), env.Height)
	}
	return e, nil
}

// View implements tui.Page.
func (e Explain) View(env tui.Env) string { return e.scroll.view(e.rows(env), env) }

func (e Explain) rows(env tui.Env) []string {
	t, w, f := env.Theme, env.Width, e.failure
	const all = 1000
	rows := []string{
		" " + t.Bold().Render(state.CleanText(f.ID+"  "+f.Title, 0)),
		" " + t.Style(theme.Quiet).Render(string(f.Severity)+" "+t.Signs(theme.Dot)+" "+f.Area), "",
	}
	for _, part := range [][2]string{{"Why", f.Why}, {"Seen", f.Seen}, {"Do", f.Fix}} {
		rows = append(rows, strings.Split(widget.Pairs{Pairs: []widget.Pair{{Key: part[0] + strings.Repeat(" ", len("Seen")-len(part[0])), Value: part[1]}}}.View(t, w, all), "\n")...)
		rows = append(rows, "")
	}
	return rows
}
