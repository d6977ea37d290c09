package console

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// typedName is the dialog of an action that cannot be undone: its exact name is
// typed, and only then enter does it. A paste is no answer, nor is what was
// typed before the dialog could be read.
type typedName struct {
	action action
	ready  bool
	text   string
}

// readMsg says that a dialog was there long enough to be read.
type readMsg struct{ id string }

// reading is how long that takes; the Root holds other keys back as long.
const reading = 500 * time.Millisecond

// Start implements tui.Starter.
func (d typedName) Start(env tui.Env) tea.Cmd {
	return env.Tick(reading, func(time.Time) tea.Msg { return readMsg{d.action.id} })
}

// Update implements tui.Page.
func (d typedName) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case readMsg:
		d.ready = d.ready || msg.id == d.action.id
	case tea.KeyPressMsg:
		return d.press(msg, env)
	}
	return d, nil
}

func (d typedName) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	switch pressed := msg.String(); {
	case pressed == "esc":
		return d, env.Close()
	case !d.ready:
	case pressed == "enter" && d.complete():
		return d, tea.Sequence(env.Close(), d.action.run())
	case pressed == "backspace" && d.text != "":
		all := []rune(d.text)
		d.text = string(all[:len(all)-1])
	case pressed == "ctrl+u":
		d.text = ""
	case msg.Text != "" && len(d.text) < 2*len(d.action.name):
		d.text += msg.Text
	}
	return d, nil
}

func (d typedName) complete() bool { return d.text == d.action.name }

// View implements tui.Page.
func (d typedName) View(env tui.Env) string {
	about := tui.Dialog{Lines: append(d.action.question(), "", "It cannot be undone.")}.View(env)
	ask := tui.Dialog{Lines: []string{"Type " + state.CleanText(d.action.name, 0) + ":"}}.View(env)
	field := widget.Field{Value: d.text, Position: len([]rune(d.text)), Focused: true}.View(env.Theme, env.Width-len(" |"), 1)
	bar := widget.Panel{Role: theme.You, Body: field}.View(env.Theme, env.Width, 1)
	end := strings.Split(ask+"\n"+bar, "\n")
	about = widget.Fit(about, env.Width, max(1, env.Height-len(end)))
	return about + "\n" + strings.Join(end, "\n")
}

// Keys implements tui.Page.
func (d typedName) Keys() []key.Binding {
	do := key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", d.action.verb))
	do.SetEnabled(d.complete())
	return []key.Binding{do, key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "leave it"))}
}

// Why implements tui.Reasoner.
func (typedName) Why(string) string { return "the name is not complete" }

// Typing implements tui.Typist.
func (typedName) Typing() bool { return true }

// Title implements tui.Page.
func (typedName) Title() string { return "" }
