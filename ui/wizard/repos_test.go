package wizard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// env is a page's world without a program around it.
func env() tui.Env {
	return tui.Env{Width: 80, Height: 20, Theme: theme.New(theme.Options{Dark: true}), Now: time.Date(2026, 8, 24, 14, 0, 0, 0, time.UTC)}
}

func keyPress(name string) tea.KeyPressMsg {
	switch name {
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	}
	return tea.KeyPressMsg{Code: rune(name[0]), Text: name}
}

// listing is n repositories, the oldest push first; three have dot in their
// names.
func listing(n int) []state.RepoListing {
	now := env().Now
	out := []state.RepoListing{
		{Name: "lexe-app/lexe", Branch: "master", Admin: true, Private: true, Pushed: now.Add(-5 * 24 * time.Hour)},
		{Name: "phlip9/dotfiles-old", Branch: "master", Admin: true, Archived: true, Pushed: now.Add(-900 * 24 * time.Hour)},
		{Name: "nixos/nixpkgs", Branch: "master", Pushed: now.Add(-time.Minute)},
		{Name: "phlip9/nixos-dot-test", Branch: "main", Admin: true, Pushed: now.Add(-31 * 24 * time.Hour)},
		{Name: "phlip9/dotfiles", Branch: "master", Admin: true, Pushed: now.Add(-2 * time.Hour)},
	}
	for i := len(out); i < n; i++ {
		out = append(out, state.RepoListing{Name: fmt.Sprintf("phlip9/project-%d", i), Branch: "main", Admin: true, Pushed: now.Add(-time.Duration(40+i) * 24 * time.Hour)})
	}
	return out
}

func repos(t *testing.T, proposed string, n int, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	a := questionOf(t, "github.repos", proposed)
	a.N = 3
	a.Repos = func(context.Context) ([]state.RepoListing, error) { return listing(n), nil }
	return tuitest.New(t, wizard.NewRepos(a, choice), options...)
}

func TestReposAtEverySize(t *testing.T) {
	for _, size := range threeSizes {
		sized := tuitest.Size(size[0], size[1])
		repos(t, "phlip9/dotfiles", 41, sized).Golden("repos")
		repos(t, "phlip9/dotfiles", 41, sized).Type("dot").Golden("repos-filter")
		failing(t, new(int), sized).Golden("repos-no-list")
	}
	repos(t, "phlip9/dotfiles", 41, tuitest.ASCII()).Type("dot").Golden("repos-filter-ascii")
	if repos(t, "", 41).View().Content == repos(t, "", 41, tuitest.Light()).View().Content {
		t.Error("a light terminal has the colours of a dark one")
	}
}

func TestTypingFiltersAndSpaceChooses(t *testing.T) {
	s := repos(t, "", 41).Has("41, 0 chosen").Type("dot").Has("3 of 41").Lacks("project-7", "lexe")
	s.Press("space").Has("1 chosen", "[x] phlip9/dotfiles ").Press("down", "space").Has("2 chosen")
	s.Press("space").Has("1 chosen").Press("space", "esc").Has("41, 2 chosen", "project-5").Press("enter", "enter")
	gives(t, s, "phlip9/dotfiles,phlip9/nixos-dot-test")
}

func TestTheLastPushedIsFirst(t *testing.T) {
	screen := repos(t, "", 5).Screen()
	at := -1
	for _, name := range []string{"nixos/nixpkgs", "phlip9/dotfiles ", "lexe-app/lexe", "phlip9/nixos-dot-test", "phlip9/dotfiles-old"} {
		i := strings.Index(screen, name)
		if i < at {
			t.Errorf("%s stands too high:\n%s", name, screen)
		}
		at = i
	}
}

