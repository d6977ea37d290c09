package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/theme"
)

// Dialog is an overlay that wants a yes or a no: what goes, what stays, the
// price. Either answer closes it.
type Dialog struct {
	// Lines say what it is about, cleaned, one line each.
	Lines []string
	// Yes and No are the keys, with their words.
	Yes, No key.Binding
	// Do runs after a yes.
	Do tea.Cmd
}

// Title is empty: the page below keeps its header.
func (d Dialog) Title() string { return "" }

// Keys are the two answers.
func (d Dialog) Keys() []key.Binding { return []key.Binding{d.Yes, d.No} }

// Update waits for an answer.
func (d Dialog) Update(msg tea.Msg, env Env) (Page, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	switch {
	case ok && key.Matches(press, d.No):
		return d, env.Close()
	case ok && key.Matches(press, d.Yes):
		return d, tea.Sequence(env.Close(), d.Do)
	default:
		return d, nil
	}
}

// View draws the lines behind a bar in the colour of what waits for you.
func (d Dialog) View(env Env) string {
	bar := env.Theme.Style(theme.You).Render(env.Theme.Signs(theme.Bar))
	rows := make([]string, len(d.Lines))
	for i, line := range d.Lines {
		rows[i] = " " + bar + " " + line
	}
	return strings.Join(rows, "\n")
}
