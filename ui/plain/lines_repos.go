package plain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
)

// shownRepos is how many repositories are told at once.
const shownRepos = 20

// repoAsking is the question for repositories on its way.
type repoAsking struct {
	l      *Lines
	q      state.Question
	all    []state.RepoListing
	shown  []state.RepoListing // by their numbers
	chosen []string
}

// askRepos asks which repositories: a part of a name lists those that have it,
// a number or a whole name chooses, Enter alone goes on.
func (l *Lines) askRepos(ctx context.Context, a guide.Asking) (guide.Choice, error) {
	r := &repoAsking{l: l, q: a.Question}
	for name := range strings.SplitSeq(a.Question.Default, ",") {
		if name = strings.TrimSpace(name); name != "" {
			r.chosen = append(r.chosen, name)
		}
	}
	head := ""
	if a.N > 0 {
		head = fmt.Sprintf("Question %d of %d. ", a.N, a.Of)
	}
	l.say(head+sentence(a.Question.Ask)+" Numbers, or part of a name to search.", sentence(a.Question.Why))
	r.load(ctx, a)
	if ctx.Err() != nil {
		return guide.Choice{Do: guide.Quit}, ctx.Err()
	}
	r.count()
	p := place{where: head + sentence(a.Question.Ask), first: a.First, help: []string{
		"Type a part of a name to hear the repositories that have it, each with a number.",
		"Type a number, or several, or a whole name, owner/name, to choose; once more to take it back.",
		"list says the first repositories, chosen says which are chosen. Enter alone goes on with those.",
	}}
	for {
		text, do, err := l.read(ctx, p)
		if do != "" {
			return l.leaves(do, err)
		}
		if text != "" {
			r.typed(text)
			continue
		}
		v, err := answerTo(state.Question{Accept: r.q.Accept}, strings.Join(r.chosen, ","))
		if err == nil {
			return guide.Choice{Do: guide.Next, Value: v}, nil
		}
		l.say(refusal(err, "", false)...)
		l.say("Choose one at least: type a part of its name.")
	}
}

// load gets the list; where it cannot be had, names are typed.
func (r *repoAsking) load(ctx context.Context, a guide.Asking) {
	r.l.say("Looking up your repositories.")
	all, err := a.Repos(ctx)
	if err != nil && ctx.Err() == nil {
		r.l.say(problemLines("The repositories could not be listed: ", state.AsProblem(err))...)
		r.l.say("Type their whole names, owner/name.")
	}
	r.all = all
	if err == nil {
		r.l.say(fmt.Sprintf("%s found.", repositories(len(all))))
	}
}

func repositories(n int) string {
	return fmt.Sprintf("%d %s", n, verb(n, "repository", "repositories"))
}

// count says what is chosen.
func (r *repoAsking) count() {
	if len(r.chosen) > 0 {
		r.l.say("Chosen: " + strings.Join(r.chosen, ", ") + ". Enter alone goes on.")
	}
}

// typed does what was typed.
func (r *repoAsking) typed(text string) {
	switch strings.ToLower(text) {
	case "list":
		r.find("")
		return
	case "chosen":
		if len(r.chosen) == 0 {
			r.l.say("None is chosen yet.")
		}
		r.count()
		return
	}
	words := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' })
	for _, word := range words {
		n := numberOf(word, len(r.shown))
		switch {
		case n > 0:
			r.choose(r.shown[n-1].Name)
		case strings.Contains(word, "/") && !strings.HasSuffix(word, "/"):
			r.choose(word)
		case len(words) == 1 && secretly(text):
			r.l.say("Not taken: that is no name of a repository. It was not kept.")
		case len(words) == 1:
			r.find(word)
		default:
			r.l.say("Not taken: there is no number " + state.CleanText(word, 40) + " in the last list.")
		}
	}
}

// find lists the repositories that have the part in their names.
func (r *repoAsking) find(part string) {
	r.shown = slices.DeleteFunc(slices.Clone(r.all), func(one state.RepoListing) bool { return !has(one.Name, part) })
	n := len(r.shown)
	if n == 0 {
		r.l.say("No repository has that in its name. A whole name, owner/name, can be typed.")
		return
	}
	r.shown = r.shown[:min(n, shownRepos)]
	for i, one := range r.shown {
		line := fmt.Sprintf("%d. %s", i+1, one.Name)
		if why := unchoosable(one); why != "" {
			line += ", " + why + ", cannot be chosen"
		} else if slices.Contains(r.chosen, one.Name) {
			line += ", chosen"
		}
		r.l.say(stop(line))
	}
	if n > shownRepos {
		r.l.say(fmt.Sprintf("And %d more. Type more of the name.", n-shownRepos))
	}
}

// unchoosable says why the repository cannot be built; empty: it can.
func unchoosable(one state.RepoListing) string {
	switch {
	case one.Archived:
		return "archived"
	case !one.Admin:
		return "you may not administer it"
	}
	return ""
}

// choose takes a repository, or takes it back.
func (r *repoAsking) choose(name string) {
	if p := state.RecognisePaste(name); !p.Is(state.PastedRepo) {
		r.l.say("Not taken: that is no repository. Write owner/name.")
		return
	}
	if i := slices.IndexFunc(r.all, func(one state.RepoListing) bool { return strings.EqualFold(one.Name, name) }); i >= 0 {
		name = r.all[i].Name
		if why := unchoosable(r.all[i]); why != "" && !slices.Contains(r.chosen, name) {
			r.l.say(name + " cannot be chosen: " + why + ".")
			return
		}
	}
	if i := slices.Index(r.chosen, name); i >= 0 {
		r.chosen = slices.Delete(slices.Clone(r.chosen), i, i+1)
		r.l.say("No longer chosen: " + name + ".")
		r.count()
		return
	}
	next := append(slices.Clip(r.chosen), name)
	if _, err := answerTo(state.Question{Accept: r.q.Accept}, strings.Join(next, ",")); err != nil {
		r.l.say(refusal(err, "", false)...)
		return
	}
	r.chosen = next
	r.count()
}
