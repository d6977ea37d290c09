package cli

import (
	"context"
	"time"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// checklist is the source of the fifteen lines: every step looks, as for
// status, when the console comes up, once an hour, and when it is asked to.
type checklist struct {
	station *station
	wanted  chan chan error
}

// looksEvery is how old the checklist gets: one look costs GitHub about a
// dozen requests.
const looksEvery = time.Hour

func newChecklist(s *station) *checklist { return &checklist{s, make(chan chan error)} }

// Name implements live.Source.
func (*checklist) Name() string { return "checklist" }

// Watch implements live.Source.
func (l *checklist) Watch(ctx context.Context, emit func(live.Update)) error {
	for {
		if err := l.look(ctx, emit); err != nil {
			return err
		}
		pause, stop := context.WithTimeout(ctx, looksEvery)
		var asked chan error
		select {
		case asked = <-l.wanted:
		case <-pause.Done():
		}
		stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if asked != nil {
			asked <- l.look(ctx, emit)
		}
	}
}

// again looks at once; it returns when the look is over.
func (l *checklist) again(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case l.wanted <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *checklist) look(ctx context.Context, emit func(live.Update)) error {
	r, err := l.station.c.lookAt(ctx, l.station.l, false, l.station.Station)
	if err != nil {
		return err
	}
	emit(live.Update{News: live.Tell[live.Checklist]{Value: checklistOf(r)}})
	return nil
}

// checklistOf is a report as the fifteen lines, and after them the findings of
// the steps that are none of them.
func checklistOf(r steps.Report) live.Checklist {
	var out live.Checklist
	for _, line := range plain.Status(r).Lines {
		one := live.Line{Number: line.Number, Step: line.Step, Title: line.Title, Status: string(line.Status)}
		if row, found := r.Row(line.Step); found {
			doc := plain.Step(row)
			one.Text, one.Problems = doc.Text, doc.Problems
		}
		out = append(out, one)
	}
	for _, row := range r.Rows {
		if doc := plain.Step(row); len(row.Info.Lines) == 0 && len(doc.Problems) > 0 {
			out = append(out, live.Line{Step: doc.ID, Title: doc.Title, Status: string(doc.Status), Text: doc.Text, Problems: doc.Problems})
		}
	}
	return out
}
