package console

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

// alertLines are the alerts around the chosen one, two lines each, at most h
// lines.
func (o overview) alertLines(s scene, p pen, w, h, at int) []overviewLine {
	if len(s.alerts) == 0 || h < 2 {
		return nil
	}
	var out []overviewLine
	if w >= wideFrom && h > 2 {
		title := "   " + p.raw(theme.Quiet, p.left("ALERT", w-3-sinceWidth)+"SINCE")
		out, h = append(out, overviewLine{title, -1}), h-1
	}
	from, to := window(len(s.alerts), at, h/2)
	for i := from; i < to; i++ {
		a, more := s.alerts[i], ""
		if hidden := len(s.alerts) - (to - from); i == to-1 && hidden > 0 {
			more = p.Signs("  (↑↓ " + counted(hidden, "more alert") + ")")
		}
		why := p.raw(theme.Quiet, p.reason(s, a, w, w-14-cells(more))) + p.raw(theme.Plain, more)
		out = append(out, overviewLine{alertHead(s, p, w, a, i == at), i}, overviewLine{"             " + why, i})
	}
	return out
}

// alertShort are the alerts in one line each.
func (o overview) alertShort(s scene, p pen, w, h, at int) []overviewLine {
	var out []overviewLine
	from, to := window(len(s.alerts), at, h)
	for i := from; i < to; i++ {
		a := s.alerts[i]
		out = append(out, overviewLine{p.row(i == at, w, func(p pen) string {
			when := ""
			if !a.Since.IsZero() && a.Severity != state.Note {
				when = ", " + since(s, a.Since)
			}
			return p.glyph(theme.MarkOf(string(a.Severity))) + p.raw(theme.Plain, " "+p.cut(named(a), w-6-cells(when))) + p.raw(theme.Quiet, when)
		}), i})
	}
	return out
}

// sinceWidth is the column of the times in a wide window.
const sinceWidth = 18

// alertHead is the first line of an alert: how bad, what, since when.
func alertHead(s scene, p pen, w int, a live.Alert, chosen bool) string {
	return p.row(chosen, w, func(p pen) string {
		const markWidth = len("x broken  ")
		mark := p.left(p.mark(theme.MarkOf(string(a.Severity))), markWidth)
		if w >= wideFrom {
			when := ""
			if !a.Since.IsZero() && a.Severity != state.Note {
				when = p.cut(begun(s, a)+", "+before(s, a.Since), sinceWidth-1)
			}
			room := w - 3 - markWidth - sinceWidth
			return mark + p.left(p.raw(theme.Plain, p.cut(titled(s, a), room)), room) + p.raw(theme.Plain, when)
		}
		when := ""
		if !a.Since.IsZero() && a.Severity != state.Note {
			when = ", " + before(s, a.Since)
		}
		return mark + p.raw(theme.Plain, p.cut(named(a), w-4-markWidth-cells(when))) + p.raw(theme.Quiet, when)
	})
}

// begun is when an alert began: the time of today, else the day.
func begun(s scene, a live.Alert) string {
	at := a.Since.In(s.now.Location())
	switch y, m, d := at.Date(); {
	case s.now.Sub(at) < 0:
		return at.Format("15:04")
	case d == s.now.Day() && m == s.now.Month() && y == s.now.Year():
		return at.Format("15:04")
	case s.now.Sub(at).Hours() < 6*24:
		return at.Format("Mon")
	}
	return at.Format("2 Jan")
}

// named is an alert with its id.
func named(a live.Alert) string {
	if a.ID == "" {
		return a.What
	}
	return a.ID + " " + a.What
}

// titled is an alert with the message of its commit, where it is a build's.
func titled(s scene, a live.Alert) string {
	out := named(a)
	if b := buildOf(s, a); b != nil && b.Message != "" && a.ID == "" {
		out += " \"" + b.Message + "\""
	}
	return out
}

// buildOf is the build that an alert leads to; nil: none.
func buildOf(s scene, a live.Alert) *live.Build {
	return s.snap.Build(buildID(a))
}

// cause is why, where it is more than what the failure table says of all such
// alerts.
func cause(a live.Alert) string {
	if f, known := state.FailureByID(a.ID); known && f.Why == a.Why {
		return ""
	}
	return a.Why
}

