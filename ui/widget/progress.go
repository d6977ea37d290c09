package widget

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Progress is how far something is: by its own count, else by the time that it
// usually takes, else only how long it has run.
type Progress struct {
	Done, Total    int64
	Elapsed, Usual time.Duration // usual: the median of the last runs; 0: not known
}

// barCells is how long a bar is.
const barCells = 12

// View draws bar, percent and what is left, and leaves out the last, then the
// bar, where there is no room.
func (d Progress) View(t theme.Theme, w, h int) string {
	part, known := d.part()
	if !known {
		return fit([]string{Duration(d.Elapsed)}, w, h)
	}
	bar := Bar{Part: part, Role: theme.Run}.View(t, barCells, 1)
	line := fmt.Sprintf("%2d %%", int(part*100))
	if barCells+1+len(line) <= w {
		line = bar + " " + line
	}
	if left := d.left(); left != "" && ansi.StringWidth(line+gap+left) <= w {
		line += gap + left
	}
	return fit([]string{line}, w, h)
}

// part is what is done, from 0 to 1.
func (d Progress) part() (part float64, known bool) {
	switch {
	case d.Total > 0:
		part = float64(d.Done) / float64(d.Total)
	case d.Usual > 0:
		part = float64(d.Elapsed) / float64(d.Usual)
	default:
		return 0, false
	}
	return min(max(part, 0), 1), true
}

// left is a guess, in steps that do not pretend to know better.
func (d Progress) left() string {
	left := d.Usual - d.Elapsed
	switch {
	case d.Usual <= 0:
		return ""
	case left < 0:
		return Duration(-left) + " over"
	case left < time.Minute:
		return "about " + Duration(max(left.Round(5*time.Second), 5*time.Second)) + " left"
	}
	return "about " + Duration(left.Round(10*time.Second)) + " left"
}
