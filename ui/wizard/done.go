package wizard

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Done is the end, or where it waits for a deployment: what there is now, what
// is proven, what is left to do by hand.
type Done struct {
	done   guide.Done
	give   func(guide.Choice) tea.Cmd
	files  bool // they are listed
	scroll scroll
}

// NewDone is the page of an end.
func NewDone(d guide.Done, give func(guide.Choice) tea.Cmd) Done { return Done{done: d, give: give} }

// commands are what is to be typed elsewhere, in order.
func (d Done) commands() []string {
	var out []string
	for _, c := range []string{d.done.Commit, d.done.Deploy} {
		if c != "" {
			out = append(out, c)
		}
	}
	return out
}

// Title implements tui.Page.
func (d Done) Title() string {
	title := "nixwright setup · Done"
	if d.done.Deploy != "" {
		title = "nixwright setup · Ready to deploy"
	}
	if cost := plain.Cost(d.done.Human); cost != "nothing" {
		title += " · you: " + cost
	}
	return title
}

// WindowTitle implements tui.Titled.
func (d Done) WindowTitle() string {
	if d.done.Deploy != "" {
		return "nixwright: ready to deploy"
	}
	return "nixwright: done"
}

// Keys implements tui.Page.
func (d Done) Keys() []key.Binding {
	next := key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "into the console"))
	watch := key.NewBinding(key.WithKeys("c"), key.WithHelp("c", "console"))
	switch {
	case d.done.Deploy != "":
		next.SetHelp("enter", "deployed: go on")
		watch.SetEnabled(false)
	case d.whole():
		watch.SetEnabled(false)
	default:
		next.SetHelp("enter", "look again")
	}
	copies := key.NewBinding(key.WithKeys("1", "2"), key.WithHelp("1 2", "copy"))
	if len(d.commands()) == 1 {
		copies = key.NewBinding(key.WithKeys("1"), key.WithHelp("1", "copy"))
	}
	copies.SetEnabled(len(d.commands()) > 0)
	list := key.NewBinding(key.WithKeys("f"), key.WithHelp("f", "files"))
	if d.files {
		list.SetHelp("f", "back")
	}
	list.SetEnabled(len(d.done.Files) > 0)
	back := key.NewBinding(key.WithKeys("esc"))
	back.SetEnabled(d.files)
	keys := []key.Binding{next}
	if watch.Enabled() {
		keys = append(keys, watch)
	}
	if copies.Enabled() {
		keys = append(keys, copies)
	}
	return append(keys, list, back, key.NewBinding(key.WithKeys("up"), key.WithHelp("↑↓", "scroll")))
}

// Why implements tui.Reasoner.
func (d Done) Why(pressed string) string {
	if pressed == "f" {
		return "no file was written"
	}
	return "there is nothing to copy"
}

// Update implements tui.Page.
func (d Done) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return d.press(msg, env)
	case tea.MouseWheelMsg:
		d.scroll = d.scroll.wheel(msg, len(d.rows(env)), env.Height)
	}
	return d, nil
}

// press answers a key.
func (d Done) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	switch pressed := msg.String(); pressed {
	case "enter":
		if d.whole() {
			return d, d.give(guide.Choice{Do: guide.Watch})
		}
		return d, d.give(guide.Choice{Do: guide.Next})
	case "c":
		if d.done.Deploy == "" {
			return d, d.give(guide.Choice{Do: guide.Watch})
		}
	case "1", "2":
		if i, all := int(pressed[0]-'1'), d.commands(); i < len(all) {
			return d, copied("command "+pressed, all[i])
		}
	case "f":
		d.files, d.scroll = !d.files && len(d.done.Files) > 0, scroll{}
	case "esc":
		d.files, d.scroll = false, scroll{}
	default:
		d.scroll = d.scroll.press(msg, len(d.rows(env)), env.Height)
	}
	return d, nil
}

// whole says whether all of it is true, so that there is nothing to look at
// again.
func (d Done) whole() bool {
	return d.done.Deploy == "" && d.done.Report.TrueLines() == len(d.done.Report.Lines())
}

// View implements tui.Page.
func (d Done) View(env tui.Env) string { return d.scroll.view(d.rows(env), env) }

