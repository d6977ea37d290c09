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
	var out []string
	shown, tail := r.offered()
	for _, i := range append(shown, tail...) {
		out = append(out, i.text)
	}
	return r.fit(" "+strings.Join(out, strings.Repeat(" ", between)), theme.More)
}

// offered are the page's bindings that there is room for, and those of all.
func (r Root) offered() (shown, tail []item) {
	tail = r.items(r.common())
	room := r.width - 1
	for _, i := range tail {
		room -= between + ansi.StringWidth(i.text)
	}
	for _, i := range r.items(r.top().Keys()) {
		if room -= ansi.StringWidth(i.text); room < 0 {
			break
		}
		room -= between
		shown = append(shown, i)
	}
	return shown, tail
}

// items are the bindings with a help text as "key verb".
func (r Root) items(bindings []key.Binding) []item {
	quiet, colour := r.theme.Style(theme.Quiet), r.theme.Style(theme.Run)
	var out []item
	for _, b := range bindings {
		h := b.Help()
		h.Key, h.Desc = r.theme.Signs(h.Key), r.theme.Signs(h.Desc)
		switch {
		case h.Key == "":
		case r.early() || !b.Enabled():
			out = append(out, item{b, quiet.Render(h.Key + " " + h.Desc)})
		default:
			out = append(out, item{b, colour.Render(h.Key) + " " + h.Desc})
		}
	}
	return out
}
