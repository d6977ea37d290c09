package wizard

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// tallScreen is from how many lines on a larger QR code has its place.
const tallScreen = 40

// View implements tui.Page.
func (m Moment) View(env tui.Env) string {
	t, w, h := env.Theme, env.Width, env.Height
	mark := theme.MarkOf(theme.WordYou)
	blocks := []string{" " + t.Style(theme.You).Render(mark.Glyph(t.ASCII())) + widget.Text(t, m.head(), w-2, 2)}
	if m.Far && m.Ask.Form != nil {
		blocks = append(blocks, m.far(t, w))
	} else {
		blocks = append(blocks, m.near(t, w, h))
	}
	if m.wrong != nil {
		blocks = append(blocks, widget.ErrorPanel{
			Mark: theme.MarkOf("failed"), What: m.wrong.What, Why: m.wrong.Why, Do: m.wrong.Fix, Link: m.wrong.URL, IDs: []string{"step " + m.Step},
		}.View(t, w, h))
	}
	blocks = append(blocks, widget.Text(t, m.foot(env), w, 1))
	out := strings.Join(blocks, "\n\n")
	if strings.Count(out, "\n") >= h { // a low screen does without the blank lines
		out = strings.ReplaceAll(out, "\n\n", "\n")
	}
	return widget.Fit(out, w, h)
}

// head says what is to be done.
func (m Moment) head() string {
	if m.Far && m.Ask.Form != nil {
		return "Your browser is on another computer. Two ways, both end here."
	}
	return sentence(m.Ask.Ask)
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".?!") {
		s += "."
	}
	return s
}

// near is the way with a browser here, or on any device.
func (m Moment) near(t theme.Theme, w, h int) string {
	var lines []string
	for i, how := range m.Ask.How {
		lines = append(lines, numbered(t, fmt.Sprint(i+1), how, w)...)
	}
	if len(m.Ask.Asks) > 0 {
		lines = append(lines, "", widget.Text(t, "It asks for", w, 1), permissions(t, m.Ask.Asks, w))
	}
	if m.Ask.URL != "" {
		if code, ok := (widget.QR{Text: m.Ask.URL, Tall: h >= tallScreen}).View(t, w, h-len(lines)-6); ok && m.Ask.Form == nil && w >= widget.SplitFrom {
			lines = append(lines, "", code)
		}
		lines = append(lines, "", "   "+strings.TrimLeft(widget.Link{URL: m.Ask.URL}.View(t, w-4, 3), " "))
	}
	if m.Ask.Why != "" && len(m.Ask.Asks) == 0 {
		lines = append(lines, "", widget.Text(t, sentence(m.Ask.Why), w, 2))
	}
	return strings.Join(lines, "\n")
}

// far is the way for a form whose browser is on another computer: GitHub takes
// it only as a POST from a page.
func (m Moment) far(t theme.Theme, w int) string {
	here := m.Here
	if here == "" {
		here = "THIS-HOST"
	}
	var lines []string
	way := func(sign, title string, steps ...string) {
		lines = append(lines, numbered(t, sign, title, w)...)
		for i, s := range steps {
			for j, l := range numbered(t, fmt.Sprint(i+1), s, w-3) {
				if j == 0 || l != "" {
					lines = append(lines, "  "+l)
				}
			}
		}
		lines = append(lines, "")
	}
	press := "Press the button on GitHub."
	if len(m.Ask.How) > 0 {
		press = m.Ask.How[0]
	}
	if port := m.port(); port != "" {
		way("A", "Through a tunnel: nothing to paste",
			"On your computer:  ssh -L "+port+":localhost:"+port+" "+here, "Open  "+m.Ask.URL, press)
	}
	way("B", "Without a tunnel: one paste",
		"On your computer:  scp "+here+":"+m.Ask.File+" .", "Open "+filepath.Base(m.Ask.File)+" there. "+press,
		"The browser ends on a page that cannot load. That is right. Copy its address and paste it anywhere on this screen; it will not be shown.")
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// foot is how it stands.
func (m Moment) foot(env tui.Env) string {
	since := widget.Duration(env.Now.Sub(m.Since))
	switch {
	case m.taken:
		return "● it fits, and is being used"
	case m.Ask.Kind == state.KindClick:
		return "● looking, " + since + ". It goes on by itself."
	case m.Ask.Kind == state.KindPage:
		return "● listening, " + since + " · GitHub allows one hour"
	}
	return "Paste it anywhere on this screen; nothing will be shown."
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
