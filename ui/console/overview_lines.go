package console

import (
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
)

// overviewLine is a line of the page, and what the cursor can stand on there;
// -1: nothing.
type overviewLine struct {
	text string
	spot int
}

// Where the page changes with its window.
const (
	tallFrom = 12  // body lines from which on there is more than one list
	wideFrom = 100 // columns from which on there are tables and histories
)

// lines are the page, at most as many as the body has.
func (o overview) lines(s scene, env tui.Env) []overviewLine {
	p := pen{Theme: env.Theme}
	out := []overviewLine{{o.sentence(s, p, env.Width), -1}}
	all := spots(s)
	at := o.at(all)
	if env.Height < tallFrom {
		return o.short(s, p, env, out, all, at)
	}
	sources := sourceLines(s, p, env.Width)
	facts := factLines(s, p, env.Width, len(s.alerts) == 0)
	// What is left over for the alerts, after the least that the others need.
	const blanks = 3
	room := env.Height - len(out) - len(sources) - blanks
	alerts := o.alertLines(s, p, env.Width, min(max(2, room-min(len(facts), 6)), room), at)
	room -= len(alerts)
	builds := o.buildLines(s, p, env.Width, min(max(1, room-len(facts)), max(room/2, 1)), all, at)
	room -= len(builds)
	least := room // for the facts
	if env.Width >= wideFrom && len(builds) > 0 {
		least-- // the builds are a section of their own
	}
	if least < len(facts) {
		facts = worthiest(facts, least)
	}
	room -= len(facts)

	section := func(lines []overviewLine) {
		if len(lines) > 0 {
			out = append(out, overviewLine{"", -1})
			out = append(out, lines...)
		}
	}
	section(alerts)
	if env.Width >= wideFrom {
		section(builds)
		section(plain(resultLines(s, p, env, room-1)))
		section(plain(texts(facts)))
	} else {
		section(append(builds, plain(texts(facts))...))
	}
	section(plain(sources))
	return out[:min(len(out), env.Height)]
}

// short is what a small window shows: the truth and one list.
func (o overview) short(s scene, p pen, env tui.Env, out []overviewLine, all []spot, at int) []overviewLine {
	out = append(out, overviewLine{"", -1})
	room := env.Height - len(out)
	if len(s.alerts) > 0 {
		const blank, few = 1, 2
		out = append(out, o.alertShort(s, p, env.Width, room, at)...)
		if room = env.Height - len(out) - blank; room < few {
			return out
		}
		out = append(out, overviewLine{"", -1})
		builds := o.buildLines(s, p, env.Width, 1, all, at)
		return append(append(out, builds...), plain(texts(worthiest(factLines(s, p, env.Width, true), room-len(builds))))...)
	}
	builds := o.buildLines(s, p, env.Width, max(0, room-1), all, at)
	out = append(out, builds...)
	facts := factLines(s, p, env.Width, true)
	return append(out, plain(texts(worthiest(facts, room-len(builds))))...)
}

// sentence is the truth.
func (o overview) sentence(s scene, p pen, w int) string {
	m := theme.MarkOf("success")
	switch {
	case s.truth.Severity != "":
		m = theme.MarkOf(string(s.truth.Severity))
	case !s.truth.Known:
		m = theme.MarkOf("not checked")
	}
	text := s.truth.Text
	if s.truth.Severity == state.Broken && s.truth.Broken == 1 && len(s.alerts) > 0 && s.alerts[0].To.Page == live.PageBuild && s.alerts[0].ID == "" {
		text += " Everything before it works."
	}
	return " " + p.glyph(m) + " " + p.Bold().Render(p.cut(text, w-4))
}

func plain(lines []string) []overviewLine {
	out := make([]overviewLine, 0, len(lines))
	for _, l := range lines {
		out = append(out, overviewLine{l, -1})
	}
	return out
}

// worthiest are so many of the facts, in their order.
func worthiest(facts []fact, most int) []fact {
	facts = slices.Clone(facts)
	for len(facts) > max(most, 0) {
		least := 0
		for i, f := range facts {
			if f.worth <= facts[least].worth {
				least = i
			}
		}
		facts = slices.Delete(facts, least, least+1)
	}
	return facts
}

func texts(facts []fact) []string {
	out := make([]string, 0, len(facts))
	for _, f := range facts {
		out = append(out, f.line)
	}
	return out
}

// sourceLines say how old everything is, and what is not heard.
func sourceLines(s scene, p pen, w int) []string {
	var up, down, notes []string
	for _, o := range s.snap.Sources {
		name := p.clean(o.Name)
		switch {
		case !o.Up:
			up = append(up, "")
			const greyed = "; its values are greyed"
			text, rest := p.clean(downText(s, *o)), ""
			if over := cells(text) - (w - 4); over > 0 { // why is what is cut
				why := *o
				why.Err = p.cut(o.Err, cells(p.clean(o.Err))-over)
				text = p.cut(downText(s, why), w-4)
			}
			if cells(text)+cells(greyed) <= w-4 {
				rest = greyed
			}
			down = append(down, " "+p.glyph(theme.MarkOf("broken"))+" "+p.raw(theme.Plain, text)+p.raw(theme.Quiet, rest))
		default:
			up = append(up, p.text(theme.Quiet, name+" "+heard(s, *o)))
			if o.Note != "" {
				notes = append(notes, " "+p.glyph(theme.MarkOf("note"))+" "+p.raw(theme.Quiet, p.cut(o.Name+": "+o.Note, w-4)))
			}
		}
	}
	if len(s.snap.Sources) == 0 {
		return []string{" " + p.raw(theme.Quiet, p.Signs("No source told anything yet. They appear here as they come."))}
	}
	up = slices.DeleteFunc(up, func(t string) bool { return t == "" })
	label, dot := " sources  ", p.raw(theme.Quiet, p.dot())
	line := label
	var lines []string
	for i, one := range up {
		switch {
		case i == 0:
		case cells(line+dot+one) > w && len(lines) < 2:
			lines, line = append(lines, line), strings.Repeat(" ", len(label))
		default:
			line += dot
		}
		line += one
	}
	if len(up) > 0 {
		lines = append(lines, line)
	}
	return slices.Concat(lines, down, notes)
}

// heard is how long ago a source told something, or that it tells at once.
func heard(s scene, o live.Origin) string {
	if strings.EqualFold(o.Via, "WebSocket") || o.Via == "SSE" {
		return "live"
	}
	if o.At.IsZero() {
		return "up"
	}
	return since(s, o.At)
}

// reason is why a source is down, without what stands beside it.
func reason(o live.Origin) string {
	_, out, named := strings.Cut(o.Err, ": "+o.Name+": ")
	if !named {
		return o.Err
	}
	if _, why, more := strings.Cut(out, state.ErrOffline.Error()+": "); more {
		return why
	}
	return out
}

// downText says that a source is down.
func downText(s scene, o live.Origin) string {
	out := o.Name + " down"
	if !o.Since.IsZero() {
		out += " " + since(s, o.Since)
	}
	if o.Err != "" {
		out += ": " + reason(o)
	}
	if left := o.Retry.Sub(s.now); left >= time.Second {
		out += ", again in " + coarse(left)
	}
	return out
}
