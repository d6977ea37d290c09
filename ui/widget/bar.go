package widget

import (
	"strings"

	"github.com/nixwright/nixwright/ui/theme"
)

// Bar is a part of a whole.
type Bar struct {
	Part  float64 // 0 to 1
	Cells int     // how long it is; 0: twelve
	Role  theme.Role
}

// View draws the bar.
func (d Bar) View(t theme.Theme, w, h int) string {
	cells := d.Cells
	if cells <= 0 {
		cells = barCells
	}
	full := int(min(max(d.Part, 0), 1) * float64(cells))
	bar := paint(t, d.Role, t.Signs(strings.Repeat(theme.Full, full))) +
		paint(t, theme.Quiet, t.Signs(strings.Repeat(theme.Empty, cells-full)))
	return fit([]string{bar}, w, h)
}
