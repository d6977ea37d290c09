package fake

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// past is the part of a table that is never stored: rows that follow from
// their number. They are of things that are over.
type past struct {
	from, n int                 // the first number is from+1
	row     func(k int) any     // k counts from 0; nil: there is no such row
	order   func(place int) int // which row is at a place by its end; nil: as the numbers go
}

// rowset is rows in the order of their numbers.
type rowset struct {
	n     int
	at    func(i int) any // i counts from 0; nil: there is no such row
	whole bool            // of a whole table: the number is i+1
}

// listed is a set of stored rows.
func listed(rows []any) rowset {
	return rowset{n: len(rows), at: func(i int) any { return rows[i] }}
}

func (t *table) len() int {
	if t.past == nil {
		return len(t.rows)
	}
	return len(t.rows) + t.past.n
}

// at is the row of a number; nil: there is none.
func (t *table) at(id int) any {
	p := t.past
	switch {
	case id < 1 || id > t.len():
		return nil
	case p == nil || id <= p.from:
		return t.rows[id-1]
	case id <= p.from+p.n:
		return p.row(id - p.from - 1)
	}
	return t.rows[id-p.n-1]
}

func (t *table) all() rowset {
	return rowset{n: t.len(), at: func(i int) any { return t.at(i + 1) }, whole: true}
}

// sorted are the rows in the order that is asked for. Of the newest, and of
// those that ended last, no more are made than somebody takes.
func (s spec) sorted(rows rowset) iter.Seq[any] {
	name, down := "", false
	if len(s.order) == 1 {
		name, down = strings.CutPrefix(s.order[0], "-")
	}
	switch {
	case len(s.order) == 0 || name != "" && s.t.cols[name] == 0:
		return s.byNumber(rows, down)
	case rows.whole && s.t.past != nil && s.t.past.order != nil && (name == "complete_at" || name == "started_at"):
		return s.byTime(name, down)
	}
	all := slices.Collect(s.byNumber(rows, false))
	slices.SortStableFunc(all, s.less)
	return slices.Values(all)
}

// byNumber passes over what the filters cannot want.
func (s spec) byNumber(rows rowset, down bool) iter.Seq[any] {
	lo, hi := 0, rows.n-1
	over, under := -1, -1 // the past, where nobody wants it
	if rows.whole {
		lo, hi = s.bounds(lo, hi)
		if p := s.t.past; p != nil && s.unfinished() {
			over, under = p.from, p.from+p.n-1
		}
	}
	return func(yield func(any) bool) {
		for k := 0; k <= hi-lo; k++ {
			i := lo + k
			if down {
				i = hi - k
			}
			if i >= over && i <= under {
				if down {
					k += i - over
				} else {
					k += under - i
				}
				continue
			}
			if row := rows.at(i); row != nil && !yield(row) {
				return
			}
		}
	}
}

// bounds narrows a range of places to the numbers that filters leave.
func (s spec) bounds(lo, hi int) (from, to int) {
	for _, f := range s.filters {
		n, ok := f.want[0].(int)
		if f.col != 0 || !ok || len(f.want) > 1 {
			continue
		}
		switch f.op {
		case "eq", "in":
			lo, hi = max(lo, n-1), min(hi, n-1)
		case "lt":
			hi = min(hi, n-2)
		case "le":
			hi = min(hi, n-1)
		case "gt":
			lo = max(lo, n)
		case "ge":
			lo = max(lo, n-1)
		}
	}
	return lo, hi
}

// unfinished says whether only what is not over is wanted.
func (s spec) unfinished() bool {
	return slices.ContainsFunc(s.filters, func(f filter) bool {
		if f.col != s.t.column("complete") && f.col != s.t.column("claimed") {
			return false
		}
		yes, ok := f.want[0].(bool)
		return ok && len(f.want) == 1 && (f.op == "eq" && !yes || f.op == "ne" && yes)
	})
}

// column is the field of a name; -1: there is none.
func (t *table) column(name string) int {
	if col, ok := t.cols[name]; ok {
		return col
	}
	return -1
}

// byTime merges the stored rows, sorted, with the past, which is in order.
func (s spec) byTime(name string, down bool) iter.Seq[any] {
	p := s.t.past
	stored := slices.Clone(s.t.rows)
	slices.SortStableFunc(stored, s.less)
	return func(yield func(any) bool) {
		for place := range p.n {
			if down {
				place = p.n - 1 - place
			}
			k := place
			if name == "complete_at" {
				k = p.order(place)
			}
			old := p.row(k)
			for len(stored) > 0 && s.less(stored[0], old) <= 0 {
				if !yield(stored[0]) {
					return
				}
				stored = stored[1:]
			}
			if !yield(old) {
				return
			}
		}
		for _, row := range stored {
			if !yield(row) {
				return
			}
		}
	}
}

// among are the rows of a kind that a query is about.
func (m *master) among(kind string, r *http.Request) rowset {
	if of := r.URL.Query()["builderid"]; kind == "builds" && len(of) == 1 && m.life != nil {
		if id, err := strconv.Atoi(of[0]); err == nil {
			return m.buildsOn(id)
		}
	}
	return m.tables[kind].all()
}

// buildsOn are the builds of a builder.
func (m *master) buildsOn(builder int) rowset {
	now := m.buildsBy[builder]
	if m.life == nil {
		return listed(now)
	}
	n := m.life.pastOf(builder)
	if n == 0 {
		return listed(now)
	}
	return rowset{n: n + len(now), at: func(i int) any {
		if i < n {
			return m.tables["builds"].at(m.life.pastBuild(builder, i))
		}
		return now[i-n]
	}}
}

// The rows below something: of the past they are made, else they are stored.

func (m *master) stepsIn(build int) rowset {
	if m.life != nil {
		if k, ok := m.life.isPast(build); ok {
			return rowset{n: stepSlots, at: func(i int) any { return m.life.pastStep(k*stepSlots + i) }}
		}
	}
	return listed(m.stepsOf[build])
}

func (m *master) logsIn(step int) rowset {
	if m.life != nil {
		if p := m.tables["steps"].past; p != nil && step > p.from && step <= p.from+p.n {
			return listed(m.life.pastLogs(step - p.from - 1))
		}
	}
	return listed(m.logsOf[step])
}

func (m *master) triggeredBy(build int) rowset {
	if m.life != nil {
		if k, ok := m.life.isPast(build); ok {
			return m.life.pastChildren(k)
		}
	}
	return listed(m.triggered[build])
}

func (m *master) changesOf(build int) rowset {
	if m.life == nil {
		return rowset{}
	}
	if row := m.tables["changes"].at(m.life.changeOf(build)); row != nil {
		return listed([]any{row})
	}
	return rowset{}
}

// linesOf is the text of a log.
func (m *master) linesOf(l *bbLog) []string {
	if lines, ok := m.lines[l.ID]; ok || m.life == nil {
		return lines
	}
	lines := m.life.text(l.ID)
	return lines[:min(l.Lines, len(lines))]
}

// propsOf are the properties of a build.
func (m *master) propsOf(b *bbBuild) map[string]any {
	if b.Properties == nil && m.life != nil {
		return m.life.props(b.ID, b.Number, b.Worker)
	}
	return b.Properties
}
