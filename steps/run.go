package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
)

// defaultLimit is how long a step waits for the world.
const defaultLimit = 10 * time.Minute

// firstPause is the first pause before a waiting step is looked at again; it
// doubles up to Finding.Again.
const firstPause = 250 * time.Millisecond

// Setup looks at everything, then applies what is missing or drifted, one step
// at a time in the order that needs and gives allow. A step that waits for the
// world or for a person gives its slot back meanwhile. When ctx ends, nothing
// new begins.
func (e *Engine) Setup(ctx context.Context) Report {
	e.emit(Event{Kind: KindRun, Text: "setup"})
	e.pauses.looking(true)
	rows, facts := e.look(ctx)
	e.tellPlan(rows)
	w := &work{
		e: e, rows: rows, facts: facts,
		state: make([]taskState, len(rows)), dirty: make([]bool, len(rows)),
		msgs: make(chan message), over: make(chan struct{}),
	}
	w.loop(ctx)
	close(w.over)
	r := Report{Rows: w.rows, Facts: w.facts, Human: e.cost, Only: e.Only, Interrupted: ctx.Err() != nil}
	o := r.Outcome()
	e.emit(Event{Kind: KindResult, Status: o.Status, Text: o.Text, Done: int64(o.Done), Total: int64(len(r.Rows)), Err: o.Err, Human: &r.Human})
	return r
}

type taskState int

const (
	idle    taskState = iota
	running           // holds the slot
	parked            // waits, without the slot
	asking            // wants the slot back
	done
	held    // done, and looked at until a person has mended it
	resting // done, and a person may want it again
)

// message is what a running step tells the loop.
type message struct {
	i   int
	to  taskState
	row Row
}

// work is one Setup after its look. Only the loop touches state and dirty;
// rows and facts are under the engine's lock.
type work struct {
	e     *Engine
	rows  []Row
	facts state.Facts
	state []taskState
	dirty []bool // a giver changed something since the look
	msgs  chan message
	over  chan struct{} // closed when nobody reads msgs any more
	grant []chan struct{}
}

// loop grants the slot in list order until nothing is left to do.
func (w *work) loop(ctx context.Context) {
	w.grant = make([]chan struct{}, len(w.rows))
	for i := range w.grant {
		w.grant[i] = make(chan struct{}, 1)
	}
	for {
		busy := slices.Contains(w.state, running)
		if !busy && w.next(ctx) {
			continue
		}
		if !busy && !slices.Contains(w.state, parked) && !slices.Contains(w.state, held) {
			return
		}
		w.e.pauses.looking(false)
		m := <-w.msgs
		w.state[m.i] = m.to
		switch m.to {
		case done:
			w.finish(ctx, m)
		case idle: // again
			w.dirty[m.i] = true
		case resting:
			paused, end := w.e.pauses.begin(ctx, w.rows[m.i].Info.ID, false)
			w.rest(m.i, paused, end)
		case running, parked, asking, held:
		}
	}
}

// send tells the loop, as long as there is one.
func (w *work) send(m message) {
	select {
	case w.msgs <- m:
	case <-w.over:
	}
}

// next gives the slot to the first step in list order that can use it; false
// where there is none.
func (w *work) next(ctx context.Context) bool {
	for i := range w.rows {
		switch {
		case w.state[i] == asking:
			w.state[i] = running
			w.grant[i] <- struct{}{}
			return true
		case w.state[i] == idle && w.settled(w.e.g.before[i]):
			if !w.begins(ctx, i) {
				w.state[i] = done
				w.hold(ctx, i)
				return true
			}
			w.state[i] = running
			w.e.emit(Event{Step: w.rows[i].Info.ID, Kind: KindStart})
			go func() {
				row := w.do(ctx, i)
				w.msgs <- message{i: i, to: done, row: row}
			}()
			return true
		}
	}
	return false
}

func (w *work) settled(givers []int) bool {
	return !slices.ContainsFunc(givers, func(j int) bool { return w.state[j] < done })
}

