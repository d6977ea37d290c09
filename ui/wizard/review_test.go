package wizard_test

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// reviewed is what the review gave.
type reviewed struct {
	said   state.Config
	choice guide.Choice
}

// config is what a person said so far.
func config(t *testing.T, answers ...string) state.Config {
	t.Helper()
	var c state.Config
	for i := 0; i < len(answers); i += 2 {
		if err := c.Set(answers[i], answers[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func review(t *testing.T, said state.Config, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	give := func(said state.Config, c guide.Choice) tea.Cmd {
		return func() tea.Msg { return reviewed{said, c} }
	}
	return tuitest.New(t, wizard.NewReview(said, give), options...)
}

func threeAnswers(t *testing.T) state.Config {
	t.Helper()
	return config(t, "host.ssh", "omnara1.phlip9.com", "ci.domain", "ci.phlip9.com", "github.repos", "phlip9/dotfiles")
}

// down is the arrow pressed n times.
func down(s *tuitest.Story, n int) *tuitest.Story {
	for range n {
		s.Press("down")
	}
	return s
}

// The rows of the review that the stories go to.
const (
	rowDomain   = 2
	rowAccess   = 6
	rowCache    = 13
	rowLocation = 16
)

func TestReviewAtEverySize(t *testing.T) {
	for _, size := range threeSizes {
		sized := tuitest.Size(size[0], size[1])
		down(review(t, threeAnswers(t), sized), rowAccess).Golden("review")
		down(review(t, threeAnswers(t), sized), rowCache).Press("enter").Type("cache phlip9").Golden("review-change")
		down(review(t, config(t, "host.ssh", "omnara1", "github.topic", "Not A Topic"), sized).Press("home"), 12).Golden("review-problem")
	}
	down(review(t, threeAnswers(t), tuitest.ASCII()), rowAccess).Golden("review-ascii")
	if review(t, threeAnswers(t)).View().Content == review(t, threeAnswers(t), tuitest.Light()).View().Content {
		t.Error("a light terminal has the colours of a dark one")
	}
}

func TestWhatIsDerivedFollows(t *testing.T) {
	s := review(t, threeAnswers(t)).Has("Review · 3 answers", "cache.phlip9.com-1")
	down(s, rowDomain).Press("enter").Has("Review · CI domain", "Emptied, it is left open")
	for range len("phlip9.com") {
		s.Press("backspace")
	}
	s.Type("lexe.app").Press("enter").Has("ci.lexe.app", "cache.lexe.app-1", "3 answers").Lacks("phlip9.com-1")
	s.Press("u").Has("cache.phlip9.com-1").Lacks("lexe.app").Press("u").Has("undo: nothing was changed here")
}

func TestAnEmptiedAnswerIsDerivedAgain(t *testing.T) {
	said := threeAnswers(t)
	if err := said.Set("cache.domain", "nix.phlip9.com"); err != nil {
		t.Fatal(err)
	}
	s := down(review(t, said).Has("4 answers"), rowCache).Press("enter").Has("Emptied, it is cache.phlip9.com again").Press("ctrl+u").Press("enter")
	s.Has("3 answers", "cache.phlip9.com-1")
	// A choice that would be made anyway is nobody's.
	s = down(review(t, threeAnswers(t)), rowAccess).Press("enter", "2", "enter").Has("4 answers", "second login").Press("enter", "1", "enter")
	s.Has("3 answers").Lacks("second login")
}

func TestAChangeIsRefusedWhileItIsNotLegal(t *testing.T) {
	s := down(review(t, threeAnswers(t)), rowCache).Press("enter").Type("cache phlip9").Has("is not").Press("enter").Has("next: cache.domain", "cache phlip9")
	s.Press("esc").Has("Review · 3 answers").Press("u").Has("nothing was changed")
	if got := said[reviewed](s); len(got) > 0 {
		t.Error("a change over the review is given to the guide")
	}
}

func TestTheOtherChoicesAreTold(t *testing.T) {
	down(review(t, threeAnswers(t)), rowAccess).Has("access: one login stands", "Other choice: two-logins")
	down(review(t, threeAnswers(t)), rowLocation).Has("location: Cloudflare takes", "Other choices: weur")
}

func TestThePlanWaitsForLegalAnswers(t *testing.T) {
	s := review(t, threeAnswers(t)).Press("p", "p")
	got := said[reviewed](s)
	if len(got) != 1 || got[0].choice.Do != guide.Next || got[0].said.CI.Domain != "ci.phlip9.com" || got[0].said.Cache.Domain != "" {
		t.Errorf("p gives %v", got)
	}
	if got := said[reviewed](review(t, config(t, "host.ssh", "omnara1")).Has("no answer yet").Press("p").Has("plan: CI domain has no answer")); len(got) > 0 {
		t.Error("a plan without an answer")
	}
	wrong := threeAnswers(t)
	wrong.GitHub.Topic = "Not A Topic"
	if got := said[reviewed](review(t, wrong).Press("p").Has("plan: github.topic")); len(got) > 0 {
		t.Error("a plan with an answer that is not legal")
	}
	if got := said[reviewed](review(t, wrong).Press("esc")); len(got) != 1 || got[0].choice.Do != guide.Back || got[0].said.GitHub.Topic != "Not A Topic" {
		t.Errorf("esc gives %v", got)
	}
}
