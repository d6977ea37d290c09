package plain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// keptLog is how many lines of a step's log are kept.
const keptLog = 500

// record is what was told of the steps: what can be asked about them.
type record struct {
	list   []seen
	open   []string     // steps whose questions are open, the first one first
	result *steps.Event // how the run ended; nil: it has not
	ran    bool         // a run has begun
	said   map[string]string
}

// seen is a step as it was told of.
type seen struct {
	info     steps.Info
	status   steps.Status
	text     string
	hint     string
	fresh    bool // told since what is shown now was begun
	started  bool // in this run
	planned  []string
	sealed   []string
	problems []state.Problem
	question *state.Question
	given    bool // an answer was handed over, and nothing heard of it yet
	skipped  bool // its question was given up
	log      []string
}

func newRecord() record { return record{said: map[string]string{}} }

// know takes the steps, in their order.
func (r *record) know(infos []steps.Info) {
	var list []seen
	for _, info := range infos {
		s := seen{}
		if i := r.index(info.ID); i >= 0 {
			s = r.list[i]
		}
		s.info = info
		list = append(list, s)
	}
	r.list = list
}

// age makes all of it old: what is told from now on is another look.
func (r *record) age() {
	for i := range r.list {
		r.list[i].fresh = false
	}
}

func (r *record) index(id string) int {
	return slices.IndexFunc(r.list, func(s seen) bool { return s.info.ID == id })
}

// get is the step of that id; the zero value where nothing is known of it.
func (r *record) get(id string) seen {
	if i := r.index(id); i >= 0 {
		return r.list[i]
	}
	return seen{info: steps.Info{ID: id}}
}

// take notes an event.
func (r *record) take(e steps.Event) {
	switch {
	case e.Kind == steps.KindRun:
		r.ran, r.result, r.open = true, nil, nil
		for i, s := range r.list {
			if s.stuck() {
				r.forget(s.info.ID) // a run says again what it cannot do
			}
			r.list[i] = seen{info: s.info, status: s.status, text: s.text, hint: s.hint, problems: s.problems, log: s.log}
		}
		return
	case e.Kind == steps.KindResult:
		r.result = &e
		return
	case e.Step == "":
		return
	}
	i := r.index(e.Step)
	if i < 0 {
		i = len(r.list)
		r.list = append(r.list, seen{info: steps.Info{ID: e.Step, Title: e.Step}})
	}
	r.list[i] = r.list[i].take(e)
	r.open = slices.DeleteFunc(r.open, func(id string) bool { return id == e.Step && r.list[i].question == nil })
	if r.list[i].question != nil && !slices.Contains(r.open, e.Step) {
		r.open = append(r.open, e.Step)
	}
}

// take is the step after an event.
func (s seen) take(e steps.Event) seen {
	switch e.Kind {
	case steps.KindStart:
		s.started, s.skipped = true, false
	case steps.KindStep:
		if !s.fresh && !s.started {
			s.planned = nil
		}
		s.fresh, s.problems, s.question = true, nil, nil
		s.status, s.text, s.hint, s.skipped = e.Status, e.Text, e.Hint, e.Question != nil
		if e.Problem != nil {
			s.problems = []state.Problem{*e.Problem}
		}
	case steps.KindChange:
		s.planned = append(slices.Clip(s.planned), e.Text)
	case steps.KindLog:
		if e.Problem == nil {
			s.log = append(s.log[max(0, len(s.log)+1-keptLog):], e.Text)
		} else if !slices.Contains(s.problems, *e.Problem) {
			s.problems = append(slices.Clip(s.problems), *e.Problem)
		}
	case steps.KindQuestion:
		s.question, s.given, s.skipped = e.Question, false, false
	case steps.KindAnswer:
		s.question = nil
	case steps.KindSealed:
		s.sealed = append(slices.Clip(s.sealed), e.Text)
	case steps.KindRun, steps.KindResult, steps.KindProgress:
	}
	return s
}

// word is the step's status in a word.
func (s seen) word() string {
	switch {
	case s.question != nil:
		return "waits for you"
	case s.skipped:
		return "left for later"
	case s.status == "":
		return "not looked at yet"
	case s.status == steps.NotNeeded:
		return "not needed"
	}
	return string(s.status)
}

// line says how the step is, in a sentence.
func (s seen) line() string {
	if s.question != nil {
		return called(s.info.Title, s.word(), s.question.Ask)
	}
	if s.text == "" || s.hint == "" {
		return called(s.info.Title, s.word(), s.text, s.hint)
	}
	return called(s.info.Title, s.word(), s.text) + " " + sentence(s.hint)
}

// stuck says whether a person is needed for more than an answer.
func (s seen) stuck() bool {
	return s.question == nil && (s.skipped || s.status == steps.Blocked || s.status == steps.Failed)
}

// undone says whether setup has something to do for it.
func (s seen) undone() bool {
	switch s.status {
	case steps.Missing, steps.Drifted, steps.Unknown:
		return true
	case steps.Ready:
		return len(s.planned) > 0 && !s.started
	case steps.Blocked, steps.Waiting, steps.NotNeeded, steps.Failed:
	}
	return false
}

// looked says whether every step was told of.
func (r *record) looked() bool {
	return !slices.ContainsFunc(r.list, func(s seen) bool { return !s.fresh })
}

// true counts the checklist's lines that are true.
func (r *record) true() (n int) {
	for _, s := range r.list {
		if s.status.True() {
			n += len(s.info.Lines)
		}
	}
	return n
}

// names are what the steps can be called by.
func (r *record) names() [][]string {
	out := make([][]string, 0, len(r.list))
	for _, s := range r.list {
		out = append(out, []string{s.info.Title, s.info.ID})
	}
	return out
}

// standing says how many lines are true and who is waited for.
func (r *record) standing() string {
	total, wait, stuck := 0, 0, 0
	for _, s := range r.list {
		total += len(s.info.Lines)
		if s.question != nil {
			wait++
		}
		if s.stuck() {
			stuck++
		}
	}
	if len(r.list) == 0 {
		return "Nothing of the set-up was looked at yet."
	}
	out := []string{fmt.Sprintf("%d of %s true.", r.true(), counted(total, "line")+verb(total, " is", " are"))}
	if wait > 0 {
		out = append(out, counted(wait, "step")+verb(wait, " waits", " wait")+" for your answer.")
	}
	if stuck > 0 {
		out = append(out, counted(stuck, "step")+verb(stuck, " does", " do")+" not go on without you.")
	}
	return strings.Join(out, " ")
}

// without are the titles of the steps that cannot be true without the step, by
// what it gives, and what those give.
func (r *record) without(id string) []string {
	gives := slices.Clone(r.get(id).info.Gives)
	lost := map[string]bool{id: true}
	var out []string
	for more := true; more; {
		more = false
		for _, s := range r.list {
			if lost[s.info.ID] || s.status.True() || !slices.ContainsFunc(slices.Concat(s.info.Needs, s.info.After), func(ref state.Ref) bool { return slices.Contains(gives, ref) }) {
				continue
			}
			lost[s.info.ID], more = true, true
			gives = append(gives, s.info.Gives...)
			out = append(out, s.info.Title)
		}
	}
	return out
}
