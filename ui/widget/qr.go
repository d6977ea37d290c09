package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
	"rsc.io/qr"

	"github.com/nixwright/nixwright/ui/theme"
)

// QR is a link for another device. Never give it a secret.
type QR struct {
	Text string
	Tall bool // the screen has 40 lines or more
}

const (
	quietModules = 2
	sizeShort    = 33 // version 4: 78 bytes
	sizeTall     = 61 // version 11: 321 bytes
)

// View draws two modules a cell; ok is false where the text is too long, the
// room too small, or the terminal draws ASCII only.
func (d QR) View(t theme.Theme, w, h int) (block string, ok bool) {
	limit := sizeShort
	if d.Tall {
		limit = sizeTall
	}
	code, err := qr.Encode(d.Text, qr.L)
	if err != nil || t.ASCII() || code.Size > limit {
		return "", false
	}
	size := code.Size + 2*quietModules
	if size > w || (size+1)/2 > h {
		return "", false
	}
	// Without colours the terminal's own text is taken for the light modules
	// on a dark background, and for the dark ones on a light background.
	ink := func(x, y int) bool { return code.Black(x-quietModules, y-quietModules) }
	style := lipgloss.NewStyle()
	if t.Colours() {
		style = style.Foreground(lipgloss.Black).Background(lipgloss.BrightWhite)
	} else if t.Dark() {
		dark := ink
		ink = func(x, y int) bool { return !dark(x, y) }
	}
	lines := make([]string, 0, (size+1)/2)
	for y := 0; y < size; y += 2 {
		var line strings.Builder
		for x := range size {
			line.WriteString(half(ink(x, y), ink(x, y+1)))
		}
		lines = append(lines, style.Render(line.String()))
	}
	return fit(lines, w, h), true
}

// half is the cell of two modules.
func half(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
