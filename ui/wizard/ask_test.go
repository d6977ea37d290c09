package wizard_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// questionOf is the question of a key as it is asked.
func questionOf(t *testing.T, key, proposed string) guide.Asking {
	t.Helper()
	q, ok := state.QuestionFor(key)
	if !ok {
		t.Fatalf("no question %s", key)
	}
	q.Default = proposed
	return guide.Asking{Question: q, N: 2, Of: 3}
}

func ask(t *testing.T, a guide.Asking, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	return tuitest.New(t, wizard.NewAsk(a, choice), options...)
}

// gives fails the test if the answer is not the one that is wanted.
func gives(t *testing.T, s *tuitest.Story, want string) {
	t.Helper()
	if c := chosen(t, s); c.Do != guide.Next || c.Value.Reveal() != want {
		t.Errorf("%s %q is given, not %q", c.Do, c.Value.Reveal(), want)
	}
}

func TestQuestionsAtEverySize(t *testing.T) {
	yes := questionOf(t, "secrets.create_identity", "")
	for _, size := range threeSizes {
		sized := tuitest.Size(size[0], size[1])
		ask(t, questionOf(t, "ci.domain", "ci.phlip9.com"), sized).Golden("ask-proposal")
		ask(t, questionOf(t, "ci.domain", "ci.phlip9.com"), sized).Type("ci_phlip9.com").Golden("ask-refused")
		ask(t, questionOf(t, "ci.access", ""), sized).Press("down").Golden("ask-choice")
		ask(t, yes, sized).Golden("ask-yes")
		ask(t, questionOf(t, "gc.schedule", "daily"), sized).Golden("ask-offers")
	}
	ask(t, questionOf(t, "ci.access", ""), tuitest.ASCII()).Golden("ask-choice-ascii")
	ask(t, questionOf(t, "ci.domain", ""), tuitest.ASCII()).Type("ci").Golden("ask-refused-ascii")
	if s := ask(t, yes, tuitest.Light()); s.View().Content == ask(t, yes).View().Content {
		t.Error("a light terminal has the colours of a dark one")
	}
}

func TestAnAnswerIsTyped(t *testing.T) {
	s := ask(t, questionOf(t, "ci.domain", "")).Has("Question 2 of 3", "Under which domain?").Type("q?k1")
	if s.Ticks() > 0 || s.Quit() {
		t.Error("a letter is a key, or the cursor blinks")
	}
	s.Press("backspace", "backspace", "backspace", "backspace").Type("ci.phlip9.com").Press("enter", "enter")
	gives(t, s, "ci.phlip9.com")
}

func TestEnterTakesTheProposal(t *testing.T) {
	gives(t, ask(t, questionOf(t, "ci.domain", "ci.phlip9.com")).Has("enter takes ci.phlip9.com").Press("enter"), "ci.phlip9.com")
	s := ask(t, questionOf(t, "ci.domain", "ci.phlip9.com")).Press("tab").Lacks("enter takes").Press("home").Type("my-").Press("enter")
	gives(t, s, "my-ci.phlip9.com")
}

func TestWhatIsNotLegalIsToldWhileItIsTyped(t *testing.T) {
	s := ask(t, questionOf(t, "ci.domain", "")).Press("enter").Has("next: there is no answer yet")
	s.Type("ci_x.phlip9.com").Has(`"ci_x.phlip9.com" is not`, "Write ").Press("enter").Has("next: ci.domain", "ci_x.phlip9.com")
	nothingGiven(t, s)
	s.Press("home", "right", "right", "delete", "delete").Type("").Lacks("is not").Press("enter")
	gives(t, s, "ci.phlip9.com")
}

func TestAPasteIntoAFieldIsText(t *testing.T) {
	s := ask(t, questionOf(t, "ci.domain", "")).Paste("\x1bci.\u202ephlip9\x00\u200b.com\r\nq\x03")
	nothingGiven(t, s)
	if s.Quit() {
		t.Error("a paste pressed keys")
	}
	s.Has("ci.phlip9.com q").Press("backspace", "backspace", "enter")
	gives(t, s, "ci.phlip9.com")
	// What is pasted never leaves its line.
	for row := range strings.SplitSeq(ask(t, questionOf(t, "ci.domain", "")).Paste("one\ntwo").Screen(), "\n") {
		if strings.TrimSpace(row) == "two" {
			t.Error("a paste has lines")
		}
	}
}

