package wizard

import (
	"net/url"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/tui"
)

// Moment is what the wizard shows while a person does what only a person can:
// press a button on a page, install an App, make a token. What is pasted is
// recognised and judged at once, and never drawn.
type Moment struct {
	Step  string
	Name  string // of the step, for people
	Ask   state.Question
	Since time.Time
	// Far says that the browser is on another computer: the ways there are
	// shown instead of a page that opened by itself.
	Far bool
	// Here is this machine's ssh destination, for those ways; empty: unknown.
	Here string

	Open   func(url string) tea.Cmd         // shows the page in the browser
	Answer func(value state.Secret) tea.Cmd // gives the answer to the run
	Skip   func() tea.Cmd                   // gives the question up for now

	wrong *state.Problem // with what was pasted last
	taken bool           // an answer was given and is being looked at
}

// The keys of a moment.
var (
	keyOpen  = key.NewBinding(key.WithKeys("o"), key.WithHelp("o", "open"))
	keyCopy  = key.NewBinding(key.WithKeys("y"), key.WithHelp("y", "copy link"))
	keyOther = key.NewBinding(key.WithKeys("t"), key.WithHelp("t", "other way"))
	keySkip  = key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "skip for now"))
	keyBack  = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))
)

// Shown lays the moment over what is on the screen. It appears by itself, so it
// takes no key before half a second is over.
func Shown(m Moment) tea.Msg { return tui.Appear(m) }

// Keys implements tui.Page.
func (m Moment) Keys() []key.Binding {
	open, copied, other := keyOpen, keyCopy, keyOther
	open.SetEnabled(m.Ask.URL != "" && !m.Far)
	copied.SetEnabled(m.Ask.URL != "")
	other.SetEnabled(m.Ask.URL != "")
	return []key.Binding{open, copied, other, keySkip, keyBack}
}

// Why implements tui.Reasoner.
func (m Moment) Why(pressed string) string {
	if pressed == "o" && m.Far {
		return "the browser is on another computer"
	}
	return "there is no page"
}

// Title implements tui.Page.
func (m Moment) Title() string { return "nixwright setup · " + m.Name }

// Start implements tui.Starter.
func (m Moment) Start(env tui.Env) tea.Cmd {
	return env.Tick(time.Second, func(time.Time) tea.Msg { return second{} })
}

// Update implements tui.Page.
func (m Moment) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case Told:
		return m.heard(msg.Event, env)
	case second:
		return m, m.Start(env)
	case tea.PasteMsg:
		return m.pasted(msg.Content)
	case judged:
		return m.judge(msg)
	case tea.KeyPressMsg:
		return m.press(msg, env)
	}
	return m, nil
}

// heard closes the page when the question is no more.
func (m Moment) heard(e steps.Event, env tui.Env) (tui.Page, tea.Cmd) {
	over := e.Kind == steps.KindAnswer || e.Kind == steps.KindStep && e.Question == nil
	if e.Step == m.Step && over || e.Kind == steps.KindResult {
		return m, env.Pop()
	}
	return m, nil
}

// press answers a key.
func (m Moment) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	switch {
	case key.Matches(msg, keyOpen) && m.Ask.URL != "" && !m.Far:
		return m, m.Open(m.Ask.URL)
	case key.Matches(msg, keyCopy) && m.Ask.URL != "":
		return m, tea.Batch(tea.SetClipboard(m.Ask.URL), tui.Say("the link is in the clipboard, where the terminal allows it"))
	case key.Matches(msg, keyOther):
		m.Far = !m.Far
	case key.Matches(msg, keySkip):
		return m, m.Skip()
	case key.Matches(msg, keyBack):
		return m, env.Pop()
	}
	return m, nil
}

// wanted is what a paste must be to answer the question; PastedOther: anything.
func (m Moment) wanted() state.PastedKind {
	switch {
	case m.Ask.Kind == state.KindPage:
		return state.PastedReturn
	case m.Ask.Key == "github.token":
		return state.PastedGitHub
	case m.Ask.Key == "cloudflare.token":
		return state.PastedCloudflare
	case strings.HasSuffix(m.Ask.Key, "_client_id"):
		return state.PastedClientID
	case strings.HasSuffix(m.Ask.Key, "_client_secret"):
		return state.PastedClientSecret
	}
	return state.PastedOther
}

// judged is what became of a paste.
type judged struct {
	step  string
	value state.Secret
	err   error
}

// pasted has a command judge what was pasted, wherever on the page: whether it
// fits may have to be looked up.
func (m Moment) pasted(text string) (tui.Page, tea.Cmd) {
	if m.Ask.Kind == state.KindClick {
		return m, tui.Say("there is nothing to paste here")
	}
	accept, wanted, step := m.Ask.Accept, m.wanted(), m.Step
	return m, func() tea.Msg {
		value, err := state.RecognisePaste(text).For(wanted)
		if err == nil && accept != nil {
			err = accept(state.Answer{Value: value, From: "you"})
		}
		return judged{step, value, err}
	}
}

// judge gives an answer that fits to the run, and says what is wrong with
// another.
func (m Moment) judge(j judged) (tui.Page, tea.Cmd) {
	if j.step != m.Step {
		return m, nil
	}
	if j.err != nil {
		p := state.AsProblem(j.err)
		m.wrong, m.taken = &p, false
		return m, nil
	}
	m.wrong, m.taken = nil, true
	return m, m.Answer(j.value)
}

// port is that of the page on loopback; empty: it is not there.
func (m Moment) port() string {
	u, err := url.Parse(m.Ask.URL)
	if err != nil || u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return ""
	}
	return u.Port()
}
