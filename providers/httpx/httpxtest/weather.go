package httpxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

const (
	// brief is the time of one attempt that gets no answer.
	brief = 15 * time.Millisecond
	// promptly is how soon a cancelled call has to return, on a busy machine.
	promptly = 5 * time.Second
	// deepest is how many of an operation's requests are tried in turn.
	deepest = 6
)

// storm tries one operation.
type storm struct {
	open     func() (World, Operation)
	patience time.Duration
}

// outcome is what came of one call.
type outcome struct {
	way   *way
	got   any
	err   error
	wrote int
	took  time.Duration
	bad   string // it panicked, or did not end
}

// findings is everything that is wrong with the operation, one line each.
func (s storm) findings(ctx context.Context) []string {
	w, op := s.open()
	good := s.call(ctx, w, op, &way{})
	switch {
	case good.bad != "":
		return []string{"in good weather: " + good.bad}
	case good.err != nil:
		return []string{fmt.Sprintf("in good weather: %v", good.err)}
	case len(good.way.passed) == 0:
		return []string{"in good weather: no request went through the client that it was given"}
	}
	var all []string
	w, op = s.open()
	for from := range min(len(good.way.passed), deepest) {
		for _, f := range Faults() {
			if f.Slow && op.fine(f) || f.Name == cancelledBefore && from > 0 {
				continue
			}
			o := s.call(ctx, w, op, &way{fault: f, from: from, idHeader: good.way.idHeader})
			t := try{good: good, outcome: o, op: op, hidden: w.Hidden}
			for _, what := range t.findings() {
				all = append(all, fmt.Sprintf("%s at request %d: %s", f.Name, from+1, what))
			}
			if len(o.way.passed) > 0 || o.bad != "" {
				w, op = s.open()
			}
		}
	}
	return all
}

// fine says whether the fault may give another result than the good one.
func (op Operation) fine(f Fault) bool {
	return slices.ContainsFunc(op.Fine, func(name string) bool { return name == f.Name || strings.HasPrefix(f.Name, name+" ") })
}

// call makes the call through a client that waits for nothing.
func (s storm) call(ctx context.Context, w World, op Operation, on *way) outcome {
	on.base, on.writes = w.Base, w.Writes
	if on.base == nil {
		on.base = http.DefaultTransport
	}
	if on.writes == nil {
		on.writes = func() int { return 0 }
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	ctx, on.cancel = context.WithCancel(ctx)
	defer on.cancel()
	if on.fault.Name == cancelledBefore {
		on.cancel()
	}
	o := httpx.Options{Base: on, Log: on.log, Sleep: on.sleep}
	if on.fault.Slow {
		o.Timeout = brief
	}
	before, start := on.writes(), time.Now()
	done := make(chan outcome, 1)
	go func() {
		var out outcome
		defer func() {
			if p := recover(); p != nil {
				out.bad = fmt.Sprintf("panic: %v", p)
			}
			done <- out
		}()
		out.got, out.err = op.Call(ctx, httpx.New(o))
	}()
	var out outcome
	over := time.NewTimer(s.patience + s.patience/4)
	defer over.Stop()
	select {
	case out = <-done:
	case <-over.C:
		out.bad = fmt.Sprintf("no end within %v, though its context ended", s.patience)
	}
	out.took = time.Since(start)
	if out.bad == "" && out.took >= s.patience {
		out.bad = fmt.Sprintf("no end within %v", s.patience)
	}
	on.mu.Lock()
	defer on.mu.Unlock()
	out.way, out.wrote = on, on.writes()-before
	if i := slices.IndexFunc(on.passed, func(x exchange) bool { return x.idHeader != "" }); i >= 0 && on.idHeader == "" {
		on.idHeader = on.passed[i].idHeader
	}
	return out
}

func (w *way) log(l httpx.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logged = append(w.logged, l)
}

func (w *way) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = append(w.waits, d)
	return ctx.Err()
}

// try is one call under a fault, to be judged.
type try struct {
	outcome

	good   outcome
	op     Operation
	hidden []string
}

