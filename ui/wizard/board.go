// Package wizard is the first set-up on the screen. Board is what it shows: the
// checklist as a run tells it, event by event. It holds no secret, since no
// event does, and knows nothing of how it is drawn.
package wizard

import (
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/theme"
)

// keptLog is how many lines of a step's log are kept.
const keptLog = 2000

// Board is the checklist at one moment. It is a value: Take returns another.
type Board struct {
	Lines  []Line
	Asked  []string     // steps whose questions are open, the first one first
	Began  time.Time    // when the run began; zero: none did
	Result *steps.Event // how it ended; nil: it has not
	Human  state.Cost   // what the questions asked that were answered in this run
}

// Line is a step on the checklist.
type Line struct {
	Info     steps.Info
	Status   steps.Status // empty: not looked at yet
	Running  bool
	Started  bool      // in this run: it was taken up
	Since    time.Time // when it came into this status, or was started
	Took     time.Duration
	Text     string // what there is, or what went wrong
	Hint     string
	Planned  []string // what it will do
	Sealed   []string // names of secrets that it sealed
	Problems []state.Problem
	Question *state.Question // that is open
	PutOff   *state.Question // that nobody answered, for now
	Done     int64
	Total    int64 // 0: no progress is told
	Log      []Entry
}

// Entry is a line of a step's log.
type Entry struct {
	At   time.Time
	Text string
}

// NewBoard is the checklist before anything was looked at.
func NewBoard(infos []steps.Info) Board {
	b := Board{Lines: make([]Line, len(infos))}
	for i, info := range infos {
		b.Lines[i].Info = info
	}
	return b
}

// Take is the board after an event.
func (b Board) Take(e steps.Event) Board {
	if e.Kind == steps.KindRun {
		return b.begin(e)
	}
	if e.Kind == steps.KindResult {
		return b.end(e)
	}
	i := slices.IndexFunc(b.Lines, func(l Line) bool { return l.Info.ID == e.Step })
	if i < 0 {
		return b
	}
	if q := b.Lines[i].Question; q != nil && e.Kind == steps.KindAnswer {
		b.Human = b.Human.Plus(q.Cost)
	}
	b.Lines = slices.Clone(b.Lines)
	b.Lines[i] = b.Lines[i].take(e)
	if open := b.Lines[i].Question != nil; open != slices.Contains(b.Asked, e.Step) {
		if open {
			b.Asked = append(slices.Clone(b.Asked), e.Step)
		} else {
			b.Asked = slices.DeleteFunc(slices.Clone(b.Asked), func(id string) bool { return id == e.Step })
		}
	}
	return b
}

// begin is the board when a run begins: what was planned is told anew.
func (b Board) begin(e steps.Event) Board {
	b.Began, b.Result, b.Asked, b.Human = e.At, nil, nil, state.Cost{}
	b.Lines = slices.Clone(b.Lines)
	for i := range b.Lines {
		l := &b.Lines[i]
		l.Planned, l.Question, l.PutOff, l.Running, l.Started = nil, nil, nil, false, false
	}
	return b
}

// end is the board when a run ended: nothing is at work or asked any more.
func (b Board) end(e steps.Event) Board {
	b.Result, b.Asked = &e, nil
	b.Lines = slices.Clone(b.Lines)
	for i := range b.Lines {
		l := &b.Lines[i]
		l.Running = false
		if l.Question != nil {
			l.Question, l.PutOff = nil, l.Question
		}
	}
	return b
}

// take is the line after an event of its step.
func (l Line) take(e steps.Event) Line {
	switch e.Kind {
	case steps.KindStart:
		l.Running, l.Started, l.Since, l.Done, l.Total, l.PutOff = true, true, e.At, 0, 0, nil
	case steps.KindStep:
		l = l.found(e)
	case steps.KindChange:
		l.Planned = append(slices.Clone(l.Planned), e.Text)
	case steps.KindProgress:
		l.Done, l.Total = e.Done, e.Total
	case steps.KindQuestion:
		l.Question, l.Since = e.Question, e.At
	case steps.KindAnswer:
		l.Question = nil
	case steps.KindSealed:
		l.Sealed = append(slices.Clone(l.Sealed), e.Text)
		l = l.logged(e.At, "sealed "+e.Text)
	case steps.KindLog:
		if e.Problem == nil {
			return l.logged(e.At, e.Text)
		}
		l = l.wrong(*e.Problem)
	case steps.KindRun, steps.KindResult:
	}
	return l
}

