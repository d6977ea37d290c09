package wizard_test

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// threeSizes are the windows of the goldens.
var threeSizes = [][2]int{{60, 16}, {80, 24}, {120, 40}}

// choice is what a page gave, as a message that the story can see.
func choice(c guide.Choice) tea.Cmd { return func() tea.Msg { return c } }

// chosen finds what a page gave in a story.
func chosen(t *testing.T, s *tuitest.Story) guide.Choice {
	t.Helper()
	all := said[guide.Choice](s)
	if len(all) != 1 {
		t.Fatalf("%d choices: %v", len(all), all)
	}
	return all[0]
}

// nothingGiven fails the test where a page gave a choice.
func nothingGiven(t *testing.T, s *tuitest.Story) {
	t.Helper()
	if all := said[guide.Choice](s); len(all) > 0 {
		t.Errorf("given: %v", all)
	}
}

func foundHere() state.Around {
	return state.Around{
		Git:        state.Sight{Found: true, Word: "~/dev/dotfiles, branch master, clean"},
		GitHub:     state.Sight{Found: true, Word: "signed in as phlip9 through gh", Hint: "may edit topics and hooks"},
		Cloudflare: state.Sight{Word: "no token", Hint: "the page that makes one is prepared"},
		Identity:   state.Sight{Found: true, Word: "an identity in ~/.config/sops/age/keys.txt"},
		Rules:      state.Sight{Found: true, Word: "a rule for nixos/omnara1/secrets.yaml", Hint: "host included"},
		Setup:      state.Sight{Word: "no nixwright.toml", Hint: "this will be a new one"},
	}
}

// welcome is the page; around is empty while it is still looked.
func welcome(t *testing.T, rehearsal bool, around []state.Around, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	found := make(chan state.Around, 1)
	say := guide.Welcome{
		Dir: "/home/you/dotfiles", Questions: 3, Cost: state.Cost{Pages: 4, Clicks: 8, Pastes: 1}, Around: found, Rehearsal: rehearsal,
	}
	if len(around) > 0 {
		found <- around[0]
	} else {
		say.Around = nil // a story cannot wait
	}
	return tuitest.New(t, wizard.NewWelcome(say, choice), options...)
}

func TestWelcomeAtEverySize(t *testing.T) {
	for _, size := range threeSizes {
		sized := tuitest.Size(size[0], size[1])
		welcome(t, false, []state.Around{foundHere()}, sized).Golden("welcome")
		welcome(t, true, nil, sized).Golden("welcome-rehearsal")
	}
	welcome(t, false, []state.Around{foundHere()}, tuitest.ASCII()).Golden("welcome-ascii")
	if dark, light := welcome(t, false, nil).View().Content, welcome(t, false, nil, tuitest.Light()).View().Content; dark == light {
		t.Error("a light terminal has the colours of a dark one")
	}
}

func TestWelcomeSaysWhatIsToComeAndBegins(t *testing.T) {
	s := welcome(t, false, []state.Around{foundHere()})
	s.Has("3 questions", "4 pages, 8 clicks, 1 paste", "signed in as phlip9", "not looked at", "Stop any time")
	if c := chosen(t, s.Press("x", "enter", "enter")); c.Do != guide.Next {
		t.Errorf("enter gives %v", c)
	}
	s = welcome(t, true, nil).Has("pretend", "looking").Lacks("Without accounts", "not looked at")
	if s.Ticks() > 0 || !s.Press("q").Quit() {
		t.Error("it ticks, or q does not quit")
	}
	nothingGiven(t, s)
}

func TestALowWelcomeKeepsWhatMatters(t *testing.T) {
	welcome(t, false, []state.Around{foundHere()}, tuitest.Size(60, 16)).
		Has("enter begin", "written before", "8 clicks", "Not looked at: SSH.")
}
