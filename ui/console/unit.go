package console

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
)

// unit is the page of a unit's journal, live: the log of what the Desk tells
// until the page is left.
type unit struct {
	name  string
	told  string // why no more comes
	scene scene
	log   *logview.Log
	view  logview.View

	ctx   context.Context //nolint:containedctx // it is how long the page is there
	leave context.CancelFunc
	grown chan struct{} // one waits here when the view is to be told
	over  chan struct{} // closed when no more comes
}

// newUnit is the page of a unit's journal.
func newUnit(name string, s scene) tui.Page {
	log := logview.NewLog(nil)
	ctx, leave := context.WithCancel(context.Background())
	u := unit{name: name, scene: s, log: log, ctx: ctx, leave: leave, grown: make(chan struct{}, 1), over: make(chan struct{})}
	u.view = logview.NewView(log, u.about(), false)
	return u
}

// about is what stands around the log.
func (u unit) about() logview.About {
	title := head(u.scene) + "\n" + u.scene.theme.Signs("7 Host "+theme.Dot+" journal of "+state.CleanText(u.name, 0))
	return logview.About{Title: title, Head: u.told}
}

// unitEnded says that a journal tells no more.
type unitEnded struct {
	log *logview.Log
	err error
}

// Start implements tui.Starter.
func (u unit) Start(env tui.Env) tea.Cmd {
	tell := func() {
		select {
		case u.grown <- struct{}{}:
		default: // one waits there already
		}
	}
	read := func() tea.Msg {
		defer close(u.over)
		err := u.scene.opts.Desk.Unit(u.ctx, u.name, func(raw []byte) {
			if u.log.Append(raw) {
				tell()
			}
		})
		if u.log.End() {
			tell()
		}
		return unitEnded{u.log, err}
	}
	return tea.Batch(u.view.Start(env), read, u.wait())
}

// wait is the command that waits for more lines.
func (u unit) wait() tea.Cmd {
	return func() tea.Msg {
		select {
		case <-u.grown:
			return logview.Grown{Log: u.log}
		case <-u.over:
		}
		select {
		case <-u.grown:
			return logview.Grown{Log: u.log}
		default:
			return nil
		}
	}
}

// Update implements tui.Page.
func (u unit) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	var more tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg, tea.BackgroundColorMsg:
		u.scene = u.scene.in(env)
	case Told:
		u.scene = u.scene.with(msg.Snapshot, env.Now)
		u.view = u.view.With(u.about())
	case secondMsg:
		u.scene = u.scene.at(env.Now)
		u.view = u.view.With(u.about())
	case unitEnded:
		if msg.log == u.log {
			u.told = "The journal ended; esc and enter read it again."
			if msg.err != nil {
				u.told = "The journal ended: " + state.CleanText(state.AsProblem(msg.err).Error(), 0)
			}
			u.view = u.view.With(u.about())
		}
	case logview.Grown:
		if msg.Log == u.log {
			more = u.wait()
		}
	}
	next, cmd := u.view.Update(msg, env)
	if view, ok := next.(logview.View); ok {
		u.view = view
	}
	return u, tea.Batch(cmd, more)
}

// View implements tui.Page.
func (u unit) View(env tui.Env) string { return u.view.View(env) }

// Keys implements tui.Page.
func (u unit) Keys() []key.Binding { return u.view.Keys() }

// Why implements tui.Reasoner.
func (u unit) Why(pressed string) string { return u.view.Why(pressed) }

// Typing implements tui.Typist.
func (u unit) Typing() bool { return u.view.Typing() }

// Left implements tui.Leaver.
func (u unit) Left() { u.leave() }

// Title implements tui.Page.
func (u unit) Title() string { return u.view.Title() }
