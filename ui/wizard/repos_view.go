package wizard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// View implements tui.Page. Only the rows that have room are drawn.
func (r Repos) View(env tui.Env) string {
	t, w, h := env.Theme, env.Width, env.Height
	head := wizardBold(t, r.Asking.Question.Ask, w) + "\n\n" + r.typing(t)
	foot := r.foot(t, w, h, env.Now)
	room := h - lineCount(head) - 1
	if foot != "" {
		room -= lineCount(foot) + 1
	}
	return closed([]string{head, r.list(t, w, max(1, room), env.Now), foot}, w, h)
}

// typing is the filter and how much it leaves.
func (r Repos) typing(t theme.Theme) string {
	count := fmt.Sprintf("%d of %d", len(r.shown), len(r.rows))
	if r.filter == "" {
		count = fmt.Sprintf("%d", len(r.rows))
	}
	count = fmt.Sprintf(" · %s, %d chosen", count, len(r.chosen))
	switch {
	case r.loading:
		count = " · asking GitHub…"
	case r.failed != nil:
		count = fmt.Sprintf(" · no list, %d chosen", len(r.chosen))
	case r.filter == "":
		count += " · type a part of a name"
	}
	caret := t.Style(theme.Run).Render(t.Signs(theme.Caret))
	return " / " + t.Signs(r.filter) + caret + t.Style(theme.Quiet).Render(t.Signs(count))
}

// list is the rows around the cursor.
func (r Repos) list(t theme.Theme, w, h int, now time.Time) string {
	typed := r.typed()
	n := len(r.shown)
	if len(typed) > 0 {
		n++
	}
	h = min(h, n)
	from := min(max(0, r.cursor-h/2), n-h)
	list := widget.Choices{Many: true, Cursor: r.cursor - from}
	for i := from; i < from+h; i++ {
		if i == len(r.shown) {
			list.Options = append(list.Options, widget.Option{Text: strings.Join(typed, ", "), Notes: []string{"as typed: enter adds it"}})
			continue
		}
		list.Options = append(list.Options, r.option(r.rows[r.shown[i]], now, w))
	}
	return list.View(t, w, h)
}

// pushedWidth is that of the column of the last push.
const pushedWidth = len("pushed 999d ago")

// option is a row: the name as wide as the longest one, the last push, and
// what is special.
func (r Repos) option(row repoRow, now time.Time, w int) widget.Option {
	name := row.Name + strings.Repeat(" ", max(0, min(r.wide, w/2)-ansi.StringWidth(row.Name)))
	o := widget.Option{Text: name, Chosen: slices.Contains(r.chosen, row.Name)}
	if reason := r.off(row); reason != "" && !o.Chosen {
		o.Off, o.Notes = true, []string{reason}
		return o
	}
	if row.byHand {
		o.Notes = []string{"added by hand"}
		return o
	}
	pushed := pushedAgo(row, now)
	o.Notes = []string{pushed + strings.Repeat(" ", max(0, pushedWidth-len(pushed)))}
	if row.Private {
		o.Notes = append(o.Notes, "private")
	}
	return o
}

func pushedAgo(row repoRow, now time.Time) string {
	if row.Pushed.IsZero() {
		return "never pushed"
	}
	return "pushed " + widget.Age(now.Sub(row.Pushed)) + " ago"
}

// foot is what is wrong, or what the row under the cursor is.
func (r Repos) foot(t theme.Theme, w, h int, now time.Time) string {
	row, ok := r.row()
	switch {
	case r.looking:
		return lookingUp(t)
	case r.wrong != nil:
		return wrongAnswer(t, *r.wrong, w, h)
	case r.failed != nil && r.filter == "":
		return wrongAnswer(t, *r.failed, w, h/2) + "\n" + wizardQuiet(t, "ctrl+r asks again. Or write owner/name: enter adds it.", w)
	case r.onTyped():
		return widget.Text(t, "enter adds "+strings.Join(r.typed(), ", ")+".", w, 2)
	case !ok && r.loading:
		return ""
	case !ok && r.filter != "":
		return widget.Text(t, "No repository has "+r.filter+" in its name. owner/name adds one that is not in the list.", w, 2)
	case !ok:
		return widget.Text(t, "No repositories yet. owner/name adds one.", w, 2)
	}
	what := row.Name + ": " + r.off(row) + "."
	switch {
	case row.byHand:
		what = row.Name + " is not in the list; that it is there is seen in the plan."
	case slices.Contains(r.chosen, row.Name) || r.off(row) == "":
		what = row.Name + ": branch " + first(row.Branch, "unknown") + ", " + pushedAgo(row, now) + "."
	}
	return widget.Text(t, what, w, 2)
}
