package console

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/tui"
)

// build is the page of a build, on top of the others: what it came to, its
// steps, and the log of one of them, the one that failed at first, at its first
// error. What it asked for ends when the page is left.
type build struct {
	scene   scene
	id      int64
	atError bool
	doing   doing

	token  *token
	begin  func() (context.Context, context.CancelFunc) // ends with the page
	left   context.CancelFunc
	asking bool
	asked  time.Time
	known  uint64 // what the snapshot said of the steps when they were asked for
	failed bool   // the last answer was an error
	fault  *state.Problem

	tabs   []stepTab
	tab    int
	picked bool     // somebody chose the tab
	log    *openLog // nil: none is open
	view   logview.View
}

// token tells a page from every other one.
type token struct{ _ byte }

// stepTab is a log of a step, or a step that has none.
type stepTab struct {
	step state.BuildStep
	log  state.BuildLog
	has  bool
	many bool // the step has more than one
}

// openLog is the log that is shown, and how it is followed.
type openLog struct {
	log     *logview.Log
	of      state.BuildLog
	grown   atomic.Bool
	stop    context.CancelFunc
	running bool
}

// newBuild is the page of a build; atError says that its first error is looked
// for, where it failed.
func newBuild(id int64, atError bool, s scene) tui.Page {
	ctx, cancel := context.WithCancel(context.Background())
	return build{
		scene: s, id: id, atError: atError, token: &token{}, left: cancel, known: fingerprint(s.snap.Steps(id)),
		begin: func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) },
	}
}

// Left implements tui.Leaver.
func (b build) Left() { b.left() }

type (
	// stepsMsg are the steps that were asked for.
	stepsMsg struct {
		token *token
		steps []Step
		err   error
	}
	// peekMsg looks whether the followed log has grown.
	peekMsg struct{ log *openLog }
	// followedMsg says that a log is not followed any more.
	followedMsg struct {
		log *openLog
		err error
	}
)

// Start implements tui.Starter.
func (b build) Start(tui.Env) tea.Cmd { return b.ask() }

// ask is the command that asks for the steps.
func (b build) ask() tea.Cmd {
	t, id, desk, begin := b.token, b.id, b.scene.opts.Desk, b.begin
	return func() tea.Msg {
		ctx, done := begin()
		defer done()
		steps, err := desk.Steps(ctx, id)
		return stepsMsg{t, steps, err}
	}
}

// Update implements tui.Page.
func (b build) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	b.scene = b.scene.in(env)
	b.doing = b.doing.hear(msg)
	switch msg := msg.(type) {
	case Told:
		b.scene = b.scene.with(msg.Snapshot, env.Now)
		return b.about(), nil
	case secondMsg:
		b.scene = b.scene.at(env.Now)
		return b.again(env)
	case stepsMsg:
		if msg.token == b.token {
			return b.take(msg, env)
		}
		return b, nil
	case followedMsg:
		if msg.log == b.log {
			return b.unfollowed(msg.err, env)
		}
		return b, nil
	case againMsg:
		if msg.log == b.log && !b.log.running {
			return b.follow(env)
		}
		return b, nil
	case peekMsg:
		if msg.log == b.log {
			return b.peek(env)
		}
		return b, nil
	case logview.Turned:
		if msg.Tab >= 0 && msg.Tab < len(b.tabs) {
			b.picked = true
			return b.open(msg.Tab, env)
		}
		return b, nil
	case logview.Save:
		if b.log != nil && msg.Log == b.log.log {
			return b, b.save()
		}
		return b, nil
	case tea.KeyPressMsg:
		if next, cmd, mine := b.press(msg, env); mine {
			return next, cmd
		}
	}
	return b.pass(msg, env)
}

// pass hands a message to the log.
func (b build) pass(msg tea.Msg, env tui.Env) (build, tea.Cmd) {
	if b.log == nil {
		return b, nil
	}
	next, cmd := b.view.Update(msg, env)
	if v, ok := next.(logview.View); ok {
		b.view = v
	}
	return b, cmd
}

// take shows the steps that came.
func (b build) take(msg stepsMsg, env tui.Env) (build, tea.Cmd) {
	b.asking, b.asked, b.failed = false, env.Now, msg.err != nil
	if msg.err != nil {
		if p := state.AsProblem(msg.err); len(b.tabs) == 0 {
			b.fault = &p
		}
		return b, nil
	}
	b.fault = nil
	next := tabsOf(msg.steps)
	if len(next) == 0 && b.log != nil {
		return b, nil // the master forgot them; what is open stays
	}
	var before stepTab
	if b.log != nil {
		before = b.tabs[b.tab]
	}
	b.tabs = next
	if len(b.tabs) == 0 {
		return b, nil
	}
	at := slices.IndexFunc(b.tabs, func(t stepTab) bool {
		return t.has == before.has && t.log.ID == before.log.ID && t.step.ID == before.step.ID
	})
	switch {
	case b.log == nil, !b.picked && !before.has: // nobody chose a step without a log
		return b.open(wanted(b.tabs), env)
	case at >= 0:
		b.tab = at
		return b.about(), nil
	}
	at = slices.IndexFunc(b.tabs, func(t stepTab) bool { return t.step.ID == before.step.ID }) // it has a log now
	if at < 0 {
		at = wanted(b.tabs)
	}
	return b.open(at, env)
}

// again asks for the steps of a build that runs when they have changed.
func (b build) again(env tui.Env) (build, tea.Cmd) {
	const silent = 10 * time.Second // where nobody tells of steps, or an answer did not come
	steps := b.scene.snap.Steps(b.id)
	one := b.scene.snap.Build(b.id)
	over := one == nil || one.Done
	stale := fingerprint(steps) != b.known || (b.failed || !over && len(steps) == 0) && env.Now.Sub(b.asked) > silent
	if b.asking || b.asked.IsZero() || !stale {
		return b.about(), nil
	}
	b.asking, b.known = true, fingerprint(steps)
	return b.about(), b.ask()
}

// fingerprint is what makes steps others.
func fingerprint(steps []state.BuildStep) uint64 {
	out := uint64(len(steps))
	for _, s := range steps {
		out = out*31 + uint64(s.Result+2) //nolint:gosec // never below -1
		if s.Done {
			out++
		}
	}
	return out
}

// tabsOf are the logs of steps, and the steps without.
func tabsOf(steps []Step) []stepTab {
	var out []stepTab
	for _, s := range steps {
		if s.Hidden {
			continue
		}
		if len(s.Logs) == 0 {
			out = append(out, stepTab{step: s.BuildStep})
		}
		for _, l := range s.Logs {
			out = append(out, stepTab{step: s.BuildStep, log: l, has: true, many: len(s.Logs) > 1})
		}
	}
	return out
}

// wanted is the tab to begin with: of what failed, of what warns, of what runs,
// else the longest.
func wanted(tabs []stepTab) int {
	const failed, warns, runs = 1 << 60, 1 << 59, 1 << 58 // more than any log is long
	best, most := 0, -1
	for i, t := range tabs {
		worth := t.log.Lines
		switch {
		case !t.has:
			continue
		case t.step.Done && (t.step.Result == state.ResultFailure || t.step.Result == state.ResultException):
			worth = failed
		case t.step.Done && t.step.Result == state.ResultWarnings:
			worth = warns
		case !t.step.Done && !t.step.Started.IsZero():
			worth = runs
		}
		if worth > most {
			best, most = i, worth
		}
	}
	return best
}

// one is the build as it is known; nil: not at all.
func (b build) one() *live.Build { return b.scene.snap.Build(b.id) }
