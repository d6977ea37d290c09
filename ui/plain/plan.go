package plain

import (
	"fmt"
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// planBelow is where a row of the plan continues.
const planBelow = "                 "

// WritePlan writes the plan as text: a row per change, and the count.
func WritePlan(w io.Writer, r steps.Report, style Style) {
	for _, row := range r.Rows {
		writePlanRow(w, row, style)
	}
	_, _ = fmt.Fprintf(w, "%s; you: %s\n", planCount(r), Cost(Plan(r).Human))
}

// writePlanRow writes what setup will do for a step, or why it cannot. Of a
// step that is true and stays so, only its problems are shown.
func writePlanRow(w io.Writer, row steps.Row, style Style) {
	planned := row.Planned()
	for i, c := range planned {
		line := strings.TrimSpace(c.Verb + " " + c.What)
		switch {
		case i == 0 && row.Cost() != (state.Cost{}):
			line += "  (" + Cost(row.Cost()) + ")"
		case row.Status() == steps.Waiting && row.Info.Until != "":
			line += "  (" + row.Info.Until + ")"
		}
		writePlanLine(w, planSign(row, i, style), row, line, "")
	}
	said := ""
	switch {
	case row.Err != nil:
		writePlanLine(w, style.glyph(string(steps.Failed)), row, "could not look", "")
		writeProblem(w, planBelow, state.AsProblem(row.Err), "")
	case row.Status() == steps.Waiting && len(planned) == 0:
		writePlanLine(w, style.glyph(string(steps.Waiting)), row, row.Finding.Text, row.Finding.Hint)
	case len(row.Finding.Problems) > 0 && len(planned) == 0:
		said = row.Finding.Text
		writePlanLine(w, style.glyph(string(steps.Blocked)), row, said, "")
	}
	for _, problem := range row.Finding.Problems {
		writeProblem(w, planBelow, problem, said)
	}
}

func writePlanLine(w io.Writer, sign string, row steps.Row, first, second string) {
	_, _ = fmt.Fprintln(w, joined(fmt.Sprintf("%s %-14s ", sign, row.Info.ID), first, second, planBelow))
}

// planSign is the first column: + for what is made, ~ for what is mended, the
// glyphs of the statuses for the rest. The row that asks for a person is its
// step's first.
func planSign(row steps.Row, i int, style Style) string {
	switch {
	case i == 0 && row.Cost() != (state.Cost{}):
		return style.glyph(you)
	case row.Status() == steps.Drifted:
		return "~"
	case Undone(row):
		return "+"
	}
	return style.glyph(string(row.Status()))
}

// planCount counts the steps: "7 to do, 9 ready, 0 not needed, 5 for later".
func planCount(r steps.Report) string {
	var todo, ready, notNeeded, later, blocked int
	for _, row := range r.Rows {
		switch {
		case Undone(row):
			todo++
		case row.Status() == steps.Ready:
			ready++
		case row.Status() == steps.NotNeeded:
			notNeeded++
		case row.Status() == steps.Waiting:
			later++
		default:
			blocked++
		}
	}
	sum := fmt.Sprintf("%d to do, %d ready, %d not needed", todo, ready, notNeeded)
	if later > 0 {
		sum += fmt.Sprintf(", %d for later", later)
	}
	if blocked > 0 {
		sum += fmt.Sprintf(", %d blocked", blocked)
	}
	return sum
}
