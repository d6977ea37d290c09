package console

import (
	"slices"
	"strconv"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// Told is the message that there is a newer snapshot.
type Told struct{ Snapshot live.Snapshot }

// secondMsg draws the ages anew.
type secondMsg struct{}

// Console is the page that holds the numbered ones.
type Console struct {
	scene scene
	tabs  []tab // nil where a number has no page yet
	shown int
}

// New is a console at its first page.
func New(o Options, now time.Time) Console {
	c := Console{scene: scene{opts: &o}.with(o.First, now)}
	for _, n := range numbers() {
		if n.make == nil {
			c.tabs = append(c.tabs, nil)
			continue
		}
		c.tabs = append(c.tabs, n.make())
	}
	return c
}

// Start implements tui.Starter.
func (c Console) Start(env tui.Env) tea.Cmd { return second(env) }

func second(env tui.Env) tea.Cmd {
	return env.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}

// Update implements tui.Page.
func (c Console) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	c.scene = c.scene.in(env)
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if !c.Typing() {
			if next, cmd, ok := c.press(msg, env); ok {
				return next, cmd
			}
		}
		return c.give(msg, env)
	case tea.MouseMsg, tea.PasteMsg:
		return c.give(msg, env)
	case Told:
		c.scene = c.scene.with(msg.Snapshot, env.Now)
	case secondMsg:
		c.scene = c.scene.at(env.Now)
		next, cmd := c.tell(msg, env)
		next, glance := next.glance(env)
		return next, tea.Batch(cmd, glance, second(env))
	case glimpsed:
		c.scene.red = c.scene.red.take(msg, env.Now)
		return c.glance(env)
	case goMsg:
		return c.follow(msg.to, env)
	}
	return c.tell(msg, env)
}

// glance reads where a build failed that the tab shows.
func (c Console) glance(env tui.Env) (Console, tea.Cmd) {
	t, looks := c.tabs[c.shown].(glancer)
	if !looks {
		return c, nil
	}
	var cmd tea.Cmd
	c.scene.red, cmd = c.scene.red.ask(t.glances(c.scene, env), c.scene)
	return c, cmd
}

// give hands the user's input to the tab that is shown.
func (c Console) give(msg tea.Msg, env tui.Env) (Console, tea.Cmd) {
	t, cmd := c.tabs[c.shown].update(msg, c.scene, env)
	return c.put(c.shown, t), cmd
}

// tell hands a message to every tab.
func (c Console) tell(msg tea.Msg, env tui.Env) (Console, tea.Cmd) {
	var cmds []tea.Cmd
	for i, t := range c.tabs {
		if t != nil {
			next, cmd := t.update(msg, c.scene, env)
			c, cmds = c.put(i, next), append(cmds, cmd)
		}
	}
	return c, tea.Batch(cmds...)
}

// put is the console with another value of a tab.
func (c Console) put(i int, t tab) Console {
	tabs := append([]tab(nil), c.tabs...)
	tabs[i] = t
	c.tabs = tabs
	return c
}

// press answers the keys that work on every page.
func (c Console) press(msg tea.KeyPressMsg, env tui.Env) (Console, tea.Cmd, bool) {
	switch pressed := msg.String(); pressed {
	case "tab":
		c.shown = c.next(+1)
	case "shift+tab":
		c.shown = c.next(-1)
	case "!":
		if len(c.scene.alerts) == 0 {
			return c, tui.Say("Nothing is wrong."), true
		}
		next, cmd := c.follow(c.scene.alerts[0].To, env)
		return next, cmd, true
	case ":":
		return c, env.Open(newJump(c.scene)), true
	default:
		n, err := strconv.Atoi(pressed)
		if err != nil || n < 1 || n > len(c.tabs) {
			return c, nil, false
		}
		if c.tabs[n-1] == nil {
			return c, tui.Say(numbers()[n-1].name + " is not there yet."), true
		}
		c.shown = n - 1
	}
	return c, nil, true
}

// next is the tab beside the one that is shown.
func (c Console) next(by int) int {
	i := c.shown
	for {
		i = (i + by + len(c.tabs)) % len(c.tabs)
		if c.tabs[i] != nil {
			return i
		}
	}
}

// follow shows a place.
func (c Console) follow(to live.Place, env tui.Env) (Console, tea.Cmd) {
	if to.Page == live.PageBuild {
		n, err := strconv.ParseInt(to.ID, 10, 64)
		if err != nil {
			return c, nil
		}
		return c, env.Push(newBuild(n, true, c.scene))
	}
	for i, n := range numbers() {
		if n.page != to.Page {
			continue
		}
		if c.tabs[i] == nil {
			return c, tui.Say(n.name + " is not there yet.")
		}
		c.shown = i
		c = c.put(i, c.tabs[i].goTo(to.ID, c.scene))
	}
	return c, nil
}

// View implements tui.Page.
func (c Console) View(env tui.Env) string { return c.tabs[c.shown].view(c.scene, env) }

// Keys implements tui.Page.
func (c Console) Keys() []key.Binding {
	alerts := key.NewBinding(key.WithKeys("!"), key.WithHelp("!", "first alert"))
	alerts.SetEnabled(len(c.scene.alerts) > 0)
	keys := c.tabs[c.shown].keys(c.scene)
	if c.Typing() {
		return keys
	}
	const own = 3 // of the page's stand before those of all pages
	n := min(own, len(keys))
	return slices.Concat(keys[:n], []key.Binding{
		alerts,
		key.NewBinding(key.WithKeys("tab", "shift+tab"), key.WithHelp("tab", "next page")),
		key.NewBinding(key.WithKeys(":"), key.WithHelp(":", "jump")),
	}, keys[n:], []key.Binding{
		key.NewBinding(key.WithKeys("1", "2", "3", "4", "5", "6", "7", "8", "9"), key.WithHelp("1-9", "page")),
	})
}

// Why implements tui.Reasoner.
func (c Console) Why(pressed string) string {
	if pressed == "!" {
		return "nothing is wrong"
	}
	return c.tabs[c.shown].why(pressed, c.scene)
}

// Typing implements tui.Typist.
func (c Console) Typing() bool { return c.tabs[c.shown].typing() }

// Title implements tui.Page.
func (c Console) Title() string { return head(c.scene) + "\n" + c.bar() }

// WindowTitle implements tui.Titled.
func (c Console) WindowTitle() string {
	return state.CleanText(c.scene.opts.Host+" "+verdict(c.scene), 0)
}
