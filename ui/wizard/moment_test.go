package wizard_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

const (
	back    = "http://localhost:8976/back?code=0123456789abcdef0123456789abcdef01234567&state=00112233445566778899aabbccddeeff"
	aToken  = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
	install = "https://github.com/apps/phlip9-buildbot-ci/installations/new"
)

// gave, opened and skipped are what the page did.
type (
	gave    struct{ value state.Secret }
	opened  string
	skipped struct{}
)

// createApp is the question of the button on GitHub.
func createApp() state.Question {
	return state.Question{
		Key: "github.app_return", Kind: state.KindPage, Ask: "create the GitHub App phlip9-buildbot-ci", URL: "http://localhost:8976/app",
		File: "/home/you/dotfiles/.nixwright/create-app.html", Why: "GitHub makes an App only where a person presses its button",
		How: []string{
			`Leave the name phlip9-buildbot-ci. Press "Create GitHub App for phlip9".`, "Come back here. There is nothing to copy.",
		},
		Asks: state.CIPermissions(false), Form: &state.Form{Action: "https://github.com/settings/apps/new"},
	}
}

func installApp() state.Question {
	return state.Question{
		Key: "github.install", Kind: state.KindClick, Ask: "install phlip9-buildbot-ci on phlip9/dotfiles", URL: install,
		Why: "only its owner can let an App see a repository",
		How: []string{`See that "Only select repositories" names phlip9/dotfiles.`, `Press "Install".`},
	}
}

// installChosen is the same with its repositories chosen in the address.
func installChosen() state.Question {
	q := installApp()
	q.URL = install + "/permissions?suggested_target_id=123456&repository_ids[]=987654321"
	return q
}

// moment is the page of a question, asked a while ago.
func moment(t *testing.T, q state.Question, change func(*wizard.Moment), options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	now := time.Date(2026, 8, 24, 14, 0, 41, 0, time.UTC)
	m := wizard.Moment{
		Opened: true,
		Step:   "github-app", Name: "GitHub App", Ask: q, Since: now.Add(-41 * time.Second), Here: "omnara1.phlip9.com",
		Open:   func(url string) tea.Cmd { return func() tea.Msg { return opened(url) } },
		Answer: func(v state.Secret) tea.Cmd { return func() tea.Msg { return gave{v} } },
		Skip:   func() tea.Cmd { return func() tea.Msg { return skipped{} } },
	}
	if change != nil {
		change(&m)
	}
	// The course below it, to come back to.
	s := tuitest.New(t, wizard.NewCourse(guide.Plan{Infos: infos()}, chose), append([]tuitest.Option{tuitest.At(now)}, options...)...)
	return s.Send(tui.Appear(m)).Advance(600 * time.Millisecond)
}

// said finds the messages of a kind that the page's commands answered.
func said[T any](s *tuitest.Story) (out []T) {
	for _, m := range s.Asked() {
		if v, ok := m.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

func TestMomentsAtEverySize(t *testing.T) {
	far := func(m *wizard.Moment) { m.Far = true }
	for name, c := range map[string]struct {
		ask    state.Question
		change func(*wizard.Moment)
	}{
		"create": {createApp(), nil}, "create-far": {createApp(), far}, "install": {installApp(), nil},
		"install-far": {installApp(), far}, "install-chosen": {installChosen(), far},
	} {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
			moment(t, c.ask, c.change, tuitest.Size(size[0], size[1])).Golden("moment-" + name)
		}
	}
	moment(t, createApp(), far, tuitest.ASCII()).Golden("moment-create-ascii")
	moment(t, installApp(), far, tuitest.ASCII()).Golden("moment-install-ascii")
	moment(t, installApp(), far, tuitest.Light()).Golden("moment-install-light")
}

func TestAnAddressIsTakenWhereverItIsPasted(t *testing.T) {
	for _, pasted := range []string{back, "  \"" + back + "\"\n", strings.TrimPrefix(back, "http://")} {
		s := moment(t, createApp(), nil).Paste(pasted)
		got := said[gave](s)
		if len(got) != 1 || !strings.Contains(got[0].value.Reveal(), "code=0123456789") {
			t.Errorf("%q gives %d answers", pasted, len(got))
		}
		s.Has("it fits").Lacks("0123456789abcdef", "00112233")
	}
}

func TestAPasteThatDoesNotFitIsToldKindly(t *testing.T) {
	s := moment(t, createApp(), nil).Paste(aToken)
	if len(said[gave](s)) > 0 {
		t.Error("a token is taken for an address")
	}
	s.Has("a GitHub token").Lacks("ghp_", aToken[4:20])
	// What the step itself refuses is told in its words; the next one is taken.
	refusing := createApp()
	refusals := 1
	refusing.Accept = func(state.Answer) error {
		if refusals--; refusals >= 0 {
			return state.Problem{What: "this address does not belong to a page that was opened here", Fix: "open the page again"}
		}
		return nil
	}
	s = moment(t, refusing, nil).Paste(back).Has("does not belong to a page").Paste(back).Lacks("does not belong")
	if len(said[gave](s)) != 1 {
		t.Error("the second one is not taken")
	}
}

func TestAPasteIsNeverKeys(t *testing.T) {
	s := moment(t, createApp(), nil).Paste("s\no\nq\x1b")
	if len(said[skipped](s))+len(said[opened](s))+len(said[gave](s)) > 0 || s.Quit() {
		t.Error("a paste pressed keys")
	}
}

func TestKeysOfAMoment(t *testing.T) {
	s := moment(t, createApp(), nil).Press("o")
	if got := said[opened](s); len(got) != 1 || got[0] != "http://localhost:8976/app" {
		t.Errorf("o opens %v", got)
	}
	s.Press("y").Has("Copied: the link").Press("t").Has("Two ways").Press("t").Lacks("Two ways")
	if s.Press("s", "s"); len(said[skipped](s)) != 1 {
		t.Error("s does not skip")
	}
	s.Press("esc").Has("Plan")
}

// TestAMomentEndsByItself: when the run has its answer, the page goes; what
// others answer leaves it.
func TestAMomentEndsByItself(t *testing.T) {
	told := func(e steps.Event) wizard.Told { return wizard.Told{Event: e} }
	s := moment(t, installApp(), func(m *wizard.Moment) { m.Step = "github-install" }).Has("Install phlip9-buildbot-ci")
	s.Send(told(steps.Event{Kind: steps.KindAnswer, Step: "login-proxy"})).Has("Install phlip9-buildbot-ci")
	s.Send(told(steps.Event{Kind: steps.KindAnswer, Step: "github-install"})).Lacks("Install phlip9-buildbot-ci")
	s = moment(t, createApp(), nil)
	s.Send(told(steps.Event{Kind: steps.KindResult, Status: steps.Blocked, Err: errors.New("x").Error()})).Lacks("Come back here")
}
