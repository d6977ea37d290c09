package console

import (
	"strings"
	"time"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// figure is what stands behind one name: what a source told, or why it is not
// known.
type figure struct {
	scene  scene
	source string
	at     time.Time
	known  bool
	parts  []widget.Part
}

// of begins the row of a figure; source is who would tell it where nobody
// did.
func of[T any](s scene, p *live.Part[T], source string) (figure, T) {
	value, known := p.Get()
	f := figure{scene: s, source: source, known: known}
	if known {
		f.source, f.at = p.Source, p.At
	}
	return f, value
}

// add adds a part.
func (f *figure) add(mark theme.Mark, text string) {
	f.parts = append(f.parts, widget.Part{Mark: mark, Text: text})
}

// row is the figure under its name: greyed and with their age where they are
// old, and where nobody told them who should have.
func (f *figure) row(name string) widget.Fact {
	if !f.known {
		return widget.Fact{Name: name, Parts: []widget.Part{{Text: unheard(f.scene, f.source), Role: theme.Quiet}}}
	}
	if note, stale := f.scene.old(f.source, f.at); stale && len(f.parts) > 0 {
		for i := range f.parts {
			f.parts[i].Role, f.parts[i].Mark = theme.Quiet, theme.Mark{}
		}
		f.parts[len(f.parts)-1].Text += " (" + note + ")"
	}
	return widget.Fact{Name: name, Parts: f.parts}
}

// unsure is a sentence about what a source told at a time: where that is old,
// without its mark and with its age.
func unsure[T any](s scene, p *live.Part[T], mark theme.Mark, text string) (theme.Mark, string) {
	if note, stale := s.old(p.Source, p.At); stale {
		return theme.MarkOf("not checked"), text + " (" + note + ")"
	}
	return mark, text
}

// asWords is a reason as a sentence.
func asWords(reason string) string { return strings.ToUpper(reason[:1]) + reason[1:] + "." }

// alertsOf are the alerts of a page, the worst first.
func (s scene) alertsOf(page live.Page) []live.Alert {
	var out []live.Alert
	for _, a := range s.alerts {
		if a.To.Page == page {
			out = append(out, a)
		}
	}
	return out
}

// alertBlock is alerts with what to do about the first, as many as have room;
// nothing where there are none.
func alertBlock(all []live.Alert, env tui.Env) widget.Block {
	if len(all) == 0 {
		return widget.Block{}
	}
	var drawn []string
	for i, a := range all {
		mark := theme.MarkOf(string(a.Severity))
		drawn = append(drawn, oneFact(env, widget.Part{Mark: mark, Text: strings.TrimSpace(a.ID + " " + a.What)}))
		if i == 0 && a.Fix != "" {
			drawn = append(drawn, below(env, a.Fix, theme.Quiet))
		}
	}
	const most, least = 6, 2
	return clipped(env, strings.Join(drawn, "\n"), most, least)
}

// oneFact draws parts without a name.
func oneFact(env tui.Env, parts ...widget.Part) string {
	return widget.Facts{Facts: []widget.Fact{{Parts: parts}}}.View(env.Theme, env.Width, env.Height)
}

// below draws a text under one that has a mark.
func below(env tui.Env, text string, role theme.Role) string {
	const indent = "  "
	env.Width -= len(indent)
	return indent + strings.ReplaceAll(oneFact(env, widget.Part{Text: text, Role: role}), "\n", "\n"+indent)
}

// sentence is the line that answers the page's question.
func sentence(env tui.Env, mark theme.Mark, text string) widget.Block {
	const most, least = 3, 2
	return clipped(env, oneFact(env, widget.Part{Mark: mark, Text: text}), most, least)
}

// clipped is the block of a text that says so where it is cut.
func clipped(env tui.Env, drawn string, most, least int) widget.Block {
	lines := strings.Split(drawn, "\n")
	block := widget.Of(strings.Join(widget.Clip(env.Theme, lines, env.Width, most), "\n"), least)
	block.Draw = func(h int) string {
		return strings.Join(widget.Clip(env.Theme, lines, env.Width, min(h, most)), "\n")
	}
	return block
}

// facts is the block of what is so; where it has no room for all of it each fact
// gets one line.
func facts(env tui.Env, least int, all ...widget.Fact) widget.Block {
	block := widget.Of(widget.Facts{Facts: all}.View(env.Theme, env.Width, env.Height), least)
	long := block.Draw
	block.Draw = func(h int) string {
		if h >= block.Want && block.Want < env.Height {
			return long(h)
		}
		return widget.Facts{Facts: all, Short: true}.View(env.Theme, env.Width, h)
	}
	return block
}

// rowAt is the row of a table on a line of a page; titled says that the titles
// are drawn. -1: none.
func rowAt(all widget.Stack, block int, t widget.Table, titled bool, y int, env tui.Env) int {
	on, line := all.At(y, env.Width, env.Height)
	if on != block || block < 0 || len(t.Rows) == 0 {
		return -1
	}
	h := all.Height(block, env.Height)
	if !titled {
		line, h = line+1, h+1
	}
	return t.At(line, h)
}

// glyph is a mark without its word.
func glyph(word string) theme.Mark {
	m := theme.MarkOf(word)
	m.Word = ""
	return m
}

// wordless says that marks stand without their words.
func wordless(env tui.Env) bool {
	return env.Width < narrow
}
