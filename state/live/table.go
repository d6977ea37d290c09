package live

import "time"

// table is the rows of one kind. It keeps at most limit of them, the newest by
// id.
type table[T any] struct {
	rows   tree[*row[T]]
	synced int64 // when the last whole reading began
	from   int64 // the smallest id of that reading
	floor  int64 // rows up to this id were given up
	source string
	at     time.Time
}

// row is a row and when it was last told, in nanoseconds since 1970.
type row[T any] struct {
	told int64
	v    T
}

// edit is how a table takes rows of its kind.
type edit[T any] struct {
	id    func(*T) int64
	merge func(old, now T, newer bool) T // nil: the newer one
	same  func(a, b *T) bool             // nil: never
	// changed is told of every row that is another one afterwards: old is nil
	// of a new row, now is nil of one that is gone for good. A row that is given
	// up for its age is not gone for good: old and now are the same.
	changed func(s *Snapshot, old, now *T)
	// ended is what becomes of a row that keep keeps, that is below a whole
	// reading and not in it; nil: it stays.
	ended func(T) T
	limit int
	keep  func(*T) bool // not given up for its age; nil: none
	// fresh is how long a row is kept whatever its id is, and says that what
	// was given up may come again.
	fresh time.Duration
}

func (t *table[T]) get(n int64) *T {
	if r, found := t.rows.get(id(n)); found {
		return &r.v
	}
	return nil
}

// take puts rows into a table of a snapshot.
func (e edit[T]) take(s *Snapshot, t *table[T], u Update, rows Rows[T]) {
	told := u.At.UnixNano()
	if rows.Resync != nil {
		told = rows.Resync.Since.UnixNano()
	}
	for i := range rows.All {
		e.put(s, t, rows.All[i], told, rows.Resync)
	}
	if rows.Resync != nil && told >= t.synced {
		e.resync(s, t, rows, told)
		t.synced, t.from = told, rows.Resync.From
	}
	for t.rows.len() > e.limit && e.giveUp(s, t, u.At) {
		continue
	}
	if !u.At.Before(t.at) {
		t.source, t.at = u.Source, u.At
	}
}

func (e edit[T]) put(s *Snapshot, t *table[T], v T, told int64, all *Resync) {
	k := e.id(&v)
	was, found := t.rows.get(id(k))
	if !found {
		// Unknown, though all was read after this was told: it was taken away.
		// Or given up long ago.
		if k <= t.floor || told < t.synced && k >= t.from {
			return
		}
		e.set(s, t, nil, &row[T]{told, v})
		return
	}
	last := was.told // a row that a whole reading has was told with it
	if k >= t.from {
		last = max(last, t.synced)
	}
	newer := told >= last
	next := was.v
	switch {
	case e.merge != nil:
		next = e.merge(was.v, v, newer)
	case newer:
		next = v
	}
	// What a whole reading tells and was known needs no new row: synced says
	// from now on that it was told.
	if !newer && e.merge == nil || all != nil && k >= all.From && told >= t.synced && e.same != nil && e.same(&was.v, &next) {
		return
	}
	now := &row[T]{max(told, last), next}
	e.set(s, t, was, now)
}

// set puts a row in place of another one.
func (e edit[T]) set(s *Snapshot, t *table[T], was, now *row[T]) {
	t.rows = t.rows.put(id(e.id(&now.v)), now)
	if e.changed == nil {
		return
	}
	var old *T
	if was != nil {
		old = &was.v
	}
	e.changed(s, old, &now.v)
}

// resync takes away what a whole reading lacks.
func (e edit[T]) resync(s *Snapshot, t *table[T], rows Rows[T], told int64) {
	there := make(map[int64]bool, len(rows.All))
	for i := range rows.All {
		there[e.id(&rows.All[i])] = true
	}
	for k, r := range t.rows.all() { // the tree as it is now: what follows makes others
		switch {
		case r.told >= told || there[k.lo]:
		case k.lo >= rows.Resync.From:
			t.rows = t.rows.drop(k)
			if e.changed != nil {
				e.changed(s, &r.v, nil)
			}
		case e.ended != nil && e.keep(&r.v):
			e.set(s, t, r, &row[T]{told, e.ended(r.v)})
		}
	}
}

// giveUp lets go of the oldest row that may go.
func (e edit[T]) giveUp(s *Snapshot, t *table[T], now time.Time) bool {
	for k, r := range t.rows.all() {
		if e.keep != nil && e.keep(&r.v) || e.fresh > 0 && r.told > now.Add(-e.fresh).UnixNano() {
			continue
		}
		t.rows = t.rows.drop(k)
		if e.fresh == 0 {
			t.floor = max(t.floor, k.lo)
		}
		if e.changed != nil {
			e.changed(s, &r.v, &r.v)
		}
		return true
	}
	return false
}
