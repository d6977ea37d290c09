package wizard

import (
	"fmt"
	"strings"
	"time"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// shownLog is how many of the newest lines of a step's log stand beside it.
const shownLog = 8

// list is the checklist as its widget draws it; at a time before all events
// no times are shown.
func (c Course) list(now time.Time) widget.Checklist {
	out := widget.Checklist{Cursor: c.cursor}
	for _, g := range c.Board.Groups() {
		w := widget.Group{Title: string(g.Phase), Done: g.True(), Total: len(g.Lines), Folded: c.folded[g.Phase]}
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
	group, item := c.list(time.Time{}).At(c.cursor)
	groups := c.Board.Groups()
	if group < 0 || item < 0 {
		return Line{}, false
	}
	return groups[group].Lines[item], true
}

// detail is the chosen line: what it is, what it will do or did, what is
// wrong, what it said.
func (c Course) detail(env tui.Env, w int) string {
	l, found := c.chosen()
	if !found {
		return ""
	}
	t := env.Theme
	parts := []string{
		" " + t.Bold().Render(strings.TrimSpace(widget.Text(t, l.Info.Title, w, 1))),
		widget.Text(t, where(l.Info), w, 1), "",
	}
	add := func(block string) {
		if block != "" {
			parts = append(parts, block, "")
		}
	}
	for _, p := range l.Problems {
		ids := []string{"step " + l.Info.ID}
		if p.ID != "" {
			ids = append([]string{p.ID}, ids...)
		}
		add(widget.ErrorPanel{Mark: l.mark(), What: p.What, Why: p.Why, Do: p.Fix, Link: p.URL, IDs: ids}.View(t, w, env.Height))
	}
	if l.Status.True() || len(l.Planned) == 0 {
		add(widget.Text(t, first(l.Text, l.Info.Does), w, env.Height))
	} else {
		add(planned(l, t, w, env.Height))
	}
	if l.Hint != "" && len(l.Problems) == 0 {
		add(widget.Text(t, l.Hint, w, env.Height))
	}
	if l.Info.Cost.Pages+l.Info.Cost.Clicks+l.Info.Cost.Pastes > 0 && !l.Status.True() {
		add(widget.Text(t, "From you: "+plain.Cost(l.Info.Cost), w, 1))
	}
	if len(l.Log) > 0 {
		add(said(l, env, w))
	}
	return widget.Fit(strings.Join(parts, "\n"), w, env.Height)
}

// where is the line's place in the list.
func where(i steps.Info) string {
	if len(i.Lines) == 0 {
		return i.ID
	}
	return fmt.Sprintf("line %d of the list · %s", i.Lines[0], i.ID)
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// planned is what the line will do in the world.
func planned(l Line, t theme.Theme, w, h int) string {
	out := []string{widget.Text(t, "Will", w, 1)}
	for _, p := range l.Planned {
		out = append(out, widget.Text(t, "+ "+p, w, h))
	}
	return strings.Join(out, "\n")
}

// said is the end of the line's log.
func said(l Line, env tui.Env, w int) string {
	log := l.Log[max(0, len(l.Log)-shownLog):]
	out := make([]string, 0, len(log))
	for _, e := range log {
		out = append(out, widget.Text(env.Theme, e.At.In(env.Now.Location()).Format(time.TimeOnly)+" "+e.Text, w, 1))
	}
	return strings.Join(out, "\n")
}
