package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// between is the blanks between two keys.
const between = 2

// footer shows the keys that work, in the chain's order, cut from the right
// but for the Root's own. During the grace all of it is quiet.
func (r Root) footer() string {
	tail := r.items(r.common())
	room := r.width - 1
	for _, item := range tail {
		room -= between + ansi.StringWidth(item)
	}
	var shown []string
	for _, item := range r.items(r.top().Keys()) {
		if room -= ansi.StringWidth(item); room < 0 {
			break
		}
		room -= between
		shown = append(shown, item)
	}
	return r.fit(" "+strings.Join(append(shown, tail...), strings.Repeat(" ", between)), theme.More)
}

// items are the bindings with a help text as "key verb".
func (r Root) items(bindings []key.Binding) []string {
	quiet, colour := r.theme.Style(theme.Quiet), r.theme.Style(theme.Run)
	var out []string
	for _, b := range bindings {
		h := b.Help()
		h.Key, h.Desc = r.theme.Signs(h.Key), r.theme.Signs(h.Desc)
		switch {
		case h.Key == "":
		case r.early() || !b.Enabled():
			out = append(out, quiet.Render(h.Key+" "+h.Desc))
		default:
			out = append(out, colour.Render(h.Key)+" "+h.Desc)
		}
	}
	return out
}
