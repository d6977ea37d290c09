package tui_test

import (
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
