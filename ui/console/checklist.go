package console

import (
	"cmp"
	"fmt"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// checklist is page 8: the fifteen lines with today's truth, and what else was
// found.
type checklist struct {
	at    string // the step under the cursor; empty: the first that is not true
	doing doing
}

func newChecklist() tab { return checklist{} }

func (p checklist) update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd) {
	p.doing = p.doing.hear(msg)
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return p.press(msg.String(), s, env)
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			return p.move(s, -1), nil
		}
		return p.move(s, +1), nil
	case tea.MouseClickMsg:
		blocks, table := p.blocks(s, env)
		switch row := rowAt(blocks, 1, table, false, msg.Y, env); row {
		case -1:
		case p.cursor(s):
			return p.press("enter", s, env)
		default:
			p.at = idOf(listOf(s)[row])
		}
	}
	return p, nil
}

func (p checklist) press(pressed string, s scene, env tui.Env) (tab, tea.Cmd) {
	list := listOf(s)
	switch pressed {
	case "up", "k":
		return p.move(s, -1), nil
	case "down", "j":
		return p.move(s, +1), nil
	case "home", "g":
		return p.move(s, -len(list)), nil
	case "end", "G":
		return p.move(s, len(list)), nil
	case "d":
		return p.next(s), nil
	case "r":
		return p, s.look()
	case "x", "enter":
		if len(list) > 0 {
			return p, env.Open(newExplainLine(list[p.cursor(s)], s))
		}
	}
	return p, nil
}

// listOf is the lines, as they were told.
func listOf(s scene) live.Checklist {
	list, _ := s.snap.Checklist.Get()
	return list
}

// idOf is what tells a line from the others.
func idOf(l live.Line) string { return fmt.Sprint(l.Number, " ", l.Step, " ", l.Title) }

// faulty says whether a line has something to explain.
func faulty(l live.Line) bool { return !l.True() || len(l.Problems) > 0 }

// cursor is the row of the chosen line.
func (p checklist) cursor(s scene) int {
	list := listOf(s)
	if i := slices.IndexFunc(list, func(l live.Line) bool { return idOf(l) == p.at }); i >= 0 {
		return i
	}
	return max(0, slices.IndexFunc(list, faulty))
}

func (p checklist) move(s scene, by int) checklist {
	if list := listOf(s); len(list) > 0 {
		p.at = idOf(list[min(max(0, p.cursor(s)+by), len(list)-1)])
	}
	return p
}

// next is the next line with something to explain.
func (p checklist) next(s scene) checklist {
	list, from := listOf(s), p.cursor(s)
	for i := range list {
		if at := (from + 1 + i) % len(list); faulty(list[at]) {
			p.at = idOf(list[at])
			return p
		}
	}
	return p
}

func (p checklist) keys(s scene) []key.Binding {
	list := listOf(s)
	return []key.Binding{
		bind(!p.doing.has(looking), "r", "look again", "r"),
		bind(len(list) > 0, "x", "explain", "x", "enter"),
		bind(slices.ContainsFunc(list, faulty), "d", "next finding", "d"),
		bind(len(list) > 0, "↑↓", "move", "up", "down", "k", "j", "home", "end", "g", "G"),
	}
}

func (p checklist) why(pressed string, s scene) string {
	switch {
	case pressed == "r":
		return underWay
	case len(listOf(s)) == 0:
		return "the checklist was not looked at yet"
	}
	return "nothing was found"
}

func (checklist) typing() bool { return false }

func (p checklist) goTo(id string, s scene) tab {
	for _, l := range listOf(s) {
		if l.Step == id && id != "" && (p.at == "" || faulty(l)) {
			p.at = idOf(l)
			break
		}
	}
	return p
}

func (p checklist) view(s scene, env tui.Env) string {
	blocks, _ := p.blocks(s, env)
	return blocks.View(env.Width, env.Height)
}

// blocks are the sentence and, where there are lines, their table.
func (p checklist) blocks(s scene, env tui.Env) (widget.Stack, widget.Table) {
	head, table := p.head(s, env), p.table(s, env)
	if len(table.Rows) == 0 {
		return widget.Stack{head}, table
	}
	const leastRows = 3
	return widget.Stack{head, {
		Want: len(table.Rows), Least: leastRows,
		Draw: func(h int) string { return rowsOf(table, env, h) },
	}}, table
}

// rowsOf draws a table without its titles.
func rowsOf(t widget.Table, env tui.Env, h int) string {
	drawn := t.View(env.Theme, env.Width, h+1)
	for i, c := range drawn {
		if c == '\n' {
			return drawn[i+1:]
		}
	}
	return drawn
}

// head is the sentence: how many lines are true, and when that was looked at.
func (p checklist) head(s scene, env tui.Env) widget.Block {
	part, list := s.snap.Checklist, listOf(s)
	if part == nil {
		text := "The checklist was not looked at yet; r looks now."
		if p.doing.has(looking) {
			text = "Looking at the checklist."
		}
		return sentence(env, theme.MarkOf("not checked"), text)
	}
	lines, holds := 0, 0
	for _, l := range list {
		if l.Number == 0 {
			continue
		}
		if lines++; l.True() {
			holds++
		}
	}
	when := "looked " + before(s, part.At)
	if p.doing.has(looking) {
		when = "looking again"
	}
	role := theme.Plain
	if _, stale := s.old(part.Source, part.At); stale {
		role = theme.Quiet
	}
	mark := glyph("up")
	if holds < lines {
		mark = glyph("risk")
	}
	truth := widget.Part{Mark: mark, Text: fmt.Sprintf("%d of %d true", holds, lines)}
	return widget.Of(oneFact(env, truth, widget.Part{Text: when, Role: role}), 1)
}

// table is the lines; what was found besides them comes last.
func (p checklist) table(s scene, env tui.Env) widget.Table {
	const status, number, title, text = 9, 2, 8, 3
	t := widget.Table{
		Columns: []widget.Column{{Worth: status}, {Worth: number, Right: true}, {Worth: title, Cut: widget.CutEnd}, {Worth: text, Cut: widget.CutEnd}},
		Cursor:  p.cursor(s), Wordless: wordless(env),
	}
	for _, l := range listOf(s) {
		n := ""
		if l.Number > 0 {
			n = fmt.Sprint(l.Number)
		}
		t.Rows = append(t.Rows, []widget.Cell{{Mark: markOf(l)}, {Text: n, Role: theme.Quiet}, {Text: l.Title}, textOf(l)})
	}
	return t
}

// markOf is the mark of a line: its status, or of a finding at a line that is
// true how bad it is.
func markOf(l live.Line) theme.Mark {
	if l.Number == 0 && l.True() && len(l.Problems) > 0 {
		f, _ := state.FailureByID(l.Problems[0].ID)
		return theme.MarkOf(string(cmp.Or(f.Severity, state.Note)))
	}
	return theme.MarkOf(l.Status)
}

// textOf is what a line came to, or the first thing that is wrong with it.
func textOf(l live.Line) widget.Cell {
	if len(l.Problems) == 0 {
		return widget.Cell{Text: l.Text, Role: theme.Quiet}
	}
	p := l.Problems[0]
	text := p.What
	if p.ID != "" {
		text = p.ID + " " + text
	}
	if more := len(l.Problems) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return widget.Cell{Text: text}
}
