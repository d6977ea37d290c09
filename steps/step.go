// Package steps is what can be done: the contract of a step (Detect, Apply),
// the graph that its needs and gives span, the engine that looks at the world,
// mends what is missing and looks again, and the events that tell of it.
//
// Plan, verify, resume and drift are all derived from Detect. The engine
// remembers nothing between runs: every run starts with no facts and learns
// them again. It imports only state.
package steps

import (
	"context"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Status is what is true of a step.
type Status string

// The statuses. Unknown and Failed are set by the engine alone.
const (
	Ready     Status = "ready"      // looked at, and so
	Missing   Status = "missing"    // Apply makes it
	Drifted   Status = "drifted"    // there, different, and Apply mends it
	Blocked   Status = "blocked"    // only a person can go on; the hint says how
	Waiting   Status = "waiting"    // asked for; the world or a person is not done
	Unknown   Status = "unknown"    // what it needs is not known yet
	NotNeeded Status = "not-needed" // counts as true
	Failed    Status = "failed"     // Detect or Apply returned an error
)

// True says whether the status counts as true on the checklist.
func (s Status) True() bool { return s == Ready || s == NotNeeded }

// Phase groups the steps as the checklist does.
type Phase string

// The phases, in the order in which they are shown.
const (
	PhaseFirst  Phase = "First"
	PhaseBefore Phase = "Before deployment"
	PhaseNixOS  Phase = "NixOS"
	PhaseRepos  Phase = "Repositories"
	PhaseAfter  Phase = "After deployment"
)

// Info is what a step says of itself; it looks at nothing.
type Info struct {
	ID    string
	Title string
	Phase Phase
	Lines []int  // of Appendix B; none for the steps around it
	Does  string // one sentence: what Apply does, shown where Detect cannot look yet

	Needs []state.Ref // Detect cannot look without these
	After []state.Ref // Apply may not begin before these are given
	Gives []state.Ref // facts and secrets; no two steps give the same

	// Cost is what the step asks of a person at most, for a plan that cannot
	// look yet.
	Cost state.Cost
	// Until is said while the first of Needs is not given: such a step is
	// waiting for the world ("not deployed"), not unknown.
	Until string
	// Limit is how long waiting for the world is polled; 0: 10 minutes.
	Limit time.Duration
}

// Step is one line of work. Its author writes two methods.
type Step interface {
	Info() Info
	// Detect looks and never writes. An error means that it could not look.
	Detect(ctx context.Context, in state.Facts) (Finding, error)
	// Apply makes what Detect found missing or drifted. It is followed by
	// another Detect, which must find it ready or waiting.
	Apply(ctx context.Context, in state.Facts, f Finding, out Out) error
}

// Prober is a step that can exercise its thing, not only look at it. Probe
// runs once after an Apply that changed something, never in plan or status.
type Prober interface {
	Probe(ctx context.Context, in state.Facts, out Out) error
}

// Finding is what Detect saw.
type Finding struct {
	Status   Status
	Text     string          // what is there, in a few words: "phlip9-nix-cache in weur"
	Changes  []Change        // what Apply will do; on a ready step: notes of our own to seal
	Problems []state.Problem // on a ready step: a difference that no API can mend
	Hint     string          // blocked, waiting: how it goes on
	Facts    state.Facts     // among Info.Gives
	Cost     state.Cost      // what Apply asks of a person
	Again    time.Duration   // waiting: the longest pause before looking again; 0: not in this run
}

// applies says whether Apply has something to do.
func (f Finding) applies() bool {
	return f.Status == Missing || f.Status == Drifted || f.Status == Ready && len(f.Changes) > 0
}

// Change is one row of the plan.
type Change struct {
	Verb string `json:"verb"` // create, add, seal, write, run, ...
	What string `json:"what"` // the thing, in the world's words
}

// Changes makes a finding's changes of verb and thing pairs.
func Changes(pairs ...string) []Change {
	var out []Change
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Change{Verb: pairs[i], What: pairs[i+1]})
	}
	return out
}

// Out is how a running step speaks; it never prints.
type Out interface {
	Logf(format string, a ...any)
	Progress(done, total int64)
	// Ask gives the apply slot back while it waits; state.ErrNoAnswer where
	// nobody answered within what this run waits for people.
	Ask(ctx context.Context, q state.Question) (state.Answer, error)
	// Keep seals every value of one reply in one write that is durable before
	// it returns. It is the line after a secret is born.
	Keep(ctx context.Context, all ...state.Sealed) error
}

// OnceLimit is how long a one-time call and its Keep may take once begun.
const OnceLimit = 30 * time.Second

// Once is the context of a one-time call and its Keep: an interrupt does not
// cut it, a limit does.
func Once(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), OnceLimit)
}

// Clock is time as a value.
type Clock struct {
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// RealClock is the machine's.
func RealClock() Clock {
	return Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}
