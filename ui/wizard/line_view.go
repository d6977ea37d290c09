package wizard

import (
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// whole is a line with all there is to it: what it is, what it will do or did,
// what is wrong, what it said.
func (l Line) whole(env tui.Env, w, h int, log bool) string {
	t := env.Theme
	parts := []string{
		" " + t.Bold().Render(strings.TrimSpace(widget.Text(t, l.Info.Title, w, 1))),
		widget.Text(t, where(l), w, 1), "",
	}
	add := func(block string) {
		if block != "" {
			parts = append(parts, block, "")
		}
	}
	add(l.state(env, w))
	for _, panel := range l.panels(t, w, h) {
		add(panel)
	}
	switch {
	case l.Question != nil:
		add(l.asked(t, w, h))
	case l.Status.True() || len(l.Planned) == 0:
		add(widget.Text(t, first(l.Text, l.Info.Does), w, h))
	default:
		add(planned(l, t, w, h))
	}
	if l.Hint != "" && len(l.Problems) == 0 && !l.Running && l.Question == nil {
		add(widget.Text(t, sentence(l.Hint), w, h))
	}
	if l.Info.Cost.Pages+l.Info.Cost.Clicks+l.Info.Cost.Pastes > 0 && !l.Status.True() {
		add(widget.Text(t, "From you: "+plain.Cost(l.Info.Cost), w, 1))
	}
	if log && len(l.Log) > 0 {
		add(said(l, env, w))
	}
	return widget.Fit(strings.TrimRight(strings.Join(parts, "\n"), "\n"), w, h)
}

// where is the line's place in the list.
func where(l Line) string {
	if len(l.Info.Lines) == 0 {
		return l.Info.ID
	}
	return fmt.Sprintf("line %d of the list · %s", l.Info.Lines[0], l.Info.ID)
}

// state is what happens with the line now; empty: nothing.
func (l Line) state(env tui.Env, w int) string {
	t, m := env.Theme, l.mark()
	since := widget.Duration(env.Now.Sub(l.Since))
	var text string
	switch {
	case l.Question != nil:
		text = "Waiting for you, " + since
	case l.PutOff != nil:
		text = "Skipped for now. r brings it back."
	case l.Running && l.Total > 0:
		return "  " + widget.Progress{Done: l.Done, Total: l.Total, Elapsed: env.Now.Sub(l.Since)}.View(t, w-2, 1)
	case l.Running:
		text = "At work, " + since
	case l.moving():
		text = "Waiting for the world, " + since + ". Nothing else waits for it."
	default:
		return ""
	}
	return " " + t.Style(m.Role).Render(m.Glyph(t.ASCII())) + widget.Text(t, text, w-2, 1)
}

// working says, behind its sign, what goes on.
func working(t theme.Theme, text string, w, h int) string {
	m := theme.MarkOf(theme.WordRunning)
	return " " + t.Style(m.Role).Render(m.Glyph(t.ASCII())) + strings.ReplaceAll(widget.Text(t, text, w-2, h), "\n", "\n  ")
}

// asked is what the line asks of the person.
func (l Line) asked(t theme.Theme, w, h int) string {
	rows := []string{widget.Text(t, sentence(l.Question.Ask), w, h)}
	for i, how := range l.Question.How {
		rows = append(rows, numbered(t, fmt.Sprint(i+1), how, w)...)
	}
	if l.Question.URL != "" {
		rows = append(rows, "", widget.Link{URL: l.Question.URL}.View(t, w, 3))
	}
	return strings.Join(rows, "\n")
}

// panels are what is wrong with the line.
func (l Line) panels(t theme.Theme, w, h int) []string {
	var out []string
	for _, p := range l.Problems {
		ids := []string{"step " + l.Info.ID}
		if p.ID != "" {
			ids = append([]string{p.ID}, ids...)
		}
		out = append(out, widget.ErrorPanel{Mark: l.mark(), What: p.What, Why: p.Why, Do: p.Fix, Link: p.URL, IDs: ids}.View(t, w, h))
	}
	return out
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
		for i, row := range strings.Split(widget.Text(t, p, w-2, h), "\n") {
			if i == 0 {
				row = " +" + row
			} else {
				row = "  " + row
			}
			out = append(out, row)
		}
	}
	return strings.Join(out, "\n")
}

// said is the end of the line's log.
func said(l Line, env tui.Env, w int) string {
	log := l.Log[max(0, len(l.Log)-shownLog):]
	out := make([]string, 0, len(log))
	for _, e := range log {
		out = append(out, widget.Text(env.Theme, stamp(e.At, env)+" "+e.Text, w, 1))
	}
	return strings.Join(out, "\n")
}
