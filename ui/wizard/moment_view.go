package wizard

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// The measures of a moment.
const (
	tallScreen  = 40        // lines from which a larger QR code has its place
	roomyMoment = 18        // lines from which all of it is shown
	besideCode  = 34        // columns that the words beside a QR code need
	gitHubsHour = time.Hour // how long GitHub keeps an App's one-time code
)

// View implements tui.Page.
func (m Moment) View(env tui.Env) string {
	t, w, h := env.Theme, env.Width, env.Height
	mark := theme.MarkOf(theme.WordYou)
	head := " " + t.Style(mark.Role).Render(mark.Glyph(t.ASCII())) + emboldened(t, widget.Text(t, m.head(), w-2, 2))
	var blocks []string
	panel := m.panel(env)
	foot := m.foot(env, w, 1)
	beside, coded := m.coded(env)
	switch {
	case panel != "" && h < roomyMoment: // what to do is known by now
	case m.Far && m.forms() && (h < roomyMoment || w < widget.SplitFrom):
		blocks = append(blocks, m.farShort(t, w))
	case m.Far && m.forms():
		blocks = append(blocks, m.far(t, w))
	case coded && panel == "":
		return widget.Fit(head+"\n"+beside, w, h)
	default:
		blocks = append(blocks, m.near(t, w))
	}
	if panel != "" {
		blocks = append(blocks, panel)
	}
	return tight(append([]string{head}, blocks...), foot, w, h)
}

// tight draws blocks above their foot. Where the screen is too low, the blank
// lines go, then the end of the middle: head and foot stay.
func tight(blocks []string, foot string, w, h int) string {
	out := strings.Join(append(blocks, foot), "\n\n")
	if strings.Count(out, "\n") < h {
		return widget.Fit(out, w, h)
	}
	var rows []string
	for row := range strings.SplitSeq(strings.Join(blocks, "\n"), "\n") {
		if strings.TrimSpace(row) != "" {
			rows = append(rows, row)
		}
	}
	rows = append(rows[:min(len(rows), max(0, h-1-strings.Count(foot, "\n")))], foot)
	return widget.Fit(strings.Join(rows, "\n"), w, h)
}

// emboldened draws each line of a block bold.
func emboldened(t theme.Theme, block string) string {
	rows := strings.Split(block, "\n")
	for i, row := range rows {
		rows[i] = " " + t.Bold().Render(strings.TrimSpace(row))
	}
	return strings.Join(rows, "\n  ")
}

// panel is what is wrong with what was pasted last; empty: nothing.
func (m Moment) panel(env tui.Env) string {
	if len(m.wrong) == 0 {
		return ""
	}
	t, w, h := env.Theme, env.Width, env.Height
	var out []string
	for i, p := range m.wrong {
		fix := p.Fix
		if i == len(m.wrong)-1 && m.check != nil && !m.held.Empty() {
			fix = strings.TrimRight(sentence(fix), " ") + " r checks the same one again: it is held in memory."
		}
		var ids []string
		if p.ID != "" {
			ids = append(ids, p.ID)
		}
		if m.Step != "" {
			ids = append(ids, "step "+m.Step)
		}
		out = append(out, widget.ErrorPanel{
			Mark: theme.MarkOf("failed"), What: p.What, Why: p.Why, Do: strings.TrimSpace(fix), Link: p.URL, IDs: ids,
		}.View(t, w, h))
	}
	return strings.Join(out, "\n")
}

// head says what is to be done.
func (m Moment) head() string {
	switch {
	case m.Far && m.forms():
		return "Your browser is on another computer. Two ways, both end here."
	case m.Step == "" && m.Ask.URL != "":
		return "One token, made on a page that is already filled in."
	}
	return sentence(m.Ask.Ask)
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".?!:") {
		s += "."
	}
	return s
}

// steps are what to do, in order.
func (m Moment) steps() []string {
	switch {
	case m.Opened && !m.Far && m.Ask.URL != "":
		return append([]string{"The page is open in your browser. Not there? o opens it again."}, m.Ask.How...)
	case m.forms() && !m.Far:
		return append([]string{"o opens the page in your browser."}, m.Ask.How...)
	case m.Step == "" && m.Ask.URL != "" && m.Open != nil && !m.Far:
		return append([]string{"o opens the page."}, m.Ask.How...)
	}
	return m.Ask.How
}

// near is the way with a browser here, or on any device.
func (m Moment) near(t theme.Theme, w int) string {
	var lines []string
	for i, how := range m.steps() {
		lines = append(lines, numbered(t, fmt.Sprint(i+1), how, w)...)
	}
	if m.Ask.URL != "" {
		lines = append(lines, "", indented(widget.Link{URL: m.Ask.URL}.View(t, w-2, 4)))
	}
	if len(m.Ask.Asks) > 0 {
		lines = append(lines, "", widget.Text(t, "It asks for", w, 1), permissions(t, m.Ask.Asks, w))
	} else if m.Ask.Why != "" && len(m.wrong) == 0 {
		lines = append(lines, "", widget.Text(t, sentence(m.Ask.Why), w, 2))
	}
	return strings.TrimLeft(strings.Join(lines, "\n"), "\n")
}

