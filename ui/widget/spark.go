package widget

import (
	"math"
	"strings"

	"github.com/nixwright/nixwright/ui/theme"
)

// Spark is a short history, one cell for a value, or for several where there
// are more of them than cells.
type Spark struct {
	Values []float64 // the newest last; NaN: not known, which is blank
	Zero   bool      // the lowest level is zero, not the least of the values
}

// levels are the heights of a cell.
var levels = [2][]string{strings.Split("▁▂▃▄▅▆▇█", ""), strings.Split("_.:-=+*#", "")}

// View draws the line, w cells at most.
func (d Spark) View(t theme.Theme, w, h int) string {
	values := d.fitting(w)
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if d.Zero {
		low = min(low, 0)
	}
	signs := levels[0]
	if t.ASCII() {
		signs = levels[1]
	}
	var b strings.Builder
	for _, v := range values {
		at := 0
		switch {
		case math.IsNaN(v):
			b.WriteByte(' ')
			continue
		case high > low:
			at = int((v - low) / (high - low) * float64(len(signs)-1))
		}
		b.WriteString(signs[min(max(at, 0), len(signs)-1)])
	}
	return fit([]string{paint(t, theme.Quiet, b.String())}, w, h)
}

// fitting are the values as they fit into so many cells: of several the mean of
// those that are known.
func (d Spark) fitting(w int) []float64 {
	n := len(d.Values)
	if n <= w || w <= 0 {
		return d.Values
	}
	out := make([]float64, w)
	for i := range out {
		sum, known := 0.0, 0
		for _, v := range d.Values[i*n/w : (i+1)*n/w] {
			if !math.IsNaN(v) {
				sum, known = sum+v, known+1
			}
		}
		if out[i] = math.NaN(); known > 0 {
			out[i] = sum / float64(known)
		}
	}
	return out
}
