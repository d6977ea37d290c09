package wizard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// The sizes at which the course looks otherwise.
const (
	lowScreen   = 15  // lines of a body with no room for blank lines
	wordlessTo  = 60  // columns of a screen without the words of marks
	wideScreen  = 120 // columns of one with the log of all steps
	courseLeft  = 35  // columns of the checklist
	wideLeft    = 37  // the same on a wide screen
	commonLog   = 12  // lines of the log of all steps
	shownLog    = 8   // lines of the log of one step
	stampFormat = time.TimeOnly
)

// Title implements tui.Page.
func (c Course) Title() string {
	switch {
	case c.Board.Result != nil && c.Board.Result.Status == steps.Ready:
		return "nixwright setup · Done" + c.yours()
	case c.Board.Result != nil:
		return "nixwright setup · Stopped" + c.yours()
	case c.begun && c.Board.Began.IsZero():
		return "nixwright setup · Run" + c.yours()
	case c.begun:
		return "nixwright setup · Run " + widget.Duration(c.now.Sub(c.Board.Began)) + c.yours()
	}
	return "nixwright setup · Plan · to come: " + plain.Cost(c.cost())
}

// WindowTitle implements tui.Titled.
func (c Course) WindowTitle() string {
	title := fmt.Sprintf("nixwright: %d of %d", c.Board.True(), len(c.Board.Lines))
	switch {
	case c.Board.Result != nil && c.Board.Result.Status == steps.Ready:
		return title + ", done"
	case c.Board.Result != nil:
		return title + ", stopped"
	case !c.begun:
		return title + ", plan"
	case c.waits():
		return title + ", waits for you"
	case c.Board.Wrong() > 0:
		return fmt.Sprintf("%s, %d wrong", title, c.Board.Wrong())
	}
	return title
}

// yours is what was asked of the person, as a part of the title.
func (c Course) yours() string {
	if you := c.you(); you != "" {
		return " · " + you
	}
	return ""
}

