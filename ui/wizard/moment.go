package wizard

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
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
	// Opened says that the page has opened by itself.
	Opened bool
	// Far says that the browser is on another computer: the ways there are
	// shown instead of a page that opened by itself.
	Far bool
	// Here is this machine's ssh destination, for those ways; empty: unknown.
	Here string
	// You is what was asked of the person so far, for the header.
	You string
	// Price says what it costs to skip it, line by line.
	Price []string

	Open   func(url string) tea.Cmd         // shows the page in the browser; nil: none can be opened
	Answer func(value state.Secret) tea.Cmd // gives the answer to the run
	Skip   func() tea.Cmd                   // gives the question up for now; nil: it cannot be
	Back   func() tea.Cmd                   // leaves the page, where it is one of its own; nil: what is below it

	// check looks up whether a legal answer will do; nil: it will.
	check func(ctx context.Context, v state.Secret) error

	wrong    []state.Problem // with what was pasted last
	held     state.Secret    // what was pasted last, to be checked again
	turn     int             // how many looks there were: the newest counts
	checking bool            // it is being looked up
	taken    bool            // an answer was given and is being looked at
	gone     bool            // the page has left, and is still shown for an instant
	first    bool            // there is nothing before it
}

// NewTokenMoment is the page of a token that is asked for before the run.
func NewTokenMoment(a guide.Asking, give func(guide.Choice) tea.Cmd) Moment {
	m := Moment{
		Name: tokenName(a.Question.Key), Ask: a.Question, Far: a.Far, You: tokenPlace(a), check: a.Check, first: a.First,
		Answer: func(v state.Secret) tea.Cmd {
			return tea.Batch(tui.Say("It fits. It is used now and not stored."), give(guide.Choice{Do: guide.Next, Value: v}))
		},
		Back: func() tea.Cmd { return give(guide.Choice{Do: guide.Back}) },
	}
	if a.Open != nil {
		m.Open = func(url string) tea.Cmd { return opening(a.Open, url) }
	}
	return m
}

// tokenName is what a token is called.
func tokenName(key string) string {
	service, _, _ := strings.Cut(key, ".")
	return map[string]string{"cloudflare": "Cloudflare", "github": "GitHub"}[service] + " token"
}

// tokenPlace is which question of how many it is; empty: it is not counted.
func tokenPlace(a guide.Asking) string {
	if a.N == 0 {
		return ""
	}
	return fmt.Sprintf("Question %d of %d", a.N, a.Of)
}

// momentGone says that a moment left the screen.
type momentGone struct {
	step   string
	byHand bool
}

// Title implements tui.Page.
func (m Moment) Title() string {
	if m.You == "" {
		return "nixwright setup · " + m.Name
	}
	return "nixwright setup · " + m.Name + " · " + m.You
}

// Update implements tui.Page.
func (m Moment) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case Told:
		return m.heard(msg.Event, env)
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
	over := e.Kind == steps.KindAnswer || e.Kind == steps.KindStep
	if m.Step != "" && (e.Step == m.Step && over || e.Kind == steps.KindResult) {
		return m.leave(env, false)
	}
	return m, nil
}

// leave takes the page off, once, and says so to those below.
func (m Moment) leave(env tui.Env, byHand bool) (tui.Page, tea.Cmd) {
	if m.gone {
		return m, nil
	}
	m.gone = true
	gone := momentGone{m.Step, byHand}
	return m, tea.Sequence(env.Pop(), func() tea.Msg { return gone })
}

// press answers a key.
func (m Moment) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	k := m.keys()
	switch {
	case key.Matches(msg, k.open):
		return m, m.Open(m.Ask.URL)
	case key.Matches(msg, k.copy):
		return m, copied("the link", m.Ask.URL)
	case key.Matches(msg, k.tunnel):
		return m, copied("the ssh line", m.tunnel())
	case key.Matches(msg, k.link):
		return m, copied("the link", m.Ask.URL)
	case key.Matches(msg, k.scp):
		return m, copied("the scp line", m.scp())
	case key.Matches(msg, k.other):
		m.Far = !m.Far
	case key.Matches(msg, k.again):
		return m.look(m.held)
	case key.Matches(msg, k.skip):
		return m, env.Open(skipDialog(m.Price, m.Skip()))
	case key.Matches(msg, k.back) && m.Back != nil:
		return m, m.Back()
	case key.Matches(msg, k.back):
		return m.leave(env, true)
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

// forms is whether the page is a form that is posted from this machine.
func (m Moment) forms() bool {
	return m.Ask.Form != nil || m.Ask.Kind == state.KindPage && m.Ask.File != ""
}

// here is this machine's ssh destination.
func (m Moment) here() string {
	if m.Here == "" {
		return "THIS-HOST"
	}
	return m.Here
}

// tunnel is the line that leads the page's port here; empty: it has none.
func (m Moment) tunnel() string {
	port := m.port()
	if port == "" {
		return ""
	}
	return "ssh -L " + port + ":localhost:" + port + " " + m.here()
}

// scp is the line that fetches the page as a file; empty: there is no file.
func (m Moment) scp() string {
	if m.Ask.File == "" {
		return ""
	}
	return "scp " + m.here() + ":" + m.Ask.File + " ."
}

// port is that of the page on loopback; empty: it is not there.
func (m Moment) port() string {
	u, err := url.Parse(m.Ask.URL)
	if err != nil || !loopback(u) {
		return ""
	}
	return u.Port()
}

// loopback says whether an address leads to this machine and no other.
func loopback(u *url.URL) bool {
	h := u.Hostname()
	return h == "" || h == "localhost" || h == "::1" || strings.HasPrefix(h, "127.") || strings.HasSuffix(h, ".localhost")
}

// elsewhere is the page's address as another device can open it, short enough
// for a QR code: without what is chosen there already. Empty: there is none.
func (m Moment) elsewhere() string {
	u, err := url.Parse(m.Ask.URL)
	if err != nil || loopback(u) {
		return ""
	}
	if short, ok := strings.CutSuffix(u.Path, "/installations/new/permissions"); ok {
		u.Path, u.RawQuery = short+"/installations/new", ""
	}
	return u.String()
}
