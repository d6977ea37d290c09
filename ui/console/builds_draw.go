package console

import (
	"strconv"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

// draw draws a row behind its cursor.
func (p builds) draw(r buildRow, s scene, ink pen, c buildColumns, w int) string {
	switch {
	case r.many:
		return ink.raw(theme.Plain, "  ") + c.row(ink, manyCells(r, s, ink, c))
	case r.b != nil:
		return ink.raw(theme.Plain, "  ") + c.row(ink, buildCells(r.b, s, ink, c))
	case r.heads:
		wide := c
		wide.mark += 2
		return wide.row(ink, buildCells(r.e.Head, s, ink, wide))
	}
	return p.drawHead(r, s, ink, c, w)
}

// statusCell is a status as wide as its column lets it be.
func statusCell(m theme.Mark, ink pen, c buildColumns) string {
	if c.mark <= 1 {
		return ink.glyph(m)
	}
	return ink.mark(m)
}

// drawHead draws an evaluation: where it is from, and how far.
func (p builds) drawHead(r buildRow, s scene, ink pen, c buildColumns, w int) string {
	h := r.e.Head
	mark := ink.left(statusCell(theme.MarkOf(r.e.Status().String()), ink, c), c.mark+2)
	count := widget.Count(int64(r.e.Counts.Done())) + " of " + widget.Count(int64(r.e.Counts.Total()))
	if r.e.Counts.Total() == 0 {
		count = h.State
	}
	tail := ink.raw(theme.Plain, "  "+ink.cut(count, w/3))
	if red := r.e.Counts.Red(); red > 0 && (w >= wideFrom || !r.open && w >= narrow) {
		tail += ink.raw(theme.Plain, ", ") + ink.raw(theme.Bad, widget.Count(int64(red))+" failed")
	}
	if w >= wideFrom {
		if t := took(s, r.e); t != "" {
			tail += ink.raw(theme.Quiet, " in "+t)
		}
		tail += ink.raw(theme.Quiet, ", "+before(s, h.Started))
	}
	if !r.open {
		if cell := cachedOf(s, r.e); cell.Text != "" && w >= 60 {
			cell.Mark.Word = cell.Text + " cached"
			tail += ink.raw(theme.Plain, ", ") + ink.mark(cell.Mark)
		}
		if r.e.Counts.Total() > 0 && w >= 60 {
			tail += ink.raw(theme.Quiet, " "+ink.Signs(theme.Cursor))
		}
	}
	from := source(h)
	if w < 60 {
		from = branchOf(h)
	}
	if c := short(h.Commit); c != "" {
		from += " " + c
	}
	if h.Message != "" {
		from += " \"" + h.Message + "\""
	}
	if w >= wideFrom && h.Author != "" {
		from += "  " + h.Author
	}
	room := w - 3 - c.mark - 4 - cells(tail)
	return mark + ink.raw(theme.Plain, "  "+ink.cut(from, room)) + tail
}

// buildCells are the cells of a build, in the order of the columns.
func buildCells(b *live.Build, s scene, ink pen, c buildColumns) []string {
	status := b.Status()
	attr := shortAttr(b.Attr)
	const full = 30
	if c.attr >= full && b.Attr != "" {
		attr = b.Attr
	}
	if attr == "" {
		attr = "build " + strconv.FormatInt(b.ID, 10)
	}
	age, started := "", ""
	if at := b.Finished; !at.IsZero() {
		age = since(s, at)
	} else if !b.Started.IsZero() {
		age = since(s, b.Started)
	}
	if !b.Started.IsZero() {
		started = b.Started.In(s.now.Location()).Format("15:04:05")
	}
	took, usual := "", ""
	if c.took > 0 {
		took, usual = tookOf(b, s)
	}
	return []string{
		statusCell(theme.MarkOf(status.String()), ink, c), ink.raw(theme.Plain, ink.middle(attr, c.attr)), ink.raw(theme.Plain, ink.middle(workerOf(s, b), c.worker)),
		ink.raw(theme.Quiet, started), ink.raw(theme.Quiet, age), ink.raw(theme.Plain, took), ink.raw(theme.Quiet, usual), cacheCell(b.Cached(), ink, c),
	}
}

// tookOf is how long a build took, or how far it is, and what is usual.
func tookOf(b *live.Build, s scene) (took, usual string) {
	f := s.snap.Forecast(b, s.now)
	if f.Usual > 0 {
		usual = widget.Duration(f.Usual)
	}
	switch {
	case b.Status() == live.Skipped:
		return "", usual
	case !b.Done && f.Usual > 0 && f.Left < 0:
		return widget.Duration(f.Took), usual
	case !b.Done && f.Usual > 0:
		return strconv.Itoa(int(f.Part*100)) + " %", usual
	case f.Took > 0:
		return widget.Duration(f.Took), usual
	}
	return "", usual
}

// cacheMarks are the marks of the answers to "is it cached?" that are no
// statuses.
var cacheMarks = map[live.Cached]string{
	live.CacheNotPushed: "cancelled", live.CacheUploaded: "cached", live.CacheMissing: "broken",
}

// cacheCell says whether a build's output is in the cache.
func cacheCell(answer live.Cached, ink pen, c buildColumns) string {
	m := theme.MarkOf(string(answer))
	if word, other := cacheMarks[answer]; other {
		m = theme.MarkOf(word)
		m.Word = string(answer)
	}
	const named = len("x not cached, F32")
	if answer == live.CacheMissing && c.cached >= named {
		m.Word += ", F32"
	}
	return ink.mark(m)
}

// manyCells are the cells of builds that stand in one line.
func manyCells(r buildRow, s scene, ink pen, c buildColumns) []string {
	text := counted(r.n, "build")
	return []string{
		statusCell(theme.MarkOf(r.status.String()), ink, c), ink.raw(theme.Plain, ink.cut(text, c.attr)), "", "",
		ink.raw(theme.Quiet, since(s, r.e.Head.Started)), "", "", ink.raw(theme.Quiet, ink.Signs(theme.Cursor)),
	}
}