// you is what was asked of the person, of what the whole set-up asks.
func (c Course) you() string {
	var to state.Cost
	if c.run != nil {
		to = c.run.To
	}
	cost := costOf(c.human.Plus(c.Board.Human), to)
	if cost == "" {
		return ""
	}
	return "you: " + cost
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

// View implements tui.Page.
func (c Course) View(env tui.Env) string {
	c.now, c.width, c.height = env.Now, env.Width, env.Height
	h := c.listHeight()
	body := c.panes(env, h)
	missing := max(0, env.Height-1-strings.Count(body, "\n")-1)
	return body + strings.Repeat("\n", missing+1) + c.status(env)
}

// panes are the checklist and what stands beside it.
func (c Course) panes(env tui.Env, h int) string {
	t, w := env.Theme, env.Width
	list := c.list(env.Now)
	list.Wordless = w < wordlessTo
	switch {
	case w < widget.SplitFrom:
		return list.View(t, w, h)
	case w < wideScreen:
		return widget.Split{
			Left: list.View(t, courseLeft, h), At: courseLeft, Right: c.detail(env, w-courseLeft-1, h, true),
		}.View(t, w, h)
	}
	right := w - wideLeft - 1
	log := c.common(env, right, min(commonLog, h/2))
	detail := c.detail(env, right, h-strings.Count(log, "\n")-2, log == "")
	if log != "" {
		detail += "\n\n" + log
	}
	return widget.Split{Left: list.View(t, wideLeft, h), At: wideLeft, Right: detail}.View(t, w, h)
}

// list is the checklist as its widget draws it.
func (c Course) list(now time.Time) widget.Checklist {
	out := widget.Checklist{Cursor: slices.Index(c.rows(), c.row())}
	for _, g := range c.Board.Groups() {
		w := widget.Group{Title: string(g.Phase), Done: g.True(), Total: len(g.Lines), Folded: c.isFolded(g)}
		for _, l := range g.Lines {
			w.Items = append(w.Items, widget.Item{Mark: l.mark(), Text: l.Info.Title, Right: l.right(now)})
		}
		out.Groups = append(out.Groups, w)
	}
	return out
}

// mark is the line's glyph and word; of one that was not looked at yet, that.
func (l Line) mark() theme.Mark {
	if word := l.Word(); word != "" {
		return theme.MarkOf(word)
	}
	return theme.MarkOf(string(steps.Unknown))
}

// right is how far the line is, or how long it took.
func (l Line) right(now time.Time) string {
	switch {
	case l.Running && l.Total > 0:
		return fmt.Sprintf("%d/%d", l.Done, l.Total)
	case l.moving() && now.After(l.Since):
		return widget.Duration(now.Sub(l.Since))
	case l.Took >= time.Second:
		return widget.Duration(l.Took)
	}
	return ""
}

// chosen is the line under the cursor; false on a group's head.
func (c Course) chosen() (Line, bool) {
	return c.Board.Line(c.row().id)
}

// status is how all of it stands, in a line.
func (c Course) status(env tui.Env) string {
	t, w := env.Theme, env.Width
	you := theme.MarkOf(theme.WordYou)
	switch {
	case c.waits():
		l, _ := c.Board.Line(c.Board.Asked[0])
		text := "Waiting for you: "
		if n := len(c.Board.Asked); n > 1 {
			text = fmt.Sprintf("Waiting for you, %d things: ", n)
		}
		text += l.Question.Ask + " (enter)."
		return " " + t.Style(you.Role).Render(you.Glyph(t.ASCII())) + widget.Text(t, text, w-2, 1)
	case c.Board.Result != nil:
		return widget.Text(t, c.outcome(), w, 1)
	case c.begun:
		wrong := "nothing is wrong"
		if n := c.Board.Wrong(); n > 0 {
			wrong = fmt.Sprintf("%d %s you; enter says how", n, verb(n, "needs", "need"))
		}
		return widget.Text(t, fmt.Sprintf("%d of %d true, %s.", c.Board.True(), len(c.Board.Lines), wrong), w, 1)
	case c.whole.IsZero():
		return widget.Text(t, fmt.Sprintf("Looking, changing nothing: %d of %d seen.", c.Board.Looked(), len(c.Board.Lines)), w, 1)
	}
	return widget.Text(t, "Nothing is written before you press g. "+c.tally(), w, 1)
}

// outcome is how the run ended.
func (c Course) outcome() string {
	r := c.Board.Result
	if r.Status == steps.Ready {
		return "All of it is done: " + r.Text + "."
	}
	why := first(r.Err, string(r.Status))
	return "Stopped: " + why + ". What is true stays so; g goes on."
}

// tally counts the plan.
func (c Course) tally() string {
	var todo, ready, later int
	for _, l := range c.Board.Lines {
		switch {
		case l.Status == steps.Ready:
			ready++
		case l.Status == steps.Waiting:
			later++
		case l.Status != steps.NotNeeded:
			todo++
		}
	}
	out := fmt.Sprintf("%d to do, %d ready", todo, ready)
	if later > 0 {
		out += fmt.Sprintf(", %d later", later)
	}
	return out + "."
}

// detail is what is under the cursor: the line, or its group.
func (c Course) detail(env tui.Env, w, h int, log bool) string {
	l, found := c.chosen()
	if found {
		return l.whole(env, w, h, log)
	}
	for _, g := range c.Board.Groups() {
		if g.Phase != c.row().phase {
			continue
		}
		t := env.Theme
		rows := []string{" " + t.Bold().Render(string(g.Phase)), widget.Text(t, fmt.Sprintf("%d of %d true", g.True(), len(g.Lines)), w, 1), ""}
		for _, l := range g.Lines {
			m := l.mark()
			text := strings.ReplaceAll(widget.Text(t, l.told(), w-2, 3), "\n", "\n  ")
			rows = append(rows, " "+t.Style(m.Role).Render(m.Glyph(t.ASCII()))+text)
		}
		return widget.Fit(strings.Join(rows, "\n"), w, h)
	}
	return ""
}

// told is the line's title with what there is.
func (l Line) told() string {
	if l.Text == "" {
		return l.Info.Title
	}
	return l.Info.Title + ": " + l.Text
}

// common is the end of the log of all steps, by time.
func (c Course) common(env tui.Env, w, h int) string {
	type entry struct {
		Entry

		step string
	}
	var all []entry
	names := 0
	for _, l := range c.Board.Lines {
		for _, e := range l.Log[max(0, len(l.Log)-commonLog):] {
			all, names = append(all, entry{e, l.Info.ID}), max(names, len(l.Info.ID))
		}
	}
	if len(all) == 0 || h < 2 {
		return ""
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	out := []string{" " + env.Theme.Bold().Render("Log")}
	for _, e := range all[max(0, len(all)-h+1):] {
		out = append(out, widget.Text(env.Theme, fmt.Sprintf("%s %-*s %s", stamp(e.At, env), names, e.step, e.Text), w, 1))
	}
	return strings.Join(out, "\n")
}

// stamp is a time of day as the person's clock shows it.
func stamp(at time.Time, env tui.Env) string { return at.In(env.Now.Location()).Format(stampFormat) }
