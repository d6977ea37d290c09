package console

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

// fact is a line that says how something stands.
type fact struct {
	worth int // where there is no room, the one of the least worth goes
	line  string
}

// about is what a fact says, before it is drawn.
type about struct {
	name   string
	worth  int
	source string // whose figure it is
	at     time.Time
	parts  []string // empty: not known
	pages  []live.Page
	ids    []string // the failures that are about it
	spark  widget.Spark
	label  string // of the spark, in a wide window
	span   string
	small  string // further words that are said where nothing is wrong
	end    string // the last words
	broken bool   // whatever the alerts say
}

// factLines are how everything stands; all says that there is room for what
// rarely matters.
func factLines(s scene, p pen, w int, all bool) []fact {
	var out []fact
	for _, a := range []about{aboutQueue(s), aboutHooks(s), aboutCache(s), aboutTrust(s), aboutGC(s), aboutDisk(s), aboutUnits(s), aboutExpiry(s), aboutList(s)} {
		if a.name == "" && (!all || len(a.parts) == 0) {
			continue
		}
		out = append(out, fact{a.worth, a.draw(s, p, w)})
	}
	return out
}

const (
	factName  = 10 // the column of the names
	sparkCell = 12 // the cells of a history
)

func (a about) draw(s scene, p pen, w int) string {
	line := " " + p.left(p.clean(a.name), factName)
	if len(a.parts) == 0 {
		return line + p.glyph(theme.MarkOf("not checked")) + " " + p.raw(theme.Quiet, p.cut(unheard(s, a.source), w-factName-4))
	}
	note, stale := s.old(a.source, a.at)
	text := strings.Join(a.parts, " "+theme.Dot+" ")
	m := a.mark(s)
	if a.small != "" && m.Role == theme.OK {
		text += " " + theme.Dot + " " + a.small
	}
	if a.end != "" {
		text += " " + theme.Dot + " " + a.end
	}
	room := w - factName - 4
	history := ""
	if drawable(a.spark) {
		switch {
		case w >= wideFrom:
			const edge = sparkCell + 24
			room -= edge
			history = p.left("", room-cells(p.cut(text, room))) + "  " + p.raw(theme.Quiet, p.left(a.label, 10)) + a.spark.View(p.Theme, sparkCell, 1) + p.raw(theme.Quiet, "  "+a.span)
		case a.label == "stored" && room-cells(p.clean(text)) > 12:
			history = "  " + a.spark.View(p.Theme, 8, 1)
		}
	}
	if !stale {
		return line + p.glyph(m) + " " + p.cut(text, room) + history
	}
	m.Role = theme.Quiet
	note = " (" + note + ")"
	cut := p.cut(text, room-cells(note))
	if w >= wideFrom && history != "" {
		history = p.left("", room-cells(cut)-cells(note)) + strings.TrimLeft(history, " ")
		history = " " + " " + history
	}
	return line + p.glyph(m) + " " + p.raw(theme.Quiet, cut+note) + history
}

// drawable says whether a history has more than one value.
func drawable(s widget.Spark) bool {
	n := 0
	for _, v := range s.Values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n > 1
}

// mark is the worst of the alerts that are about a fact.
func (a about) mark(s scene) theme.Mark {
	if a.broken {
		return theme.MarkOf("broken")
	}
	for _, one := range s.alerts {
		if slices.Contains(a.ids, one.ID) || one.ID == "" && slices.Contains(a.pages, one.To.Page) {
			return theme.MarkOf(string(one.Severity))
		}
	}
	return theme.MarkOf("success")
}

// unheard says why a figure is not known.
func unheard(s scene, source string) string {
	o, found := s.snap.Source(source)
	switch {
	case !found:
		return "not known yet: nothing was heard of " + source
	case !o.Up:
		return "not known: " + downText(s, o)
	case o.Note != "":
		return "not known: " + o.Note
	}
	return "not known yet"
}

// points are a history as a spark draws it.
func points(r live.Ring, now time.Time, n int) []float64 {
	out := make([]float64, 0, n)
	for _, v := range r.Points(now, n) {
		if !v.Known {
			v.Value = math.NaN()
		}
		out = append(out, v.Value)
	}
	return out
}
