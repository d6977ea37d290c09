package console

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
)

// filterKey is the place that opens the filter of the builds.
const filterKey = "/"

// filtering is the filter of the page with what it found: looked for outside
// of Update, in one snapshot after the other.
type filtering struct {
	typing bool
	input  string
	wrong  string // what is wrong with the input
	filter filter
	before filter // to go back to

	run    int // which search is the newest
	busy   bool
	behind bool // what was found is not of the newest snapshot or filter
	ids    []int64
	more   bool
}

// found is what a search found.
type found struct {
	run  int
	ids  []int64
	more bool
}

// mostTyped is how long an input may be, in bytes.
const mostTyped = 200

// press answers a key in the field.
func (f filtering) press(msg tea.KeyPressMsg) filtering {
	switch pressed := msg.String(); {
	case pressed == "esc":
		f.typing, f.filter, f.behind = false, f.before, true
		f.input, f.wrong = f.filter.text, ""
	case pressed == "enter":
		if f.wrong == "" {
			f.typing = false
		}
	case pressed == "backspace" && f.input != "":
		_, size := utf8.DecodeLastRuneInString(f.input)
		return f.typed(f.input[:len(f.input)-size])
	case pressed == "ctrl+u":
		return f.typed("")
	case msg.Text != "":
		return f.typed(f.input + msg.Text)
	}
	return f
}

// typed is the field with another input; a wrong one changes nothing else.
func (f filtering) typed(input string) filtering {
	if len(input) > mostTyped {
		return f
	}
	next, err := parseFilter(input)
	f.input, f.wrong = input, ""
	if err != nil {
		f.wrong = state.CleanText(err.Error(), 0)
		return f
	}
	f.filter, f.behind = next, true
	return f
}

// opened is the field taking text.
func (f filtering) opened() filtering {
	f.typing, f.before, f.input = true, f.filter, f.filter.text
	if f.input != "" {
		f.input += " "
	}
	return f
}

// search is the command that looks again, where it must and does not already.
func (f filtering) search(s scene) (filtering, tea.Cmd) {
	if f.filter.all() {
		f.ids, f.more, f.behind = nil, false, false
		return f, nil
	}
	if f.busy || !f.behind {
		return f, nil
	}
	f.run++
	f.busy, f.behind = true, false
	run, filter, snap := f.run, f.filter, s.snap
	return f, func() tea.Msg {
		ids, more := filter.find(&snap)
		return found{run, ids, more}
	}
}

// take is the filter with what was found.
func (f filtering) take(msg found) filtering {
	if msg.run == f.run {
		f.busy, f.ids, f.more = false, msg.ids, msg.more
	}
	return f
}
