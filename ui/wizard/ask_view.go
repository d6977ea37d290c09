package wizard

import (
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// View implements tui.Page: what is asked, why, the field, and how it stands.
func (a Ask) View(env tui.Env) string {
	t, w, h := env.Theme, env.Width, env.Height
	q := a.Asking.Question
	head := wizardBold(t, q.Ask, w)
	if q.Why != "" {
		head += "\n" + wizardQuiet(t, q.Why, w)
	}
	if q.URL != "" {
		head += "\n" + widget.Link{URL: q.URL}.View(t, w, 2)
	}
	foot := a.stands(t, w, h)
	room := max(1, h-lineCount(head)-lineCount(foot)-2)
	field := a.field.view(t, w, room)
	if a.field.typed() && len(a.field.options) > 0 && room > 3 {
		foot = strings.TrimRight(a.field.offers(t, w, room-2)+"\n\n"+foot, "\n")
	}
	return closed([]string{head, field, foot}, w, h)
}

// stands is what is wrong with the answer, or what enter does with it.
func (a Ask) stands(t theme.Theme, w, h int) string {
	switch p := a.refusal(); {
	case a.looking:
		return lookingUp(t)
	case a.wrong != nil:
		return wrongAnswer(t, *a.wrong, w, h)
	case p != nil && a.field.value() != "":
		return notLegal(t, *p, w)
	}
	if !a.field.typed() {
		return ""
	}
	said := a.field.value() != ""
	switch proposed := a.proposal(); {
	case a.over && said && proposed != "":
		return wizardQuiet(t, "Emptied, it is "+proposed+" again, which follows by itself.", w)
	case a.over && said:
		return wizardQuiet(t, "Emptied, it is left open again.", w)
	case !said && proposed != "":
		return wizardQuiet(t, "enter takes "+proposed+". Type another, or change it with tab.", w)
	}
	return ""
}

// lookingUp says that an answer is being looked up.
func lookingUp(t theme.Theme) string {
	mark := theme.MarkOf(theme.WordRunning)
	return " " + t.Style(mark.Role).Render(mark.Glyph(t.ASCII())) + " " + t.Signs("looking"+theme.More)
}

// wrongAnswer says why a look-up refused an answer.
func wrongAnswer(t theme.Theme, p state.Problem, w, h int) string {
	panel := widget.ErrorPanel{Mark: theme.MarkOf("failed"), What: p.What, Why: p.Why, Do: p.Fix, Link: p.URL}
	if p.ID != "" {
		panel.IDs = []string{p.ID}
	}
	return panel.View(t, w, h)
}

// notLegal says what is wrong with what is typed, and what would be right.
func notLegal(t theme.Theme, p state.Problem, w int) string {
	mark := theme.MarkOf("blocked")
	lines := strings.Split(widget.Text(t, p.What, w-2, styledLines), "\n")
	for i, l := range lines {
		if i > 0 {
			lines[i] = "  " + l
		}
	}
	lines[0] = " " + t.Style(mark.Role).Render(mark.Glyph(t.ASCII())) + lines[0]
	for _, more := range []string{p.Why, p.Fix} {
		if more != "" {
			for l := range strings.SplitSeq(wizardQuiet(t, sentence(more), w-2), "\n") {
				lines = append(lines, "  "+l)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// closed puts blocks one below the other with a blank line between them, where
// there is room for it.
func closed(blocks []string, w, h int) string {
	var there []string
	for _, b := range blocks {
		if b != "" {
			there = append(there, b)
		}
	}
	out := strings.Join(there, "\n\n")
	if lineCount(out) > h {
		out = strings.Join(there, "\n")
	}
	return widget.Fit(out, w, h)
}
