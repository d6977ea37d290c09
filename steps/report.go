package steps

import (
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// Report is what a run knows at its end.
type Report struct {
	Rows  []Row
	Facts state.Facts
	Human state.Cost // what was asked of a person in this run

	Only        []string // the steps that the run was about; none: all
	Interrupted bool
}

// Row finds a step's row.
func (r Report) Row(id string) (Row, bool) {
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Info.ID == id })
	if i < 0 {
		return Row{}, false
	}
	return r.Rows[i], true
}

// Planned is what Apply will do as far as it can be told: the step's changes,
// or, where it cannot look yet, its one sentence.
func (r Row) Planned() []Change {
	switch {
	case len(r.Finding.Changes) > 0:
		return r.Finding.Changes
	case r.Status() == Unknown, r.Status() == Waiting && r.Finding.Hint == r.Info.Until && r.Info.Until != "":
		return []Change{{What: r.Info.Does}}
	}
	return nil
}

// Cost is what the step still asks of a person.
func (r Row) Cost() state.Cost {
	if r.Status() == Unknown {
		return r.Info.Cost
	}
	return r.Finding.Cost
}

// ForPerson says whether only a person can go on.
func (r Row) ForPerson() bool { return r.Status() == Blocked || r.Question != nil }

// Outcome is a run in a word and a sentence.
type Outcome struct {
	Status                                            Status // ready, waiting, blocked, failed
	Done, Failed, ForPerson, ForWorld, Later, Unknown int
	Text, Err                                         string
}

// Outcome counts the rows. Later are lines that nothing in this run can bring
// about: a deployment, a first build, a merge.
func (r Report) Outcome() Outcome {
	var o Outcome
	for _, row := range r.Rows {
		if len(r.Only) > 0 && !slices.Contains(r.Only, row.Info.ID) {
			continue
		}
		switch {
		case row.Status() == Failed:
			o.Failed++
		case row.ForPerson():
			o.ForPerson++
		case row.Status() == Unknown || row.Finding.applies():
			o.Unknown++
		case row.Status() == Waiting && row.Finding.Again > 0:
			o.ForWorld++
		case row.Status() == Waiting:
			o.Later++
		default:
			o.Done++
		}
	}
	switch {
	case r.Interrupted:
		o.Status, o.Err = Waiting, "interrupted"
	case o.Failed > 0:
		o.Status, o.Err = Failed, plural(o.Failed, "step")+" failed"
	case o.ForPerson > 0:
		o.Status, o.Err = Blocked, waits(o.ForPerson)+" for you"
	case o.ForWorld > 0:
		o.Status, o.Err = Waiting, waits(o.ForWorld)+" longer than the limit for the world"
	case o.Unknown > 0:
		o.Status, o.Err = Blocked, plural(o.Unknown, "step")+" left out"
	default:
		o.Status = Ready
	}
	o.Text = fmt.Sprintf("%d ready", o.Done)
	if o.Unknown > 0 {
		o.Text += fmt.Sprintf(", %d left for others", o.Unknown)
	}
	if o.Later > 0 {
		o.Text += fmt.Sprintf(", %d later", o.Later)
	}
	return o
}

func waits(n int) string {
	if n == 1 {
		return "1 step waits"
	}
	return fmt.Sprintf("%d steps wait", n)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Line is one of the fifteen lines of the checklist.
type Line struct {
	Number int
	Row    Row
}

// Lines are the checklist's lines by number; a step may hold two.
func (r Report) Lines() []Line {
	var out []Line
	for _, row := range r.Rows {
		for _, n := range row.Info.Lines {
			out = append(out, Line{n, row})
		}
	}
	slices.SortFunc(out, func(a, b Line) int { return a.Number - b.Number })
	return out
}

// TrueLines counts the lines that are true.
func (r Report) TrueLines() (n int) {
	for _, l := range r.Lines() {
		if l.Row.Status().True() {
			n++
		}
	}
	return n
}
