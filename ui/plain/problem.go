package plain

import (
	"fmt"
	"io"

	"github.com/nixwright/nixwright/state"
)

// Problems writes a list of problems: what, and below it why, what to do and
// where.
func Problems(w io.Writer, all []state.Problem) {
	for _, p := range all {
		writeProblem(w, "", p, "")
	}
}

// writeProblem writes what is wrong, and below it, two blanks further in, why,
// what to do and where. What the line above said already is not said again.
func writeProblem(w io.Writer, indent string, p state.Problem, said string) {
	again := said != "" && p.What == said
	if !again {
		_, _ = fmt.Fprintln(w, indent+heading(p))
	}
	for _, part := range [][2]string{{"why", p.Why}, {"do", p.Fix}, {"page", p.URL}} {
		if part[1] != "" {
			_, _ = fmt.Fprintf(w, "%s  %-4s  %s\n", indent, part[0], part[1])
		}
	}
	if again && p.ID != "" {
		_, _ = fmt.Fprintf(w, "%s  %-4s  %s\n", indent, "id", p.ID)
	}
}

// heading is what is wrong, with its id.
func heading(p state.Problem) string {
	if p.ID == "" {
		return p.What
	}
	return p.ID + "  " + p.What
}
