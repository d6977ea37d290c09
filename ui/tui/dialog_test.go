package tui_test

import (
	"strings"
	"testing"

	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// TestDialogWraps: a line that is too long goes on below its second column.
func TestDialogWraps(t *testing.T) {
	d := tui.Dialog{Lines: []string{"Run garbage collection", "Goes   what nobody has asked for in a month and more", "", "a sentence that is longer than the window is wide"}}
	tuitest.New(t, d, tuitest.Size(40, 12)).Has(
		" ┃ Run garbage collection\n ┃ Goes   what nobody has asked for in a\n ┃        month and more\n ┃\n ┃ a sentence that is longer than the\n ┃ window is wide\n")
}

// TestDialogScrolls: what has no room is said, and can be read.
func TestDialogScrolls(t *testing.T) {
	d := tui.Dialog{Lines: strings.Split("a b c d e f g h i j", " "), Yes: bind("y", "yes"), No: bind("n", "no")}
	s := tuitest.New(t, d, tuitest.Size(40, 12)).Has(" ┃ a\n", " ┃ g\n   ↓ 3 more lines").Lacks("┃ h")
	s.Press("down").Has(" ┃ b\n", "2 more").Press("down", "down", "down").Has(" ┃ c\n", " ┃ j\n").Lacks("more").Press("up").Has("↓ 2 more")
}

// TestHelpScrolls: every key can be read, however small the window is.
func TestHelpScrolls(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"}, tuitest.Size(40, 10)).Press("?").Has("Here", "enter").Lacks("ctrl+c  quit")
	s.Press("down", "down", "down", "down", "down", "down", "down").Has("ctrl+c  quit").Lacks("Here").Press("pgup").Has("Here").Press("esc").Lacks("Here")
}
