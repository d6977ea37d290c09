package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
)

// atOnce is how many Detects run at the same time: as many as become possible
// at once in the whole checklist, so that none waits a round trip for a slot.
const atOnce = 12

// Keeper seals values durably: all of them in one write, or none.
type Keeper func(ctx context.Context, all ...state.Sealed) error

// Given gets an answer that is there already: a flag, the environment, the
// file. state.ErrNoAnswer: there is none; it may come with a state.Problem
// that says why one that is there does not fit.
type Given func(q state.Question) (state.Answer, error)

// Asker gets an answer from a person, in time. state.ErrNoAnswer: nobody
// answered.
type Asker func(ctx context.Context, q state.Question) (state.Answer, error)

// Engine looks at the world through its steps and mends what is missing.
type Engine struct {
	Keep  Keeper
	Given Given
	Ask   Asker
	Emit  Sink
	Clock Clock
	Run   string   // the run's name, on every event
	Only  []string // apply no other steps than these; none: all
	// Patience is how long Setup stays for a step that is blocked or failed
	// once it is told: a blocked one is looked at every LookAgain, and goes on
	// where a person has mended it. 0: not at all.
	Patience time.Duration

	list []Step
	g    *graph
	mu   sync.Mutex // events, facts, human
	seq  int
	cost state.Cost

	pauses pauses
}

// New makes an engine of the steps in list order, which is the order of the
// checklist; the order of work comes from needs and gives. Keep, Given,
// Ask and Emit may be set afterwards; without them a step can seal and ask
// nothing.
func New(list []Step, clock Clock) (*Engine, error) {
	g, err := newGraph(list)
	if err != nil {
		return nil, err
	}
	return &Engine{
		list: list, g: g, Clock: clock,
		Keep:  func(context.Context, ...state.Sealed) error { return errors.New("seal: this run seals nothing") },
		Given: func(state.Question) (state.Answer, error) { return state.Answer{}, state.ErrNoAnswer },
		Ask:   func(context.Context, state.Question) (state.Answer, error) { return state.Answer{}, state.ErrNoAnswer },
		Emit:  func(Event) {},
	}, nil
}

// Row is one step with what is true of it.
type Row struct {
	Info     Info
	Finding  Finding
	Err      error
	Question *state.Question // a person is waited for
	Changed  bool            // Apply did something in this run
	Took     time.Duration   // of Apply and its waits

	before Status // what Detect found before Apply or Probe was refused
}

// Status is the finding's.
func (r Row) Status() Status { return r.Finding.Status }

// failed is the row of a step that returned an error: blocked where the error
// is a state.Problem, since a person can mend that; else failed.
func (r Row) failed(err error) Row {
	err = state.Explain(err)
	r.before, r.Finding.Status, r.Finding.Again = r.Finding.Status, Failed, 0
	if p, ok := errors.AsType[state.Problem](err); ok {
		r.Finding.Status = Blocked
		r.Finding.Problems = append(slices.Clip(r.Finding.Problems), p)
		return r
	}
	r.Err = err
	return r
}

// wanted says whether this run may apply the step.
func (e *Engine) wanted(id string) bool { return len(e.Only) == 0 || slices.Contains(e.Only, id) }

// Infos are the steps in list order.
func (e *Engine) Infos() []Info { return slices.Clone(e.g.infos) }

// Look asks every step what is true and changes nothing: at most twelve at
// once, each as soon as its needs are given, its events in list order.
func (e *Engine) Look(ctx context.Context) Report {
	rows, facts := e.look(ctx)
	return Report{Rows: rows, Facts: facts}
}

// Plan is a Look that also tells what Setup would do.
func (e *Engine) Plan(ctx context.Context) Report {
	r := e.Look(ctx)
	e.tellPlan(r.Rows)
	return r
}

// tellPlan tells what Apply will do for each step that this run may apply.
func (e *Engine) tellPlan(rows []Row) {
	for _, row := range rows {
		if !e.wanted(row.Info.ID) {
			continue
		}
		for _, c := range row.Planned() {
			e.emit(Event{Step: row.Info.ID, Kind: KindChange, Status: row.Status(), Text: strings.TrimSpace(c.Verb + " " + c.What)})
		}
	}
}

