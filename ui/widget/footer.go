package widget

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
)

// Footer is the keys that work here, the likeliest first, on one line. Where
// they do not fit, the last go, but for help and quit; a disabled one is quiet.
type Footer struct{ Keys []key.Binding }

// View draws the line.
func (d Footer) View(t theme.Theme, w, h int) string {
	keys := make([]key.Binding, 0, len(d.Keys))
	for _, k := range d.Keys {
		if k.Help().Key != "" {
			keys = append(keys, k)
		}
	}
	line := footer(t, keys)
	for i := len(keys) - 1; i >= 0 && ansi.StringWidth(line) > w; i-- {
		if k := keys[i].Help().Key; k == "?" || k == "q" {
			continue
		}
		keys = append(keys[:i], keys[i+1:]...)
		line = footer(t, keys)
	}
	return fit([]string{line}, w, h)
}

func footer(t theme.Theme, keys []key.Binding) string {
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		name, verb := clean(t, k.Help().Key), clean(t, k.Help().Desc)
		if !k.Enabled() {
			parts = append(parts, paint(t, theme.Quiet, name+" "+verb))
			continue
		}
		parts = append(parts, paint(t, theme.Run, name)+" "+verb)
	}
	return " " + strings.Join(parts, gap)
}
