package console

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// cache is page 4: how large the cache is, whether what is built gets there, and
// whether clients get it from there.
type cache struct {
	at    string // the store path under the cursor; empty: the newest one
	doing doing
}

// counting is the id of a listing of the bucket.
const counting = "count"

func newCache() tab { return cache{} }

func (p cache) update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd) {
	p.doing = p.doing.hear(msg)
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
		switch row := rowAt(blocks, len(blocks)-1, table, true, msg.Y, env); row {
		case -1:
		case p.cursor(s):
			return p.press("enter", s, env)
		default:
			p.at = p.paths(s)[row].Path
		}
	}
	return p, nil
}

func (p cache) press(pressed string, s scene, env tui.Env) (tab, tea.Cmd) {
	one, some := p.chosen(s)
	switch pressed {
	case "up", "k":
		return p.move(s, -1), nil
	case "down", "j":
		return p.move(s, +1), nil
	case "home", "g":
		return p.move(s, -len(p.paths(s))), nil
	case "end", "G":
		return p.move(s, len(p.paths(s))), nil
	case "r":
		return p, s.check()
	case "L":
		return p, confirm(p.count(s))
	case "x":
		if all := s.alertsOf(live.PageCache); len(all) > 0 {
			return p, env.Open(newExplain(all[0], s))
		}
	case "enter":
		if some && one.Build != 0 {
			return p, lead(live.Place{Page: live.PageBuild, ID: fmt.Sprint(one.Build)})
		}
	case "y":
		if some {
			return p, copied(one.Path, "Copied: the store path.")
		}
	case "z":
		if some {
			return p, tui.Say(one.Path)
		}
	}
	return p, nil
}

// count is the listing of the bucket, which is asked about for its price.
func (cache) count(s scene) action {
	lines := []string{"It asks R2 once for a thousand objects; each is a billed call of class A."}
	if size, known := s.snap.Size(); known && size.Objects > 0 {
		calls, cost := listing(size.Objects)
		const cent = 0.01
		price := "less than a cent"
		if cost >= cent {
			price = "about " + dollars(cost)
		}
		lines = append(lines, fmt.Sprintf("Price  %s calls for %s objects, %s", widget.Count(calls), widget.Count(size.Objects), price))
	} else {
		lines = append(lines, "Price  not known: nobody told how many objects there are")
	}
	return action{
		id: counting, verb: "list it", title: "List the whole bucket to count it", lines: lines,
		do: func(ctx context.Context) (string, error) { return "Counted.", s.opts.Desk.Count(ctx) },
	}
}

// paths are the newest store paths.
func (cache) paths(s scene) live.Paths {
	paths, _ := s.snap.Paths.Get()
	return paths
}

// cursor is the row of the chosen path; the newest one where that is gone.
func (p cache) cursor(s scene) int {
	return max(0, slices.IndexFunc(p.paths(s), func(c live.PathCheck) bool { return c.Path == p.at }))
}

func (p cache) chosen(s scene) (live.PathCheck, bool) {
	if all := p.paths(s); len(all) > 0 {
		return all[p.cursor(s)], true
	}
	return live.PathCheck{}, false
}

func (p cache) move(s scene, by int) cache {
	if all := p.paths(s); len(all) > 0 {
		p.at = all[min(max(0, p.cursor(s)+by), len(all)-1)].Path
	}
	return p
}

func (p cache) keys(s scene) []key.Binding {
	one, some := p.chosen(s)
	alerts := s.alertsOf(live.PageCache)
	return []key.Binding{
		bind(!p.doing.has(looking), "r", "check now", "r"),
		bind(some && one.Build != 0, "enter", "build", "enter"),
		bind(some, "y", "copy path", "y"),
		bind(some, "z", "path whole", "z"),
		bind(!p.doing.has(counting), "L", "list bucket", "L"),
		bind(len(alerts) > 0, "x", "explain", "x"),
		bind(some, "↑↓", "move", "up", "down", "k", "j", "home", "end", "g", "G"),
	}
}

func (p cache) why(pressed string, s scene) string {
	switch pressed {
	case "r", "L":
		return underWay
	case "x":
		return "nothing is wrong with the cache"
	case "enter":
		if _, some := p.chosen(s); some {
			return "no build of this path is known"
		}
	}
	return "no path was read back yet"
}

func (cache) typing() bool { return false }

func (p cache) goTo(id string, _ scene) tab {
	if strings.HasPrefix(id, "/") {
		p.at = id
	}
	return p
}

// bind is a key with its word, off where it cannot work.
func bind(works bool, show, verb string, keys ...string) key.Binding {
	b := key.NewBinding(key.WithKeys(keys...), key.WithHelp(show, verb))
	b.SetEnabled(works)
	return b
}
