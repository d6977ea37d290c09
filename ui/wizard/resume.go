package wizard

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Resume is the plan of one who was here before, first in short: what is true,
// where it stopped, what comes next. Nothing of it is remembered but the time.
type Resume struct {
	course Course
	past   guide.Past
}

// NewResume is the plan of a look that is still to come, after earlier runs.
func NewResume(plan guide.Plan, give func(guide.Choice) tea.Cmd) Resume {
	r := Resume{course: NewCourse(plan, give)}
	if plan.Past != nil {
		r.past = *plan.Past
	}
	return r
}

// with is the page with the look as far as it has come.
func (r Resume) with(c Course) Resume {
	c.resume, r.course = nil, c
	return r
}

// Title implements tui.Page.
func (r Resume) Title() string {
	title := "nixwright setup · Welcome back"
	if cost := r.past.Human; cost.Pages+cost.Clicks+cost.Pastes+cost.Typed > 0 {
		title += " · you so far: " + plain.Cost(cost)
	}
	return title
}

// Keys implements tui.Page.
func (r Resume) Keys() []key.Binding {
	goOn := key.NewBinding(key.WithKeys("enter", "g"), key.WithHelp("enter", "go on"))
	goOn.SetEnabled(r.course.canGo())
	return []key.Binding{
		goOn, key.NewBinding(key.WithKeys("p"), key.WithHelp("p", "plan")),
		key.NewBinding(key.WithKeys("c"), key.WithHelp("c", "change answers")),
	}
}

// Why implements tui.Reasoner.
func (r Resume) Why(string) string { return r.course.Why("g") }

// Update implements tui.Page. When the run begins, the page is its course.
func (r Resume) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case Running:
		return r.course.Update(msg, env)
	case Told:
		r.course.now = env.Now
		r.course = r.course.heard(msg.Event)
		if r.course.begun {
			return r.course.settle(env, nil)
		}
		return r, r.course.pause(env)
	case planSeen:
		r.course.seen = true
	case tea.KeyPressMsg:
		r.course.now = env.Now
		return r.press(msg)
	}
	return r, nil
}

// press answers a key.
func (r Resume) press(msg tea.KeyPressMsg) (tui.Page, tea.Cmd) {
	switch msg.String() {
	case "enter", "g":
		page, cmd := r.course.goOn()
		if c, ok := page.(Course); ok && c.begun {
			return c, cmd
		}
		return r, cmd
	case "p":
		c := r.course
		c.resume = &r
		return c, nil
	case "c":
		return r, r.course.give(guide.Choice{Do: guide.Review})
	}
	return r, nil
}

// View implements tui.Page.
func (r Resume) View(env tui.Env) string {
	t, w, b := env.Theme, env.Width, r.course.Board
	head := fmt.Sprintf("%d of %d lines are true.", b.True(), len(b.Lines))
	looked := "Looked at the world again just now:"
	if r.course.whole.IsZero() {
		head = "Nothing is remembered: the world is looked at again."
		looked = fmt.Sprintf("Looking, changing nothing: %d of %d seen.", b.Looked(), len(b.Lines))
	}
	blocks := []string{emboldened(t, widget.Text(t, head, w, 2)) + "\n" + widget.Text(t, r.stopped(env), w, 2), widget.Text(t, looked, w, 1), r.groups(t, w, env.Height)}
	var foot []string
	if !r.course.whole.IsZero() {
		if next := r.next(); next != "" {
			foot = append(foot, widget.Text(t, "Next: "+next+".", w, 2))
		}
		foot = append(foot, widget.Text(t, "Nothing has to be done twice.", w, 1))
	}
	return tight(blocks, strings.Join(foot, "\n"), w, env.Height)
}

// stopped is how the last run ended.
func (r Resume) stopped(env tui.Env) string {
	ago := widget.Age(env.Now.Sub(r.past.Ended)) + " ago"
	switch {
	case r.past.Ended.IsZero():
		return "There were runs here before."
	case r.past.In == "":
		return "The last run came to its end " + ago + "."
	}
	return fmt.Sprintf("The last run stopped %s, in %q.", ago, r.past.In)
}

// groups are the phases with what is true in them.
func (r Resume) groups(t theme.Theme, w, h int) string {
	const about = 24 // columns of the words for what is true; narrower: none
	var rows []string
	for _, g := range r.course.Board.Groups() {
		start := fmt.Sprintf("%-19s %2d of %-2d  ", g.Phase, g.True(), len(g.Lines))
		mark := g.mark()
		lead := "   " + t.Style(mark.Role).Render(mark.Glyph(t.ASCII())) + " " + start
		room := w - len("   ") - len("* ") - len(start)
		if room < about {
			rows = append(rows, lead)
			continue
		}
		if w < widget.SplitFrom {
			h = 1
		}
		for i, row := range strings.Split(widget.Text(t, g.words(), room, h), "\n") {
			if i > 0 {
				lead = strings.Repeat(" ", w-room)
			}
			rows = append(rows, lead+strings.TrimPrefix(row, " "))
		}
	}
	return strings.Join(rows, "\n")
}

// mark is how a phase stands.
func (g Group) mark() theme.Mark {
	stuck, waits := false, true
	for _, l := range g.Lines {
		stuck = stuck || l.stuck()
		waits = waits && (l.Status == steps.Waiting || l.Status.True())
	}
	switch {
	case g.True() == len(g.Lines):
		return theme.StepMark(steps.Ready)
	case stuck:
		return theme.StepMark(steps.Blocked)
	case waits:
		return theme.StepMark(steps.Waiting)
	case g.True() > 0:
		return theme.MarkOf(theme.WordRunning)
	}
	return theme.StepMark(steps.Missing)
}

// words are what is true in a phase; where nothing is, what it waits for.
func (g Group) words() string {
	var have []string
	for _, l := range g.Lines {
		if l.Status == steps.Ready {
			have = append(have, l.Info.Title)
		}
	}
	if len(have) > 0 {
		return strings.Join(have, ", ")
	}
	for _, l := range g.Lines {
		if l.Status == steps.Waiting {
			return l.Hint
		}
	}
	return ""
}

// next is the first thing that the run will do; empty: there is none.
func (r Resume) next() string {
	for _, l := range r.course.Board.Lines {
		if l.Status.True() || l.Status == steps.Waiting || l.Status == "" {
			continue
		}
		next := l.Info.Title
		switch {
		case l.stuck() && len(l.Problems) > 0:
			next += " (" + string(l.Status) + ": " + l.Problems[0].What + ")"
		case len(l.Planned) > 0:
			next = l.Planned[0]
		}
		if c := plain.Cost(l.Info.Cost); c != "nothing" {
			next += " (" + c + ")"
		}
		return next
	}
	return ""
}