// rows are the page's lines.
func (d Done) rows(env tui.Env) []string {
	t, w := env.Theme, env.Width
	if d.files {
		rows := []string{emboldened(t, widget.Text(t, "Written here, all of it to be committed:", w, 1)), ""}
		for _, f := range d.done.Files {
			rows = append(rows, "   "+state.CleanText(f, 0))
		}
		return rows
	}
	ready := theme.StepMark(steps.Ready)
	head := " " + t.Style(ready.Role).Render(ready.Glyph(t.ASCII())) + emboldened(t, widget.Text(t, d.head(), w-2, 3))
	blocks := []string{head, d.made(t, w, env.Height), d.left(t, w), d.proven(t, w)}
	if env.Height < lowScreen {
		blocks[1], blocks[2] = blocks[2], blocks[1]
	}
	if !strings.Contains(d.Title(), "you:") {
		blocks = append(blocks, widget.Text(t, "Nothing was asked of you.", w, 1))
	}
	var rows []string
	for _, b := range blocks {
		if b != "" {
			rows = append(rows, append(strings.Split(b, "\n"), "")...)
		}
	}
	return rows[:len(rows)-1]
}

// head is the sentence of truth.
func (d Done) head() string {
	after := d.phase(steps.PhaseAfter)
	proven := 0
	for _, row := range after {
		if row.Status().True() {
			proven++
		}
	}
	switch {
	case d.done.Deploy != "":
		return "Everything before deployment is true. What is left is yours: look, deploy."
	case proven == len(after):
		return "Pushed, built, signed, read back by a clean client. Your CI is up."
	}
	return fmt.Sprintf("It is deployed. %d of %d checks after deployment are true.", proven, len(after))
}

// phase are the report's rows of a phase.
func (d Done) phase(p steps.Phase) []steps.Row {
	var out []steps.Row
	for _, row := range d.done.Report.Rows {
		if row.Info.Phase == p {
			out = append(out, row)
		}
	}
	return out
}

// made is what there is now: line by line where there is room.
func (d Done) made(t theme.Theme, w, h int) string {
	var pairs []widget.Pair
	var names []string
	for _, row := range d.phase(steps.PhaseBefore) {
		if row.Status() == steps.Ready && row.Finding.Text != "" {
			pairs = append(pairs, widget.Pair{Key: row.Info.Title, Value: row.Finding.Text})
			names = append(names, row.Info.Title+" "+row.Finding.Text)
		}
	}
	if h < roomyDone && len(names) > 0 {
		pairs = []widget.Pair{{Key: "Made", Value: strings.Join(names, " "+theme.Dot+" ")}}
	}
	if n := len(d.done.Files); n > 0 {
		pairs = append(pairs, widget.Pair{Key: "Wrote", Value: counted(n, "file") + " of the repository; f lists them"})
	}
	if len(pairs) == 0 {
		return ""
	}
	return widget.Pairs{Pairs: pairs}.View(t, w, 100)
}

// roomyDone is from how many lines on everything has a line of its own.
const roomyDone = 30

// left is what is to be done by hand, numbered.
func (d Done) left(t theme.Theme, w int) string {
	var rows []string
	n := 0
	add := func(text string) {
		n++
		rows = append(rows, numbered(t, fmt.Sprint(n), text, w)...)
	}
	for _, c := range d.commands() {
		add(c)
	}
	if d.done.Pasted && !d.done.Revoked {
		add("Delete the Cloudflare token that you pasted: it is not needed any more.")
	}
	for _, row := range d.done.Report.Rows {
		if row.Status() == steps.Waiting && row.Info.Phase == steps.PhaseRepos {
			add(row.Info.Title + ": " + first(row.Finding.Text, row.Finding.Hint))
		}
	}
	if d.done.Revoked {
		rows = append(rows, widget.Text(t, "The Cloudflare token is deleted, and refused now.", w, 2))
	}
	return strings.Join(rows, "\n")
}

// proven is what was exercised after the deployment, and what is exercised
// then.
func (d Done) proven(t theme.Theme, w int) string {
	var now, later []string
	proof := "Proven now"
	for _, row := range d.phase(steps.PhaseAfter) {
		m := theme.StepMark(row.Status())
		if row.Status().True() {
			now = append(now, m.Glyph(t.ASCII())+" "+row.Info.Title+": "+first(row.Finding.Text, "so"))
			continue
		}
		later = append(later, m.Glyph(t.ASCII())+" "+row.Info.Title)
	}
	if len(now) == 0 {
		held := 0
		for _, row := range d.done.Report.Rows {
			if row.Status().True() {
				held++
			}
		}
		proof = "True now"
		now = append(now, fmt.Sprintf("%d of %d lines, looked at a moment ago", held, len(d.done.Report.Rows)))
	}
	var pairs []widget.Pair
	for i, s := range now {
		name := proof
		if i > 0 {
			name = ""
		}
		pairs = append(pairs, widget.Pair{Key: name, Value: s})
	}
	if len(later) > 0 {
		pairs = append(pairs, widget.Pair{Key: "Proven later", Value: strings.Join(later, "  ")})
	}
	return widget.Pairs{Pairs: pairs}.View(t, w, 100)
}
