package console

import (
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// action is something that is asked about, done by the Desk, and told of.
type action struct {
	// id tells it from others while it is under way: "restart 1290".
	id string
	// verb is its key's word: "run", "restart".
	verb string
	// title says what it does and to what: "Restart nvim on omnara1".
	title string
	// lines say what goes, what stays, what it costs.
	lines []string
	// name must be typed exactly before it is done; empty: y is enough.
	name string
	// do does it; said is what came of it, in a few words.
	do func(ctx context.Context) (said string, err error)
}

// actionLimit is how long an action may take. Those of the Desk ask for
// something to begin, they do not wait for its end.
const actionLimit = 2 * time.Minute

// confirm is the command that asks about an action, and does it after a yes.
// The dialog takes no key for half a second: what was typed ahead is no answer.
func confirm(a action) tea.Cmd {
	return func() tea.Msg {
		if a.name != "" {
			return tui.AppearOver(typedName{action: a})
		}
		return tui.AppearOver(tui.Dialog{
			Lines: a.question(),
			Yes:   key.NewBinding(key.WithKeys("y"), key.WithHelp("y", a.verb)),
			No:    key.NewBinding(key.WithKeys("n", "esc"), key.WithHelp("n", "leave it")),
			Do:    a.run(),
		})
	}
}

// question is what the dialog says, cleaned; the blanks of its columns stay.
func (a action) question() []string {
	out := make([]string, 0, len(a.lines)+1)
	for _, l := range append([]string{a.title}, a.lines...) {
		words := strings.Split(l, " ")
		for i, word := range words {
			words[i] = state.CleanText(word, 0)
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

// acting and acted say that an action began and ended; every page hears both.
type (
	acting struct{ id string }
	acted  struct{ id string }
)

// run is the command that does an action: in the message line stands what came
// of it, over the page why it failed.
func (a action) run() tea.Cmd {
	begin := func() tea.Msg { return acting{a.id} }
	return tea.Sequence(begin, func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), actionLimit)
		defer cancel()
		said, err := a.do(ctx)
		end := func() tea.Msg { return acted{a.id} }
		if err != nil {
			return tea.BatchMsg{end, func() tea.Msg { return tui.AppearOver(newFault(a.title, err)) }}
		}
		return tea.BatchMsg{end, tui.Say(said)}
	})
}

// doing is the actions that are under way. A page holds it and gives it every
// message, so that a key that began something is off until that has ended.
type doing []string

// hear is what is under way after a message.
func (d doing) hear(msg tea.Msg) doing {
	switch msg := msg.(type) {
	case acting:
		return append(slices.Clone(d), msg.id)
	case acted:
		if i := slices.Index(d, msg.id); i >= 0 {
			return slices.Delete(slices.Clone(d), i, i+1)
		}
	}
	return d
}

// has says whether an action is under way.
func (d doing) has(id string) bool { return slices.Contains(d, id) }

// underWay is why a key is off whose action has not ended.
const underWay = "it is under way"

// fault is the overlay that says why something that was asked for failed.
type fault struct{ panel widget.ErrorPanel }

// newFault is the overlay of an error; what says what was tried.
func newFault(what string, err error) tui.Page {
	p := state.AsProblem(err)
	panel := widget.ErrorPanel{Mark: theme.MarkOf("failed"), What: what, Why: p.What, Do: p.Fix, Link: p.URL}
	if p.Why != "" {
		panel.Why += ": " + p.Why
	}
	if p.ID != "" {
		panel.IDs = []string{p.ID}
	}
	return fault{panel}
}

// Update implements tui.Page.
func (f fault) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, f.Keys()...) {
		return f, env.Close()
	}
	return f, nil
}

// View implements tui.Page.
func (f fault) View(env tui.Env) string { return f.panel.View(env.Theme, env.Width, env.Height) }

// Keys implements tui.Page.
func (fault) Keys() []key.Binding {
	return []key.Binding{key.NewBinding(key.WithKeys("esc", "enter", "q"), key.WithHelp("esc", "close"))}
}

// Title implements tui.Page.
func (fault) Title() string { return "" }