// begins says whether there is anything to do for a step whose givers are done.
func (w *work) begins(ctx context.Context, i int) bool {
	row := w.rows[i]
	if ctx.Err() != nil || !w.e.wanted(row.Info.ID) {
		return false
	}
	f := row.Finding
	return w.dirty[i] || f.Status == Unknown || f.applies() || f.Status == Waiting && f.Again > 0
}

func (w *work) finish(ctx context.Context, m message) {
	w.e.mu.Lock()
	w.rows[m.i] = m.row
	w.e.mu.Unlock()
	for k, before := range w.e.g.before {
		if !slices.Contains(before, m.i) {
			continue
		}
		if m.row.Changed {
			w.dirty[k] = true
		}
		if w.state[k] == done && (m.row.Changed || m.row.Status().True() && w.rows[k].kept()) {
			w.state[k], w.dirty[k] = idle, true // the giver was held
		}
	}
	w.hold(ctx, m.i)
}

// do takes one step as far as it goes: look again where something changed,
// apply, look again, wait for the world within the limit, probe.
func (w *work) do(ctx context.Context, i int) Row {
	e, row := w.e, w.rows[i]
	begin := e.Clock.Now()
	if w.dirty[i] || row.Status() == Unknown {
		changed := row.Changed // before it was held: what was made is to be exercised yet
		row = w.look(ctx, i)
		row.Changed = changed
	}
	out := &stepOut{w: w, i: i}
	if row.Finding.applies() {
		if waits := w.waits(i); waits != "" {
			row.Finding.Status, row.Finding.Hint = Unknown, waits
			return w.tell(row, begin)
		}
		if err := e.list[i].Apply(ctx, w.known(), row.Finding, out); err != nil {
			return w.tell(w.refused(ctx, row, err, out), begin)
		}
		// What was made is looked at, also where the run ends with it.
		again, cancel := Once(ctx)
		row = w.look(again, i)
		cancel()
		row.Changed = true
		if row.Finding.applies() {
			row = row.failed(fmt.Errorf("apply %s: made, but a second look finds it %s", row.Info.ID, row.Status()))
		}
	}
	if row.Status() == Waiting && row.Finding.Again > 0 {
		row = w.poll(ctx, i, row, e.Clock.Now().Add(limitOf(row.Info)))
	}
	if p, ok := e.list[i].(Prober); ok && row.Changed && row.Status() == Ready && ctx.Err() == nil {
		if err := p.Probe(ctx, w.known(), out); err != nil && ctx.Err() == nil {
			row = row.failed(fmt.Errorf("probe %s: %w", row.Info.ID, err))
		}
	}
	return w.tell(row, begin)
}

// poll looks again until the world is done, or the limit reached. It does not
// hold the slot.
func (w *work) poll(ctx context.Context, i int, row Row, deadline time.Time) Row {
	w.e.emitRow(row)
	w.park(i)
	defer w.resume(i)
	changed := row.Changed
	for pause := firstPause; row.Status() == Waiting && row.Finding.Again > 0; pause = min(2*pause, row.Finding.Again) {
		if !w.e.Clock.Now().Before(deadline) {
			return row
		}
		if err := w.e.Clock.Sleep(ctx, min(pause, row.Finding.Again)); err != nil {
			return row
		}
		seen := w.look(ctx, i)
		if ctx.Err() != nil {
			return row // cut off while looking: what was seen last stands
		}
		row = seen
		row.Changed = changed
	}
	return row
}

func limitOf(info Info) time.Duration {
	if info.Limit > 0 {
		return info.Limit
	}
	return defaultLimit
}

// tell emits the row as it ended.
func (w *work) tell(row Row, begin time.Time) Row {
	row.Took = w.e.Clock.Now().Sub(begin)
	w.e.emitRow(row)
	return row
}

