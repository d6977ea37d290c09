package tui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// help is the overlay that lists the keys that worked when it was opened.
type help struct {
	title string
	rows  []helpRow
}

// helpRow is a key, a heading (no key) or a blank (neither).
type helpRow struct{ key, verb string }

// help lists the keys of the uppermost page and of the Root.
func (r Root) help() Page {
	here := r.helpRows("Here", r.top().Keys())
	everywhere := r.helpRows("Everywhere", append(r.common(), unclaimed(r.top(), stopKey())...))
	return help{
		title: "Help " + theme.Dot + " " + ansi.Strip(r.header()[0]),
		rows:  slices.Concat(here, []helpRow{{}}, everywhere),
	}
}

func (r Root) helpRows(heading string, bindings []key.Binding) []helpRow {
	rows := []helpRow{{verb: heading}}
	for _, b := range bindings {
		row := helpRow{key: r.theme.Signs(b.Help().Key), verb: b.Help().Desc}
		if row.key == "" {
			continue
		}
		if !b.Enabled() && len(b.Keys()) > 0 {
			row.verb = b.Help().Desc + ": " + why(r.top(), b.Keys()[0])
		}
		rows = append(rows, row)
	}
	return rows
}

func (h help) Title() string { return h.title }

func (h help) Keys() []key.Binding {
	return []key.Binding{key.NewBinding(key.WithKeys("esc", "?", "q", "enter"), key.WithHelp("esc", "close"))}
}

func (h help) Update(msg tea.Msg, env Env) (Page, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, h.Keys()...) {
		return h, env.Close()
	}
	return h, nil
}

// View flows the rows into columns as high as the body.
func (h help) View(env Env) string {
	if env.Height == 0 {
		return ""
	}
	body := make([]string, env.Height)
	for start := 0; start < len(h.rows); start += env.Height {
		column := h.rows[start:min(start+env.Height, len(h.rows))]
		keys, edge := 0, 0
		for _, row := range column {
			keys = max(keys, ansi.StringWidth(row.key))
		}
		for _, line := range body {
			edge = max(edge, ansi.StringWidth(line))
		}
		for i, row := range column {
			body[i] += strings.Repeat(" ", edge-ansi.StringWidth(body[i])) + row.draw(env.Theme, keys)
		}
	}
	return strings.Join(body, "\n")
}

func (row helpRow) draw(t theme.Theme, keys int) string {
	switch {
	case row.key != "":
		pad := strings.Repeat(" ", keys-ansi.StringWidth(row.key))
		return "   " + t.Style(theme.Run).Render(row.key) + pad + "  " + row.verb
	case row.verb != "":
		return " " + t.Style(theme.Quiet).Render(row.verb)
	default:
		return ""
	}
}
