package wizard

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Told is an event of the run, as it comes from outside.
type Told struct{ Event steps.Event }

// second is told once a second while a step is running.
type second struct{}

// Course is the checklist with its chosen line beside it: before go it is the
// plan, after it the run.
type Course struct {
	Board Board
	Begin tea.Cmd // begins the run; it is given once

	cursor  int
	folded  map[steps.Phase]bool
	moved   bool // by hand: the cursor no longer follows what happens
	begun   bool
	ticking bool
}

// NewCourse is the plan of a look that is still to come.
func NewCourse(infos []steps.Info, begin tea.Cmd) Course {
	return Course{Board: NewBoard(infos), Begin: begin, folded: map[steps.Phase]bool{}}
}

// The keys of the course.
var (
	keyGo   = key.NewBinding(key.WithKeys("g"), key.WithHelp("g", "go"))
	keyUp   = key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑↓", "look"))
	keyDown = key.NewBinding(key.WithKeys("down", "j"))
	keyFold = key.NewBinding(key.WithKeys("enter", "right", "left", "l", "h"), key.WithHelp("enter", "fold"))
)

// Keys implements tui.Page.
func (c Course) Keys() []key.Binding {
	run := keyGo
	run.SetEnabled(c.canGo())
	return []key.Binding{run, keyUp, keyDown, keyFold}
}

// Why implements tui.Reasoner.
func (c Course) Why(string) string {
	if c.begun {
		return "the run has begun"
	}
	return "the look is not over yet"
}

// canGo says whether the plan is known and the run not begun.
func (c Course) canGo() bool {
	return !c.begun && c.Begin != nil && !slices.ContainsFunc(c.Board.Lines, func(l Line) bool { return l.Status == "" })
}

// Title implements tui.Page.
func (c Course) Title() string {
	switch {
	case c.Board.Result != nil:
		return "nixwright setup · " + ended(c.Board.Result.Status)
	case c.begun:
		return "nixwright setup · Run · " + waiting(len(c.Board.Asked))
	}
	return "nixwright setup · Plan · to come: " + plain.Cost(c.cost())
}

// ended is a run's end in a word.
func ended(s steps.Status) string {
	if s == steps.Ready {
		return "Done"
	}
	return "Stopped"
}

func waiting(n int) string {
	if n == 0 {
		return "nothing waits for you"
	}
	return fmt.Sprintf("you: %d", n)
}

// cost is what the plan still asks of a person.
func (c Course) cost() state.Cost {
	var sum state.Cost
	for _, l := range c.Board.Lines {
		if !l.Status.True() {
			sum = sum.Plus(l.Info.Cost)
		}
	}
	return sum
}

// Update implements tui.Page.
func (c Course) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case Told:
		return c.heard(msg.Event).tick(env)
	case second:
		c.ticking = false
		return c.tick(env)
	case tea.KeyPressMsg:
		return c.press(msg)
	}
	return c, nil
}

// heard is the course after an event. The cursor stands on the first thing to
// do, then on what is taken up or asks, until it is moved by hand.
func (c Course) heard(e steps.Event) Course {
	c.Board = c.Board.Take(e)
	c.begun = c.begun || e.Kind == steps.KindStart
	switch {
	case c.moved:
	case e.Kind == steps.KindStart, e.Kind == steps.KindQuestion:
		c = c.follow(e.Step)
	case !c.begun:
		if i := slices.IndexFunc(c.Board.Lines, func(l Line) bool { return !l.Status.True() }); i >= 0 {
			c = c.follow(c.Board.Lines[i].Info.ID)
		}
	}
	return c
}

// press answers a key.
func (c Course) press(msg tea.KeyPressMsg) (tui.Page, tea.Cmd) {
	switch {
	case key.Matches(msg, keyGo) && c.canGo():
		c.begun = true
		return c, c.Begin
	case key.Matches(msg, keyUp):
		c.cursor, c.moved = max(0, c.cursor-1), true
	case key.Matches(msg, keyDown):
		c.cursor, c.moved = min(c.list(time.Time{}).Rows()-1, c.cursor+1), true
	case key.Matches(msg, keyFold):
		c = c.fold()
	}
	return c, nil
}

// fold folds or unfolds the group under the cursor, which moves to its head.
func (c Course) fold() Course {
	group, item := c.list(time.Time{}).At(c.cursor)
	groups := c.Board.Groups()
	if group < 0 || group >= len(groups) {
		return c
	}
	c.folded = maps.Clone(c.folded)
	c.folded[groups[group].Phase] = !c.folded[groups[group].Phase]
	if item >= 0 {
		c.cursor -= item + 1
	}
	c.moved = true
	return c
}

// follow puts the cursor on the step, where its group is open.
func (c Course) follow(id string) Course {
	row := 0
	for _, g := range c.Board.Groups() {
		row++
		if c.folded[g.Phase] {
			continue
		}
		for _, l := range g.Lines {
			if l.Info.ID == id {
				c.cursor = row
				return c
			}
			row++
		}
	}
	return c
}

// tick asks for the next second while a line's time is running.
func (c Course) tick(env tui.Env) (tui.Page, tea.Cmd) {
	moving := slices.ContainsFunc(c.Board.Lines, func(l Line) bool { return l.moving() })
	if !moving || c.ticking || c.Board.Result != nil {
		return c, nil
	}
	c.ticking = true
	return c, env.Tick(time.Second, func(time.Time) tea.Msg { return second{} })
}

// moving says whether the line's time goes on.
func (l Line) moving() bool {
	return l.Running || l.Question != nil || l.Status == steps.Waiting && l.Started
}

// View implements tui.Page.
func (c Course) View(env tui.Env) string {
	const left = 35
	list := c.list(env.Now)
	list.Wordless = env.Width < 60
	if env.Width < widget.SplitFrom {
		return list.View(env.Theme, env.Width, env.Height)
	}
	return widget.Split{
		Left: list.View(env.Theme, left, env.Height), At: left,
		Right: c.detail(env, env.Width-left-1),
	}.View(env.Theme, env.Width, env.Height)
}
