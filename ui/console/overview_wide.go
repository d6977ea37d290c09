package console

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// buildTable is the running builds in a wide window.
func (o overview) buildTable(s scene, p pen, w, h int, running []*live.Build, first, at int) []overviewLine {
	from, to := window(len(running), max(at-first, 0), h-1)
	t := widget.Table{Cursor: -1, Columns: []widget.Column{
		{Title: "BUILDING", Worth: 9, Cut: widget.CutMiddle}, {Title: "FROM", Worth: 5, Cut: widget.CutEnd}, {Title: "WORKER", Worth: 4, Cut: widget.CutMiddle},
	}}
	for i := from; i < to; i++ {
		b := running[i]
		if first+i == at {
			t.Cursor = i - from
		}
		t.Rows = append(t.Rows, []widget.Cell{{Text: labelOf(b)}, {Text: source(b)}, {Text: workerOf(s, b)}})
		t.Rows[len(t.Rows)-1][0].Mark = theme.MarkOf("running")
		t.Rows[len(t.Rows)-1][0].Mark.Word = ""
	}
	const bars = 40
	table := strings.Split(t.View(p.Theme, w-bars, h), "\n")
	wide := 0
	for _, l := range table {
		wide = max(wide, cells(strings.TrimRight(l, " ")))
	}
	out := []overviewLine{{p.left(table[0], wide) + "  " + p.raw(theme.Quiet, "LEFT"), -1}}
	for i, l := range table[1:] {
		if p.stale {
			l = p.raw(theme.Quiet, ansi.Strip(l))
		}
		out = append(out, overviewLine{p.left(l, wide) + "  " + progress(s, p, running[from+i], w-wide-2), first + from + i})
	}
	return out
}

// source is where a build comes from: phlip9/dotfiles master.
func source(b *live.Build) string { return strings.TrimSpace(b.Repo + " " + branchOf(b)) }

// branchOf is the branch of a build, or its pull request.
func branchOf(b *live.Build) string {
	if b.PR != 0 {
		return "PR " + strconv.Itoa(int(b.PR))
	}
	return b.Branch
}

// workerOf is the name of a build's worker.
func workerOf(s scene, b *live.Build) string {
	if w := s.snap.Worker(b.Worker); w != nil {
		return w.Name
	}
	return ""
}

// shortAttr is an attribute without its system.
func shortAttr(attr string) string {
	if _, short, cut := strings.Cut(attr, "."); cut && short != "" {
		return short
	}
	return attr
}

// short is a commit as it is shown.
func short(commit string) string {
	const most = 7
	return commit[:min(most, len(commit))]
}

// resultLines are the newest evaluations, in a wide window with so much room.
func resultLines(s scene, p pen, env tui.Env, room int) []string {
	const few, many = 2, 12
	most := min(room-2, many)
	if env.Width < wideFrom || most < few {
		return nil
	}
	t := widget.Table{Cursor: -1, Columns: []widget.Column{
		{Title: "LAST RESULTS", Worth: 9, Cut: widget.CutEnd}, {Title: "BRANCH", Worth: 8, Cut: widget.CutEnd}, {Title: "COMMIT", Worth: 6}, {Title: "RESULT", Worth: 7},
		{Title: "TOOK", Worth: 4, Right: true}, {Title: "AGE", Worth: 3, Right: true}, {Title: "CACHED", Worth: 5}, {Title: "MESSAGE", Worth: 1, Cut: widget.CutEnd},
	}}
	for e := range s.snap.Evaluations(0) {
		if len(t.Rows) == most {
			break
		}
		t.Rows = append(t.Rows, []widget.Cell{
			{Text: e.Head.Repo}, {Text: branchOf(e.Head)}, {Text: short(e.Head.Commit)}, result(e),
			{Text: took(s, e)}, {Text: since(s, e.Head.Started), Role: theme.Quiet}, cachedOf(s, e), {Text: e.Head.Message},
		})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return strings.Split(t.View(p.Theme, env.Width, most+1), "\n")
}

// result is how an evaluation stands: its glyph and how many are done.
func result(e live.Evaluation) widget.Cell {
	m := theme.MarkOf(e.Status().String())
	m.Word = ""
	text := widget.Count(int64(e.Counts.Done())) + " of " + widget.Count(int64(e.Counts.Total()))
	if red := e.Counts.Red(); red > 0 {
		text += ", " + widget.Count(int64(red)) + " failed"
	}
	return widget.Cell{Mark: m, Text: text}
}

// took is how long an evaluation took with all that it triggered, as far as its
// builds tell.
func took(s scene, e live.Evaluation) string {
	end := e.Head.Finished
	n := 0
	for b := range s.snap.BuildsOf(e.ID) {
		if n++; n > mostCounted {
			return ""
		}
		if !b.Done {
			return widget.Duration(s.now.Sub(e.Head.Started))
		}
		if b.Finished.After(end) {
			end = b.Finished
		}
	}
	if end.IsZero() || e.Head.Started.IsZero() {
		return ""
	}
	return widget.Duration(end.Sub(e.Head.Started))
}

// mostCounted is how many builds of an evaluation are looked at to sum them up.
const mostCounted = 200

// cachedOf is how many outputs of an evaluation are in the cache.
func cachedOf(s scene, e live.Evaluation) widget.Cell {
	count := map[live.Cached]int{}
	n := 0
	for b := range s.snap.BuildsOf(e.ID) {
		if n++; n > mostCounted {
			return widget.Cell{}
		}
		count[b.Cached()]++
	}
	mark := func(word string) theme.Mark {
		m := theme.MarkOf(word)
		m.Word = ""
		return m
	}
	there := count[live.CacheServed] + count[live.CacheUploaded]
	text := strconv.Itoa(there)
	if n := count[live.CacheUploading]; n > 0 {
		text += ", " + strconv.Itoa(n) + " uploading"
	}
	switch {
	case count[live.CacheMissing] > 0:
		return widget.Cell{Mark: mark("broken"), Text: strconv.Itoa(count[live.CacheMissing]) + " not cached, " + text + " cached"}
	case count[live.CacheUnknown] > 0:
		return widget.Cell{Mark: mark("not checked"), Text: text + " of " + strconv.Itoa(n)}
	case there == 0 && count[live.CacheUploading] == 0:
		return widget.Cell{}
	}
	return widget.Cell{Mark: mark("cached"), Text: text}
}
