// Package stepstest is the harness that every step uses: a tiny step over a
// tiny world, a clock that does not wait, and the power cut: a run that stops
// at every write in turn and is run again.
package stepstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// ErrCut is what everything answers once the power is off.
var ErrCut = errors.New("the power is off")

// Power counts writes and goes off at one of them.
type Power struct {
	mu    sync.Mutex
	n     int
	at    int  // the write at which it goes off; 0: never
	after bool // the write has its effect, its reply is lost
	off   bool
}

// Write carries out a write, unless the power is off or goes off with it.
func (p *Power) Write(effect func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off {
		return ErrCut
	}
	p.n++
	if p.n == p.at && !p.after {
		p.off = true
		return ErrCut
	}
	err := effect()
	if p.n == p.at {
		p.off = true
		return ErrCut
	}
	return err
}

// Read says whether there is power to look.
func (p *Power) Read() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off {
		return ErrCut
	}
	return nil
}

// PowerCut runs the story to its end once to count its writes; then, for each
// write, before and after its effect, a new story is cut there, run again with
// the power on, and judged.
func PowerCut(t *testing.T, story func(t *testing.T) (run func(*Power) steps.Report, judge func(t *testing.T, r steps.Report))) {
	t.Helper()
	whole := &Power{}
	run, judge := story(t)
	judge(t, run(whole))
	if whole.n == 0 {
		t.Fatal("the story writes nothing: there is nothing to cut")
	}
	for at := 1; at <= whole.n; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d after=%v", at, after), func(t *testing.T) {
				run, judge := story(t)
				run(&Power{at: at, after: after})
				judge(t, run(&Power{}))
			})
		}
	}
}

// Clock is a clock that moves by what is slept, and never waits.
func Clock() steps.Clock {
	var mu sync.Mutex
	now := time.Date(2026, 8, 24, 12, 0, 0, 0, time.UTC)
	return steps.Clock{
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
			return ctx.Err()
		},
	}
}

// World is a set of things that are there.
type World struct {
	mu     sync.Mutex
	things map[string]int
}

// NewWorld has nothing in it.
func NewWorld() *World { return &World{things: map[string]int{}} }

// Count is how many of the thing were made.
func (w *World) Count(thing string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.things[thing]
}

// Make makes one more.
func (w *World) Make(thing string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.things[thing]++
	return nil
}

// Thing is a step that makes one thing of its name in a world. Its fields may
// be replaced by what a test needs.
type Thing struct {
	Is     steps.Info
	World  *World
	Power  *Power
	Look   func(ctx context.Context, in state.Facts) (steps.Finding, error)              // nil: is it there
	Do     func(ctx context.Context, in state.Facts, f steps.Finding, o steps.Out) error // nil: make it
	Looked int
}

// Info implements steps.Step.
func (s *Thing) Info() steps.Info { return s.Is }

// Detect implements steps.Step.
func (s *Thing) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	if err := s.Power.Read(); err != nil {
		return steps.Finding{}, err
	}
	s.Looked++
	if s.Look != nil {
		return s.Look(ctx, in)
	}
	if s.World.Count(s.Is.ID) > 0 {
		return steps.Finding{Status: steps.Ready}, nil
	}
	return steps.Finding{Status: steps.Missing, Changes: steps.Changes("make", s.Is.ID)}, nil
}

// Apply implements steps.Step.
func (s *Thing) Apply(ctx context.Context, in state.Facts, f steps.Finding, o steps.Out) error {
	if s.Do != nil {
		return s.Do(ctx, in, f, o)
	}
	return s.Power.Write(func() error { return s.World.Make(s.Is.ID) })
}
