package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// How often a log that grows is looked at, and after which time it is followed
// again where that broke off.
const (
	peekEvery   = 250 * time.Millisecond
	followAgain = 5 * time.Second
)

// open shows the log of a tab; the one that was shown is not followed any more.
func (b build) open(tab int, env tui.Env) (build, tea.Cmd) {
	if b.log != nil && b.log.stop != nil {
		b.log.stop()
	}
	t := b.tabs[tab]
	b.tab = tab
	l := &openLog{of: t.log, log: logview.NewLog(nil)}
	if t.has {
		l.log = logview.NewLog(b.scene.opts.Desk.Log(t.log))
	} else {
		l.log.End()
	}
	b.log = l
	b.view = logview.NewView(l.log, b.around(), b.atError && t.step.Done && !t.step.Result.Green())
	begin := b.view.Start(env)
	if !t.has || t.log.Done {
		return b, begin
	}
	b, follow := b.follow(env)
	return b, tea.Batch(begin, follow)
}

// follow is the command that follows the log that is shown, and a look at it
// every now and then.
func (b build) follow(env tui.Env) (build, tea.Cmd) {
	l, desk := b.log, b.scene.opts.Desk
	ctx, stop := b.begin()
	l.stop, l.running = stop, true
	return b, tea.Batch(b.look(env), func() tea.Msg {
		err := desk.Follow(ctx, l.of, func(s logview.Size) {
			if l.log.Grow(s) {
				l.grown.Store(true)
			}
		})
		return followedMsg{l, err}
	})
}

// look is the command that looks at the log in a moment.
func (b build) look(env tui.Env) tea.Cmd {
	l := b.log
	return env.Tick(peekEvery, func(time.Time) tea.Msg { return peekMsg{l} })
}

// peek tells the view what has come, and looks again as long as the log is
// followed.
func (b build) peek(env tui.Env) (build, tea.Cmd) {
	var next tea.Cmd
	if b.log.running {
		next = b.look(env)
	}
	if !b.log.grown.Swap(false) {
		return b, next
	}
	b, cmd := b.pass(logview.Grown{Log: b.log.log}, env)
	return b, tea.Batch(cmd, next)
}

// unfollowed shows the last lines; where that was not the end of the log, it is
// followed again after a while.
func (b build) unfollowed(err error, env tui.Env) (build, tea.Cmd) {
	b.log.running = false
	b.log.stop()
	b, cmd := b.peek(env)
	if err == nil || errors.Is(err, context.Canceled) {
		return b, cmd
	}
	l := b.log
	again := env.Tick(followAgain, func(time.Time) tea.Msg { return againMsg{l} })
	return b, tea.Batch(cmd, again, tui.Say("The log is not followed: "+state.AsProblem(err).What+". Again in 5s."))
}

// againMsg follows a log again.
type againMsg struct{ log *openLog }

// save is the command that writes the log to a file.
func (b build) save() tea.Cmd {
	t, desk, begin := b.tabs[b.tab], b.scene.opts.Desk, b.begin
	if !t.has {
		return tui.Say("This step has no log.")
	}
	name := fileName(fmt.Sprintf("%s-%d-%s-%s.log", b.what(), b.id, t.step.Name, t.log.Name))
	return tea.Sequence(tui.Say("Saving …"), func() tea.Msg {
		ctx, done := begin()
		defer done()
		path, err := desk.Save(ctx, t.log, name)
		if err != nil {
			return tui.AppearOver(newFault("Save the log", err))
		}
		return tui.Say("Saved to " + path)()
	})
}

// fileName is a name that is safe in any folder.
func fileName(s string) string {
	const most = 120
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, s)
	return strings.TrimLeft(s[:min(len(s), most)], ".-")
}

// about is the page with what stands around its log as it is now.
func (b build) about() build {
	if b.log != nil {
		b.view = b.view.With(b.around())
	}
	return b
}

// around is what stands around the log.
func (b build) around() logview.About {
	a := logview.About{Title: b.Title(), Head: b.head(), Tab: b.tab, Saves: true}
	for _, t := range b.tabs {
		name := t.step.Name
		if t.many {
			name += " " + t.log.Name
		}
		a.Tabs = append(a.Tabs, logview.Tab{Mark: stepMark(t.step), Name: name, Note: stepTook(t.step, b.scene)})
	}
	return a
}

// stepMark is how a step stands.
func stepMark(s state.BuildStep) theme.Mark {
	switch {
	case !s.Done && s.Started.IsZero():
		return theme.MarkOf("queued")
	case !s.Done:
		return theme.MarkOf("running")
	}
	switch s.Result {
	case state.ResultSuccess:
		return theme.MarkOf("success")
	case state.ResultWarnings:
		return theme.MarkOf("warnings")
	case state.ResultFailure:
		return theme.MarkOf("failed")
	case state.ResultRetry:
		return theme.MarkOf("retry")
	case state.ResultCancelled, state.ResultSkipped:
		return theme.MarkOf("cancelled")
	case state.ResultException, state.ResultNone:
	}
	return theme.MarkOf("exception")
}

// stepTook is how long a step took; empty where it did nothing.
func stepTook(s state.BuildStep, at scene) string {
	switch {
	case s.Started.IsZero(), s.Done && s.Result == state.ResultSkipped:
		return ""
	case !s.Done:
		return coarse(at.now.Sub(s.Started))
	case s.At.IsZero():
		return ""
	}
	return widget.Duration(s.At.Sub(s.Started))
}
