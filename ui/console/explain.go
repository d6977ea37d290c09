package console

import (
	"cmp"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// explain is the overlay that says of alerts what they are, how they come about
// and what to do. It needs no source.
type explain struct {
	alerts []live.Alert // one or more
	open   func(url string) tea.Cmd
	top    int // rows that are scrolled away
}

// newExplain is the overlay of an alert.
func newExplain(a live.Alert, s scene) tui.Page {
	return explain{alerts: []live.Alert{a}, open: s.open}
}

// newExplainLine is the overlay of a line of the checklist, with all that was
// found of it.
func newExplainLine(l live.Line, s scene) tui.Page {
	e := explain{open: s.open}
	for _, p := range l.Problems {
		f, _ := state.FailureByID(p.ID)
		e.alerts = append(e.alerts, live.Alert{
			ID: p.ID, Severity: cmp.Or(f.Severity, state.Note), What: p.What, Why: p.Why, Fix: cmp.Or(p.Fix, f.Fix), URL: p.URL,
		})
	}
	if len(e.alerts) == 0 {
		e.alerts = []live.Alert{{What: l.Title, Why: cmp.Or(l.Text, "It is "+l.Status+".")}}
	}
	return e
}

// Title implements tui.Page.
func (explain) Title() string { return "" }

// Keys implements tui.Page.
func (e explain) Keys() []key.Binding {
	where := key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "go there"))
	where.SetEnabled(e.place().Page != "")
	open := key.NewBinding(key.WithKeys("o"), key.WithHelp("o", "open its page"))
	open.SetEnabled(e.url() != "")
	return []key.Binding{
		where, open,
		key.NewBinding(key.WithKeys("y"), key.WithHelp("y", "copy")),
		key.NewBinding(key.WithKeys("up", "down", "k", "j"), key.WithHelp("↑↓", "scroll")),
		key.NewBinding(key.WithKeys("esc", "x", "q"), key.WithHelp("esc", "close")),
	}
}

// Why implements tui.Reasoner.
func (explain) Why(pressed string) string {
	if pressed == "o" {
		return "it has no page of its own"
	}
	return "it has no place"
}

// Update implements tui.Page.
func (e explain) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "x", "q":
			return e, env.Close()
		case "enter":
			return e, tea.Sequence(env.Close(), lead(e.place()))
		case "o":
			return e, e.open(e.url())
		case "y":
			return e, copied(e.text(), "Copied: what it is and what to do.")
		case "up", "k":
			e.top = max(0, e.top-1)
		case "down", "j":
			e.top = min(e.top+1, e.last(env))
		}
	case tea.MouseWheelMsg:
		const notch = 3
		if msg.Button == tea.MouseWheelUp {
			e.top = max(0, e.top-notch)
		} else {
			e.top = min(e.top+notch, e.last(env))
		}
	}
	return e, nil
}

// last is how far it can be scrolled.
func (e explain) last(env tui.Env) int { return max(0, len(e.rows(env))-env.Height) }

// View implements tui.Page.
func (e explain) View(env tui.Env) string {
	rows := e.rows(env)
	return widget.Fit(strings.Join(rows[min(e.top, e.last(env)):], "\n"), env.Width, env.Height)
}

// place is where the first of them leads.
func (e explain) place() live.Place { return e.alerts[0].To }

// url is the first page on which something is mended.
func (e explain) url() string {
	for _, a := range e.alerts {
		if a.URL != "" {
			return a.URL
		}
	}
	return ""
}

// parts are what is said of an alert, in their order.
func parts(a live.Alert) [][2]string {
	f, _ := state.FailureByID(a.ID)
	why := a.Why
	if why != f.Why {
		why = strings.TrimSpace(strings.TrimSuffix(why, ".") + ". " + f.Why)
	}
	return [][2]string{{"Why", strings.TrimPrefix(why, ". ")}, {"Seen", f.Seen}, {"Do", a.Fix}, {"Page", a.URL}}
}

// text is all of it, to be pasted elsewhere.
func (e explain) text() string {
	var out []string
	for _, a := range e.alerts {
		out = append(out, strings.TrimSpace(a.ID+" "+a.What))
		for _, p := range parts(a) {
			if p[1] != "" {
				out = append(out, p[0]+": "+p[1])
			}
		}
	}
	return strings.Join(out, "\n")
}

func (e explain) rows(env tui.Env) []string {
	var rows []string
	for _, a := range e.alerts {
		rows = append(rows, alertRows(a, env)...)
	}
	return rows
}

// alertRows is all that is said of an alert.
func alertRows(a live.Alert, env tui.Env) []string {
	t, w := env.Theme, env.Width
	const all = 1000
	var rows, head []string
	for line := range strings.SplitSeq(widget.Text(t, a.What, w, all), "\n") {
		rows = append(rows, t.Bold().Render(line))
	}
	if a.Severity != "" {
		mark := theme.MarkOf(string(a.Severity))
		head = append(head, t.Style(mark.Role).Render(mark.Glyph(t.ASCII())+" "+mark.Word))
	}
	if a.ID != "" {
		head = append(head, state.CleanText(a.ID, 0))
	}
	if !a.Since.IsZero() {
		head = append(head, "since "+a.Since.In(env.Now.Location()).Format("Mon 2 Jan 15:04"))
	}
	if len(head) > 0 {
		rows = append(rows, " "+strings.Join(head, " "+t.Signs(theme.Dot)+" "))
	}
	rows = append(rows, "")
	for _, p := range parts(a) {
		switch {
		case p[1] == "":
			continue
		case p[0] == "Page":
			rows = append(rows, strings.Split(widget.Link{URL: p[1]}.View(t, w, all), "\n")...)
		default:
			name := p[0] + strings.Repeat(" ", len("Seen")-len(p[0]))
			rows = append(rows, strings.Split(widget.Pairs{Pairs: []widget.Pair{{Key: name, Value: p[1]}}}.View(t, w, all), "\n")...)
		}
		rows = append(rows, "")
	}
	return rows
}
