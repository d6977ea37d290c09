package plain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
)

// The commands of a review.
var (
	reviewAlone = []string{"plan", "go", "undo", "list"}
	reviewAbout = []string{"change", "reset"}
)

const reviewHow = "Type change NUMBER or NAME, reset NUMBER or NAME, undo, list, back, quit. Enter alone goes on to the plan."

// Review implements guide.Face.
func (l *Lines) Review(ctx context.Context, said state.Config) (state.Config, guide.Choice, error) {
	l.begin()
	l.sayReview(said)
	l.say(reviewHow)
	at := place{where: "This is the review of all answers.", help: []string{
		"change asks for another answer, reset takes yours back so that it is derived again, undo takes the last change back, list says all answers. Enter alone, or plan, goes on.",
	}}
	var before []state.Config
	for {
		text, do, err := l.read(ctx, at)
		if do != "" {
			c, err := l.leaves(do, err)
			return said, c, err
		}
		name, rest := command(text, reviewAlone, reviewAbout)
		next, changed := said, false
		switch {
		case text == "" || name == "plan" || name == "go":
			return said, guide.Choice{Do: guide.Next}, nil
		case name == "list":
			l.sayReview(said)
		case name == "undo" && len(before) == 0:
			l.say("There is nothing to undo.")
		case name == "undo":
			last := len(before) - 1
			l.sayChanges(said, before[last])
			said, before = before[last], before[:last]
		case name != "":
			if next, changed, do, err = l.changeIn(ctx, said, name, rest); do != "" {
				c, err := l.leaves(do, err)
				return said, c, err
			}
		default:
			l.say(reviewHow)
		}
		if changed {
			l.sayChanges(said, next)
			before, said = append(before, said), next
		}
	}
}

// sayReview says all answers, numbered, each with why it is so.
func (l *Lines) sayReview(said state.Config) {
	all := state.Review(said)
	mine := 0
	for _, a := range all {
		if a.Said {
			mine++
		}
	}
	l.say(fmt.Sprintf("Review: %s, %d derived.", counted(mine, "answer"), len(all)-mine))
	for i, a := range all {
		l.say(fmt.Sprintf("%d. %s", i+1, answerLine(a)))
	}
}

// answerLine is an answer as a sentence.
func answerLine(a state.Reviewed) string {
	value := a.Value
	if value == "" {
		value = "left open"
	}
	why := "Why: " + a.Why
	if a.Said {
		why = "You said so"
	}
	if a.Why == "" && !a.Said {
		return called(a.Name, value)
	}
	return called(a.Name, value) + " " + stop(why)
}

// sayChanges says which answers are others now, also those that follow.
func (l *Lines) sayChanges(from, to state.Config) {
	old := state.Review(from)
	changed := false
	for _, a := range state.Review(to) {
		if !slices.ContainsFunc(old, func(o state.Reviewed) bool { return o.Key == a.Key && o.Value == a.Value }) {
			changed = true
			l.say(answerLine(a))
		}
	}
	if !changed {
		l.say("All answers stay as they are.")
	}
}

// changeIn changes one answer, or takes it back. Back keeps it as it is.
func (l *Lines) changeIn(ctx context.Context, said state.Config, name, which string) (state.Config, bool, guide.Do, error) {
	all := state.Review(said)
	i := pickAnswer(which, all)
	if i >= 0 {
		which = all[i].Key
	}
	q, _ := state.QuestionFor(which)
	if q.Key == "" || state.SecretAnswer(q.Key) {
		l.say("There is no such answer, or more than one. Say list to hear their numbers and names.")
		return said, false, "", nil
	}
	if name == "reset" {
		next, err := answered(said, q.Key, "")
		if err != nil {
			l.say(refusal(err, "", false)...)
			return said, false, "", nil
		}
		return next, true, "", nil
	}
	q.Default, _ = said.Derive().Value(q.Key)
	l.say(l.question(q, "", false)...)
	at := place{where: sentence(q.Ask), help: []string{"Type another answer. Enter alone, or back, keeps it as it is."}}
	for {
		text, do, err := l.read(ctx, at)
		switch {
		case do == guide.Back, do == "" && text == "":
			l.say("Kept as it is.")
			return said, false, "", nil
		case do != "":
			return said, false, do, err
		}
		v, err := answerTo(q, text)
		next := said
		if err == nil {
			err = next.SetAnswer(q.Key, v)
		}
		if err == nil {
			err = together(next, q.Key)
		}
		if err == nil {
			return next, true, "", nil
		}
		l.say(refusal(err, text, secretly(text))...)
	}
}

// answered is the configuration with another answer, where that is legal
// together with the others.
func answered(said state.Config, key, value string) (state.Config, error) {
	if err := said.Set(key, value); err != nil {
		return said, err
	}
	return said, together(said, key)
}

// together says what is not legal about an answer among the others.
func together(said state.Config, key string) error {
	var all []error
	for _, p := range said.Derive().CheckKey(key) {
		all = append(all, p)
	}
	for _, q := range state.Required(said) {
		if q.Key == key {
			all = append(all, state.Problem{What: "nothing can be derived without an answer to this", Fix: "change it to another"})
		}
	}
	return errors.Join(all...)
}