// findings is everything that is wrong with the call.
func (t try) findings() []string {
	if t.bad != "" {
		return []string{t.bad}
	}
	if len(t.way.hit) == 0 && t.way.fault.Name != cancelledBefore || t.same() {
		return nil // the fault met nothing, or is what the service says in good weather
	}
	var all []string
	say := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	f := t.way.fault
	fine := t.op.fine(f)
	if most := t.mayWrite(); t.wrote > most {
		say("%d writes, want at most %d", t.wrote, most)
	}
	if again := t.early(); again > 0 {
		say("asked again %d times without the wait of %v", again, f.Asks)
	}
	if errors.Is(f.Kinds[0], context.Canceled) && t.took > promptly {
		say("returned %v after it was cancelled", t.took)
	}
	for _, l := range t.way.logged {
		if t.holds(l.URL) {
			say("a log line holds a secret")
		}
	}
	switch {
	case t.err != nil:
		return append(all, t.look(fine)...)
	case fine:
	case !reflect.DeepEqual(t.got, t.good.got):
		say("taken for a good answer: %+v, want %+v", t.got, t.good.got)
	case t.wrote < t.good.wrote:
		say("it says that it is done, and %d of %d writes were made", t.wrote, t.good.wrote)
	}
	return all
}

// same says whether what the fault answers is what the service itself answers
// there in good weather, so that nobody can tell them apart.
func (t try) same() bool {
	f := t.way.fault
	if f.status/100 != 2 || t.way.from >= len(t.good.way.passed) {
		return false
	}
	x := t.good.way.passed[t.way.from]
	text := []byte(f.text)
	if x.method == http.MethodHead {
		text = nil
	}
	return x.body != nil && x.resp.StatusCode/100 == 2 && bytes.Equal(bytes.TrimSpace(x.body), text)
}

// mayWrite is how many writes are right under the fault.
func (t try) mayWrite() int {
	again := max(0, repeatable(t.way.passed)-repeatable(t.good.way.passed))
	if t.way.fault.Reaches || t.way.from >= len(t.good.way.passed) {
		return t.good.wrote + again
	}
	return t.good.way.passed[t.way.from].before - t.good.way.passed[0].before
}

// early counts the requests that came again sooner than they were asked to.
func (t try) early() int {
	if t.way.fault.Asks == 0 {
		return 0
	}
	again := len(t.way.hit)
	slices.Sort(t.way.hit)
	again -= len(slices.Compact(t.way.hit))
	for _, d := range t.way.waits {
		if d >= t.way.fault.Asks {
			again--
		}
	}
	return again
}

func (t try) holds(text string) bool {
	return slices.ContainsFunc(t.hidden, func(h string) bool { return h != "" && strings.Contains(text, h) })
}

// look judges an error.
func (t try) look(fine bool) []string {
	var all []string
	say := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	f, text := t.way.fault, t.err.Error()
	var problem state.Problem
	var call *state.CallError
	isProblem := errors.As(t.err, &problem)
	if !isProblem && !fine && !t.kindFits() {
		say("%v is of another kind than %v", t.err, f.Kinds)
	}
	named := strings.Contains(text, t.op.Name)
	if isProblem && !named {
		words := strings.Fields(strings.ToLower(t.op.Name))
		named = strings.Contains(strings.ToLower(problem.What+" "+problem.Why), words[len(words)-1])
	}
	if !named {
		say("the error does not name %q: %v", t.op.Name, t.err)
	}
	if f.refuses() && t.way.idHeader != "" && !isProblem && errors.As(t.err, &call) && call.Request == "" &&
		(f.Asks == 0 || call.Status != 0) { // a call that was kept back has no answer
		say("the error does not hold the request id of the answer: %v", t.err)
	}
	if t.holds(fmt.Sprintf("%s %+v", text, t.err)) {
		say("the error holds a secret")
	}
	return all
}

// kindFits says whether the error is of a kind that the fault may give; where
// the answer that was altered is itself a refusal, of that one's kind too.
func (t try) kindFits() bool {
	want := slices.Clone(t.way.fault.Kinds)
	if t.way.fault.Reaches {
		for _, x := range t.way.passed {
			if kind := httpx.Kind(x.resp, nil); x.resp != nil && kind != nil {
				want = append(want, kind)
			}
		}
	}
	return slices.ContainsFunc(want, func(kind error) bool { return errors.Is(t.err, kind) })
}
