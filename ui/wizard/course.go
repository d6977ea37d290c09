package wizard

import (
	"maps"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
)

// Told is an event of the look or of the run, as it comes from outside.
type Told struct{ Event steps.Event }

// Running says that a run is under way, the first one or another.
type Running struct{ Run guide.Run }

// second is told once a second while a time on the screen goes on.
type second struct{}

// settled is how long what came up by itself must have been seen before it is
// agreed to.
const settled = 500 * time.Millisecond

// Course is the checklist with its chosen line beside it: before go it is the
// plan, after it the run.
type Course struct {
	Board Board

	give  func(guide.Choice) tea.Cmd
	run   *guide.Run // nil: none has begun
	human state.Cost // what was asked of the person before this run

	resume *Resume // what esc leads back to before go; nil: the review

	at     spot
	folded map[steps.Phase]bool // by hand
	moved  bool                 // by hand: the cursor no longer follows what happens
	whole  time.Time            // when everything was looked at; zero: not yet
	seen   bool                 // and it has stood there for a while since

	begun    bool // go was given
	stopping bool // nothing new begins
	ended    bool // how it ended was answered
	ticking  bool
	up       string          // the step whose moment is shown
	left     map[string]bool // moments that a person left
	thanks   map[string]bool // steps whose page was answered, and nothing sealed yet

	now           time.Time
	width, height int
}

// spot is a row: a line, or the head of its phase.
type spot struct {
	phase steps.Phase
	id    string // empty: the head
}

// NewCourse is the plan of a look that is still to come.
func NewCourse(plan guide.Plan, give func(guide.Choice) tea.Cmd) Course {
	return Course{
		Board: NewBoard(plan.Infos), give: give, human: plan.Human,
		folded: map[steps.Phase]bool{}, left: map[string]bool{}, thanks: map[string]bool{},
	}
}

// Update implements tui.Page.
func (c Course) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	c.now, c.width, c.height = env.Now, env.Width, env.Height
	switch msg := msg.(type) {
	case Running:
		return c.start(msg.Run).settle(env, nil)
	case Told:
		c, said := c.thank(msg.Event)
		return c.heard(msg.Event).settle(env, said)
	case momentGone:
		return c.unveil(msg).settle(env, nil)
	case second:
		c.ticking = false
		return c.settle(env, nil)
	case planSeen:
		c.seen = true
		return c, nil
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			return c.move(-1), nil
		}
		return c.move(1), nil
	case tea.KeyPressMsg:
		return c.press(msg, env)
	}
	return c, nil
}

// start is the course of a run that began; what it told already is kept.
func (c Course) start(r guide.Run) Course {
	c.run, c.begun, c.human, c.stopping = &r, true, r.Human, false
	same := func(i steps.Info, l Line) bool { return i.ID == l.Info.ID }
	if !slices.EqualFunc(r.Infos, c.Board.Lines, same) {
		c.Board = NewBoard(r.Infos)
	}
	return c
}

// heard is the course after an event. The cursor stands on the first thing to
// do, then on what asks, what is wrong, or what is taken up, until it is moved
// by hand.
func (c Course) heard(e steps.Event) Course {
	if e.Kind == steps.KindAnswer {
		if l, ok := c.Board.Line(e.Step); ok && l.Question != nil && l.Question.Kind == state.KindPage {
			c.thanks = maps.Clone(c.thanks)
			c.thanks[e.Step] = true
		}
	}
	c.Board = c.Board.Take(e)
	switch e.Kind {
	case steps.KindRun:
		c.begun, c.ended, c.stopping, c.moved = true, false, false, false
		c.left, c.thanks = map[string]bool{}, map[string]bool{}
	case steps.KindQuestion:
		c.left = maps.Clone(c.left)
		delete(c.left, e.Step) // it is asked anew
	case steps.KindStart:
		c.begun = true
	case steps.KindStep, steps.KindChange, steps.KindLog, steps.KindProgress, steps.KindAnswer, steps.KindSealed, steps.KindResult:
	}
	if c.whole.IsZero() && c.Board.Looked() == len(c.Board.Lines) {
		c.whole = c.now
	}
	switch {
	case c.moved:
	case len(c.Board.Asked) > 0:
		c = c.follow(c.Board.Asked[0])
	case c.begun && c.Board.FirstWrong() != "":
		c = c.follow(c.Board.FirstWrong())
	case e.Kind == steps.KindStart:
		c = c.follow(e.Step)
	case !c.begun:
		if i := slices.IndexFunc(c.Board.Lines, func(l Line) bool { return !l.Status.True() }); i >= 0 {
			c = c.follow(c.Board.Lines[i].Info.ID)
		}
	}
	return c
}

func (c Course) deeds() deeds { return deeds{run: c.run, choose: c.give} }

// moving says whether the line's time goes on.
func (l Line) moving() bool {
	return l.Running || l.Question != nil || l.Status == steps.Waiting && l.Started && l.PutOff == nil
}

