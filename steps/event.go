package steps

import (
	"time"

	"github.com/nixwright/nixwright/state"
)

// EventKind is what an event tells.
type EventKind string

// The kinds of events.
const (
	KindRun      EventKind = "run"      // a run begins
	KindStart    EventKind = "start"    // a step is taken up: it looks again, or does what was planned
	KindStep     EventKind = "step"     // a step's status
	KindChange   EventKind = "change"   // a row of the plan
	KindLog      EventKind = "log"      // a step says something
	KindProgress EventKind = "progress" // done of total
	KindQuestion EventKind = "question" // a person is asked
	KindAnswer   EventKind = "answer"   // where an answer came from, never which
	KindSealed   EventKind = "sealed"   // the name of a secret that was sealed
	KindResult   EventKind = "result"   // the run ends
)

// Event is one thing that happened: flat, stamped once, the same for the
// screen, text, JSON and the journal. It holds no secret.
type Event struct {
	Seq      int             `json:"seq"`
	At       time.Time       `json:"at"`
	Run      string          `json:"run"`
	Step     string          `json:"step,omitempty"`
	Kind     EventKind       `json:"kind"`
	Status   Status          `json:"status,omitempty"`
	Text     string          `json:"text,omitempty"`
	Done     int64           `json:"done,omitempty"`
	Total    int64           `json:"total,omitempty"`
	TookMS   int64           `json:"took_ms,omitempty"`
	Err      string          `json:"err,omitempty"`
	Hint     string          `json:"hint,omitempty"`
	URL      string          `json:"url,omitempty"`
	Problem  *state.Problem  `json:"problem,omitempty"`
	Question *state.Question `json:"question,omitempty"`
	Human    *state.Cost     `json:"human,omitempty"` // result: what was asked of a person
}

// Durable says whether the journal must have it on disk before the run goes on.
func (e Event) Durable() bool {
	return e.Kind == KindRun || e.Kind == KindStep || e.Kind == KindSealed || e.Kind == KindResult
}

// Sink takes events; it has no power over the run.
type Sink func(Event)
