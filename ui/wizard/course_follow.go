package wizard

import (
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
)

// thank says a thing that was waited for: the key of an App is safe.
func (c Course) thank(e steps.Event) (Course, tea.Cmd) {
	l, _ := c.Board.Line(e.Step)
	switch {
	case e.Kind == steps.KindSealed && c.thanks[e.Step]:
		c.thanks = maps.Clone(c.thanks)
		delete(c.thanks, e.Step)
		return c, tui.Say("Thank you. The key is sealed; nobody has seen it, you neither.")
	case e.Kind == steps.KindAnswer && l.Question != nil && l.Question.Kind == state.KindClick:
		return c, tui.Say("Thank you. It was seen here, and goes on.")
	}
	return c, nil
}

// unveil is the course after a moment is gone.
func (c Course) unveil(m momentGone) Course {
	if m.step != c.up {
		return c
	}
	if c.up = ""; m.byHand {
		c.left = maps.Clone(c.left)
		c.left[m.step] = true
	}
	return c
}

// settle does what follows by itself: the moment that waits for a person
// appears, one at a time; a run that ended well leads on; time goes on.
func (c Course) settle(env tui.Env, said tea.Cmd) (tui.Page, tea.Cmd) {
	cmds := []tea.Cmd{said, c.pause(env)}
	if c.run != nil && c.up == "" && c.Board.Result == nil && len(c.Board.Asked) > 0 && !c.left[c.Board.Asked[0]] {
		var shown tea.Cmd
		c, shown = c.unfoldMoment(env)
		cmds = append(cmds, shown)
	}
	if c.run != nil && c.Board.Result != nil && !c.ended && c.up == "" {
		c.ended = true
		if c.Board.Result.Status == steps.Ready {
			cmds = append(cmds, c.give(guide.Choice{Do: guide.Next}))
		}
	}
	moving := slices.ContainsFunc(c.Board.Lines, func(l Line) bool { return l.moving() })
	if c.begun && moving && !c.ticking && c.Board.Result == nil {
		c.ticking = true
		cmds = append(cmds, env.Tick(time.Second, func(time.Time) tea.Msg { return second{} }))
	}
	return c, tea.Batch(cmds...)
}

// planSeen says that the whole plan has stood on the screen for a while.
type planSeen struct{}

// pause asks for that, once: the plan became complete by this very message.
func (c Course) pause(env tui.Env) tea.Cmd {
	if c.begun || c.seen || !c.whole.Equal(env.Now) {
		return nil
	}
	return env.Tick(settled, func(time.Time) tea.Msg { return planSeen{} })
}

// unfoldMoment shows the page of the first open question: it is the one that is
// served, the others wait behind it.
func (c Course) unfoldMoment(env tui.Env) (Course, tea.Cmd) {
	l, _ := c.Board.Line(c.Board.Asked[0])
	c.up = l.Info.ID
	d := c.deeds()
	return c, env.Push(Moment{
		Step: l.Info.ID, Name: l.Info.Title, Ask: *l.Question, Since: l.Since, Opened: c.run.Opens && !c.run.Far, Far: c.run.Far, Here: c.run.Here,
		You: c.you(), Price: d.price(c.Board, l),
		Open: d.open, Skip: func() tea.Cmd { return d.give(l) },
		Answer: func(v state.Secret) tea.Cmd {
			answer, asked := c.run.Answer, l.Question.Key
			return func() tea.Msg { answer(asked, v); return nil }
		},
	})
}