func TestWhatCannotBeChosenSaysWhy(t *testing.T) {
	s := repos(t, "", 41).Has("you do not administer it")
	s.Press("end").Has("archived: cannot be built").Press("home", "space").Has("nixos/nixpkgs: you do not administer it", "0 chosen")
	s.Type("dotfiles-old").Press("space").Has("dotfiles-old: archived", "0 chosen").Press("enter").Has("next: choose a repository")
	s.Press("ctrl+u").Press("down", "space").Has("1 chosen", "not of phlip9: all must have one owner").Type("lexe").Press("space").Has("lexe-app/lexe: not of phlip9", "1 chosen")
	nothingGiven(t, s)
	// One that is archived meanwhile is chosen no more.
	repos(t, "phlip9/dotfiles-old,phlip9/dotfiles", 41).Has("41, 1 chosen")
}

func TestAllShownAreChosen(t *testing.T) {
	s := repos(t, "phlip9/dotfiles", 41).Press("ctrl+a").Has("38 chosen").Press("ctrl+a").Has("0 chosen")
	s.Type("dot").Press("ctrl+a").Has("2 chosen").Press("enter")
	gives(t, s, "phlip9/dotfiles,phlip9/nixos-dot-test")
}

func TestANameIsAddedByHand(t *testing.T) {
	s := repos(t, "", 41).Type("phlip9/ne").Press("space").Type("phlip9/newt").Press("backspace").Has("enter add", "as typed")
	s.Press("enter").Has("2 chosen", "phlip9/new", "added by hand").Press("enter")
	gives(t, s, "phlip9/ne,phlip9/new")
	gives(t, repos(t, "", 41).Paste("https://github.com/phlip9/DOTFILES.git\n").Press("enter").Has("1 chosen").Press("enter"), "phlip9/dotfiles")
	nothingGiven(t, repos(t, "", 41).Paste("other/one, phlip9/two").Press("enter").Has("0 chosen"))
	gives(t, repos(t, "phlip9/unlisted", 41).Has("phlip9/unlisted").Press("enter"), "phlip9/unlisted")
}

// failing asks a GitHub that answers the second time.
func failing(t *testing.T, asked *int, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	a := questionOf(t, "github.repos", "")
	a.Repos = func(context.Context) ([]state.RepoListing, error) {
		if *asked++; *asked == 1 {
			return nil, state.Problem{What: "list repositories: GitHub does not answer", Why: "no route to host", Fix: "check the connection"}
		}
		return listing(41), nil
	}
	return tuitest.New(t, wizard.NewRepos(a, choice), options...)
}

func TestWithoutAListNamesAreTyped(t *testing.T) {
	asked := 0
	s := failing(t, &asked).Has("GitHub does not answer", "no route", "check the connection", "ctrl+r")
	gives(t, s.Type("phlip9/r").Press("enter").Has("1 chosen").Press("enter"), "phlip9/r")
	asked = 0
	s = failing(t, &asked).Type("phlip9/dotfiles").Press("enter", "ctrl+r").Has("41, 1 chosen").Lacks("does not answer", "by hand")
	gives(t, s.Press("enter"), "phlip9/dotfiles")
}

func TestWhileTheListIsAwaited(t *testing.T) {
	a := questionOf(t, "github.repos", "")
	page, _ := wizard.NewRepos(a, choice).Update(keyPress("d"), env())
	if got := page.View(env()); !strings.Contains(got, "/ d") || !strings.Contains(got, "asking GitHub") {
		t.Errorf("it does not say that it asks:\n%s", got)
	}
}

func TestBackFromRepos(t *testing.T) {
	if c := chosen(t, repos(t, "", 5).Type("x").Press("esc", "esc")); c.Do != guide.Back {
		t.Errorf("esc gives %v", c)
	}
}

func TestAThousandRepositoriesAreQuick(t *testing.T) {
	s := repos(t, "", 1000).Press("end").Has("project-999").Press("home")
	began := time.Now()
	for range 10 {
		s.Type("project").Has("995 of 1000").Press("pgdown", "space", "ctrl+u")
	}
	took := time.Since(began) / 100
	t.Logf("%v for a key and its screen", took)
	if took > 50*time.Millisecond {
		t.Errorf("%v for a key", took)
	}
}
