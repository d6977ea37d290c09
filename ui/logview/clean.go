package logview

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Line is a line of a log as a Cleaner leaves it: printable text, and colour
// sequences of the form ESC [ digits;digits m, each of which makes its whole
// style. It has no line break, no other control character, and ends without
// colours.
type Line string

// The limits of a line. Buildbot itself cuts lines at 4096 bytes.
const (
	mostCells = 4096  // characters
	mostBytes = 16384 // with the colours; a line may be longer by one mark
	mostMarks = 2     // combining marks on one character
	tabStop   = 8
	cutMark   = '…' // behind a line that was cut
)

// mode is where a Cleaner is in the text.
type mode uint8

const (
	ground  mode = iota
	escape       // after ESC
	charset      // after ESC and a blank to slash: one more is to come
	control      // in a CSI sequence
	text         // in OSC, DCS, APC, PM or SOS: up to its end, or the line's
)

// cell is a character of the line, as a terminal would hold it.
type cell struct {
	r    rune
	col  int32 // behind it
	look style
}

// Cleaner makes lines out of the bytes of a hostile log, in chunks of any size.
// Colours stay, every other sequence goes, so do bidi, zero-width and
// private characters; a carriage return begins the line again, a backspace goes
// back, a tab fills up with blanks. What is no UTF-8 becomes U+FFFD. Its memory
// is bounded whatever comes. The zero Cleaner is ready.
type Cleaner struct {
	mode   mode
	carry  []byte // of a character that is cut between two chunks
	cells  []cell
	at     int  // where the next character goes
	over   bool // there was more than the line may hold
	again  bool // a carriage return: the next character begins the line
	look   style
	args   []byte // of a CSI sequence
	spoilt bool   // it is no colour
	out    []byte
}

// Write takes the next bytes and hands out the lines that are complete.
func (c *Cleaner) Write(raw []byte, emit func(Line)) {
	if len(c.carry) > 0 {
		raw = append(c.carry, raw...)
		c.carry = nil
	}
	for len(raw) > 0 {
		if n := c.easy(raw, emit); n > 0 {
			raw = raw[n:]
			continue
		}
		if !utf8.FullRune(raw) {
			c.carry = bytes.Clone(raw)
			return
		}
		r, size := utf8.DecodeRune(raw)
		raw = raw[size:]
		c.take(r, emit)
	}
}

// Open is the line that is not ended yet, if there is one.
func (c *Cleaner) Open() (Line, bool) {
	return c.render(), len(c.cells) > 0
}

// Close ends the text: what is left of it is the last line.
func (c *Cleaner) Close(emit func(Line)) {
	for range c.carry {
		c.take(utf8.RuneError, emit)
	}
	c.carry = nil
	if len(c.cells) > 0 {
		c.end(emit)
	}
	c.begin()
}

// Clean cleans one line; a line break within it is a blank.
func Clean(raw string) Line {
	raw = strings.TrimSuffix(raw, "\n")
	if len(raw) <= mostCells && easyTo(raw) == len(raw) {
		return Line(raw)
	}
	var c Cleaner
	c.Write([]byte(strings.ReplaceAll(raw, "\n", " ")), nil)
	for range c.carry {
		c.take(utf8.RuneError, nil)
	}
	return c.render()
}

// easy takes plain text: a whole line at once, or what it begins with. It
// returns how many bytes it took.
func (c *Cleaner) easy(raw []byte, emit func(Line)) int {
	if c.mode != ground {
		return 0
	}
	n := easyTo(raw[:min(len(raw), mostCells)])
	if len(c.cells) == 0 && c.look == (style{}) && n < len(raw) && raw[n] == '\n' {
		emit(Line(raw[:n]))
		c.begin()
		return n + 1
	}
	for _, b := range raw[:n] {
		c.put(rune(b), 1)
	}
	return n
}

// easyTo is how many bytes from the start are printable ASCII.
func easyTo[T string | []byte](raw T) int {
	for i := range len(raw) {
		if raw[i] < ' ' || raw[i] > '~' {
			return i
		}
	}
	return len(raw)
}

