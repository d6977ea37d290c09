package console

import (
	"context"
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/tui"
)

// glimpse is where a build failed: the first line of its log that fails and
// those below it. It is read once, for what is seen, without a key.
type glimpse struct {
	logview.Glimpse

	step string // whose log it is
	err  string // why there is none
	at   time.Time
}

// The measures of glimpses.
const (
	glimpseLines = 5
	glimpseKept  = 64 // builds
	glimpseLimit = 20 * time.Second
	glimpseAgain = 30 * time.Second // after which one that did not come is read again
)

// glimpses are what was read, by build, and which one is being read. The map is
// never changed.
type glimpses struct {
	known  map[int64]glimpse
	asking int64
}

// glancer is a tab that shows where builds failed: those that are seen now, the
// likeliest first.
type glancer interface {
	glances(s scene, env tui.Env) []int64
}

// glimpsed is a glimpse that came.
type glimpsed struct {
	glimpse

	build int64
}

// ask is the command that reads the first of some builds that is not known; at
// most one is read at a time.
func (g glimpses) ask(wanted []int64, s scene) (glimpses, tea.Cmd) {
	if g.asking != 0 {
		return g, nil
	}
	for _, build := range wanted {
		one, known := g.known[build]
		if !known || one.err != "" && s.now.Sub(one.at) > glimpseAgain {
			g.asking = build
			desk := s.opts.Desk
			return g, func() tea.Msg { return glimpsed{read(desk, build), build} }
		}
	}
	return g, nil
}

// read reads where a build failed.
func read(desk Desk, build int64) glimpse {
	ctx, done := context.WithTimeout(context.Background(), glimpseLimit)
	defer done()
	steps, err := desk.Steps(ctx, build)
	if err != nil {
		return glimpse{err: state.AsProblem(err).What}
	}
	tabs := tabsOf(steps)
	if len(tabs) == 0 {
		return glimpse{err: "no steps of this build are kept"}
	}
	t := tabs[wanted(tabs)]
	out := glimpse{step: t.step.Name}
	if !t.has {
		out.err = "its step has no log"
		return out
	}
	if out.Glimpse, err = logview.Peek(ctx, desk.Log(t.log), glimpseLines); err != nil {
		out.err = state.AsProblem(err).What
	}
	return out
}

// take is the glimpses with one more; where there are many, those of the oldest
// builds go.
func (g glimpses) take(msg glimpsed, now time.Time) glimpses {
	g.asking, msg.at = 0, now
	g.known = maps.Clone(g.known)
	if g.known == nil {
		g.known = map[int64]glimpse{}
	}
	if len(g.known) >= glimpseKept {
		delete(g.known, slices.Min(slices.Collect(maps.Keys(g.known))))
	}
	g.known[msg.build] = msg.glimpse
	return g
}

// says is why a build failed, by its log; empty where that is not known.
func (g glimpses) says(build int64) string {
	return g.known[build].Cause
}

// culprit is the build whose log says why a build failed: of an evaluation the
// first that failed of those that it triggered. Nil where it did not fail.
func culprit(s scene, b *live.Build) *live.Build {
	if b == nil {
		return nil
	}
	if b.Kind == live.KindEval {
		for one := range s.snap.BuildsOf(b.ID) {
			if one.Status().Red() {
				return one
			}
			break
		}
	}
	if !b.Status().Red() {
		return nil
	}
	return b
}
