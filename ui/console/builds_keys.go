package console

import (
	"charm.land/bubbles/v2/key"

	"github.com/nixwright/nixwright/state/live"
)

func (p builds) keys(s scene) []key.Binding {
	if p.filtering.typing {
		return []key.Binding{bind(p.filtering.wrong == "", "enter", "show these", "enter"), bind(true, "esc", "as before", "esc")}
	}
	row, some := p.row(s)
	b := (*live.Build)(nil)
	enter := "log"
	if some {
		if b = row.target(); b == nil {
			enter = "unfold"
		}
	}
	link := b != nil && s.opts.Desk.BuildURL(b.ID) != ""
	keys := []key.Binding{
		bind(some, "enter", enter, "enter"),
		bind(newestFailure(s) != nil, "e", "failing line", "e"),
	}
	if !p.filtering.filter.all() {
		keys = append(keys, bind(true, "esc", "all builds", "esc"))
	}
	return append(keys, bind(true, "/", "filter", "/"),
		bind(link, "o", "open", "o"), bind(link, "y", "copy link", "y"),
		bind(p.offRestart(b, s) == "", "r", "restart", "r"), bind(p.offStop(b, s) == "", "s", "stop", "s"),
		bind(b != nil, "z", "row whole", "z"),
		bind(some, "←→", "fold", "left", "right", "h", "l"),
		bind(some, "↑↓", "move", "up", "down", "k", "j", "pgup", "pgdown", "home", "end", "g", "G"),
	)
}

func (p builds) offRestart(b *live.Build, s scene) string { return offRestart(b, s, p.doing) }

func (p builds) offStop(b *live.Build, s scene) string { return offStop(b, s, p.doing) }

func (p builds) why(pressed string, s scene) string {
	if p.filtering.typing {
		return p.filtering.wrong
	}
	row, some := p.row(s)
	if !some && pressed != "e" {
		return "there is no build"
	}
	switch b := row.target(); {
	case pressed == "e":
		return "no build failed"
	case b == nil:
		return "these are many builds; enter unfolds them"
	case pressed == "o" || pressed == "y":
		return "this build has no address for a browser"
	case pressed == "r":
		return p.offRestart(b, s)
	case pressed == "s":
		return p.offStop(b, s)
	}
	return ""
}
