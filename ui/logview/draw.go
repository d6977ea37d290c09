package logview

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// From these sizes on there are numbers before the lines, and head and tabs
// above them.
const (
	numbersFrom = 60
	headFrom    = 12
	leastDigits = 4
)

// cells is how wide a text is.
func cells(s string) int { return ansi.StringWidth(s) }

// digits is how wide the numbers of the lines are; 0: there are none.
func (v View) digits(env tui.Env) int {
	if env.Width < numbersFrom {
		return 0
	}
	return max(leastDigits, len(strconv.Itoa(v.size.Lines)))
}

// gutter is how wide it is before the lines.
func (v View) gutter(env tui.Env) int {
	if n := v.digits(env); n > 0 {
		return len("   ") + n + len(" ")
	}
	return len("   ")
}

// room is how wide the lines are.
func (v View) room(env tui.Env) int { return max(2, env.Width-v.gutter(env)) }

// body is how many rows of the log there are.
func (v View) body(env tui.Env) int {
	return max(1, env.Height-len(v.head(env))-1)
}

// View implements tui.Page.
func (v View) View(env tui.Env) string {
	out := v.head(env)
	above := len(out)
	out = append(out, v.lines(env)...)
	for len(out) < above+v.body(env) {
		out = append(out, "")
	}
	return widget.Fit(strings.Join(append(out, v.foot(env)), "\n"), env.Width, env.Height)
}

// head is what the build came to and the tabs, where there is room.
func (v View) head(env tui.Env) []string {
	if env.Height < headFrom {
		return nil
	}
	var out []string
	if v.about.Head != "" {
		line := env.Theme.Signs(string(Clean(v.about.Head)))
		if v.failed >= 0 {
			line += env.Theme.Signs(" · first error at line ") + widget.Count(int64(v.failed+1))
		}
		out = append(out, " "+ansi.Truncate(line, env.Width-1, env.Theme.Signs(theme.More)))
	}
	if len(v.about.Tabs) > 0 {
		out = append(out, v.tabs(env))
	}
	if len(out) > 0 {
		out = append(out, "")
	}
	return out
}

// tabs is the line of the tabs, from the first on with which the chosen one is
// seen; where some are not, it says so.
func (v View) tabs(env tui.Env) string {
	more := env.Theme.Style(theme.Quiet).Render(env.Theme.Signs(theme.More))
	for from := 0; ; from++ {
		line, seen := " ", false
		if from > 0 {
			line += more + "  "
		}
		for i := from; i < len(v.about.Tabs); i++ {
			room := env.Width
			if i < len(v.about.Tabs)-1 {
				room -= len("  ") + cells(more)
			}
			tab := v.tab(i, env)
			if cells(line+tab) > room && i > from {
				line += more
				break
			}
			if line += tab + "  "; i == v.about.Tab {
				seen = true
			}
		}
		if seen || from >= v.about.Tab {
			return strings.TrimRight(line, " ")
		}
	}
}

func (v View) tab(i int, env tui.Env) string {
	t, chosen := v.about.Tabs[i], i == v.about.Tab
	words := state.CleanText(t.Name, 0)
	if t.Note != "" {
		words += " " + state.CleanText(t.Note, 0)
	}
	mark := env.Theme.Style(t.Mark.Role).Render(t.Mark.Glyph(env.Theme.ASCII()))
	switch {
	case chosen:
		return env.Theme.Signs(theme.Cursor) + mark + " " + env.Theme.Bold().Render(words)
	case env.Width < numbersFrom:
		return mark
	}
	return mark + " " + words
}

// lines are the rows of the log that are seen.
func (v View) lines(env tui.Env) []string {
	if v.size.Lines <= v.first {
		return []string{" " + env.Theme.Style(theme.Quiet).Render(v.nothing())}
	}
	p := pen{
		colours: env.Theme.Colours(), ascii: env.Theme.ASCII(),
		reverse: env.Theme.Style(theme.Select).Render("x") != "x",
	}
	var out []string
	s, h := v.top(env), v.body(env)
	for n := s.line; n < v.size.Lines && len(out) < h; n++ {
		from := 0
		if n == s.line {
			from = s.row
		}
		out = append(out, v.line(n, from, h-len(out), env, p)...)
	}
	return out
}

