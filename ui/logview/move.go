package logview

import (
	"cmp"

	"github.com/nixwright/nixwright/ui/tui"
)

// spot is a row: a line and how many of its rows are above.
type spot struct{ line, row int }

func (a spot) before(b spot) bool {
	return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.row, b.row)) < 0
}

// rowsOf is how many rows a line has; one if it is not there.
func (v View) rowsOf(n int, env tui.Env) int {
	if !v.wrap {
		return 1
	}
	l, _ := v.log.Line(n)
	return len(breaks(l, v.room(env)))
}

// above is the row that is some rows above another, or the first.
func (v View) above(s spot, by int, env tui.Env) spot {
	for by > s.row {
		if s.line <= v.first {
			return spot{v.first, 0}
		}
		by -= s.row + 1
		s.line--
		s.row = v.rowsOf(s.line, env) - 1
	}
	return spot{s.line, s.row - by}
}

// below is the row that is some rows below another, or the last.
func (v View) below(s spot, by int, env tui.Env) spot {
	for {
		n := v.rowsOf(s.line, env)
		if s.row+by < n {
			return spot{s.line, s.row + by}
		}
		if s.line >= v.size.Lines-1 {
			return spot{s.line, max(0, n-1)}
		}
		by -= n - s.row
		s = spot{s.line + 1, 0}
	}
}

// bottom is the first row where the end of the log is shown.
func (v View) bottom(env tui.Env) spot {
	if v.size.Lines <= v.first {
		return spot{v.first, 0}
	}
	last := v.size.Lines - 1
	return v.above(spot{last, v.rowsOf(last, env) - 1}, max(0, v.body(env)-1), env)
}

// top is the first row that is shown.
func (v View) top(env tui.Env) spot {
	end := v.bottom(env)
	s := spot{max(v.at, v.first), v.skip}
	if v.follow || !s.before(end) {
		return end
	}
	return spot{s.line, min(s.row, v.rowsOf(s.line, env)-1)}
}

// moved scrolls by some rows; up ends the following.
func (v View) moved(by int, env tui.Env) View {
	if by < 0 {
		return v.to(v.above(v.top(env), -by, env))
	}
	if v.follow {
		return v
	}
	return v.to(v.below(v.top(env), by, env))
}

// to shows a row first.
func (v View) to(s spot) View {
	v = v.still()
	v.at, v.skip, v.follow = s.line, s.row, false
	return v
}

// ended shows the end and follows it.
func (v View) ended() View {
	v = v.still()
	v.follow, v.at, v.skip = true, v.size.Lines, 0
	return v
}

// reveal shows a line that was found, in the middle, with what was found in it.
func (v View) reveal(n int, env tui.Env) View {
	v.mark, v.follow = n, false
	line, _ := v.log.Line(n)
	row := 0
	if found := v.search.query.all(line); len(found) > 0 {
		col := cells(plain(line)[:found[0].from])
		room := v.room(env)
		switch {
		case v.wrap:
			for i, begin := range breaks(line, room) {
				if begin.col <= col {
					row = i
				}
			}
		case col < v.left || col >= v.left+room-1:
			v.left = max(0, col-room/2)
		}
	} else if !v.wrap {
		v.left = 0
	}
	s := v.above(spot{n, row}, v.body(env)/2, env)
	v.at, v.skip = s.line, s.row
	return v
}
