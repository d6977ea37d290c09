package console

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// host is page 7: the units of the set-up and the machine under them.
type host struct {
	at string // the unit under the cursor; empty: the first that is in trouble
}

// Who tells the figures of the page.
const (
	fromSystemd = "systemd"
	fromCerts   = "certificates"
)

func newHost() tab { return host{} }

func (p host) update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.press(msg.String(), s, env)
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			return p.move(s, -1), nil
		}
		return p.move(s, +1), nil
	case tea.MouseClickMsg:
		blocks, table := p.blocks(s, env)
		switch row := rowAt(blocks, 0, table, true, msg.Y, env); row {
		case -1:
		case p.cursor(s):
			return p.press("enter", s, env)
		default:
			p.at = unitRows(s)[row].name
		}
	}
	return p, nil
}

func (p host) press(pressed string, s scene, env tui.Env) (tab, tea.Cmd) {
	rows := unitRows(s)
	switch pressed {
	case "up", "k":
		return p.move(s, -1), nil
	case "down", "j":
		return p.move(s, +1), nil
	case "home", "g":
		return p.move(s, -len(rows)), nil
	case "end", "G":
		return p.move(s, len(rows)), nil
	case "enter", "l":
		if len(rows) > 0 {
			return p, env.Push(newUnit(journalOf(rows[p.cursor(s)].name), s))
		}
	case "x":
		if a, found := p.alert(s); found {
			return p, env.Open(newExplain(a, s))
		}
	case "y":
		if text := p.lastError(s); text != "" {
			return p, copied(text, "Copied: the last error.")
		}
	}
	return p, nil
}

// unitRow is a line of the table: a unit, or a timer.
type unitRow struct {
	name  string
	unit  live.Unit
	timer *state.Timer // nil: it is none
}

// unitRows are the units and then the timers, as they were told.
func unitRows(s scene) []unitRow {
	units, _ := s.snap.Units.Get()
	timers, _ := s.snap.Timers.Get()
	out := make([]unitRow, 0, len(units)+len(timers))
	for _, u := range units {
		if slices.ContainsFunc(timers, func(t state.Timer) bool { return t.Unit.Name == u.Name }) {
			continue // it stands among the timers, with its times
		}
		out = append(out, unitRow{name: u.Name, unit: u})
	}
	for i, t := range timers {
		out = append(out, unitRow{name: t.Unit.Name, unit: live.Unit{Unit: t.Unit}, timer: &timers[i]})
	}
	return out
}

// journalOf is the unit whose journal tells of another: a timer's is that of
// what it starts.
func journalOf(unit string) string {
	if name, is := strings.CutSuffix(unit, ".timer"); is {
		return name + ".service"
	}
	return unit
}

// cursor is the row of the chosen unit.
func (p host) cursor(s scene) int {
	rows := unitRows(s)
	if i := slices.IndexFunc(rows, func(r unitRow) bool { return r.name == p.at }); i >= 0 {
		return i
	}
	for _, a := range s.alertsOf(live.PageHost) {
		if i := slices.IndexFunc(rows, func(r unitRow) bool { return r.name == a.To.ID }); i >= 0 {
			return i
		}
	}
	return 0
}

func (p host) move(s scene, by int) host {
	if rows := unitRows(s); len(rows) > 0 {
		p.at = rows[min(max(0, p.cursor(s)+by), len(rows)-1)].name
	}
	return p
}

// alert is that of the chosen unit, else one of the page that is no unit's.
func (p host) alert(s scene) (live.Alert, bool) {
	all, rows := s.alertsOf(live.PageHost), unitRows(s)
	if len(rows) > 0 {
		if i := slices.IndexFunc(all, func(a live.Alert) bool { return a.To.ID == rows[p.cursor(s)].name }); i >= 0 {
			return all[i], true
		}
	}
	i := slices.IndexFunc(all, func(a live.Alert) bool {
		return !slices.ContainsFunc(rows, func(r unitRow) bool { return r.name == a.To.ID })
	})
	if i < 0 {
		return live.Alert{}, false
	}
	return all[i], true
}

// lastError is what the chosen unit said last of why it failed.
func (p host) lastError(s scene) string {
	if rows := unitRows(s); len(rows) > 0 {
		return rows[p.cursor(s)].unit.LastError
	}
	return ""
}

func (p host) keys(s scene) []key.Binding {
	_, wrong := p.alert(s)
	some := len(unitRows(s)) > 0
	return []key.Binding{
		bind(some, "enter", "journal, live", "enter", "l"),
		bind(wrong, "x", "explain", "x"),
		bind(p.lastError(s) != "", "y", "copy last error", "y"),
		bind(some, "↑↓", "move", "up", "down", "k", "j", "home", "end", "g", "G"),
	}
}

func (host) why(pressed string, s scene) string {
	switch {
	case len(unitRows(s)) == 0:
		return "the units are " + unheard(s, fromSystemd)
	case pressed == "y":
		return "this unit told of no error"
	}
	return "nothing is wrong with this unit"
}

func (host) typing() bool { return false }

func (p host) goTo(id string, s scene) tab {
	if slices.ContainsFunc(unitRows(s), func(r unitRow) bool { return r.name == id }) {
		p.at = id
	}
	return p
}
