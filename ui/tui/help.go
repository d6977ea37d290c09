package tui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// help is the overlay that lists the keys that worked when it was opened, those
// of the page and those of the program.
type help struct {
	title  string
	groups [2][]helpRow
	top    int // rows that are scrolled away
}

// helpRow is a key, a heading (no key) or a blank (neither).
type helpRow struct{ key, verb string }

// help lists the keys of the uppermost page and of the Root.
func (r Root) help() Page {
	return help{
		title: "Help " + theme.Dot + " " + ansi.Strip(r.header()[0]),
		groups: [2][]helpRow{
			r.helpRows("Here", r.top().Keys()),
			r.helpRows("Everywhere", append(r.common(), unclaimed(r.top(), stopKey())...)),
		},
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
	return []key.Binding{
		key.NewBinding(key.WithKeys("esc", "?", "q", "enter"), key.WithHelp("esc", "close")),
		key.NewBinding(key.WithKeys("up", "down", "k", "j", "pgup", "pgdown"), key.WithHelp("↑↓", "scroll")),
	}
}

func (h help) Update(msg tea.Msg, env Env) (Page, tea.Cmd) {
	by := 0
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "?", "q", "enter":
			return h, env.Close()
		case "up", "k":
			by = -1
		case "down", "j":
			by = +1
		case "pgup":
			by = -env.Height
		case "pgdown":
			by = +env.Height
		}
	case tea.MouseWheelMsg:
		if by = +1; msg.Button == tea.MouseWheelUp {
			by = -1
		}
	}
	h.top = min(max(0, h.top+by), max(0, len(h.body(env))-env.Height))
	return h, nil
}

// View draws the keys that are not scrolled away.
func (h help) View(env Env) string {
	body := h.body(env)
	return strings.Join(body[min(h.top, max(0, len(body)-env.Height)):], "\n")
}

// body is the two groups side by side where they fit, else in columns as high as
// the page, else below each other.
func (h help) body(env Env) []string {
	all := slices.Concat(h.groups[0], []helpRow{{}}, h.groups[1])
	if out := beside(env, h.groups[0], h.groups[1]); out != nil {
		return out
	}
	var columns [][]helpRow
	for rest := range slices.Chunk(all, max(1, env.Height)) {
		columns = append(columns, rest)
	}
	if out := beside(env, columns...); out != nil {
		return out
	}
	rows := make([]string, 0, len(all))
	for _, line := range drawn(env.Theme, all) {
		rows = append(rows, ansi.Truncate(line, env.Width, env.Theme.Signs(theme.More)))
	}
	return rows
}

// beside draws columns side by side; nil where they do not fit.
func beside(env Env, columns ...[]helpRow) []string {
	const gutter = 3
	var out []string
	edge := 0
	for i, column := range columns {
		if len(column) > env.Height {
			return nil
		}
		if i > 0 {
			edge += gutter
		}
		widest := 0
		for n, line := range drawn(env.Theme, column) {
			if n == len(out) {
				out = append(out, "")
			}
			out[n] += strings.Repeat(" ", edge-ansi.StringWidth(out[n])) + line
			widest = max(widest, ansi.StringWidth(line))
		}
		edge += widest
	}
	if edge > env.Width {
		return nil
	}
	return out
}

// drawn are the rows of a column.
func drawn(t theme.Theme, rows []helpRow) []string {
	keys := 0
	for _, row := range rows {
		keys = max(keys, ansi.StringWidth(row.key))
	}
	out := make([]string, 0, len(rows))
	for _, row := range rows {
		out = append(out, row.draw(t, keys))
	}
	return out
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
