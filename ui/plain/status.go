package plain

import (
	"fmt"
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// phases are the headings of the checklist, in its order.
var phases = []steps.Phase{steps.PhaseFirst, steps.PhaseBefore, steps.PhaseNixOS, steps.PhaseRepos, steps.PhaseAfter}

// statusBelow is where a line of the checklist continues.
const statusBelow = "     "

// WriteStatus writes the checklist as text.
func WriteStatus(w io.Writer, r steps.Report) {
	for _, phase := range phases {
		rows := statusRows(r, phase)
		n := 0
		for _, l := range rows {
			if l.Row.Status().True() {
				n++
			}
		}
		_, _ = fmt.Fprintf(w, "%s: %d of %d\n", phase, n, len(rows))
		for _, l := range rows {
			writeStatusLine(w, l)
		}
	}
	_, _ = fmt.Fprintf(w, "%d of %d lines true\n", r.TrueLines(), len(r.Lines()))
}

func writeStatusLine(w io.Writer, l steps.Line) {
	said, then := lineText(l)
	start := fmt.Sprintf("[%s] %2s %-10s %-18s ", tick(l.Row), number(l.Number), l.Row.Status(), lineTitle(l))
	_, _ = fmt.Fprintln(w, joined(start, said, then, statusBelow))
	if second(l) {
		return // its step's problems stand at the first line
	}
	if l.Row.Err != nil {
		writeProblem(w, statusBelow, state.AsProblem(l.Row.Err), said)
	}
	for _, problem := range l.Row.Finding.Problems {
		writeProblem(w, statusBelow, problem, said)
	}
}

// WriteMarkdown writes the checklist for a note or an issue.
func WriteMarkdown(w io.Writer, r steps.Report) {
	for _, phase := range []steps.Phase{steps.PhaseBefore, steps.PhaseAfter} {
		_, _ = fmt.Fprintf(w, "### %s\n\n", phase)
		for _, l := range statusRows(r, phase) {
			_, _ = fmt.Fprintf(w, "- [%s] %s. %s (%s)\n", tick(l.Row), number(l.Number), lineTitle(l), l.Row.Status())
		}
		_, _ = fmt.Fprintln(w)
	}
}

// statusRows are the lines of a phase; a step without a line counts as one.
func statusRows(r steps.Report, phase steps.Phase) []steps.Line {
	var out []steps.Line
	for _, row := range r.Rows {
		if row.Info.Phase != phase {
			continue
		}
		for _, n := range row.Info.Lines {
			out = append(out, steps.Line{Number: n, Row: row})
		}
		if len(row.Info.Lines) == 0 {
			out = append(out, steps.Line{Row: row})
		}
	}
	return out
}

// second says whether the line is the second of a step that holds two: the
// App's, whose second is its private key.
func second(l steps.Line) bool {
	return len(l.Row.Info.Lines) > 1 && l.Number != l.Row.Info.Lines[0]
}

// lineTitle is the title of the line.
func lineTitle(l steps.Line) string {
	if second(l) {
		return "App private key"
	}
	return l.Row.Info.Title
}

// lineText is what is there, or what is still to be done, and for a line that
// waits how it goes on.
func lineText(l steps.Line) (said, then string) {
	f := l.Row.Finding
	switch {
	case l.Row.Err != nil:
		return state.AsProblem(l.Row.Err).What, ""
	case second(l) && f.Status == steps.Ready:
		return "fits the App", ""
	case f.Text != "" && f.Status == steps.Waiting:
		return f.Text, f.Hint
	case f.Text != "":
		return f.Text, ""
	case len(f.Changes) > 0:
		c := f.Changes[0]
		if second(l) {
			c = f.Changes[len(f.Changes)-1]
		}
		return "to do: " + strings.TrimSpace(c.Verb+" "+c.What), ""
	}
	return f.Hint, ""
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func tick(row steps.Row) string {
	if row.Status().True() {
		return "x"
	}
	return " "
}
