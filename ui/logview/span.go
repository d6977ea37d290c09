package logview

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// span is a part of a line's plain text, in bytes.
type span struct{ from, to int }

// plain is a line without its colours.
func plain(l Line) string {
	at := strings.IndexByte(string(l), 0x1b)
	if at < 0 {
		return string(l)
	}
	var b strings.Builder
	rest := string(l)
	for at >= 0 {
		b.WriteString(rest[:at])
		rest = rest[at+sequence(rest[at:]):]
		at = strings.IndexByte(rest, 0x1b)
	}
	b.WriteString(rest)
	return b.String()
}

// sequence is how long the colour sequence is that a text begins with.
func sequence(s string) int {
	if end := strings.IndexByte(s, 'm'); end >= 0 {
		return end + 1
	}
	return len(s)
}

// next is the character that a text begins with: its bytes and its cells.
func next(s string) (bytes, cells int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1, 1
	}
	one, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return max(1, len(one)), cells
}

// pen draws a part of a line.
type pen struct {
	colours bool // the terminal has some
	reverse bool // it draws what is found in reverse
	ascii   bool // all else is a question mark
}

// row is where a row of a line begins: the byte of the line, the byte of its
// plain text, the column, and the style that is on.
type row struct {
	raw, plain, col int
	look            string
}

// draw writes the part of a line from a column on that a width shows, with what
// was found in reverse, and says whether there is more. It reads from a row on
// that begins before the column or at it, and no further than needed.
func (p pen) draw(b *strings.Builder, l Line, in row, from, width int, found []span) (more bool) {
	rest, at, col := string(l)[in.raw:], in.plain, in.col
	look, drawn := in.look, ""
	for rest != "" {
		if rest[0] == 0x1b {
			n := sequence(rest)
			look, rest = rest[2:n-1], rest[n:] // without ESC [ and m
			continue
		}
		bytes, cells := next(rest)
		if col+cells > from+width {
			more = true
			break
		}
		if col+cells > from {
			for len(found) > 0 && found[0].to <= at {
				found = found[1:]
			}
			drawn = p.change(b, drawn, p.wanted(look, len(found) > 0 && at >= found[0].from))
			b.WriteString(p.sign(rest[:bytes], cells-max(0, from-col), cells))
		}
		rest, at, col = rest[bytes:], at+bytes, col+cells
	}
	if drawn != "" {
		b.WriteString("\x1b[0m")
	}
	return more
}

// wanted is the style of a character, as the numbers of a sequence.
func (p pen) wanted(look string, found bool) string {
	switch {
	case found && p.reverse:
		return "0;7"
	case !p.colours || look == "0":
		return ""
	}
	return look
}

func (p pen) change(b *strings.Builder, drawn, wanted string) string {
	if drawn == wanted {
		return drawn
	}
	if wanted == "" {
		b.WriteString("\x1b[0m")
	} else {
		b.WriteString("\x1b[" + wanted + "m")
	}
	return wanted
}

// sign is a character as the terminal draws it, where only some of its cells
// are seen blanks.
func (p pen) sign(s string, seen, cells int) string {
	switch {
	case seen < cells:
		return strings.Repeat(" ", max(0, seen))
	case p.ascii && s[0] >= utf8.RuneSelf:
		return strings.Repeat("?", cells)
	}
	return s
}

// breaks are the rows of a line at a width.
func breaks(l Line, width int) []row {
	out := []row{{}}
	if len(l) <= width || width < 2 {
		return out
	}
	for at := out[0]; at.raw < len(l); {
		rest := string(l)[at.raw:]
		if rest[0] == 0x1b {
			n := sequence(rest)
			at.look, at.raw = rest[2:n-1], at.raw+n
			continue
		}
		bytes, cells := next(rest)
		if at.col+cells > out[len(out)-1].col+width {
			out = append(out, at)
		}
		at.raw, at.plain, at.col = at.raw+bytes, at.plain+bytes, at.col+cells
	}
	return out
}

// query is what is searched: as it is written if it has a capital letter, else
// in any case.
type query struct {
	text  []rune
	exact bool
}

func newQuery(s string) query {
	return query{[]rune(s), strings.ContainsFunc(s, unicode.IsUpper)}
}

// in is the first place of a text, from a byte on, where the query stands.
func (q query) in(s string, from int) (span, bool) {
	if len(q.text) == 0 {
		return span{}, false
	}
	for i := from; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if q.same(r, q.text[0]) {
			if to := q.ends(s, i); to > 0 {
				return span{i, to}, true
			}
		}
		i += size
	}
	return span{}, false
}

// ends is where the query ends that begins at a byte; 0: it does not.
func (q query) ends(s string, at int) int {
	for _, want := range q.text {
		r, size := utf8.DecodeRuneInString(s[at:])
		if size == 0 || !q.same(r, want) {
			return 0
		}
		at += size
	}
	return at
}

func (q query) same(r, want rune) bool {
	switch {
	case r == want:
		return true
	case q.exact:
		return false
	case r < utf8.RuneSelf:
		return r >= 'A' && r <= 'Z' && r+'a'-'A' == want
	}
	return unicode.ToLower(r) == want
}

// all are the places of a line where the query stands.
func (q query) all(l Line) []span {
	var out []span
	if len(q.text) == 0 {
		return nil
	}
	for s, at := plain(l), 0; ; {
		f, ok := q.in(s, at)
		if !ok {
			return out
		}
		out, at = append(out, f), f.to
	}
}