// tells is the cause of an alert as far as it tells something: buildbot says of
// most builds only that a command was a failure.
func tells(s scene, a live.Alert, whole bool) string {
	b := buildOf(s, a)
	if b == nil || a.ID != "" {
		return cause(a)
	}
	if why := s.red.says(b.ID); why != "" && whole {
		return "line " + widget.Count(int64(s.red.known[b.ID].From)+1) + ": " + why
	} else if why != "" {
		return why
	}
	if strings.HasSuffix(a.Why, "(failure)") || strings.HasSuffix(a.Why, "(exception)") {
		return ""
	}
	return cause(a)
}

// reason is the second line of an alert: the cause, and what to do where that
// has room behind it.
func (p pen) reason(s scene, a live.Alert, w, room int) string {
	do := a.Fix
	if a.To.Page == live.PageBuild && a.ID == "" {
		do = "enter shows the line"
	}
	why := tells(s, a, w >= wideFrom)
	switch {
	case why == "":
		return p.cut(do, room)
	case do == "":
		return p.cut(why, room)
	}
	if both := why + " " + theme.Dot + " " + do; a.ID != "" || cells(p.clean(both)) <= room {
		return p.cut(both, room)
	}
	return p.cut(why, room)
}

// buildID is the number of the build that an alert leads to; 0: none.
func buildID(a live.Alert) int64 {
	n, err := strconv.ParseInt(a.To.ID, 10, 64)
	if a.To.Page != live.PageBuild || err != nil {
		return 0
	}
	return n
}

// buildLines are the running builds around the chosen one, at most h lines.
func (o overview) buildLines(s scene, p pen, w, h int, all []spot, at int) []overviewLine {
	const label = " Building  "
	_, p.stale = silence(s)
	running := building(s, mostBuilding)
	first := len(all) - len(running) // the alerts stand before them
	if h <= 0 {
		return nil
	}
	if len(running) == 0 {
		if w >= wideFrom {
			return nil
		}
		return []overviewLine{{label + p.raw(theme.Quiet, nothingRuns(s)), -1}}
	}
	if w >= wideFrom && h > 1 {
		return o.buildTable(s, p, w, h, running, first, at)
	}
	from, to := window(len(running), max(at-first, 0), h)
	if more := len(running) - h; more > 0 && h > 1 {
		to--
	}
	names := 0
	for _, b := range running[from:to] {
		names = max(names, min(cells(p.clean(labelOf(b))), max(w/3, 12)))
	}
	var out []overviewLine
	for i := from; i < to; i++ {
		b := running[i]
		start := label
		if i > from {
			start = "           "
		}
		name := p.left(p.middle(labelOf(b), names), names)
		if first+i == at {
			start = p.Signs(theme.Cursor) + start[1:]
			start = " " + start[:len(start)-1]
			name = pen{Theme: p.Chosen()}.raw(theme.Plain, name)
		}
		more := ""
		if h == 1 && len(running) > 1 {
			more = p.dot() + widget.Count(int64(len(running)-1)) + " more"
		}
		room := w - cells(start) - 2 - names - 2 - cells(more)
		out = append(out, overviewLine{start + p.glyph(theme.MarkOf("running")) + " " + name + "  " + progress(s, p, b, room) + p.raw(theme.Quiet, more), first + i})
	}
	if more := len(running) - len(out); more > 0 && len(out) < h {
		out = append(out, overviewLine{"           " + p.raw(theme.Quiet, "and "+widget.Count(int64(more))+" more"), -1})
	}
	return out
}

func nothingRuns(s scene) string {
	if _, at := s.snap.Told(live.TableBuilds); at.IsZero() {
		return "not known yet"
	}
	return "nothing"
}

// progress is how far a running build is, or was when it was last heard of.
func progress(s scene, p pen, b *live.Build, w int) string {
	now := s.now
	o, silent := silence(s)
	if silent && !o.Since.IsZero() {
		now = o.Since
	}
	f := s.snap.Forecast(b, now)
	out := widget.Progress{Elapsed: f.Took, Usual: f.Usual}.View(p.Theme, w, 1)
	if silent {
		return p.raw(theme.Quiet, ansi.Strip(out))
	}
	return out
}

// labelOf is what a build builds, in a word.
func labelOf(b *live.Build) string {
	if b.Kind == live.KindEval {
		return "evaluation"
	}
	return shortAttr(b.Attr)
}

// window is the part of n rows that h lines show: at lies in it, in the middle
// where there is room on both sides.
func window(n, at, h int) (from, to int) {
	h = min(max(h, 0), n)
	from = min(max(0, at-h/2), n-h)
	return from, from + h
}
