package plain

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// StepDoc is a step in a JSON document.
type StepDoc struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	Phase    steps.Phase     `json:"phase"`
	Lines    []int           `json:"lines,omitempty"` // of the checklist
	Status   steps.Status    `json:"status"`
	Text     string          `json:"text,omitempty"`
	Hint     string          `json:"hint,omitempty"`
	Changes  []steps.Change  `json:"changes,omitempty"`
	Problems []state.Problem `json:"problems,omitempty"`
	Err      string          `json:"err,omitempty"`
	Cost     state.Cost      `json:"cost,omitzero"`
}

// PlanDoc is what setup would do.
type PlanDoc struct {
	Kind  string     `json:"kind"` // plan
	Steps []StepDoc  `json:"steps"`
	ToDo  int        `json:"to_do"`
	Human state.Cost `json:"human"`
}

// StatusDoc is the checklist with today's truth.
type StatusDoc struct {
	Kind  string    `json:"kind"` // status
	True  int       `json:"true"`
	Total int       `json:"total"`
	Lines []LineDoc `json:"lines"`
	Steps []StepDoc `json:"steps"`
}

// LineDoc is one of the fifteen lines.
type LineDoc struct {
	Number int          `json:"number"`
	Title  string       `json:"title"`
	Step   string       `json:"step"`
	True   bool         `json:"true"`
	Status steps.Status `json:"status"`
}

func stepDoc(row steps.Row) StepDoc {
	d := StepDoc{
		ID: row.Info.ID, Title: row.Info.Title, Phase: row.Info.Phase, Lines: row.Info.Lines,
		Status: row.Status(), Text: row.Finding.Text, Hint: row.Finding.Hint,
		Changes: row.Planned(), Problems: row.Finding.Problems, Cost: row.Cost(),
	}
	if row.Err != nil {
		d.Err = row.Err.Error()
		d.Problems = append(d.Problems, state.AsProblem(row.Err))
	}
	return d
}

// Plan makes the plan's document.
func Plan(r steps.Report) PlanDoc {
	d := PlanDoc{Kind: "plan"}
	for _, row := range r.Rows {
		d.Steps = append(d.Steps, stepDoc(row))
		d.Human = d.Human.Plus(row.Cost())
		if ToDo(row) {
			d.ToDo++
		}
	}
	return d
}

// ToDo says whether setup would work on the row.
func ToDo(row steps.Row) bool {
	return row.Status() == steps.Unknown || row.Status() == steps.Missing || row.Status() == steps.Drifted || row.Status() == steps.Ready && len(row.Finding.Changes) > 0
}

// Status makes the checklist's document.
func Status(r steps.Report) StatusDoc {
	d := StatusDoc{Kind: "status", True: r.TrueLines()}
	for _, row := range r.Rows {
		s := stepDoc(row)
		s.Changes = nil
		d.Steps = append(d.Steps, s)
	}
	for _, l := range r.Lines() {
		d.Lines = append(d.Lines, LineDoc{l.Number, lineTitle(l), l.Row.Info.ID, l.Row.Status().True(), l.Row.Status()})
	}
	d.Total = len(d.Lines)
	return d
}

// lineTitle is the title of the line; a step that holds two lines is the App
// and its key.
func lineTitle(l steps.Line) string {
	if len(l.Row.Info.Lines) > 1 && l.Number != l.Row.Info.Lines[0] {
		return "App private key"
	}
	return l.Row.Info.Title
}