// found is the line after its step was looked at.
func (l Line) found(e steps.Event) Line {
	if e.Status != l.Status || l.Running {
		l.Since = e.At
	}
	l.Status, l.Text, l.Hint = e.Status, e.Text, e.Hint
	l.Running, l.Took = false, time.Duration(e.TookMS)*time.Millisecond
	if l.Total > 0 && e.Status.True() {
		l.Done = l.Total
	}
	l.Question, l.PutOff = nil, e.Question
	l.Problems = nil
	if e.Problem != nil {
		l = l.wrong(*e.Problem)
	}
	if e.Text != "" {
		l = l.logged(e.At, string(e.Status)+": "+e.Text)
	}
	return l
}

// wrong notes a problem, once.
func (l Line) wrong(p state.Problem) Line {
	if !slices.ContainsFunc(l.Problems, func(o state.Problem) bool { return o.What == p.What }) {
		l.Problems = append(slices.Clone(l.Problems), p)
	}
	return l
}

// logged adds to the log; what was said just now is not said again.
func (l Line) logged(at time.Time, text string) Line {
	if n := len(l.Log); n > 0 && l.Log[n-1].Text == text {
		return l
	}
	from := max(0, len(l.Log)+1-keptLog)
	l.Log = append(slices.Clone(l.Log[from:]), Entry{At: at, Text: text})
	return l
}

// Word is the line's status as the screen says it; empty: not looked at yet.
func (l Line) Word() string {
	switch {
	case l.Question != nil:
		return theme.WordYou
	case l.Running:
		return theme.WordRunning
	case l.PutOff != nil:
		return theme.WordSkipped
	}
	return string(l.Status)
}

// Group is a phase of the checklist.
type Group struct {
	Phase steps.Phase
	Lines []Line
}

// True counts the lines of the group that are true.
func (g Group) True() (n int) {
	for _, l := range g.Lines {
		if l.Status.True() {
			n++
		}
	}
	return n
}

// Groups are the lines by phase, in the checklist's order.
func (b Board) Groups() []Group {
	var out []Group
	for _, l := range b.Lines {
		if n := len(out); n == 0 || out[n-1].Phase != l.Info.Phase {
			out = append(out, Group{Phase: l.Info.Phase})
		}
		out[len(out)-1].Lines = append(out[len(out)-1].Lines, l)
	}
	return out
}

// True counts the lines that are true.
func (b Board) True() (n int) {
	for _, l := range b.Lines {
		if l.Status.True() {
			n++
		}
	}
	return n
}

// Looked counts the lines that were looked at.
func (b Board) Looked() (n int) {
	for _, l := range b.Lines {
		if l.Status != "" {
			n++
		}
	}
	return n
}

// Wrong counts the lines that are blocked or failed.
func (b Board) Wrong() (n int) {
	for _, l := range b.Lines {
		if l.stuck() {
			n++
		}
	}
	return n
}

// FirstWrong is the first of them; empty: there is none.
func (b Board) FirstWrong() string {
	if i := slices.IndexFunc(b.Lines, Line.stuck); i >= 0 {
		return b.Lines[i].Info.ID
	}
	return ""
}

// Behind are the lines that cannot become true without a step, in order: they
// need what it gives, or what one of them gives.
func (b Board) Behind(id string) []Line {
	var lacking []state.Ref
	for _, l := range b.Lines {
		if l.Info.ID == id {
			lacking = append(lacking, l.Info.Gives...)
		}
	}
	behind := map[string]bool{id: true}
	for again := true; again; {
		again = false
		for _, l := range b.Lines {
			needs := slices.Concat(l.Info.Needs, l.Info.After)
			if behind[l.Info.ID] || l.Status.True() || !slices.ContainsFunc(needs, func(r state.Ref) bool { return slices.Contains(lacking, r) }) {
				continue
			}
			behind[l.Info.ID], again = true, true
			lacking = append(lacking, l.Info.Gives...)
		}
	}
	return slices.DeleteFunc(slices.Clone(b.Lines), func(l Line) bool { return l.Info.ID == id || !behind[l.Info.ID] })
}

// Line finds a step's line.
func (b Board) Line(id string) (Line, bool) {
	i := slices.IndexFunc(b.Lines, func(l Line) bool { return l.Info.ID == id })
	if i < 0 {
		return Line{}, false
	}
	return b.Lines[i], true
}