// line are the rows of one line, from a row on, at most some.
func (v View) line(n, from, most int, env tui.Env, p pen) []string {
	l, ok := v.log.Line(n)
	room, more := v.room(env), env.Theme.Signs(theme.More)
	if !ok {
		return []string{v.before(n, true, env) + env.Theme.Style(theme.Quiet).Render(more)}
	}
	found := v.search.query.all(l)
	if !v.wrap {
		var b strings.Builder
		b.WriteString(v.before(n, true, env))
		if p.draw(&b, l, row{}, v.left, room, found) {
			return []string{ansi.Truncate(b.String(), env.Width-cells(more), "") + env.Theme.Style(theme.Quiet).Render(more)}
		}
		return []string{b.String()}
	}
	all := breaks(l, room)
	from = min(from, len(all)-1)
	var out []string
	for i, begin := range all[from:min(len(all), from+most)] {
		var b strings.Builder
		b.WriteString(v.before(n, from+i == 0, env))
		p.draw(&b, l, begin, begin.col, room, found)
		out = append(out, b.String())
	}
	return out
}

// before is what stands before a line: the cursor where it was found, and its
// number.
func (v View) before(n int, first bool, env tui.Env) string {
	cursor, width := " ", v.digits(env)
	style := env.Theme.Style(theme.Quiet)
	if n == v.mark && first {
		cursor, style = env.Theme.Signs(theme.Cursor), env.Theme.Bold()
	}
	out := " " + cursor + " "
	if width == 0 {
		return out
	}
	number := ""
	if first {
		number = strconv.Itoa(n + 1)
	}
	return out + style.Render(strings.Repeat(" ", width-len(number))+number) + " "
}

// nothing says why no line is shown.
func (v View) nothing() string {
	switch {
	case v.fault != "":
		return ""
	case v.unopened:
		return "Reading it again …"
	case v.size.Done:
		return "The log is empty."
	}
	return "Nothing in the log yet. Its lines appear here as they are written."
}

// foot is where in the log this is, or the field of the search.
func (v View) foot(env tui.Env) string {
	t := env.Theme
	if v.search.typing {
		line := " / " + t.Signs(string(Clean(v.search.input))) + t.Style(theme.Run).Render(t.Signs(theme.Caret))
		if s := v.state(); s != "" {
			line += "   " + t.Style(theme.Quiet).Render(s)
		}
		if over := cells(line) - env.Width; over > 0 {
			line = " / " + ansi.TruncateLeft(line, over+len(" / ..")-1, t.Signs(theme.More))
		}
		return line
	}
	if v.fault != "" {
		return " " + t.Style(theme.Bad).Render(ansi.Truncate(state.CleanText(v.fault, 0), env.Width-1, t.Signs(theme.More)))
	}
	parts := []string{"line " + widget.Count(int64(v.position(env))) + " of " + widget.Count(int64(v.size.Lines))}
	if s := v.state(); s != "" {
		parts = append(parts, s)
	}
	if v.failed >= 0 && (v.about.Head == "" || env.Height < headFrom) {
		parts = append(parts, "first error "+widget.Count(int64(v.failed+1)))
	}
	switch {
	case v.size.Done:
		parts = append(parts, "complete")
	default:
		parts = append(parts, "follow "+onOff(v.follow))
	}
	parts = append(parts, "wrap "+onOff(v.wrap))
	if v.left > 0 {
		parts = append(parts, "column "+widget.Count(int64(v.left+1)))
	}
	line := ansi.Truncate(t.Signs(strings.Join(parts, " · ")), env.Width-1, t.Signs(theme.More))
	return " " + t.Style(theme.Quiet).Render(line)
}

// position is the number of the line that was found, if it is seen, else of the
// last one that is.
func (v View) position(env tui.Env) int {
	if v.size.Lines <= v.first {
		return 0
	}
	s := v.top(env)
	last := v.below(s, v.body(env)-1, env)
	if v.mark >= s.line && v.mark <= last.line {
		return v.mark + 1
	}
	return last.line + 1
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
