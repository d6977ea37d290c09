package logview

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// leg is a stretch of lines that is looked through, forwards or backwards; end
// is not looked at.
type leg struct{ at, end int }

func (l leg) lines() int { return max(l.end-l.at, l.at-l.end) }

// scan is a look through the log, in steps.
type scan struct {
	id      int  // steps of others are not for us
	opening bool // the first error is to be shown when the log is there
	errors  bool // it looks for a line that fails
	running bool
	percent int
	cancel  context.CancelFunc
}

// scanned is what a step came to.
type scanned struct {
	log     *Log
	id      int
	found   int // the line, or -1
	rest    int // the line that is next
	percent int
	err     error
	next    tea.Cmd // the next step, or nil
}

// still ends the look through the log.
func (v View) still() View {
	if v.scan.cancel != nil {
		v.scan.cancel()
	}
	v.scan = scan{id: v.scan.id + 1}
	return v
}

// through begins a look through some stretches of the log.
func (v View) through(match func(Line) bool, env tui.Env, legs ...leg) (View, tea.Cmd) {
	v = v.still()
	ctx, cancel := context.WithCancel(context.Background())
	v.scan.running, v.scan.cancel = true, cancel
	t := task{v.log, v.scan.id, match, env.Height, 0}
	for _, l := range legs {
		t.total += l.lines()
	}
	return v, t.step(ctx, legs)
}

// task is what all steps of a look have in common.
type task struct {
	log    *Log
	id     int
	match  func(Line) bool
	around int // lines that are wanted beside what is found
	total  int // lines to look at
}

// step looks at a bounded number of lines.
func (t task) step(ctx context.Context, legs []leg) tea.Cmd {
	return func() tea.Msg {
		out := scanned{log: t.log, id: t.id, found: -1}
		for len(legs) > 0 && legs[0].lines() == 0 {
			legs = legs[1:]
		}
		if len(legs) == 0 {
			return out
		}
		out.found, out.rest, out.err = t.log.find(ctx, t.match, legs[0].at, legs[0].end)
		switch {
		case out.err != nil:
		case out.found >= 0:
			out.err = t.log.Load(ctx, out.found-t.around, out.found+t.around)
		default:
			left := append([]leg{{out.rest, legs[0].end}}, legs[1:]...)
			todo := 0
			for _, l := range left {
				todo += l.lines()
			}
			out.percent = (t.total - todo) * 100 / max(1, t.total)
			if todo > 0 {
				out.next = t.step(ctx, left)
			}
		}
		return out
	}
}

// scanned goes on, or shows what was found.
func (v View) scanned(msg scanned, env tui.Env) (View, tea.Cmd) {
	was := v.scan
	if was.errors && msg.err == nil {
		v.clear = max(v.clear, msg.rest)
	}
	switch {
	case errors.Is(msg.err, context.Canceled):
		return v.still(), nil
	case msg.err != nil:
		v = v.still()
		v.fault = msg.err.Error()
		return v, nil
	case msg.found >= 0:
		v = v.still()
		if was.errors {
			v.failed = msg.found
		}
		return v.reveal(msg.found, env), nil
	case msg.next != nil:
		v.scan.percent = msg.percent
		return v, msg.next
	}
	v = v.still()
	v.search.none = v.search.typing
	switch {
	case was.opening, v.search.typing:
		return v, nil
	case was.errors:
		return v, tui.Say("No line fails.")
	}
	return v, tui.Say("Nowhere in the log: " + string(v.search.query.text))
}

// firstError shows the first line that fails, and looks for it if it is not
// known.
func (v View) firstError(env tui.Env) (View, tea.Cmd) {
	if v.failed >= v.first {
		return v.still().reveal(v.failed, env), nil
	}
	opening := v.scan.opening
	v.search.query = query{}
	v, cmd := v.through(Failing, env, leg{max(v.clear, v.first), v.size.Lines})
	v.scan.errors, v.scan.opening = true, opening
	return v, cmd
}

// find goes to the next line that has what is searched, or to the one before;
// behind the end it goes on from the other end.
func (v View) find(from int, forwards bool, env tui.Env) (View, tea.Cmd) {
	q := v.search.query
	match := func(l Line) bool {
		_, ok := q.in(plain(l), 0)
		return ok
	}
	from = min(max(from, v.first-1), v.size.Lines)
	if forwards {
		from = max(from, v.first)
		return v.through(match, env, leg{from, v.size.Lines}, leg{v.first, from})
	}
	from = min(from, v.size.Lines-1)
	return v.through(match, env, leg{from, v.first - 1}, leg{v.size.Lines - 1, from})
}

// here is the line from which a search goes on.
func (v View) here(env tui.Env) int {
	top := v.top(env).line
	if v.mark >= top && v.mark < top+v.body(env) {
		return v.mark
	}
	return top - 1
}

// search is what is looked for, and the field where it is typed.
type search struct {
	query  query
	input  string
	typing bool
	none   bool // what is typed is nowhere
	before *View
}

// typed answers a key in the field of the search.
func (v View) typed(msg tea.KeyPressMsg, env tui.Env) (View, tea.Cmd) {
	switch msg.String() {
	case "esc":
		was := *v.search.before
		v = v.still()
		v.at, v.skip, v.left, v.follow, v.mark, v.search = was.at, was.skip, was.left, was.follow, was.mark, was.search
		return v, nil
	case "enter":
		none, running := v.search.none, v.scan.running
		v.search.typing, v.search.before, v.search.none = false, nil, false
		if none && !running {
			return v, tui.Say("Nowhere in the log: " + v.search.input)
		}
		return v, nil
	case "backspace":
		runes := []rune(v.search.input)
		return v.sought(string(runes[:max(0, len(runes)-1)]), env)
	case "ctrl+u":
		return v.sought("", env)
	}
	if msg.Text == "" {
		return v, nil
	}
	return v.sought(v.search.input+msg.Text, env)
}

// sought searches for what is typed by now, from where it began.
func (v View) sought(input string, env tui.Env) (View, tea.Cmd) {
	const most = 200
	if runes := []rune(plain(Clean(input))); len(runes) > most {
		input = string(runes[:most])
	}
	v.search.input, v.search.query, v.search.none = input, newQuery(input), false
	if input == "" {
		v = v.still()
		v.mark = -1
		return v, nil
	}
	return v.find(v.search.before.here(env)+1, true, env)
}

// searching opens the field.
func (v View) searching() View {
	was := v.still()
	v = was
	v.search = search{typing: true, before: &was}
	v.mark = -1
	return v
}

// state says what the search does, for the line under the log.
func (v View) state() string {
	switch {
	case v.scan.running && v.scan.percent > 0:
		return "looking, " + widget.Count(int64(v.scan.percent)) + " %"
	case v.scan.running:
		return "looking"
	case v.search.none:
		return "nowhere"
	}
	return ""
}
