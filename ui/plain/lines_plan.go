package plain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
)

// The commands of a plan.
var (
	planAlone = []string{"go", "list"}
	planAbout = []string{"show", "change"}
)

// Plan implements guide.Face. The plan is said as soon as every step was looked
// at; go works from then on.
func (l *Lines) Plan(ctx context.Context, p guide.Plan) (guide.Choice, error) {
	l.mu.Lock()
	l.rec.know(p.Infos)
	l.mu.Unlock()
	defer l.begin() // what is told from here on belongs to something else
	if past := l.past(p.Past); past != "" {
		l.say(past)
	}
	l.say("Looking at everything. This changes nothing.")
	at := place{where: "This is the plan, before anything is written.", help: []string{
		"go begins, list says every step, show NUMBER says what a step will do, change NAME asks for another answer, back goes to the review.",
	}}
	if do, err := l.looked(ctx, at); do != "" {
		return l.leaves(do, err)
	}
	l.sayPlan(p)
	for {
		text, do, err := l.read(ctx, at)
		if do != "" {
			return l.leaves(do, err)
		}
		switch name, rest := command(text, planAlone, planAbout); name {
		case "go":
			return guide.Choice{Do: guide.Next}, nil
		case "list":
			l.sayList()
		case "show":
			l.show(rest)
		case "change":
			if key := l.changed(rest); key != "" {
				return guide.Choice{Do: guide.Change, Key: key}, nil
			}
		default:
			l.say("Type go, or list, show NUMBER, change NAME, back, quit.")
		}
	}
}

// looked waits until every step was told of, or the person does not.
func (l *Lines) looked(ctx context.Context, at place) (guide.Do, error) {
	at.until = l.wake
	for {
		l.mu.Lock()
		done := l.rec.looked()
		l.mu.Unlock()
		if done {
			return "", nil
		}
		_, do, err := l.read(ctx, at)
		switch {
		case errors.Is(err, errWoken):
		case do != "":
			return do, err
		default:
			l.say("The plan is not known yet. It is said as soon as it is.")
		}
	}
}

// past says how the last run ended; empty: there was none.
func (l *Lines) past(p *guide.Past) string {
	if p == nil {
		return ""
	}
	ago := Took(l.clock.Now().Sub(p.Ended))
	if p.In == "" {
		return "The last run came to its end " + ago + " ago."
	}
	return "The last run stopped " + ago + " ago, in " + stop(p.In)
}

// sayPlan says the plan in short.
func (l *Lines) sayPlan(p guide.Plan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var todo, ready, none, later int
	var stuck []string
	var cost state.Cost
	for _, s := range l.rec.list {
		switch {
		case s.undone():
			todo++
			cost = cost.Plus(s.info.Cost)
		case s.status == steps.Ready:
			ready++
		case s.status == steps.NotNeeded:
			none++
		case s.stuck():
			stuck = append(stuck, s.line())
			for _, problem := range s.problems {
				stuck = append(stuck, problemLines(s.info.Title+": ", problem)...)
			}
		default:
			later++
		}
	}
	parts := []string{fmt.Sprintf("%d to do", todo), fmt.Sprintf("%d ready", ready), fmt.Sprintf("%d not needed", none)}
	if later > 0 {
		parts = append(parts, fmt.Sprintf("%d for later", later))
	}
	needs := "Needs nothing of you."
	if cost != (state.Cost{}) {
		needs = "Needs you for " + Cost(cost) + " at most."
	}
	if p.Human != (state.Cost{}) {
		needs += " Asked of you so far: " + Cost(p.Human) + "."
	}
	l.write([]string{"Plan: " + strings.Join(parts, ", ") + ". " + needs})
	l.write(stuck)
	l.write([]string{"Nothing is written before you type go.", "Type go, or list, show NUMBER, change NAME, back, quit."})
}

// sayList says every step, numbered.
func (l *Lines) sayList() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.rec.list {
		l.write([]string{fmt.Sprintf("%d. %s", i+1, s.line())})
	}
}

// step finds the step that is meant; what is not found is said.
func (l *Lines) step(text string) (seen, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := pick(text, l.rec.names())
	if i < 0 {
		l.write([]string{"There is no such step, or more than one. Say list to hear their numbers and names."})
		return seen{}, false
	}
	return l.rec.list[i], true
}

// show says what a step is and will do.
func (l *Lines) show(text string) {
	s, ok := l.step(text)
	if !ok {
		return
	}
	l.say(s.line())
	for _, p := range s.planned {
		l.say(sentence("will " + p))
	}
	if len(s.planned) == 0 && s.undone() {
		l.say(sentence(s.info.Does))
	}
	for _, p := range s.problems {
		l.say(problemLines("", p)...)
	}
	if s.info.Cost != (state.Cost{}) && s.undone() {
		l.say("From you: " + Cost(s.info.Cost) + " at most.")
	}
}

// changeable are the answers that can be another at any time, with their
// names.
func changeable() []state.Reviewed {
	all := state.Review(state.Config{CI: state.CIConf{Access: state.TwoLogins}})
	return append(all,
		state.Reviewed{Key: "cloudflare.token", Name: "Cloudflare token"},
		state.Reviewed{Key: "github.token", Name: "GitHub token"})
}

// changed is the key of the answer that is meant; empty: none is, which is
// said.
func (l *Lines) changed(text string) string {
	all := changeable()
	if i := pickAnswer(text, all); i >= 0 {
		return all[i].Key
	}
	if _, ok := state.QuestionFor(text); ok && !state.SecretAnswer(text) {
		return text
	}
	names := make([]string, 0, len(all))
	for i, a := range all {
		names = append(names, fmt.Sprintf("%d, %s", i+1, a.Name))
	}
	if text != "" {
		l.say("There is no such answer, or more than one.")
	}
	l.say("Say change and a number or a name: "+strings.Join(names, "; ")+".", "Any key of nixwright.toml is a name too.")
	return ""
}

// pickAnswer finds the answer that is meant; -1: none, or not one alone.
func pickAnswer(text string, all []state.Reviewed) int {
	names := make([][]string, 0, len(all))
	for _, a := range all {
		names = append(names, []string{a.Name, a.Key})
	}
	return pick(text, names)
}
