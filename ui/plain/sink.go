package plain

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// JSON writes events as JSON lines.
func JSON(w io.Writer) steps.Sink {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return func(e steps.Event) { _ = enc.Encode(e) } // an observer has no power
}

// Text writes one line per change: what was found true, the plan, then what
// became of it. What steps say meanwhile goes to talk.
func Text(w, talk io.Writer, style Style) steps.Sink {
	t := &text{
		w: w, talk: talk, style: style,
		last: map[string]string{}, said: map[string]string{}, asked: map[string]string{}, told: map[string]bool{},
	}
	return t.event
}

type text struct {
	mu      sync.Mutex
	w, talk io.Writer
	style   Style
	last    map[string]string // step -> the line written last
	said    map[string]string // step -> the words of it
	asked   map[string]string // step -> what a person was asked
	told    map[string]bool   // problems, by step and what
	plan    bool              // the plan's heading was written
}

// below is where a line continues.
const below = "             "

func (t *text) event(e steps.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case steps.KindStep:
		t.step(e)
	case steps.KindChange:
		if !t.plan {
			t.plan = true
			t.linef("to do:")
		}
		t.linef("  %-14s %s", e.Step, e.Text)
	case steps.KindLog:
		t.log(e)
	case steps.KindQuestion:
		t.question(e)
	case steps.KindSealed:
		t.sayf("  %-14s sealed %s", e.Step, e.Text)
	case steps.KindRun, steps.KindStart, steps.KindProgress, steps.KindAnswer, steps.KindResult:
	}
}

// log says what a step says meanwhile, and each problem once.
func (t *text) log(e steps.Event) {
	if e.Problem == nil {
		t.sayf("  %-14s %s", e.Step, e.Text)
		return
	}
	if key := e.Step + " " + e.Problem.What; !t.told[key] {
		t.told[key] = true
		writeProblem(t.w, below, *e.Problem, t.said[e.Step])
	}
}

func (t *text) question(e steps.Event) {
	t.asked[e.Step] = e.Text
	cost := ""
	if e.Question != nil && e.Question.Cost != (state.Cost{}) {
		cost = ": " + Cost(e.Question.Cost)
	}
	t.linef("%s %-14s %s%s", t.style.mark(you), e.Step, e.Text, cost)
	if e.URL != "" {
		t.linef(below+"open  %s", e.URL)
	}
	if e.Question != nil && e.Question.Why != "" {
		t.sayf("  %-14s %s", e.Step, e.Question.Why)
	}
}

// step says a status once; what is still to be done was said as the plan.
func (t *text) step(e steps.Event) {
	if e.Status == steps.Missing || e.Status == steps.Drifted || e.Status == steps.Unknown && e.TookMS == 0 && t.last[e.Step] == "" && !t.plan {
		return
	}
	word, first, second := t.words(e)
	line := joined(fmt.Sprintf("%s %-14s ", t.style.mark(word), e.Step), first, second, below)
	if t.last[e.Step] == line {
		return
	}
	t.last[e.Step], t.said[e.Step] = line, first
	if e.TookMS >= time.Second.Milliseconds() {
		line += "  " + Took(time.Duration(e.TookMS)*time.Millisecond)
	}
	t.linef("%s", line)
	if e.Question != nil && e.Hint != "" {
		t.linef(below+"then  %s", e.Hint)
	}
	if e.Problem != nil {
		writeProblem(t.w, below, *e.Problem, "")
	}
}

// words are the status of a step as a word of the screen, and its sentences.
// The hint of a blocked step is its problem's, which follows.
func (t *text) words(e steps.Event) (word, first, second string) {
	word = string(e.Status)
	switch {
	case e.Question != nil && t.asked[e.Step] == e.Question.Ask:
		return you, "not done yet", ""
	case e.Question != nil:
		return you, e.Question.Ask, ""
	case e.Err != "":
		return word, "failed", ""
	case e.Status == steps.Blocked && e.Text != "":
		return word, e.Text, ""
	}
	return word, e.Text, e.Hint
}

func (t *text) linef(format string, a ...any) { _, _ = fmt.Fprintf(t.w, format+"\n", a...) }
func (t *text) sayf(format string, a ...any)  { _, _ = fmt.Fprintf(t.talk, format+"\n", a...) }