func (e *Engine) look(ctx context.Context) ([]Row, state.Facts) {
	n := len(e.list)
	rows := make([]Row, n)
	var facts state.Facts
	done := make([]chan struct{}, n)
	for i := range done {
		done[i] = make(chan struct{})
	}
	slots := make(chan struct{}, atOnce)
	for i := range e.list {
		go func() {
			defer close(done[i])
			for _, j := range e.g.needs[i] {
				<-done[j]
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			e.mu.Lock()
			in, missing := facts, e.unknown(i, facts, rows)
			e.mu.Unlock()
			row := e.detect(ctx, i, in, missing)
			e.mu.Lock()
			rows[i] = row
			facts = facts.Merge(row.Finding.Facts)
			e.mu.Unlock()
		}()
	}
	for i := range done {
		<-done[i]
		e.emitRow(rows[i])
	}
	return rows, facts
}

// unknown are the needs that nobody has given: no fact of that name is known,
// and their giver's line is not true. Callers hold the lock.
func (e *Engine) unknown(i int, facts state.Facts, rows []Row) []state.Ref {
	return keep(e.g.infos[i].Needs, func(r state.Ref) bool {
		return !facts.Has(r) && !rows[e.g.giver[r]].Status().True()
	})
}

// unmade are the refs before Apply whose giver's line is not true. Callers
// hold the lock.
func (e *Engine) unmade(i int, rows []Row) []state.Ref {
	return keep(e.g.infos[i].After, func(r state.Ref) bool { return !rows[e.g.giver[r]].Status().True() })
}

func keep(refs []state.Ref, wanted func(state.Ref) bool) []state.Ref {
	var out []state.Ref
	for _, r := range refs {
		if wanted(r) {
			out = append(out, r)
		}
	}
	return out
}

// detect asks one step. A step whose needs are missing is unknown, or waiting
// where it says what for the first of them.
func (e *Engine) detect(ctx context.Context, i int, in state.Facts, missing []state.Ref) Row {
	row := Row{Info: e.g.infos[i]}
	if len(missing) > 0 {
		row.Finding = Finding{Status: Unknown, Hint: e.waitsFor(missing)}
		if row.Info.Until != "" && missing[0] == row.Info.Needs[0] {
			row.Finding = Finding{Status: Waiting, Hint: row.Info.Until}
		}
		return row
	}
	f, err := e.list[i].Detect(ctx, in)
	if err == nil {
		err = e.checkGives(row.Info, f)
	}
	if row.Finding = f; err != nil {
		return row.failed(err)
	}
	return row
}

func (e *Engine) checkGives(info Info, f Finding) error {
	for _, r := range f.Facts.Refs() {
		if !slices.Contains(info.Gives, r) {
			return fmt.Errorf("step %s: gave %s, which it does not say it gives", info.ID, r)
		}
	}
	return nil
}

func (e *Engine) waitsFor(missing []state.Ref) string {
	var ids []string
	for _, r := range missing {
		if id := e.g.infos[e.g.giver[r]].ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return "waits for " + join(ids)
}

func join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// emit stamps an event and hands it to the sink, one at a time.
func (e *Engine) emit(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seq++
	ev.Seq, ev.At, ev.Run = e.seq, e.Clock.Now().UTC(), e.Run
	e.Emit(ev)
}

// emitRow tells a row's status, and each of its problems.
func (e *Engine) emitRow(row Row) {
	ev := Event{
		Step: row.Info.ID, Kind: KindStep, Status: row.Status(), Text: row.Finding.Text,
		Hint: row.Finding.Hint, Question: row.Question, TookMS: row.Took.Milliseconds(),
	}
	if row.Err != nil {
		p := state.AsProblem(row.Err)
		ev.Err, ev.Problem = row.Err.Error(), &p
	}
	if row.Question != nil {
		ev.URL = row.Question.URL
	}
	e.emit(ev)
	for _, p := range row.Finding.Problems {
		e.emit(Event{Step: row.Info.ID, Kind: KindLog, Status: row.Status(), Err: p.Error(), URL: p.URL, Hint: p.Fix, Problem: &p})
	}
}
