package theme

import "strings"

// The signs that are no status. Each is one cell, but for More in ASCII.
const (
	Cursor = "▸" // before the chosen row; behind a folded group
	More   = "…" // something was cut here
	Dot    = "·" // between the parts of a line
	Rule   = "│" // between two panes
	Bar    = "┃" // left of what wants a decision
	Caret  = "▏" // in a text field
	Full   = "█" // done of a progress bar
	Empty  = "░" // to do of a progress bar
)

// What stands for the signs of our own sentences in ASCII.
var plainSigns = strings.NewReplacer(
	Cursor, ">", More, "..", Dot, "-", Rule, "|", Bar, "|", Caret, "_", Full, "#", Empty, ".",
	"↑↓", "up/down", "←→", "left/right", "↑", "up", "↓", "down", "←", "left", "→", "right", "–", "-",
)

// Signs is a text of ours as the terminal can draw it.
func (t Theme) Signs(s string) string {
	if !t.options.ASCII {
		return s
	}
	return plainSigns.Replace(s)
}
