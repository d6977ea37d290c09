package plain

import (
	"encoding/json"
	"io"

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

// Step makes a step's part of the documents.
func Step(row steps.Row) StepDoc {
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
		d.Steps = append(d.Steps, Step(row))
		d.Human = d.Human.Plus(row.Cost())
		if Undone(row) {
			d.ToDo++
		}
	}
	return d
}

// Undone says whether setup would work on the row.
func Undone(row steps.Row) bool {
	switch row.Status() {
	case steps.Unknown, steps.Missing, steps.Drifted:
		return true
	case steps.Ready: // notes of our own to seal
		return len(row.Finding.Changes) > 0
	case steps.Blocked, steps.Waiting, steps.NotNeeded, steps.Failed:
	}
	return false
}

// Status makes the checklist's document.
func Status(r steps.Report) StatusDoc {
	d := StatusDoc{Kind: "status", True: r.TrueLines()}
	for _, row := range r.Rows {
		s := Step(row)
		s.Changes = nil
		d.Steps = append(d.Steps, s)
	}
	for _, l := range r.Lines() {
		d.Lines = append(d.Lines, LineDoc{l.Number, lineTitle(l), l.Row.Info.ID, l.Row.Status().True(), l.Row.Status()})
	}
	d.Total = len(d.Lines)
	return d
}

// WriteDocument writes one JSON document.
func WriteDocument(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
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
