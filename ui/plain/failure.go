package plain

import (
	"fmt"
	"io"

	"github.com/nixwright/nixwright/state"
)

// WriteFailure explains a row of the failure table.
func WriteFailure(w io.Writer, f state.Failure) {
	_, _ = fmt.Fprintf(w, "%s  %s  %s\n\n", f.ID, f.Severity, f.Title)
	for _, part := range [][2]string{{"why ", f.Why}, {"seen", f.Seen}, {"do  ", f.Fix}} {
		_, _ = fmt.Fprintf(w, "%s  %s\n", part[0], part[1])
	}
	if f.Prevented {
		_, _ = fmt.Fprintln(w, "      a set-up made by nixwright does not have it")
	}
}
