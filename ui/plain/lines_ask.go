package plain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
)

// Ask implements guide.Face.
func (l *Lines) Ask(ctx context.Context, a guide.Asking) (guide.Choice, error) {
	l.begin()
	defer l.hide(false)
	if a.Repos != nil {
		return l.askRepos(ctx, a)
	}
	head := ""
	if a.N > 0 {
		head = fmt.Sprintf("Question %d of %d. ", a.N, a.Of)
	}
	l.say(l.question(a.Question, head, a.Far)...)
	p := place{
		where: head + sentence(a.Question.Ask), first: a.First, hidden: hides(a.Question),
		help: []string{"Type the answer, or the number of a choice. Enter alone takes what stands in brackets."},
	}
	if a.Open != nil && a.Question.URL != "" {
		p.help = append(p.help, "open shows the page in your browser.")
	}
	for {
		text, do, err := l.read(ctx, p)
		if do != "" {
			return l.leaves(do, err)
		}
		if strings.EqualFold(text, "open") && a.Open != nil && a.Question.URL != "" {
			l.openPage(ctx, a.Open, a.Question.URL, a.Far)
			continue
		}
		v, err := answerTo(a.Question, text)
		if err == nil && a.Check != nil {
			l.say("Looking it up.")
			err = a.Check(ctx, v)
		}
		if ctx.Err() != nil {
			return guide.Choice{Do: guide.Quit}, ctx.Err()
		}
		if err == nil && hides(a.Question) {
			l.say("It fits. It is used now and not stored.")
		}
		if err == nil {
			return guide.Choice{Do: guide.Next, Value: v}, nil
		}
		l.say(refusal(err, text, p.hidden || secretly(text))...)
	}
}

// openPage shows a page in the browser.
func (l *Lines) openPage(ctx context.Context, open func(context.Context, string) error, url string, far bool) {
	if far {
		l.say("The browser is on another computer. Open this page there: " + url)
		return
	}
	if err := open(ctx, url); err != nil {
		l.say(problemLines("The page did not open: ", state.AsProblem(err))...)
		l.say("Open it yourself: " + url)
		return
	}
	l.say("The page is open in your browser.")
}

// hides says whether what answers the question is not shown while it is typed.
func hides(q state.Question) bool { return q.Kind == state.KindSecret || q.Kind == state.KindPage }

// question are the sentences of a question: what, why, how, what is asked to
// be allowed, the choices, what is taken where nothing is typed.
func (l *Lines) question(q state.Question, head string, far bool) []string {
	ask := head + sentence(q.Ask)
	if q.Default != "" {
		ask += " [" + q.Default + "]"
	}
	out := []string{ask, sentence(q.Why)}
	for i, how := range q.How {
		out = append(out, fmt.Sprintf("%d. %s", i+1, sentence(how)))
	}
	for _, p := range q.Asks {
		out = append(out, stop(strings.TrimSpace("It may "+p.Level+" "+p.Name)+": "+p.Why))
	}
	if q.URL != "" && (!far || q.Form == nil) {
		out = append(out, "Open this page: "+q.URL)
	}
	out = append(out, choiceLines(q)...)
	switch {
	case q.Kind == state.KindClick:
		out = append(out, "This goes on by itself when it is done. There is nothing to type.")
	case hides(q) && l.echo != nil:
		out = append(out, "What you type or paste is not shown.")
	case q.Default != "":
		out = append(out, "Enter alone takes "+q.Default+".")
	}
	return out
}

// wants is what a paste must be to answer the question; empty: anything.
func wants(q state.Question) state.PastedKind {
	switch {
	case q.Kind == state.KindPage:
		return state.PastedReturn
	case q.Key == "github.token":
		return state.PastedGitHub
	case q.Key == "cloudflare.token":
		return state.PastedCloudflare
	case strings.HasSuffix(q.Key, "_client_id"):
		return state.PastedClientID
	case strings.HasSuffix(q.Key, "_client_secret"):
		return state.PastedClientSecret
	}
	return ""
}

// credentials are the kinds of pastes that are secret, or may be.
var credentials = []state.PastedKind{
	state.PastedGitHub, state.PastedCloudflare, state.PastedClientSecret, state.PastedReturn, state.PastedWrong,
}

// secretly says whether the text looks like a credential.
func secretly(text string) bool {
	return slices.ContainsFunc(credentials, state.RecognisePaste(text).Is)
}

// answerTo is the answer that the text is. The error says why it is none.
func answerTo(q state.Question, text string) (state.Secret, error) {
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' {
		text = text[1 : n-1]
	}
	if text == "" {
		text = q.Default
	}
	if _, open := chosen(q, ""); text == "" && !open {
		return state.Secret{}, errors.New("an answer is needed")
	}
	v := state.NewSecret(text)
	switch kind := wants(q); {
	case q.Kind == state.KindClick:
		return v, state.Problem{What: "there is nothing to type or to paste for this", Why: "it goes on by itself when it is done", Fix: "do it on the page: " + q.URL}
	case kind != "":
		var err error
		if v, err = state.RecognisePaste(text).For(kind); err != nil {
			return v, err
		}
	case q.Kind != state.KindSecret && q.Key != "cache.r2.account" && secretly(text):
		p := state.RecognisePaste(text)
		what := "that is " + string(p.Kinds[0])
		if p.Problem != nil {
			what = p.Problem.What
		}
		return v, state.Problem{What: what, Why: "it is not an answer to this, and it was not kept", Fix: "type the answer; a token is asked for when it is needed"}
	case q.Kind == state.KindYes:
		if _, err := state.ParseYes(text); err != nil {
			return v, state.Problem{What: "that is neither yes nor no", Fix: "type yes or no"}
		}
	default:
		choice, found := chosen(q, text)
		if !found && len(q.Choices) > 0 {
			return v, state.Problem{What: "that is none of the choices", Fix: "type " + strings.Join(q.Choices, " or ")}
		}
		if found {
			v = state.NewSecret(choice)
		}
	}
	if q.Accept != nil {
		return v, q.Accept(state.Answer{Value: v, From: "you"})
	}
	return v, nil
}