// Leave implements tui.Owner: a run ends after the call that it is in, and at
// once where it is asked for again.
func (c Course) Leave(tui.Env) (tui.Page, tea.Cmd) {
	if c.run == nil || c.stopping || c.Board.Result != nil {
		return c, tea.Quit
	}
	c.stopping = true
	stop := c.run.Stop
	return c, tea.Batch(func() tea.Msg { stop(); return nil }, tui.Say("Stopping after this call. Again: at once. Both are safe."))
}

// Progress implements tui.Progresser.
func (c Course) Progress() tea.ProgressBar {
	switch {
	case c.run == nil || c.Board.Result != nil || len(c.Board.Lines) == 0:
		return tea.ProgressBar{State: tea.ProgressBarNone}
	case c.Board.Wrong() > 0:
		return tea.ProgressBar{State: tea.ProgressBarError, Value: c.share()}
	}
	return tea.ProgressBar{State: tea.ProgressBarDefault, Value: c.share()}
}

// share is how much is true, in percent.
func (c Course) share() int { return 100 * c.Board.True() / len(c.Board.Lines) }

// press answers a key.
func (c Course) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	k := c.keys()
	l, found := c.chosen()
	switch {
	case key.Matches(msg, k.goOn):
		return c.goOn()
	case key.Matches(msg, k.do):
		return c.unfoldMoment(env)
	case key.Matches(msg, k.fold) && !found:
		return c.fold(), nil
	case key.Matches(msg, k.fold) && msg.String() == "left":
		return c.fold(), nil
	case key.Matches(msg, k.fold):
		return c, env.Push(c.ways(l))
	case key.Matches(msg, k.back):
		if c.resume != nil {
			return c.resume.with(c), nil
		}
		return c, c.give(guide.Choice{Do: guide.Back})
	case key.Matches(msg, k.move):
		return c.move(steady[msg.String()]), nil
	}
	return c, c.deeds().press(msg, k.deedKeys, c.Board, l, env)
}

// goOn begins the run, or another one after one that stopped.
func (c Course) goOn() (tui.Page, tea.Cmd) {
	c.begun, c.moved, c.Board.Result = true, false, nil
	return c, c.give(guide.Choice{Do: guide.Next})
}

// fold folds or unfolds the group under the cursor, which moves to its head.
func (c Course) fold() Course {
	phase := c.row().phase
	for _, g := range c.Board.Groups() {
		if g.Phase == phase {
			c.folded = maps.Clone(c.folded)
			c.folded[phase] = !c.isFolded(g)
		}
	}
	c.at, c.moved = spot{phase: phase}, true
	return c
}

// follow puts the cursor on the step.
func (c Course) follow(id string) Course {
	if l, ok := c.Board.Line(id); ok {
		c.at = spot{l.Info.Phase, id}
	}
	return c
}

// steady are how many rows a key moves.
var steady = map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1000, "end": 1000, "G": 1000}

// move moves the cursor by rows.
func (c Course) move(n int) Course {
	rows := c.rows()
	if len(rows) == 0 {
		return c
	}
	c.at = rows[min(max(0, slices.Index(rows, c.row())+n), len(rows)-1)]
	c.moved = true
	return c
}

// rows are the rows that are shown.
func (c Course) rows() []spot {
	var out []spot
	for _, g := range c.Board.Groups() {
		out = append(out, spot{phase: g.Phase})
		if c.isFolded(g) {
			continue
		}
		for _, l := range g.Lines {
			out = append(out, spot{g.Phase, l.Info.ID})
		}
	}
	return out
}

// row is the row under the cursor: a line in a folded group is under its head.
func (c Course) row() spot {
	rows := c.rows()
	for _, want := range []spot{c.at, {phase: c.at.phase}} {
		if slices.Contains(rows, want) {
			return want
		}
	}
	if len(rows) == 0 {
		return spot{}
	}
	return rows[0]
}

// isFolded says whether only the head of a group is shown: by hand; or, where
// the screen is too low for all, because others have more to say.
func (c Course) isFolded(g Group) bool {
	if by, ok := c.folded[g.Phase]; ok {
		return by
	}
	groups := c.Board.Groups()
	left := c.listHeight() - len(groups)
	if c.height == 0 || len(c.Board.Lines) <= left {
		return false
	}
	for worth := range leastWorth + 1 {
		if worth == leastWorth {
			slices.Reverse(groups) // of what is done, the newest
		}
		for _, o := range groups {
			if c.worth(o) != worth {
				continue
			}
			left -= len(o.Lines)
			if o.Phase == g.Phase {
				return left < 0 && worth > 0
			}
		}
	}
	return true
}

// leastWorth is that of a group in which all is true.
const leastWorth = 2

// worth orders the groups for a low screen: where something happens or is
// wrong, which is always shown; where there is something to do; the others.
func (c Course) worth(g Group) int {
	switch {
	case slices.ContainsFunc(g.Lines, func(l Line) bool { return c.begun && l.moving() || l.stuck() }):
		return 0
	case g.True() < len(g.Lines):
		return 1
	}
	return leastWorth
}

// listHeight is how many rows the checklist has: the line about all of it
// stands below, apart where there is room.
func (c Course) listHeight() int {
	if c.height < lowScreen {
		return c.height - 1
	}
	return c.height - 2
}
