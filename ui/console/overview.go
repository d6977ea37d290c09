package console

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// overview is the first page: the sentence of truth, what wants a person, what
// builds, and how everything else stands. Its cursor goes over alerts and
// builds; until it is moved it stands on the worst alert.
type overview struct {
	chosen live.Place // of the alert or the build; the zero Place: not moved
	id     string     // of the alert's failure
}

func newOverview() tab { return overview{} }

// spot is something that the cursor can stand on.
type spot struct {
	id    string
	place live.Place
	alert *live.Alert // nil: a build
}

// mostBuilding is how many running builds are listed.
const mostBuilding = 50

// spots are all that the cursor can stand on, in their order.
func spots(s scene) []spot {
	var out []spot
	for i := range s.alerts {
		a := &s.alerts[i]
		out = append(out, spot{a.ID, a.To, a})
	}
	for _, b := range building(s, mostBuilding) {
		out = append(out, spot{place: live.Place{Page: live.PageBuild, ID: strconv.FormatInt(b.ID, 10)}})
	}
	return out
}

// building are the running builds, the newest first.
func building(s scene, most int) []*live.Build {
	var out []*live.Build
	for b := range s.snap.ByStatus(live.Running, 0) {
		if len(out) == most {
			break
		}
		if b.Kind != live.KindOther {
			out = append(out, b)
		}
	}
	return out
}

// at is which spot is chosen; -1: none.
func (o overview) at(all []spot) int {
	if o.chosen != (live.Place{}) {
		for i, one := range all {
			if one.place == o.chosen && one.id == o.id {
				return i
			}
		}
	}
	if len(all) > 0 && all[0].alert != nil {
		return 0
	}
	return -1
}

func (o overview) update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return o.press(msg.String(), s, env)
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			return o.moved(-1, s), nil
		}
		return o.moved(+1, s), nil
	case tea.MouseClickMsg:
		all := spots(s)
		for i, line := range o.lines(s, env) {
			if i != msg.Y || line.spot < 0 {
				continue
			}
			if line.spot == o.at(all) {
				return o.press("enter", s, env)
			}
			return o.on(all[line.spot]), nil
		}
	}
	return o, nil
}

func (o overview) press(pressed string, s scene, env tui.Env) (tab, tea.Cmd) {
	all := spots(s)
	at := o.at(all)
	switch pressed {
	case "up", "k":
		return o.moved(-1, s), nil
	case "down", "j":
		return o.moved(+1, s), nil
	case "pgup", "home", "g":
		return o.moved(-len(all), s), nil
	case "pgdown", "end", "G":
		return o.moved(+len(all), s), nil
	case "/":
		return o, lead(live.Place{Page: live.PageBuilds, ID: filterKey})
	}
	if at < 0 {
		if pressed == "enter" {
			return o, lead(live.Place{Page: live.PageBuilds})
		}
		return o, nil
	}
	switch pressed {
	case "enter":
		return o, lead(all[at].place)
	case "x":
		return o, env.Open(newExplain(*all[at].alert, s))
	case "y":
		return o, copied(said(s, *all[at].alert), "Copied: what is wrong and what to do.")
	}
	return o, nil
}

// glances are the failed builds whose alerts may be seen, from the chosen one
// on.
func (o overview) glances(s scene, _ tui.Env) []int64 {
	const most = 8
	var out []int64
	at := max(0, o.at(spots(s)))
	for _, a := range slices.Concat(s.alerts[min(at, len(s.alerts)):], s.alerts[:min(at, len(s.alerts))]) {
		if b := buildOf(s, a); b != nil && a.ID == "" && b.Done && len(out) < most {
			out = append(out, b.ID)
		}
	}
	return out
}

// said is an alert in a sentence.
func said(s scene, a live.Alert) string {
	out := strings.TrimSpace(a.ID + " " + a.What)
	if why := tells(s, a, false); why != "" {
		out += ": " + why
	}
	return out
}

// moved is the page with the cursor further down, or up.
func (o overview) moved(by int, s scene) overview {
	all := spots(s)
	if len(all) == 0 {
		return o
	}
	at := o.at(all)
	if at < 0 {
		by = max(by, 1)
	}
	return o.on(all[min(max(at+by, 0), len(all)-1)])
}

func (o overview) on(one spot) overview {
	o.chosen, o.id = one.place, one.id
	return o
}

func (o overview) view(s scene, env tui.Env) string {
	lines := o.lines(s, env)
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, l.text)
	}
	return strings.Join(out, "\n")
}

func (o overview) keys(s scene) []key.Binding {
	all := spots(s)
	at := o.at(all)
	onAlert := at >= 0 && all[at].alert != nil
	enter := key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "open"))
	if onAlert {
		enter.SetHelp("enter", "to the cause")
	}
	explain := key.NewBinding(key.WithKeys("x"), key.WithHelp("x", "explain"))
	copies := key.NewBinding(key.WithKeys("y"), key.WithHelp("y", "copy"))
	explain.SetEnabled(onAlert)
	copies.SetEnabled(onAlert)
	filter := key.NewBinding(key.WithKeys("/"), key.WithHelp("/", "filter"))
	keys := []key.Binding{enter, explain, filter}
	if !onAlert {
		keys = []key.Binding{enter, filter, explain}
	}
	return append(keys,
		copies,
		key.NewBinding(key.WithKeys("up", "down", "k", "j", "pgup", "pgdown", "home", "end", "g", "G"), key.WithHelp("↑↓", "choose")),
	)
}

func (overview) why(string, scene) string { return "no alert is chosen" }

func (overview) typing() bool { return false }

func (o overview) goTo(string, scene) tab { return overview{} }
