package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
)

// lineRun is a run that is shown.
type lineRun struct {
	l        *Lines
	r        guide.Run
	asked    *state.Question // the question that was said last
	skipping string          // a step: the next line may be the yes that skips it
	stopping bool
	ended    bool // that it ended was said
}

// Run implements guide.Face: changes are said as they come, and a line can be
// typed at any time.
func (l *Lines) Run(ctx context.Context, r guide.Run) (guide.Choice, error) {
	l.shows(r, true)
	defer l.shows(r, false)
	defer l.hide(false)
	run := &lineRun{l: l, r: r}
	l.say("The run begins. Changes are said as they come; commands can be typed at any time, help says which.")
	l.prompt()
	l.catchUp()
	for {
		if c, over := run.look(); over {
			return c, nil
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			l.unprompt(false)
			if run.stopping {
				l.say(l.farewell())
			}
			return guide.Choice{Do: guide.Quit}, ctx.Err()
		case t := <-l.in.want():
			text, err := l.took(t)
			l.catchUp()
			if errors.Is(err, io.EOF) && !run.stopping {
				l.say("The input ended. The run stops after this call.")
				r.Stop()
				return guide.Choice{Do: guide.Quit}, nil
			}
			if err != nil {
				r.Stop()
				return l.leaves(guide.Quit, err)
			}
			if c, over := run.typed(ctx, text); over {
				return c, nil
			}
		}
	}
}

// shows begins and ends that changes are said as they come. What ended is
// not the end of the next run.
func (l *Lines) shows(r guide.Run, on bool) {
	if on {
		l.begin()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if on {
		l.rec.know(r.Infos)
		l.running = true
		return
	}
	l.flush()
	l.running, l.rec.result, l.rec.open = false, nil, nil
}

// look acts on what was told: it asks the first open question, and says the
// end.
func (v *lineRun) look() (guide.Choice, bool) {
	v.l.mu.Lock()
	result := v.l.rec.result
	var next seen
	hidden := false
	for _, id := range slices.Backward(v.l.rec.open) {
		if s := v.l.rec.get(id); !s.given {
			next = s
			hidden = hidden || hides(*s.question)
		}
	}
	v.l.mu.Unlock()
	switch {
	case result != nil && v.stopping:
		v.l.say(v.l.farewell())
		return guide.Choice{Do: guide.Quit}, true
	case result != nil && result.Status == steps.Ready:
		v.l.say(called("The run has come to its end", result.Text))
		return guide.Choice{Do: guide.Next}, true
	case result != nil && !v.ended:
		v.ended = true
		v.l.hide(false)
		v.l.say(called("The run has stopped", result.Err, result.Text), "What is true stays so. Say retry to run again, or change NAME, explain, list, quit.")
		v.l.prompt()
	}
	if v.ended {
		return guide.Choice{}, false
	}
	if next.question == nil {
		v.asked = nil
	} else if v.asked != next.question {
		v.asked = next.question
		v.ask(next)
		v.l.hide(hidden)
		v.l.prompt()
		return guide.Choice{}, false
	}
	v.l.hide(hidden)
	return guide.Choice{}, false
}

// ask says what is asked of the person, with the ways where the browser is on
// another computer.
func (v *lineRun) ask(s seen) {
	q := *s.question
	v.l.say(v.l.question(q, "Waiting for you. "+s.info.Title+": ", v.r.Far)...)
	if v.r.Far && q.Form != nil {
		v.l.say(farWays(q, v.r.Here)...)
	} else if q.Kind == state.KindPage {
		v.l.say("Or paste the address of the page you land on.")
	}
	if q.Cost != (state.Cost{}) {
		v.l.say("It takes " + Cost(q.Cost) + ".")
	}
}

// farWays are the ways to a form whose browser is on another computer.
func farWays(q state.Question, here string) []string {
	if here == "" {
		here = "THIS-HOST"
	}
	out := []string{"Your browser is on another computer. There are two ways."}
	if port := loopbackPort(q.URL); port != "" {
		out = append(out, fmt.Sprintf("Through a tunnel, on your computer: ssh -L %s:localhost:%s %s", port, port, here), "Then open this page there: "+q.URL)
	}
	if q.File != "" {
		out = append(out, "Without a tunnel, on your computer: scp "+here+":"+q.File+" .",
			"Then open that file and press its button. The browser ends on a page that cannot load; that is right. Copy its address and paste it here.")
	}
	return out
}

// typed does what was typed.
func (v *lineRun) typed(ctx context.Context, text string) (guide.Choice, bool) {
	if step := v.skipping; step != "" {
		v.skipping = ""
		if yes, err := state.ParseYes(text); err == nil && yes {
			v.skip(step)
			return guide.Choice{}, false
		}
		v.l.say("Not skipped.")
		if text == "" || strings.EqualFold(text, "no") {
			return guide.Choice{}, false
		}
	}
	if secretly(text) {
		v.answer(text)
		return guide.Choice{}, false
	}
	if name, rest := command(text, runAlone, runAbout); name != "" {
		return v.command(ctx, name, rest)
	}
	if text == "" && (v.asked == nil || v.asked.Default == "") {
		v.l.say(v.l.standing())
		v.l.prompt()
		return guide.Choice{}, false
	}
	v.answer(text)
	return guide.Choice{}, false
}

// answer gives the text to the open question that it fits; what does not fit
// any is said of the one that was asked.
func (v *lineRun) answer(text string) {
	v.l.mu.Lock()
	var open []seen
	for _, id := range v.l.rec.open {
		if s := v.l.rec.get(id); !s.given && !v.ended {
			open = append(open, s)
		}
	}
	v.l.mu.Unlock()
	var refused error
	hidden := secretly(text)
	for _, s := range open {
		value, err := answerTo(*s.question, text)
		if err == nil {
			v.l.mu.Lock()
			if i := v.l.rec.index(s.info.ID); i >= 0 && v.l.rec.list[i].question == s.question {
				v.l.rec.list[i].given = true
			}
			v.l.mu.Unlock()
			v.l.say(called(s.info.Title, "it fits, and is being used"))
			v.r.Answer(s.question.Key, value)
			return
		}
		hidden = hidden || hides(*s.question)
		if refused == nil || s.question.Kind != state.KindClick && wants(*s.question) != "" && state.RecognisePaste(text).Is(wants(*s.question)) {
			refused = err
		}
	}
	switch {
	case refused != nil:
		v.l.say(refusal(refused, text, hidden)...)
	case secretly(text):
		v.l.say("Nothing is asked that this answers. It was not kept.")
	default:
		v.l.say("That is no command here, and nothing is asked. Say help to hear the commands.")
	}
	v.l.prompt()
}
