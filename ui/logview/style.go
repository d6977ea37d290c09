package logview

import "strconv"

// colour is 0 for the terminal's own, else its kind in the upper byte and its
// value below.
type colour uint32

const (
	basic   colour = 1 << 24 // of sixteen
	indexed colour = 2 << 24 // of 256
	exact   colour = 3 << 24 // red, green, blue
)

// values is the part of a colour below its kind.
const values = 1<<24 - 1

// style is what the colour sequences before a character add up to.
type style struct {
	fore, back colour
	attrs      uint8
}

// attributes are those that are kept, by the bit that stands for them. What
// blinks and what hides is left out.
var attributes = [...]struct{ on, off uint32 }{{1, 22}, {2, 22}, {3, 23}, {4, 24}, {7, 27}, {9, 29}}

// The limits of a colour sequence.
const (
	mostArgs  = 64  // bytes of its arguments
	mostValue = 255 // of a number
)

// args appends the numbers of a colour sequence; a number that is left out is
// 0. More than digits and semicolons makes none.
func args(out []uint32, raw []byte) ([]uint32, bool) {
	out = append(out, 0)
	for _, c := range raw {
		last := len(out) - 1
		switch {
		case c == ';':
			out = append(out, 0)
		case c < '0' || c > '9':
			return nil, false
		default:
			if out[last] = out[last]*10 + uint32(c-'0'); out[last] > mostValue {
				return nil, false
			}
		}
	}
	return out, true
}

// with is the style after a colour sequence. One that is not whole changes
// nothing.
func (s style) with(raw []byte) style {
	var room [mostArgs + 1]uint32
	all, ok := args(room[:0], raw)
	if !ok {
		return s
	}
	out := s
	for i := 0; i < len(all); i++ {
		n := all[i]
		switch {
		case n == 0:
			out = style{}
		case n >= 30 && n <= 37:
			out.fore = basic | colour(n-30)
		case n >= 90 && n <= 97:
			out.fore = basic | colour(n-90+8)
		case n >= 40 && n <= 47:
			out.back = basic | colour(n-40)
		case n >= 100 && n <= 107:
			out.back = basic | colour(n-100+8)
		case n == 39:
			out.fore = 0
		case n == 49:
			out.back = 0
		case n == 38 || n == 48 || n == 58:
			c, used := extended(all[i+1:])
			if used == 0 {
				return s
			}
			i += used
			switch n {
			case 38:
				out.fore = c
			case 48:
				out.back = c
			}
		default:
			out.attrs = switched(out.attrs, n)
		}
	}
	return out
}

// extended is the colour after 38, 48 or 58, and how many numbers it took.
func extended(all []uint32) (c colour, used int) {
	switch {
	case len(all) >= 2 && all[0] == 5:
		return indexed | colour(all[1]), 2
	case len(all) >= 4 && all[0] == 2:
		return exact | colour(all[1])<<16 | colour(all[2])<<8 | colour(all[3]), 4
	}
	return 0, 0
}

// switched are the attributes after a number that turns one on or some off.
func switched(attrs uint8, n uint32) uint8 {
	for bit, a := range attributes {
		switch n {
		case a.on:
			attrs |= 1 << bit
		case a.off:
			attrs &^= 1 << bit
		}
	}
	return attrs
}

// sequence appends the one sequence that makes a style, whatever was before.
func (s style) sequence(out []byte) []byte {
	out = append(out, "\x1b[0"...)
	for bit, a := range attributes {
		if s.attrs&(1<<bit) != 0 {
			out = number(out, a.on)
		}
	}
	out = s.fore.numbers(out, 30, 90, 38)
	out = s.back.numbers(out, 40, 100, 48)
	return append(out, 'm')
}

// numbers appends what makes a colour: the first of eight, the first of the
// bright eight, or the number for all others.
func (c colour) numbers(out []byte, eight, bright, other uint32) []byte {
	n := uint32(c & values)
	switch c &^ values {
	case basic:
		if n >= 8 {
			return number(out, bright+n-8)
		}
		return number(out, eight+n)
	case indexed:
		return number(number(number(out, other), 5), n)
	case exact:
		out = number(number(out, other), 2)
		return number(number(number(out, n>>16), n>>8&0xff), n&0xff)
	}
	return out
}

func number(out []byte, n uint32) []byte {
	return strconv.AppendUint(append(out, ';'), uint64(n), 10)
}
