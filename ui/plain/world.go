package plain

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// WriteWorld says how to use a pretend world from another terminal.
func WriteWorld(w io.Writer, dir string, env map[string]string) error {
	lines := []string{"The pretend world is up. In another terminal:", ""}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		lines = append(lines, "export "+name+"="+shellQuote(env[name]))
	}
	lines = append(lines, "cd "+shellQuote(dir), "nixwright plan", "nixwright setup -n --open --wait 60s", "nixwright status", "", "Ctrl-C ends it; it goes on where it was when it is started again.")
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