// WriteDocument writes one JSON document.
func WriteDocument(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// planSigns are the first column of the plan.
var planSigns = map[steps.Status]string{
	steps.Missing: "+", steps.Drifted: "~", steps.Ready: "+", steps.Unknown: "+", steps.Blocked: "!", steps.Failed: "x", steps.Waiting: ".",
}

// WritePlan writes the plan as text.
func WritePlan(w io.Writer, r steps.Report, style Style) {
	p := func(format string, a ...any) { _, _ = fmt.Fprintf(w, format+"\n", a...) }
	var todo, ready, notNeeded, later, blocked int
	for _, row := range r.Rows {
		sign := planSigns[row.Status()]
		if row.Cost() != (state.Cost{}) && ToDo(row) {
			if sign = "◆"; style.ASCII {
				sign = "@"
			}
		}
		switch {
		case ToDo(row):
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
		if len(row.Planned()) == 0 && len(row.Finding.Problems) > 0 {
			p("%s %-14s %s", warning(style), row.Info.ID, row.Finding.Text)
		}
		for i, c := range row.Planned() {
			line := strings.TrimSpace(c.Verb + " " + c.What)
			if i == 0 && row.Cost() != (state.Cost{}) {
				line += "  (" + Cost(row.Cost()) + ")"
			}
			p("%s %-14s %s", sign, row.Info.ID, line)
		}
		if row.Err != nil {
			p("%s %-14s %s", sign, row.Info.ID, "could not look")
			writeProblem(p, state.AsProblem(row.Err))
		}
		for _, problem := range row.Finding.Problems {
			writeProblem(p, problem)
		}
		if row.Status() == steps.Waiting && len(row.Planned()) == 0 {
			p("%s %-14s %s", sign, row.Info.ID, strings.Trim(row.Finding.Text+": "+row.Finding.Hint, ": "))
		}
	}
	sum := fmt.Sprintf("%d to do, %d ready, %d not needed", todo, ready, notNeeded)
	if later > 0 {
		sum += fmt.Sprintf(", %d for later", later)
	}
	if blocked > 0 {
		sum += fmt.Sprintf(", %d blocked", blocked)
	}
	p("%s; you: %s", sum, Cost(Plan(r).Human))
}

// warning is the sign of a line with a problem.
func warning(style Style) string {
	if style.ASCII {
		return "!"
	}
	return "▲"
}

func writeProblem(p func(string, ...any), problem state.Problem) {
	for _, l := range problemLines(problem) {
		p("    %s", l)
	}
}

// WriteStatus writes the checklist as text.
func WriteStatus(w io.Writer, r steps.Report) {
	p := func(format string, a ...any) { _, _ = fmt.Fprintf(w, format+"\n", a...) }
	for _, phase := range []steps.Phase{steps.PhaseFirst, steps.PhaseBefore, steps.PhaseNixOS, steps.PhaseRepos, steps.PhaseAfter} {
		rows := statusRows(r, phase)
		n := 0
		for _, l := range rows {
			if l.Row.Status().True() {
				n++
			}
		}
		p("%s: %d of %d", phase, n, len(rows))
		for _, l := range rows {
			p("%s", strings.TrimRight(fmt.Sprintf("[%s] %2s %-10s %-18s %s", tick(l.Row), number(l.Number), l.Row.Status(), lineTitle(l), said(l.Row)), " "))
			if l.Number != 5 {
				for _, problem := range l.Row.Finding.Problems {
					p("     %s", strings.Join(problemLines(problem), "\n     "))
				}
			}
		}
	}
	p("%d of %d lines true", r.TrueLines(), len(r.Lines()))
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

func said(row steps.Row) string {
	switch {
	case row.Err != nil:
		return state.AsProblem(row.Err).What
	case row.Finding.Text != "":
		return row.Finding.Text
	case len(row.Finding.Changes) > 0:
		return "to " + row.Finding.Changes[0].Verb + ": " + row.Finding.Changes[0].What
	}
	return row.Finding.Hint
}

// ErrorDoc is the result of a command that did not come to run.
type ErrorDoc struct {
	Kind     string          `json:"kind"` // result
	Status   steps.Status    `json:"status"`
	Err      string          `json:"err"`
	Problems []state.Problem `json:"problems"`
}

// WriteLine writes one JSON line.
func WriteLine(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}
