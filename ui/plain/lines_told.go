package plain

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// So many changes within that time become one line that counts them.
const (
	manyChanges = 10
	gatherFor   = 2 * time.Second
)

// change is one thing that changed.
type change struct {
	step   string
	word   string   // it is counted by
	lines  []string // what is said of it
	always bool     // it is said also where it is counted
}

// Tell implements guide.Face.
func (l *Lines) Tell(e steps.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rec.take(e)
	if e.Kind == steps.KindRun {
		l.news = nil // what was found before it was the plan
	}
	if c, ok := l.rec.change(e); ok && l.rec.ran {
		l.news = append(l.news, c)
		l.gather()
	}
	switch e.Kind {
	case steps.KindQuestion, steps.KindResult:
		l.flush()
		fallthrough
	case steps.KindStep, steps.KindAnswer:
		select {
		case l.wake <- struct{}{}:
		default:
		}
	case steps.KindRun, steps.KindStart, steps.KindChange, steps.KindLog, steps.KindProgress, steps.KindSealed:
	}
}

// gather says what changed when the time for more changes is over. The caller
// holds the lock.
func (l *Lines) gather() {
	if l.gathered || !l.running {
		return
	}
	l.gathered = true
	go func() {
		_ = l.clock.Sleep(context.Background(), gatherFor)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.gathered = false
		l.flush()
	}()
}

// catchUp says now what changed.
func (l *Lines) catchUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
}

// flush is catchUp for who holds the lock.
func (l *Lines) flush() {
	if !l.running {
		return
	}
	news := l.news
	l.news = nil
	if len(news) < manyChanges {
		for _, c := range news {
			l.write(c.lines)
		}
		return
	}
	l.write(countLines(news))
}

// countLines are many changes as one line, and who is needed for some.
func countLines(news []change) []string {
	var words []string
	n := map[string]int{}
	var last []string
	for _, c := range news {
		if n[c.word]++; n[c.word] == 1 {
			words = append(words, c.word)
		}
		if c.always {
			last = append(last, c.lines[0])
		}
	}
	for i, w := range words {
		words[i] = fmt.Sprintf("%d %s", n[w], w)
	}
	return append([]string{fmt.Sprintf("%d changes: %s. Say list to hear every step.", len(news), strings.Join(words, ", "))}, last...)
}

// change is what an event changed; false: nothing that was not said.
func (r *record) change(e steps.Event) (change, bool) {
	s := r.get(e.Step)
	c := change{step: e.Step}
	switch e.Kind {
	case steps.KindStep:
		return r.status(s, e)
	case steps.KindLog:
		if e.Problem == nil || !r.first(e.Step+" problem "+e.Problem.What, "said") {
			return c, false
		}
		c.word, c.lines = "problems", problemLines(s.info.Title+": ", *e.Problem)
		if e.Problem.What == s.text { // the line before said it
			c.lines = c.lines[1:]
		}
		if s.stuck() {
			c.lines = append(c.lines, ways(s, e.Problem.ID))
		}
		return c, len(c.lines) > 0
	case steps.KindChange: // of a running step: the command that deploys
		c.word, c.lines, c.always = "begun", []string{called(s.info.Title, e.Text)}, true
		return c, s.started
	case steps.KindAnswer:
		_, from, _ := strings.Cut(e.Text, " from ")
		c.word, c.lines = "answered", []string{called(s.info.Title, "answered from "+from)}
		if from == "the world" {
			c.lines = []string{called(s.info.Title, "it is done")}
		}
		return c, from != "you"
	case steps.KindRun, steps.KindStart, steps.KindProgress, steps.KindQuestion, steps.KindSealed, steps.KindResult:
	}
	return c, false
}

// status is the change of a step's status, with what it sealed. What is still
// to be done was said as the plan.
func (r *record) status(s seen, e steps.Event) (change, bool) {
	c := change{step: e.Step, word: s.word(), always: s.stuck()}
	if !s.stuck() && (s.undone() || e.Status == steps.Missing || e.Status == steps.Unknown) {
		return c, false
	}
	line := s.line()
	switch {
	case s.skipped:
		line = called(s.info.Title, "left for later") + " Say retry " + s.info.Title + " to be asked again."
	case e.Status == steps.Waiting && e.Hint == "":
		line += " Nothing to do."
	case e.Status == steps.Blocked && len(e.Text) > 0:
		line = called(s.info.Title, s.word(), e.Text) // the hint is its problem's, which follows
	}
	if len(s.sealed) > 0 && s.status.True() {
		line += " Sealed: " + strings.Join(s.sealed, ", ") + "."
		if i := r.index(s.info.ID); i >= 0 {
			r.list[i].sealed = nil
		}
	}
	c.lines = []string{line}
	if e.Problem != nil {
		c.lines = append(c.lines, problemLines(s.info.Title+": ", *e.Problem)...)
		c.lines = append(c.lines, ways(s, e.Problem.ID))
	}
	if !r.first(e.Step, line) {
		return c, false
	}
	r.forget(e.Step) // with another status, a problem is news
	r.said[e.Step] = line
	return c, true
}

// first says whether the text is news under that name.
func (r *record) first(name, text string) bool {
	if r.said[name] == text {
		return false
	}
	r.said[name] = text
	return true
}

// ways says what can be done about a step that does not go on by itself.
func ways(s seen, id string) string {
	out := []string{"retry " + s.info.Title, "skip " + s.info.Title, "change NAME"}
	if _, known := state.FailureByID(id); known {
		out = append(out, "explain "+id)
	}
	if slices.ContainsFunc(s.problems, func(p state.Problem) bool { return p.URL != "" }) {
		out = append(out, "open")
	}
	return "Say " + strings.Join(out, ", ") + "."
}

// forget has what is told of a step next be news.
func (r *record) forget(id string) {
	maps.DeleteFunc(r.said, func(name, _ string) bool { return name == id || strings.HasPrefix(name, id+" problem ") })
}
