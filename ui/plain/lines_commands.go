package plain

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
)

// The commands of a run.
var (
	runAlone = []string{"help", "?", "back", "status", "quit", "list", "open", "review"}
	runAbout = []string{"retry", "skip", "explain", "change", "log"}
)

var runHelp = []string{
	"status says how it stands, list says every step, log STEP what it said.",
	"retry STEP tries it now, skip STEP leaves it for later, change NAME asks for another answer, review shows all answers.",
	"explain F12 explains a failure, open opens the page that is waited for, quit stops after this call.",
	"STEP is a number of the list, a name, or a part of one; it can be left out where only one is meant.",
}

// keptShown is how much of a step's log is said.
const keptShown = 20

// command does a command of the run; true: the run is left.
func (v *lineRun) command(ctx context.Context, name, rest string) (guide.Choice, bool) {
	l := v.l
	defer l.prompt()
	switch name {
	case "help", "?":
		l.say(runHelp...)
	case "back":
		l.say("A run has no way back. change NAME asks for another answer, review shows all, quit stops.")
	case "status":
		l.say(l.standing(), "Asked of you before this run: "+Cost(v.r.Human)+". In all at most: "+Cost(v.r.To)+".")
		v.asked = nil // it is said again
	case "list":
		l.sayList()
	case "open":
		v.open(ctx)
	case "explain":
		v.explain(rest)
	case "log":
		v.log(rest)
	case "change":
		if key := l.changed(rest); key != "" {
			return guide.Choice{Do: guide.Change, Key: key}, true
		}
	case "review":
		return guide.Choice{Do: guide.Review}, true
	case "retry":
		return v.retry(rest)
	case "skip":
		v.maySkip(rest)
	case "quit":
		return v.quit()
	}
	return guide.Choice{}, false
}

// quit stops the run; the second time it does not wait for it.
func (v *lineRun) quit() (guide.Choice, bool) {
	if v.stopping || v.ended {
		v.l.say(v.l.farewell())
		return guide.Choice{Do: guide.Quit}, true
	}
	v.stopping = true
	v.l.say("Stopping after this call. Again: at once. Both are safe.")
	v.r.Stop()
	return guide.Choice{}, false
}

// meant is the step of a command; without a word, the only one that may be.
func (v *lineRun) meant(text string, may func(seen) bool) (seen, bool) {
	if text != "" {
		return v.l.step(text)
	}
	v.l.mu.Lock()
	defer v.l.mu.Unlock()
	var found []seen
	for _, s := range v.l.rec.list {
		if may(s) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		v.l.write([]string{"There is no step to do that with now. Say list to hear them."})
	case 1:
		return found[0], true
	default:
		var names []string
		for _, s := range found {
			names = append(names, s.info.Title)
		}
		v.l.write([]string{"Which one? " + strings.Join(names, ", ") + "."})
	}
	return seen{}, false
}

func (v *lineRun) retry(text string) (guide.Choice, bool) {
	if v.ended {
		return guide.Choice{Do: guide.Next}, true
	}
	s, ok := v.meant(text, seen.stuck)
	switch {
	case !ok:
	case s.question != nil:
		v.l.say(called(s.info.Title, "its question is open", s.question.Ask))
	default:
		v.again(s.info.ID) // before it can be told anew
		if !v.r.Again(s.info.ID) {
			v.l.say(called(s.info.Title, "there is nothing to try again now"))
			break
		}
		v.l.say(called(s.info.Title, "tried again"))
	}
	return guide.Choice{}, false
}

// again makes what is told of a step next be said, also where it is the same.
func (v *lineRun) again(id string) {
	v.l.mu.Lock()
	defer v.l.mu.Unlock()
	v.l.rec.forget(id)
}

// maySkip says what skipping costs, and asks for a yes.
func (v *lineRun) maySkip(text string) {
	s, ok := v.meant(text, func(s seen) bool { return s.question != nil || s.stuck() && !s.skipped })
	if !ok {
		return
	}
	v.l.mu.Lock()
	lost := v.l.rec.without(s.info.ID)
	v.l.mu.Unlock()
	cost := "No other step needs it."
	if len(lost) > 0 {
		cost = fmt.Sprintf("%s %s for it: %s.", counted(len(lost), "step"), verb(len(lost), "waits", "wait"), strings.Join(lost, ", "))
	}
	v.l.say("Skipping "+s.info.Title+" leaves it for later. "+cost, "Type yes to skip it.")
	v.skipping = s.info.ID
}

func (v *lineRun) skip(id string) {
	s, _ := v.l.step(id)
	if v.r.Skip(id) {
		v.l.say(called(s.info.Title, "skipped for now"))
		return
	}
	v.l.say(called(s.info.Title, "there is nothing to skip now"))
}

// open opens the page that is waited for, or the one on which a step is
// mended.
func (v *lineRun) open(ctx context.Context) {
	page := ""
	if v.asked != nil {
		page = v.asked.URL
	}
	v.l.mu.Lock()
	for _, s := range v.l.rec.list {
		for _, p := range s.problems {
			if page == "" && s.stuck() {
				page = p.URL
			}
		}
	}
	v.l.mu.Unlock()
	if page == "" || v.r.Open == nil {
		v.l.say("There is no page to open now.")
		return
	}
	v.l.openPage(ctx, v.r.Open, page, v.r.Far)
}

// explain explains a failure by its id; without one, the one that blocks.
func (v *lineRun) explain(id string) {
	if id == "" {
		v.l.mu.Lock()
		for _, s := range v.l.rec.list {
			for _, p := range s.problems {
				if id == "" && p.ID != "" {
					id = p.ID
				}
			}
		}
		v.l.mu.Unlock()
	}
	f, ok := state.FailureByID(id)
	if !ok {
		v.l.say("There is no such failure. Say explain and an id from F1 to F50.")
		return
	}
	v.l.say(stop(f.ID+", "+f.Title), stop("Why: "+f.Why), stop("Seen: "+f.Seen), stop("Do: "+f.Fix))
}

// log says what a step said, the last lines of it.
func (v *lineRun) log(text string) {
	s, ok := v.meant(text, func(s seen) bool { return s.question != nil || s.stuck() })
	if !ok {
		return
	}
	if len(s.log) == 0 {
		v.l.say(called(s.info.Title, "it said nothing yet"))
		return
	}
	shown := s.log[max(0, len(s.log)-keptShown):]
	v.l.say(called("Log of "+s.info.Title, "the last "+counted(len(shown), "line")))
	v.l.say(shown...)
}

// loopbackPort is that of a page on this machine; empty: it is not here.
func loopbackPort(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return ""
	}
	return u.Port()
}
