package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// buildColumns are how wide the columns of a build are; 0: it is not shown.
type buildColumns struct {
	mark, attr, worker, started, age, took, usual, cached int
}

// columnsOf are the columns of a window, by worth: status, name, age.
func columnsOf(w int) buildColumns {
	c := buildColumns{mark: 11, age: 5, took: 6, cached: 17}
	switch {
	case w < 60:
		c = buildColumns{mark: 1, age: 4}
	case w < 76:
		c.cached = 12
	case w < wideFrom:
		c.worker = 11
	default:
		c.worker, c.started, c.usual = 14, 8, 6
	}
	const most = 70
	used := c.indent()
	for _, n := range []int{c.mark, c.worker, c.started, c.age, c.took, c.usual, c.cached} {
		if n > 0 {
			used += n + 2
		}
	}
	c.attr = min(max(w-used, 8), most)
	return c
}

// indent is what stands before a build's status: the cursor, and two blanks
// more than before an evaluation's.
func (c buildColumns) indent() int { return len("   ") + len("  ") }

// row draws the cells of a build.
func (c buildColumns) row(p pen, cells []string) string {
	widths := []struct {
		n     int
		right bool
	}{{c.mark, false}, {c.attr, false}, {c.worker, false}, {c.started, false}, {c.age, true}, {c.took, true}, {c.usual, true}, {c.cached, false}}
	var out []string
	for i, w := range widths {
		switch {
		case w.n == 0:
		case w.right:
			out = append(out, p.right(cells[i], w.n))
		default:
			out = append(out, p.left(cells[i], w.n))
		}
	}
	return strings.Join(out, p.raw(theme.Plain, "  "))
}

// head lines of the page: the filter, the titles, a blank.
const buildsHead = 3

// edgeRows is how many rows are seen beyond the cursor when it moves.
const edgeRows = 2

// head is how many lines stand above the rows, height how many are theirs.
func (p builds) head(env tui.Env) int {
	if env.Height < tallFrom {
		return 1
	}
	return buildsHead
}

func (p builds) height(env tui.Env) int { return max(1, env.Height-p.head(env)-p.below(env)) }

// seen are the rows that are seen, which of them is chosen, and the line of the
// body where the first one is. Of a page that nobody has touched the chosen one
// may be further down: -1.
func (p builds) seen(s scene, env tui.Env) (rows []buildRow, at, top int) {
	h := p.height(env)
	if !p.touched {
		first := p
		first.at = line{}
		rows, _ = first.around(s, 0, h-1)
		return rows, slices.IndexFunc(rows, func(r buildRow) bool { return r.line == p.at }), p.head(env)
	}
	rows, at = p.around(s, h, h)
	from := max(0, min(at-min(p.place, h-1), len(rows)-h))
	return rows[from:min(len(rows), from+h)], at - from, p.head(env)
}

func (p builds) view(s scene, env tui.Env) string {
	ink := pen{Theme: env.Theme}
	rows, at, top := p.seen(s, env)
	out := []string{p.filterLine(s, p.above(s, rows), ink, env.Width)}
	c := columnsOf(env.Width)
	if top > 1 {
		wide := c
		wide.mark += 2 // it stands over the evaluations' too
		titles := wide.row(ink, []string{"STATUS", "ATTRIBUTE", "WORKER", "STARTED", "AGE", "TOOK", "USUAL", "CACHED"})
		out = append(out, "   "+ink.raw(theme.Quiet, titles), "")
	}
	if len(rows) == 0 {
		return strings.Join(append(out, p.none(s, ink, env)), "\n")
	}
	_, ink.stale = silence(s)
	for i, r := range rows {
		out = append(out, ink.row(i == at, env.Width, func(ink pen) string { return p.draw(r, s, ink, c, env.Width) }))
	}
	if n := p.below(env); n > 0 && at >= 0 {
		for len(out) < env.Height-n {
			out = append(out, "")
		}
		out = append(out, p.detail(rows[at], s, ink, env.Width)...)
	}
	return strings.Join(out, "\n")
}

// none says why there is no row.
func (p builds) none(s scene, ink pen, env tui.Env) string {
	text := "No builds yet. Push to a repository of the CI; ! shows what is in the way."
	_, at := s.snap.Told(live.TableBuilds)
	switch {
	case p.filtering.busy || p.filtering.behind:
		text = "Looking for them …"
	case !p.filtering.filter.all():
		text = "No build matches. / changes the filter, esc shows all."
	case at.IsZero():
		text = "Builds are " + unheard(s, "buildbot") + "."
	}
	return ink.Style(theme.Quiet).Render(widget.Text(env.Theme, text, env.Width, 2))
}

// filterLine is the filter, or how many builds there are.
func (p builds) filterLine(s scene, above string, ink pen, w int) string {
	f := p.filtering
	if f.typing {
		note := filterWords
		switch {
		case f.wrong != "":
			note = f.wrong
		case f.input != "":
			note = p.count()
		}
		role := theme.Quiet
		if f.wrong != "" {
			role = theme.Bad
		}
		input := ink.clean(f.input)
		if strings.HasSuffix(f.input, " ") {
			input += " "
		}
		line := " / " + input + ink.raw(theme.Run, ink.Signs(theme.Caret))
		return line + "  " + ink.raw(role, ink.cut(note, w-cells(line)-2))
	}
	text := "status:any repo:any"
	if !f.filter.all() {
		text = f.filter.text + " " + theme.Dot + " " + p.count()
	} else if green, ended := s.snap.Rate(s.now); ended > 0 {
		text += fmt.Sprintf(" %s %s builds in 30d, %d %% green", theme.Dot, widget.Count(int64(ended)), green*100/ended)
	}
	if o, silent := silence(s); silent {
		text = downText(s, o) + " " + theme.Dot + " " + text
	}
	if above == "" {
		return " / " + ink.raw(theme.Quiet, ink.cut(text, w-3))
	}
	above = ink.Signs(theme.Dot) + " " + above
	return " / " + ink.raw(theme.Quiet, ink.cut(text, w-4-cells(above))) + " " + ink.raw(theme.Run, above)
}

// above says how much is newer than what is seen.
func (p builds) above(s scene, rows []buildRow) string {
	const most = 99
	if len(rows) == 0 {
		return ""
	}
	n := 0
	for range p.newer(s, rows[0].eval) {
		if n++; n > most {
			return fmt.Sprintf("%d+ newer (g)", most)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d newer (g)", n)
}

// silence is who would tell of builds, where that is down.
func silence(s scene) (o live.Origin, silent bool) {
	source, at := s.snap.Told(live.TableBuilds)
	o, _ = s.snap.Source(source)
	return o, !at.IsZero() && !o.Up
}

// count is how many evaluations were found.
func (p builds) count() string {
	f := p.filtering
	switch {
	case f.filter.all():
		return "all"
	case f.run == 0 || f.busy && len(f.ids) == 0:
		return "looking"
	case f.more:
		return "the newest " + widget.Count(int64(len(f.ids))) + " evaluations"
	case len(f.ids) == 1:
		return "1 evaluation"
	}
	return widget.Count(int64(len(f.ids))) + " evaluations"
}
