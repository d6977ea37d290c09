package logview

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/tui"
)

// aside is how many columns a key scrolls.
const aside = 8

// Title implements tui.Page.
func (v View) Title() string { return v.about.Title }

// Typing implements tui.Typist.
func (v View) Typing() bool { return v.search.typing }

// Keys implements tui.Page.
func (v View) Keys() []key.Binding {
	if v.search.typing {
		return []key.Binding{
			key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "search")),
			key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "no search")),
		}
	}
	bind := func(verb string, show string, works bool, keys ...string) key.Binding {
		b := key.NewBinding(key.WithKeys(keys...), key.WithHelp(show, verb))
		b.SetEnabled(works)
		return b
	}
	wrap, follow, back := "wrap", "follow", "back"
	if v.wrap {
		wrap = "no wrap"
	}
	if v.follow && !v.size.Done {
		follow = "hold"
	}
	if v.scan.running {
		back = "stop"
	}
	some := v.size.Lines > v.first
	keys := []key.Binding{
		bind("first error", "e", some, "e"),
		bind("search", "/", true, "/"),
		bind(back, "esc", true, "esc"),
		bind("next", "n N", len(v.search.query.text) > 0, "n", "N"),
		bind(follow, "f", !v.size.Done, "f"),
		bind(wrap, "w", true, "w"),
		bind("save", "S", v.about.Saves, "S"),
	}
	if len(v.about.Tabs) > 1 {
		keys = append(keys, bind("step", "[ ]", true, "[", "]"))
	}
	return append(keys,
		bind("scroll", "↑↓", true, "up", "down", "k", "j", "pgup", "pgdown"),
		bind("ends", "g G", true, "g", "G", "home", "end"),
		bind("sideways", "←→", !v.wrap, "left", "right", "h", "l"),
	)
}

// Why implements tui.Reasoner.
func (v View) Why(pressed string) string {
	switch pressed {
	case "e":
		return "the log is empty"
	case "n", "N":
		return "nothing was searched; / does"
	case "f":
		return "the log is complete"
	case "S":
		return "not here"
	case "left", "right", "h", "l":
		return "lines are wrapped; w ends that"
	}
	return ""
}

// press answers a key outside of the field.
func (v View) press(msg tea.KeyPressMsg, env tui.Env) (View, tea.Cmd) {
	switch pressed := msg.String(); pressed {
	case "esc":
		if v.scan.running {
			return v.still(), nil
		}
		return v, env.Pop()
	case "e":
		return v.firstError(env)
	case "/":
		return v.searching(), nil
	case "n":
		return v.find(v.here(env)+1, true, env)
	case "N":
		return v.find(v.here(env)-1, false, env)
	case "S":
		l := v.log
		return v, func() tea.Msg { return Save{l} }
	case "[":
		return v, v.turned(-1)
	case "]":
		return v, v.turned(+1)
	default:
		return v.scrolled(pressed, env), nil
	}
}

// scrolled answers a key that changes what is seen.
func (v View) scrolled(pressed string, env tui.Env) View {
	switch pressed {
	case "up", "k":
		return v.moved(-1, env)
	case "down", "j":
		return v.moved(1, env)
	case "pgup":
		return v.moved(-v.body(env), env)
	case "pgdown":
		return v.moved(v.body(env), env)
	case "home", "g":
		return v.to(spot{v.first, 0})
	case "end", "G":
		return v.ended()
	case "f":
		if v.follow {
			return v.to(v.top(env))
		}
		return v.ended()
	case "w":
		top := v.top(env)
		v.wrap, v.left = !v.wrap, 0
		v.at, v.skip = top.line, 0
	case "left", "h":
		v.left = max(0, v.left-aside)
	case "right", "l":
		v.left = min(v.left+aside, mostCells*2)
	}
	return v
}

// turned asks for the tab beside this one.
func (v View) turned(by int) tea.Cmd {
	to := v.about.Tab + by
	if to < 0 || to >= len(v.about.Tabs) {
		return nil
	}
	return func() tea.Msg { return Turned{to} }
}
