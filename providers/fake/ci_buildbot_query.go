package fake

import (
	"cmp"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// table is all rows of a kind, in the order of their numbers, which begin at 1
// and have no gaps.
type table struct {
	kind string
	rows []any          // pointers to structs
	cols map[string]int // JSON name -> field
	of   reflect.Type
	page bool // the database cuts the pages: then the total is that of the page
	past *past

	props func(*bbBuild) map[string]any // of a build
}

func newTable(kind string, like any, page bool) *table {
	t := &table{kind: kind, cols: map[string]int{}, of: reflect.TypeOf(like), page: page}
	for i := range t.of.NumField() {
		if name, _, _ := strings.Cut(t.of.Field(i).Tag.Get("json"), ","); name != "" && name[0] != '_' {
			t.cols[name] = i
		}
	}
	return t
}

// get finds a row by its number, or by its name; nil: it is not there.
func (t *table) get(id string) any {
	if n, err := strconv.Atoi(id); err == nil && t.kind != "forceschedulers" {
		return t.at(n)
	}
	if name, ok := t.cols["name"]; ok {
		for _, r := range t.rows {
			if reflect.ValueOf(r).Elem().Field(name).String() == id {
				return r
			}
		}
	}
	return nil
}

// spec is what a query asks for (buildbot/data/connector.py).
type spec struct {
	t             *table
	filters       []filter
	order         []string
	fields, props []string
	limit, offset int // -1: not given
}

type filter struct {
	col  int
	op   string
	want []any
}

// parse reads a query; the text is its refusal in buildbot's words.
func (t *table) parse(q url.Values) (s spec, text string) {
	s = spec{t: t, order: q["order"], fields: q["field"], props: q["property"], limit: -1, offset: -1}
	for _, name := range slices.Concat(s.order, s.fields) {
		if _, ok := t.cols[strings.TrimPrefix(name, "-")]; !ok {
			return s, "no such field '" + strings.TrimPrefix(name, "-") + "'"
		}
	}
	for name, values := range q {
		switch name {
		case "order", "field", "property":
		case "limit":
			s.limit, text = count(name, values)
		case "offset":
			s.offset, text = count(name, values)
		default:
			text = s.filter(name, values)
		}
		if text != "" {
			return s, text
		}
	}
	for _, o := range s.order {
		if len(s.fields) > 0 && !slices.Contains(s.fields, strings.TrimPrefix(o, "-")) {
			return s, "cannot order on un-selected fields"
		}
	}
	return s, ""
}

func count(name string, values []string) (n int, text string) {
	n, err := strconv.Atoi(values[0])
	if err != nil {
		return 0, "invalid " + name
	}
	return n, ""
}

// filter adds a filter: FIELD=, or FIELD__OPERATOR=. An operator or, with one,
// a field that nobody knows is passed over, as the real one does.
func (s *spec) filter(name string, values []string) (text string) {
	field, op, marked := name, "eq", false
	col, ok := s.t.cols[name]
	if !ok {
		if i := strings.LastIndex(name, "__"); i >= 0 {
			field, op, marked = name[:i], name[i+2:], true
		}
		if col, ok = s.t.cols[field]; !ok && !marked {
			return "unrecognized query parameter '" + name + "'"
		}
		if !ok || !known(op, len(values)) {
			return ""
		}
	}
	f := filter{col: col, op: op}
	for _, v := range values {
		want, ok := valued(s.t.of.Field(col).Type, v)
		if !ok {
			return "invalid filter value for " + name
		}
		f.want = append(f.want, want)
	}
	if len(s.fields) > 0 && !slices.Contains(s.fields, field) {
		return "cannot filter on un-selected fields"
	}
	s.filters = append(s.filters, f)
	return ""
}

// known says whether an operator takes so many values.
func known(op string, values int) bool {
	some := []string{"eq", "ne", "contains", "in", "notin"}
	return slices.Contains(some, op) || values == 1 && slices.Contains([]string{"lt", "le", "gt", "ge"}, op)
}

// valued is a value of the query as one of the column's type.
func valued(of reflect.Type, v string) (any, bool) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() == reflect.Int {
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	if of.Kind() == reflect.Bool {
		yes := slices.Contains([]string{"on", "true", "yes", "1"}, v)
		return yes, yes || slices.Contains([]string{"off", "false", "no", "0"}, v)
	}
	return v, true
}

// cell is a field of a row; nil for null.
func cell(row any, col int) any {
	v := reflect.ValueOf(row).Elem().Field(col)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	return v.Interface()
}

func (f filter) match(row any) bool {
	have := cell(row, f.col)
	in := slices.ContainsFunc(f.want, func(w any) bool { return compare(have, w) == 0 })
	switch f.op {
	case "eq", "in":
		return in
	case "ne", "notin":
		return !in
	case "contains":
		return slices.ContainsFunc(f.want, func(w any) bool { return contains(have, w) })
	}
	c := compare(have, f.want[0])
	return have != nil && map[string]bool{"lt": c < 0, "le": c <= 0, "gt": c > 0, "ge": c >= 0}[f.op]
}

func contains(have, want any) bool {
	switch have := have.(type) {
	case string:
		text, ok := want.(string)
		return ok && strings.Contains(have, text)
	case []string:
		text, ok := want.(string)
		return ok && slices.Contains(have, text)
	}
	return false
}

// compare orders what is of one type; null goes first.
func compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case int:
		if b, ok := b.(int); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case bool:
		if b, ok := b.(bool); ok && a != b {
			return map[bool]int{false: -1, true: 1}[a]
		}
	}
	return 0
}

// apply filters, orders and cuts; the usual question, for the newest, copies
// nothing but the answer.
func (s spec) apply(rows rowset) (page []any, total int) {
	page = []any{}
	skip := max(s.offset, 0)
	for row := range s.sorted(rows) {
		if slices.ContainsFunc(s.filters, func(f filter) bool { return !f.match(row) }) {
			continue
		}
		total++
		if total > skip && (s.limit < 0 || len(page) < s.limit) {
			page = append(page, s.trim(row))
		}
		if s.t.page && s.limit >= 0 && len(page) == s.limit {
			break
		}
	}
	if s.t.page && (s.limit > 0 || s.offset > 0) {
		total = len(page)
	}
	return page, total
}

func (s spec) less(a, b any) int {
	for _, o := range s.order {
		name, down := strings.CutPrefix(o, "-")
		c := compare(cell(a, s.t.cols[name]), cell(b, s.t.cols[name]))
		if down {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// trim leaves the wanted properties of a build (none without property=) and the
// wanted fields.
func (s spec) trim(row any) any {
	if b, ok := row.(*bbBuild); ok {
		one := *b
		one.Properties = map[string]any{}
		have := b.Properties
		if have == nil && len(s.props) > 0 {
			have = s.t.props(b)
		}
		for name, pair := range have {
			if slices.Contains(s.props, "*") || slices.Contains(s.props, name) {
				one.Properties[name] = pair
			}
		}
		row = &one
	}
	if len(s.fields) == 0 {
		return row
	}
	out := map[string]json.RawMessage{}
	for _, f := range s.fields {
		raw, err := json.Marshal(reflect.ValueOf(row).Elem().Field(s.t.cols[f]).Interface())
		if err == nil {
			out[f] = raw
		}
	}
	return out
}