// take takes one character, in any state.
func (c *Cleaner) take(r rune, emit func(Line)) {
	switch r {
	case '\n':
		c.end(emit)
		return
	case 0x1b:
		c.mode = escape
		return
	case 0x18, 0x1a: // cancel, substitute
		c.mode = ground
		return
	}
	switch c.mode {
	case ground:
		c.ground(r)
	case escape:
		c.escape(r)
	case charset:
		if r < ' ' || r > '/' {
			c.mode = ground
		}
	case control:
		c.control(r)
	case text:
		if r == '\a' || r == 0x9c {
			c.mode = ground
		}
	}
}

// escape is the character after ESC.
func (c *Cleaner) escape(r rune) {
	switch {
	case r == '[':
		c.introduce(control)
	case strings.ContainsRune("]PX^_", r):
		c.introduce(text)
	case r >= ' ' && r <= '/':
		c.mode = charset
	case r >= '0' && r <= '~':
		c.mode = ground
	default:
		c.mode = ground
		c.ground(r)
	}
}

func (c *Cleaner) introduce(m mode) {
	c.mode, c.args, c.spoilt = m, c.args[:0], false
}

// control is a character of a CSI sequence.
func (c *Cleaner) control(r rune) {
	switch {
	case r >= '0' && r <= '9' || r == ';':
		if len(c.args) == mostArgs {
			c.spoilt = true
			return
		}
		c.args = utf8.AppendRune(c.args, r)
	case r >= ' ' && r <= '?':
		c.spoilt = true
	case r >= '@' && r <= '~':
		c.mode = ground
		if r == 'm' && !c.spoilt {
			c.look = c.look.with(c.args)
		}
	case r < ' ' || r == 0x7f: // a terminal obeys it and goes on
		c.spoilt = true
	default:
		c.mode = ground
		c.ground(r)
	}
}

// ground is a character outside of all sequences.
func (c *Cleaner) ground(r rune) {
	switch {
	case r >= ' ' && r <= '~', r > 0xa0 && r < 0x300 && r != 0xad: // Latin
		c.put(r, 1)
	case r == '\r':
		c.again = true
	case r == '\b':
		c.at = max(0, c.at-1)
	case r == '\t':
		for range tabStop - c.column()%tabStop {
			c.put(' ', 1)
		}
	case r == 0x9b:
		c.introduce(control)
	case r == 0x90 || r == 0x98 || r >= 0x9d && r <= 0x9f:
		c.introduce(text)
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
	case unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp), r == '\u2800': // a blank among the Braille patterns
		c.put(' ', 1)
	case !unicode.IsPrint(r):
		c.put(utf8.RuneError, 1)
	default:
		c.put(r, ansi.StringWidth(string(r)))
	}
}

// column is where the next character stands, in cells from 0.
func (c *Cleaner) column() int {
	if c.at == 0 || c.again {
		return 0
	}
	return int(c.cells[c.at-1].col)
}

// put writes one character of a width over what stands there.
func (c *Cleaner) put(r rune, width int) {
	if c.again {
		c.cells, c.at, c.over, c.again = c.cells[:0], 0, false, false
	}
	if c.at == mostCells {
		c.over = true
		return
	}
	one := cell{r, int32(c.column() + width), c.look} //nolint:gosec // at most mostCells characters of two cells
	if c.at == len(c.cells) {
		c.cells = append(c.cells, one)
	} else {
		c.cells[c.at] = one
	}
	c.at++
}

// end hands the line out and begins the next.
func (c *Cleaner) end(emit func(Line)) {
	emit(c.render())
	c.begin()
}

func (c *Cleaner) begin() {
	c.mode, c.cells, c.at, c.over, c.again, c.look = ground, c.cells[:0], 0, false, false, style{}
}

// render is the line as it stands.
func (c *Cleaner) render() Line {
	out, look, marks := c.out[:0], style{}, mostMarks
	cut := c.over
	for i := range c.cells {
		one := &c.cells[i]
		if one.r >= 0x300 && unicode.In(one.r, unicode.Mn, unicode.Me) {
			if marks++; marks > mostMarks {
				continue
			}
		} else {
			marks = 0
		}
		if len(out) > mostBytes {
			cut = true
			break
		}
		if one.look != look {
			look = one.look
			out = look.sequence(out)
		}
		out = utf8.AppendRune(out, one.r)
	}
	if look != (style{}) {
		out = append(out, "\x1b[0m"...)
	}
	if cut {
		out = utf8.AppendRune(out, cutMark)
	}
	c.out = out
	return Line(out)
}

// Plain is a line without its colours.
func Plain(l Line) string { return plain(l) }