func TestBackIsOnlyWhereSomethingIsBefore(t *testing.T) {
	if c := chosen(t, ask(t, questionOf(t, "ci.domain", "")).Type("x").Press("esc")); c.Do != guide.Back {
		t.Errorf("esc gives %v", c)
	}
	first := questionOf(t, "host.ssh", "")
	first.First = true
	nothingGiven(t, ask(t, first).Lacks("back").Press("esc"))
}

func TestAChoiceIsMade(t *testing.T) {
	s := ask(t, questionOf(t, "ci.access", "")).Has("1  fully-private, recommended", "one login stands", "2  two-logins")
	gives(t, s.Press("enter"), state.FullyPrivate)
	gives(t, ask(t, questionOf(t, "ci.access", "")).Press("down", "enter"), state.TwoLogins)
	gives(t, ask(t, questionOf(t, "ci.access", state.TwoLogins)).Press("enter"), state.TwoLogins)
	gives(t, ask(t, questionOf(t, "ci.access", "")).Press("2", "enter"), state.TwoLogins)
	gives(t, ask(t, questionOf(t, "ci.access", "")).Press("2", "9", "up", "enter"), state.FullyPrivate)
	gives(t, ask(t, questionOf(t, "cache.r2.location", "")).Has("left out, recommended").Press("enter"), "")
	gives(t, ask(t, questionOf(t, "cache.r2.location", ""), tuitest.Size(60, 16)).Press("up").Has("Oceania").Press("enter"), "oc")
}

func TestYesOrNo(t *testing.T) {
	const key = "secrets.create_identity"
	gives(t, ask(t, questionOf(t, key, "")).Has("▸ No").Press("enter"), "false")
	gives(t, ask(t, questionOf(t, key, "")).Press("y").Has("▸ Yes").Press("enter"), "true")
	gives(t, ask(t, questionOf(t, key, "yes")).Press("left").Has("▸ No").Press("enter"), "false")
}

func TestOffersAreTaken(t *testing.T) {
	s := ask(t, questionOf(t, "gc.older_than", "")).Has("720h", "30 days").Press("down", "down").Has("▸ 168h").Press("enter")
	gives(t, s, "168h")
	gives(t, ask(t, questionOf(t, "gc.older_than", "")).Press("up").Press("enter"), "8760h")
	gives(t, ask(t, questionOf(t, "gc.older_than", "")).Type("100h").Press("enter"), "100h")
}

func TestAnAnswerIsLookedUp(t *testing.T) {
	a := questionOf(t, "host.ssh", "")
	tries := 0
	a.Check = func(_ context.Context, v state.Secret) error {
		if tries++; v.Reveal() == "nowhere" {
			return state.Problem{ID: "F99", What: "nowhere does not answer", Why: "no route", Fix: "give another host"}
		}
		return nil
	}
	s := ask(t, a).Type("nowhere").Press("enter").Has("nowhere does not answer", "no route", "give another host", "▸ nowhere", "F99")
	nothingGiven(t, s)
	s.Type("2").Lacks("does not answer").Press("enter")
	gives(t, s, "nowhere2")
	if tries != 2 {
		t.Errorf("looked up %d times", tries)
	}
}

func TestALookUpIsGivenUp(t *testing.T) {
	a := questionOf(t, "host.ssh", "")
	var ended error
	a.Check = func(ctx context.Context, _ state.Secret) error {
		ended = ctx.Err()
		return errors.Join(ended, state.Problem{What: "too late"})
	}
	// Two keys without a look at the screen between them: the look-up is under way.
	page, _ := wizard.NewAsk(a, choice).Update(keyPress("h"), env())
	page, _ = page.Update(keyPress("o"), env())
	page, cmd := page.Update(keyPress("enter"), env())
	if got := page.View(env()); !strings.Contains(got, "looking") {
		t.Errorf("it does not say that it looks:\n%s", got)
	}
	page, _ = page.Update(keyPress("x"), env())
	page, back := page.Update(keyPress("esc"), env())
	page, _ = page.Update(cmd(), env())
	if got := page.View(env()); back != nil || ended == nil || strings.Contains(got, "too late") || !strings.Contains(got, "ho") {
		t.Errorf("back %v, ended by %v, shows\n%s", back != nil, ended, got)
	}
}
