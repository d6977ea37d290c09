package tui

import (
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

// View draws the lines behind a bar in the colour of what waits for you. A line
// that is too long goes on below, where its second column begins.
func (d Dialog) View(env Env) string {
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
	return strings.Join(rows, "\n")
}