// refused is the row of an Apply that failed; nobody answering is no failure,
// but a step that waits for a person.
func (w *work) refused(ctx context.Context, row Row, err error, out *stepOut) Row {
	row.Changed = true
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		row.Finding.Hint = "interrupted"
		return row
	}
	if !errors.Is(err, state.ErrNoAnswer) || out.asked == nil {
		return row.failed(err)
	}
	row.Finding.Status, row.Finding.Again = Waiting, 0
	row.Question, row.Finding.Hint = out.asked, out.asked.Then
	if p := (state.Problem{}); errors.As(err, &p) {
		row.Finding.Problems = append(row.Finding.Problems, p)
	}
	return row
}

// peek detects with what is known now.
func (w *work) peek(ctx context.Context, i int) Row {
	w.e.mu.Lock()
	in, missing := w.facts, w.e.unknown(i, w.facts, w.rows)
	w.e.mu.Unlock()
	return w.e.detect(ctx, i, in, missing)
}

// look detects and publishes what the step gives.
func (w *work) look(ctx context.Context, i int) Row {
	row := w.peek(ctx, i)
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	w.facts = w.facts.Without(row.Info.Gives...).Merge(row.Finding.Facts)
	return row
}

// waits names what must be given before Apply may begin; empty: nothing.
func (w *work) waits(i int) string {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if missing := w.e.unmade(i, w.rows); len(missing) > 0 {
		return w.e.waitsFor(missing)
	}
	return ""
}

func (w *work) known() state.Facts {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	return w.facts
}

// park gives the slot back.
func (w *work) park(i int) { w.msgs <- message{i: i, to: parked} }

// resume asks for the slot and waits for it.
func (w *work) resume(i int) {
	w.msgs <- message{i: i, to: asking}
	<-w.grant[i]
}

// stepOut is Out for one running step.
type stepOut struct {
	w     *work
	i     int
	asked *state.Question // the last question that nobody answered
}

func (o *stepOut) id() string { return o.w.e.g.infos[o.i].ID }

// Logf implements Out.
func (o *stepOut) Logf(format string, a ...any) {
	o.w.e.emit(Event{Step: o.id(), Kind: KindLog, Text: state.CleanText(fmt.Sprintf(format, a...), 0)})
}

// Progress implements Out.
func (o *stepOut) Progress(n, total int64) {
	o.w.e.emit(Event{Step: o.id(), Kind: KindProgress, Done: n, Total: total})
}

// Ask implements Out.
func (o *stepOut) Ask(ctx context.Context, q state.Question) (state.Answer, error) {
	e := o.w.e
	a, err := e.Given(q)
	if errors.Is(err, state.ErrNoAnswer) {
		misfit := err // why an answer that is there does not fit, if one is
		asked, end := e.pauses.begin(ctx, o.id(), true)
		e.emit(Event{Step: o.id(), Kind: KindQuestion, Status: Waiting, Text: q.Ask, URL: q.URL, Hint: q.Then, Question: &q})
		o.w.park(o.i)
		a, err = e.Ask(asked, q)
		if err != nil && errors.Is(context.Cause(asked), state.ErrNoAnswer) {
			err = state.ErrNoAnswer // skipped
		}
		end()
		o.w.resume(o.i)
		if errors.Is(err, state.ErrNoAnswer) {
			err = misfit
		}
	}
	if err != nil {
		o.asked = &q
		return a, err
	}
	e.emit(Event{Step: o.id(), Kind: KindAnswer, Text: q.Key + " from " + a.From})
	e.mu.Lock()
	e.cost = e.cost.Plus(q.Cost)
	e.mu.Unlock()
	return a, nil
}

// Keep implements Out.
func (o *stepOut) Keep(ctx context.Context, all ...state.Sealed) error {
	if err := o.w.e.Keep(ctx, all...); err != nil {
		return err
	}
	for _, s := range all {
		o.w.e.emit(Event{Step: o.id(), Kind: KindSealed, Text: string(s.Name)})
	}
	return nil
}
