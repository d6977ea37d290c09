package widget

import (
	"net/url"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
)

// Link is an address, one that the terminal can open (OSC 8) where it draws
// colours and the address is a web page's.
type Link struct{ URL string }

// View draws the address from column 2, broken at its slashes over the lines
// there are, the others hanging; what is left is cut at its end.
func (d Link) View(t theme.Theme, w, h int) string {
	lines := address(t, d.URL, w-1)
	if len(lines) > h {
		lines = []string{anchor(t, d.URL, cutEnd(t, state.CleanText(d.URL, 0), w-1))}
	}
	return fit(indent(lines, " "), w, h)
}

// address is the lines of an address that is never cut.
func address(t theme.Theme, address string, w int) []string {
	shown := state.CleanText(address, 0)
	if shown == "" || ansi.StringWidth(shown) <= w {
		return []string{anchor(t, address, shown)}
	}
	var lines []string
	for shown != "" {
		line := piece(shown, max(w-len(gap), 1))
		shown = shown[len(line):]
		lines = append(lines, anchor(t, address, line))
	}
	return append(lines[:1], indent(lines[1:], gap)...)
}

// piece is the start of an address that fits, up to one of its joints.
func piece(s string, w int) string {
	if ansi.StringWidth(s) <= w {
		return s
	}
	start := ansi.Truncate(s, w, "")
	if start == "" {
		return s // a character wider than the room
	}
	if i := strings.LastIndexAny(start, "/?&") + 1; i > len("https://") {
		return start[:i]
	}
	return start
}

// anchor draws a piece of an address, or something cut, as a link to it.
func anchor(t theme.Theme, address, shown string) string {
	style := t.Link()
	u, err := url.Parse(state.CleanText(address, 0))
	if err == nil && t.Colours() && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") {
		style = style.Hyperlink(u.String())
	}
	return style.Render(shown)
}
