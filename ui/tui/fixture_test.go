package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/tui"
)

// notes is a page that writes down what it gets.
type notes struct {
	name   string
	got    []string
	typing bool
	on     map[string]func(tui.Env) tea.Cmd // what a key or a message does
	view   func(tui.Env) string
}

func (n notes) Title() string { return n.name }

func (n notes) Keys() []key.Binding {
	return []key.Binding{
		bind("enter", "do it"), bind("o", "open"),
		key.NewBinding(key.WithKeys("r"), key.WithHelp("r", "restart"), key.WithDisabled()),
		key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "stop"), key.WithDisabled()),
	}
}

func (n notes) Why(pressed string) string {
	if pressed == "r" {
		return "actions are off"
	}
	return ""
}

func (n notes) Typing() bool { return n.typing }

func (n notes) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	var what string
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		what = msg.String()
	case tea.PasteMsg:
		what = "paste:" + msg.Content
	case tea.MouseClickMsg:
		what = fmt.Sprintf("click:%d,%d", msg.X, msg.Y)
	case tea.MouseWheelMsg:
		what = fmt.Sprintf("wheel:%d,%d", msg.X, msg.Y)
	case string:
		what = msg
	default:
		return n, nil
	}
	n.got = append(slices.Clip(n.got), what)
	if do := n.on[what]; do != nil {
		return n, do(env)
	}
	return n, nil
}

func (n notes) View(env tui.Env) string {
	if n.view != nil {
		return n.view(env)
	}
	return fmt.Sprintf("   %s got [%s] at %s", n.name, strings.Join(n.got, " "), env.Now.Format("15:04:05"))
}

func bind(k, verb string) key.Binding {
	return key.NewBinding(key.WithKeys(k), key.WithHelp(k, verb))
}

func say(text string) func(tui.Env) tea.Cmd {
	return func(tui.Env) tea.Cmd { return tui.Say(text) }
}

func ticking(env tui.Env) tea.Cmd {
	return env.Tick(time.Second, func(time.Time) tea.Msg { return "tick" })
}

// run is a page that is asked before the program ends.
type run struct {
	notes

	asked int
}

func (p run) Leave(tui.Env) (tui.Page, tea.Cmd) {
	if p.asked++; p.asked == 2 {
		return p, tea.Quit
	}
	return p, tui.Say("Stopping after this call. Again: at once. Both are safe.")
}

func (p run) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	page, cmd := p.notes.Update(msg, env)
	p.notes = page.(notes)
	return p, cmd
}

func (p run) Progress() tea.ProgressBar {
	return tea.ProgressBar{State: tea.ProgressBarDefault, Value: 250}
}

func (p run) WindowTitle() string { return "omnara1:\n\x1b[1m2 broken\a" }