func indented(block string) string { return "  " + strings.ReplaceAll(block, "\n", "\n  ") }

// coded is the page as a QR code, what to do there beside it; false where there
// is no room, or the link works on no other device.
func (m Moment) coded(env tui.Env) (string, bool) {
	t, w, h := env.Theme, env.Width, env.Height
	link := m.elsewhere()
	if !m.Far || link == "" || w < widget.SplitFrom {
		return "", false
	}
	code, ok := widget.QR{Text: link, Tall: h >= tallScreen-4}.View(t, w-besideCode, h-1)
	if !ok {
		return "", false
	}
	room := w - lipgloss.Width(code) - 3
	rows := []string{"", widget.Text(t, "Scan, or open on any device:", room, 2), "", widget.Link{URL: link}.View(t, room, 4), ""}
	for i, how := range m.Ask.How {
		rows = append(rows, numbered(t, fmt.Sprint(i+1), how, room)...)
	}
	if link != m.Ask.URL {
		rows = append(rows, "", widget.Text(t, "y copies a link with that already chosen, too long for a code here.", room, 3))
	}
	rows = append(rows, "", m.foot(env, room, 3))
	return lipgloss.JoinHorizontal(lipgloss.Top, " ", code, " ", strings.Join(rows, "\n")), true
}

// far is the way for a form whose browser is on another computer: GitHub takes
// it only as a POST from a page.
func (m Moment) far(t theme.Theme, w int) string {
	var lines []string
	way := func(sign, title string, steps ...string) {
		lines = append(lines, numbered(t, sign, title, w)...)
		for i, s := range steps {
			for j, l := range numbered(t, fmt.Sprint(i+1), s, w-3) {
				if j == 0 || l != "" {
					lines = append(lines, "   "+l)
				}
			}
		}
		lines = append(lines, "")
	}
	press := "Press the button on GitHub."
	if len(m.Ask.How) > 0 {
		press = m.Ask.How[0]
	}
	if m.tunnel() != "" {
		way("A", "Through a tunnel: nothing to paste", "On your computer:  "+m.tunnel(), "Open  "+m.Ask.URL, press)
	}
	if m.scp() != "" {
		way("B", "Without a tunnel: one paste", "On your computer:  "+m.scp(), "Open "+filepath.Base(m.Ask.File)+" there, and press the same button.",
			"The browser ends on a page that cannot load. That is right. Copy its address and paste it anywhere on this screen; it is checked and never shown.")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// farShort is the same for a small screen; its numbers are the keys.
func (m Moment) farShort(t theme.Theme, w int) string {
	var lines []string
	add := func(number, text string) { lines = append(lines, numbered(t, number, text, w)...) }
	if m.tunnel() != "" {
		lines = append(lines, widget.Text(t, "Either a tunnel, then this page and its button:", w, 2))
		add("1", m.tunnel())
		add("2", m.Ask.URL)
	}
	if m.scp() != "" {
		lines = append(lines, widget.Text(t, "Or this file, opened there; press its button, and paste the address of the page that cannot load:", w, 3))
		add("3", m.scp())
	}
	return strings.Join(lines, "\n")
}

// foot is how it stands.
func (m Moment) foot(env tui.Env, w, h int) string {
	t, passed := env.Theme, env.Now.Sub(m.Since)
	since := widget.Duration(passed)
	switch {
	case m.taken:
		return working(t, "it fits, and is being used", w, h)
	case m.checking:
		return working(t, "checking what it may", w, h)
	case m.Ask.Kind == state.KindClick:
		return working(t, "looking, "+since+". It goes on by itself.", w, h)
	case m.Ask.Kind != state.KindPage:
		return widget.Text(t, "Paste it anywhere on this screen; nothing will be shown.", w, h)
	case m.Ask.URL == "":
		return widget.Text(t, "Paste the address anywhere on this screen; it is never shown.", w, h)
	case passed >= gitHubsHour:
		return widget.Text(t, "GitHub's hour is over: s skips, r on the line then opens a new page.", w, h)
	}
	return working(t, fmt.Sprintf("listening, %s · %dm left of GitHub's hour", since, int((gitHubsHour-passed).Minutes())), w, h)
}

// numbered is a sentence behind its number, hanging.
func numbered(t theme.Theme, number, text string, w int) []string {
	lines := strings.Split(widget.Text(t, text, w-5, 6), "\n")
	for i := range lines {
		if i == 0 {
			lines[i] = "   " + number + " " + lines[i]
			continue
		}
		lines[i] = "     " + lines[i]
	}
	return lines
}

// permissions are what a page will ask for, and because of what.
func permissions(t theme.Theme, all []state.Permission, w int) string {
	table := widget.Table{
		Columns: []widget.Column{{Title: "", Worth: 3}, {Title: "", Worth: 2}, {Title: "", Worth: 1, Cut: widget.CutEnd}},
		Cursor:  -1,
	}
	for _, p := range all {
		table.Rows = append(table.Rows, []widget.Cell{{Text: p.Name}, {Text: p.Level}, {Text: p.Why, Role: theme.Quiet}})
	}
	_, rows, _ := strings.Cut(table.View(t, w, len(all)+1), "\n") // it needs no titles
	return rows
}
