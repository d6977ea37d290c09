package plain

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
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
	t := &text{w: w, talk: talk, style: style, last: map[string]string{}, told: map[string]bool{}}
	return t.event
}

type text struct {
	mu      sync.Mutex
	w, talk io.Writer
	style   Style
	last    map[string]string // step -> the line said last
	told    map[string]bool   // problems, by step and what
	plan    bool              // the plan's heading was written
}

func (t *text) event(e steps.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case steps.KindStep:
		t.step(e)
	case steps.KindChange:
		if !t.plan {
			t.plan = true
			t.line("to do:")
		}
		t.line("  %-14s %s", e.Step, e.Text)
	case steps.KindLog:
		if e.Problem != nil {
			if key := e.Step + " " + e.Problem.What; !t.told[key] {
				t.told[key] = true
				t.problem(*e.Problem)
			}
			return
		}
		t.say("  %-14s %s", e.Step, e.Text)
	case steps.KindQuestion:
		t.line("%s %-14s %s", t.style.mark("you"), e.Step, e.Text+costOf(e.Question))
		if e.URL != "" {
			t.line("             open  %s", e.URL)
		}
		if e.Question != nil && e.Question.Why != "" {
			t.say("             %s", e.Question.Why)
		}
	case steps.KindSealed:
		t.say("  %-14s sealed %s", e.Step, e.Text)
	case steps.KindRun, steps.KindProgress, steps.KindAnswer, steps.KindResult:
	}
}

// step says a status once; what is still to be done was said as the plan.
func (t *text) step(e steps.Event) {
	if e.Status == steps.Missing || e.Status == steps.Drifted || e.Status == steps.Unknown && e.TookMS == 0 && t.last[e.Step] == "" && !t.plan {
		return
	}
	w := string(e.Status)
	if e.Question != nil {
		w = "you"
	}
	line := fmt.Sprintf("%s %-14s %s", t.style.mark(w), e.Step, detail(e))
	if t.last[e.Step] == line {
		return
	}
	t.last[e.Step] = line
	if e.TookMS >= 1000 {
		line += "  " + Took(time.Duration(e.TookMS)*time.Millisecond)
	}
	t.line("%s", strings.TrimRight(line, " "))
	if e.Question != nil && e.Hint != "" {
		t.line("             then  %s", e.Hint)
	}
	if e.Problem != nil {
		t.problem(*e.Problem)
	}
}

func detail(e steps.Event) string {
	switch {
	case e.Question != nil:
		return e.Question.Ask
	case e.Err != "":
		return "failed"
	case e.Text != "" && e.Hint != "" && e.Status != steps.Blocked:
		return e.Text + ": " + e.Hint
	case e.Text != "":
		return e.Text
	}
	return e.Hint
}

// problem says what, why and what to do.
func (t *text) problem(p state.Problem) {
	for _, l := range problemLines(p) {
		t.line("             %s", l)
	}
}

func problemLines(p state.Problem) []string {
	what := p.What
	if p.ID != "" {
		what = p.ID + "  " + what
	}
	out := []string{what}
	for _, part := range [][2]string{{"why", p.Why}, {"do", p.Fix}, {"page", p.URL}} {
		if part[1] != "" {
			out = append(out, fmt.Sprintf("%-4s  %s", part[0], part[1]))
		}
	}
	return out
}

func (t *text) line(format string, a ...any) { _, _ = fmt.Fprintf(t.w, format+"\n", a...) }
func (t *text) say(format string, a ...any)  { _, _ = fmt.Fprintf(t.talk, format+"\n", a...) }

func costOf(q *state.Question) string {
	if q == nil || q.Cost == (state.Cost{}) {
		return ""
	}
	return ": " + Cost(q.Cost)
}

// Cost is what is asked of a person, in words.
func Cost(c state.Cost) string {
	var out []string
	for _, part := range []struct {
		n    int
		word string
	}{{c.Pages, "page"}, {c.Clicks, "click"}, {c.Pastes, "paste"}} {
		if part.n == 1 {
			out = append(out, "1 "+part.word)
		} else if part.n > 1 {
			out = append(out, fmt.Sprintf("%d %ss", part.n, part.word))
		}
	}
	if c.Typed > 0 {
		out = append(out, fmt.Sprintf("%d typed", c.Typed))
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// Took is a duration as people say it: 8s, 4m12s, 3h05m.
func Took(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// Problems writes a list of problems to talk.
func Problems(w io.Writer, all []state.Problem) {
	for _, p := range all {
		for i, l := range problemLines(p) {
			if i > 0 {
				l = "  " + l
			}
			_, _ = fmt.Fprintln(w, l)
		}
	}
}
