package console

import (
	"iter"
	"slices"
	"sort"

	"github.com/nixwright/nixwright/state/live"
)

// line is a row of the builds by what it stands for, so that it is found again
// when others come: an evaluation (build 0), a build of it, or several builds
// of a status (build 0, many).
type line struct {
	eval, build int64
	many        bool
	status      live.Status // of many
}

// buildRow is a row with what is drawn of it.
type buildRow struct {
	line

	e     live.Evaluation
	b     *live.Build // of a build
	n     int         // of many
	open  bool        // of an evaluation
	heads bool        // of an evaluation: it is a build that stands for itself
}

// fold is how much of an evaluation is shown.
type fold int8

const (
	byStatus fold = iota // as its status says
	folded               // one line
	open                 // its builds, of what is well many in one line
	whole                // every build
)

// fewSuccesses is how many green builds of an evaluation have each its line.
const fewSuccesses = 3

// foldOf is how much of an evaluation is shown.
func (p builds) foldOf(e live.Evaluation) fold {
	if f := p.folds[e.ID]; f != byStatus {
		return f
	}
	if !p.filtering.filter.all() {
		return whole
	}
	if s := e.Status(); s.Red() || s == live.Running || s == live.Warnings || p.at.eval == e.ID && (p.at.build != 0 || p.at.many) {
		return open
	}
	return folded
}

// strip is a part of a list: what stands up to so many rows above a wanted one
// and up to so many below it. Where the wanted one is not there, it is the end
// of the list.
type strip struct {
	want         line
	above, below int
	rows         []buildRow
	at           int // the wanted row; -1: it did not come yet
}

// add adds the next row; more is false where there are enough.
func (t *strip) add(r buildRow) (more bool) {
	switch {
	case t.at >= 0 && len(t.rows)-t.at > t.below:
		return false
	case t.at >= 0:
	case r.line == t.want:
		t.at = len(t.rows)
	case len(t.rows) > 2*t.above:
		t.rows = t.rows[:copy(t.rows, t.rows[len(t.rows)-t.above:])]
	}
	t.rows = append(t.rows, r)
	return true
}

// rows are what is shown of an evaluation around a row of it.
func (p builds) rows(s scene, e live.Evaluation, want line, above, below int) ([]buildRow, int) {
	f := p.foldOf(e)
	out := strip{want: want, above: above, below: below, at: -1}
	head := buildRow{line: line{eval: e.ID}, e: e, open: f != folded, heads: e.Head.Kind == live.KindAttr && e.Counts.Total() == 1 && e.Head.ID == e.ID}
	if !out.add(head) || f == folded || head.heads {
		return out.rows, out.at
	}
	sums := summedFrom(e, f)
	for b := range s.snap.BuildsOf(e.ID) {
		if b.Status() >= sums {
			break
		}
		if p.filtering.filter.all() || p.filtering.filter.matches(&s.snap, b) {
			if !out.add(buildRow{line: line{eval: e.ID, build: b.ID}, e: e, b: b}) {
				return out.rows, out.at
			}
		}
	}
	for _, status := range allStatuses {
		if n := int(e.Counts[status]); n > 0 && status >= sums {
			if !out.add(buildRow{line: line{eval: e.ID, many: true, status: status}, e: e, n: n}) {
				break
			}
		}
	}
	return out.rows, out.at
}

// summedFrom is the first status whose builds stand in one line, as those of
// all that come after it; more than all statuses: none.
func summedFrom(e live.Evaluation, f fold) live.Status {
	for _, status := range allStatuses {
		n := e.Counts[status]
		switch {
		case f != open || n < 2:
		case status == live.Success && n <= fewSuccesses:
		case status >= live.Lost:
			return status
		}
	}
	return live.Skipped + 1
}

// chosen is the chosen row, found without the rows around it; some is false
// where it is not shown.
func (p builds) chosen(s scene) (row buildRow, some bool) {
	e, there := s.snap.Evaluation(p.at.eval)
	b := s.snap.Build(p.at.build)
	f := p.filtering.filter
	if !there || p.at.many || b == nil || b.Parent != e.ID || p.foldOf(e) == folded || b.Status() >= summedFrom(e, p.foldOf(e)) || !f.all() && !f.matches(&s.snap, b) {
		return buildRow{}, false
	}
	return buildRow{line: p.at, e: e, b: b}, true
}

// older are the evaluations from a number on downwards, newer those above it
// upwards; of what a filter found, where there is one.
func (p builds) older(s scene, from int64) iter.Seq[live.Evaluation] {
	if p.filtering.filter.all() {
		if from == last {
			from = -1
		}
		return s.snap.Evaluations(from + 1)
	}
	ids := p.filtering.ids
	at := sort.Search(len(ids), func(i int) bool { return ids[i] <= from })
	return evaluationsOf(s, slices.Values(ids[at:]))
}

func (p builds) newer(s scene, than int64) iter.Seq[live.Evaluation] {
	if p.filtering.filter.all() {
		return s.snap.Later(than)
	}
	ids := p.filtering.ids
	at := sort.Search(len(ids), func(i int) bool { return ids[i] <= than })
	return evaluationsOf(s, func(yield func(int64) bool) {
		for _, id := range slices.Backward(ids[:at]) {
			if !yield(id) {
				return
			}
		}
	})
}

// last stands for the newest evaluation.
const last = int64(1) << 62

func evaluationsOf(s scene, ids iter.Seq[int64]) iter.Seq[live.Evaluation] {
	return func(yield func(live.Evaluation) bool) {
		for id := range ids {
			if e, found := s.snap.Evaluation(id); found && !yield(e) {
				return
			}
		}
	}
}

// around are the rows from up to so many above the chosen one to up to so many
// below it, and which of them is chosen; -1 where there is none. A row that is
// gone is its evaluation's, an evaluation that is gone the one below it.
func (p builds) around(s scene, above, below int) (rows []buildRow, at int) {
	from := p.at.eval
	if from == 0 {
		from = last
	}
	for e := range p.older(s, from) {
		want, reach := line{eval: e.ID}, at+below-len(rows)
		if len(rows) == 0 {
			want, reach, from = p.at, below, e.ID
		}
		mine, found := p.rows(s, e, want, above, reach)
		if found < 0 { // the row is gone
			mine, found = p.rows(s, e, line{eval: e.ID}, above, reach)
		}
		if len(rows) == 0 {
			at = found
		}
		if rows = append(rows, mine...); len(rows) > at+below {
			break
		}
	}
	if len(rows) == 0 {
		if p.at.eval == 0 {
			return nil, -1
		}
		for e := range p.newer(s, 0) { // all that is left is newer
			p.at = line{eval: e.ID}
			return p.around(s, above, below)
		}
		return nil, -1
	}
	for e := range p.newer(s, from) {
		if at >= above {
			break
		}
		more, _ := p.rows(s, e, line{}, above, 0)
		rows, at = append(more, rows...), at+len(more)
	}
	cut := max(0, at-above)
	return rows[cut:min(len(rows), at+below+1)], at - cut
}
