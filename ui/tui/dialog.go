package tui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

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

	top int // rows that are scrolled away
}

// Title is empty: the page below keeps its header.
func (d Dialog) Title() string { return "" }

// Keys are the two answers, and those that scroll what is too tall for the
// window.
func (d Dialog) Keys() []key.Binding {
	return []key.Binding{d.Yes, d.No, key.NewBinding(key.WithKeys("up", "down"))}
}

// Update waits for an answer.
func (d Dialog) Update(msg tea.Msg, env Env) (Page, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	switch {
	case ok && key.Matches(press, d.No):
		return d, env.Close()
	case ok && key.Matches(press, d.Yes):
		return d, tea.Sequence(env.Close(), d.Do)
	case ok && press.String() == "down":
		d.top = min(d.top+1, max(0, len(d.rows(env))-env.Height))
	case ok && press.String() == "up":
		d.top = max(0, d.top-1)
	}
	return d, nil
}

// View draws the lines; where there is no room for all of them the last row says
// so.
func (d Dialog) View(env Env) string {
	rows := d.rows(env)
	rows = rows[min(d.top, max(0, len(rows)-env.Height)):]
	if h := env.Height; h > 0 && len(rows) > h {
		more := fmt.Sprintf("  ↓ %d more lines", len(rows)-h+1)
		rows = append(rows[:h-1:h-1], " "+env.Theme.Style(theme.Quiet).Render(env.Theme.Signs(more)))
	}
	return strings.Join(rows, "\n")
}

// rows are the lines behind a bar in the colour of what waits for you. A line
// that is too long goes on below, where its second column begins.
func (d Dialog) rows(env Env) []string {
	bar := " " + env.Theme.Style(theme.You).Render(env.Theme.Signs(theme.Bar)) + " "
	var rows []string
	for _, line := range d.Lines {
		line = env.Theme.Signs(line)
		column := 0
		if word, rest, found := strings.Cut(line, "  "); found && ansi.StringWidth(word) == len(word) {
			column = len(line) - len(strings.TrimLeft(rest, " "))
		}
		room := max(1, env.Width-len(" | ")-column)
		for i, part := range strings.Split(ansi.Wrap(line[column:], room, ""), "\n") {
			start := line[:column]
			if i > 0 {
				start = strings.Repeat(" ", column)
			}
			rows = append(rows, bar+start+part)
		}
	}
	return rows
}
