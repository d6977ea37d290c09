package wizard

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/tui"
)

// checkLimit is how long the look at a token may take.
const checkLimit = time.Minute

// judged is what became of a paste.
type judged struct {
	step, key string
	turn      int // which look it is: the newest counts
	value     state.Secret
	legal     bool // it has the form of an answer: it may be checked again
	err       error
}

// pasted has a command judge what was pasted, wherever on the page: whether it
// fits may have to be looked up.
func (m Moment) pasted(text string) (tui.Page, tea.Cmd) {
	switch {
	case m.Ask.Kind == state.KindClick:
		return m, tui.Say("There is nothing to paste here: it is seen by itself.")
	case m.taken:
		return m, tui.Say("One was pasted just now, and is being looked at.")
	}
	m.turn++
	accept, wanted, judge := m.Ask.Accept, m.wanted(), m.judgement()
	m.checking, m.wrong = m.check != nil, nil
	return m, func() tea.Msg {
		value, err := state.RecognisePaste(text).For(wanted)
		if err == nil && accept != nil {
			err = accept(state.Answer{Value: value, From: "you"})
		}
		if err != nil {
			return judged{step: m.Step, key: m.Ask.Key, turn: m.turn, err: err}
		}
		return judge(value)
	}
}

// look has a command look up what is held once more.
func (m Moment) look(v state.Secret) (tui.Page, tea.Cmd) {
	m.turn++
	judge := m.judgement()
	m.checking, m.wrong = m.check != nil, nil
	return m, func() tea.Msg { return judge(v) }
}

// judgement looks up whether an answer of the right form will do.
func (m Moment) judgement() func(state.Secret) judged {
	check, step, asked, turn := m.check, m.Step, m.Ask.Key, m.turn
	return func(v state.Secret) judged {
		j := judged{step: step, key: asked, turn: turn, value: v, legal: true}
		if check != nil {
			ctx, stop := context.WithTimeout(context.Background(), checkLimit)
			defer stop()
			j.err = check(ctx, v)
		}
		return j
	}
}

// judge gives an answer that fits to the run, and says what is wrong with
// another; the question stays open.
func (m Moment) judge(j judged) (tui.Page, tea.Cmd) {
	if j.step != m.Step || j.key != m.Ask.Key || j.turn != m.turn || m.gone {
		return m, nil
	}
	m.checking = false
	if j.legal {
		m.held = j.value
	}
	if j.err != nil {
		m.wrong, m.taken = problemsIn(j.err), false
		return m, nil
	}
	m.wrong, m.taken = nil, true
	return m, m.Answer(j.value)
}

// problemsIn are all problems that an error holds.
func problemsIn(err error) []state.Problem {
	if errors.Is(err, state.ErrNoAnswer) {
		return []state.Problem{{
			What: "that address belongs to another App's page", Why: "each page leads back with a mark of its own",
			Fix: "press the button of this page; the other one is asked for next",
		}}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []state.Problem{state.AsProblem(err)}
	}
	var out []state.Problem
	for _, one := range joined.Unwrap() {
		out = append(out, problemsIn(one)...)
	}
	return out
}
