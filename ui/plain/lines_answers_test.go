package plain_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
)

func listed(context.Context) ([]state.RepoListing, error) {
	return []state.RepoListing{
		{Name: "phlip9/dotfiles", Admin: true},
		{Name: "phlip9/dotfiles-old", Admin: true, Archived: true},
		{Name: "phlip9/site", Admin: true},
		{Name: "lexe/dots"},
	}, nil
}

func TestLinesChooseRepositories(t *testing.T) {
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		c, err := l.Ask(ctx, guide.Asking{Question: question("github.repos"), N: 3, Of: 3, Repos: listed})
		return wantChoice(c, err, guide.Next, "phlip9/dotfiles,phlip9/other")
	})
	r.hear("Question 3 of 3. Which repositories should be built? Numbers, or part of a name to search.")
	r.says("4 repositories found.", "")
	r.says("Choose one at least", "dot")
	r.hear("1. phlip9/dotfiles.")
	r.hear("2. phlip9/dotfiles-old, archived, cannot be chosen.")
	r.says("3. lexe/dots, you may not administer it, cannot be chosen.", "2")
	r.says("phlip9/dotfiles-old cannot be chosen: archived.", "1")
	r.says("Chosen: phlip9/dotfiles.", "PHLIP9/site")
	r.says("Chosen: phlip9/dotfiles, phlip9/site.", "phlip9/site")
	r.says("No longer chosen: phlip9/site.", "stranger/thing") // another owner
	r.says("Not taken: ", "phlip9/other")
	r.says("Chosen: phlip9/dotfiles, phlip9/other.", "nothing-like-it")
	r.says("No repository has that in its name.", "")
	r.ends()
}

func TestLinesWithoutAListOfRepositories(t *testing.T) {
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		c, err := l.Ask(ctx, guide.Asking{Question: question("github.repos"), Repos: func(context.Context) ([]state.RepoListing, error) {
			return nil, errors.New("list repositories: no network")
		}})
		return wantChoice(c, err, guide.Next, "phlip9/dotfiles")
	})
	r.says("Type their whole names, owner/name.", "phlip9/dotfiles")
	r.says("Chosen: phlip9/dotfiles.", "")
	r.ends()
}

func config(t *testing.T) state.Config {
	t.Helper()
	var c state.Config
	for key, value := range map[string]string{"host.ssh": "omnara1.phlip9.com", "ci.domain": "ci.phlip9.com", "github.repos": "phlip9/dotfiles"} {
		if err := c.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestLinesReview(t *testing.T) {
	said := config(t)
	var got state.Config
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		to, c, err := l.Review(ctx, said)
		got = to
		return wantChoice(c, err, guide.Next, "")
	})
	r.hear("Review: 3 answers, ")
	r.hear("1. host: omnara1.phlip9.com. You said so.")
	r.says("Enter alone goes on to the plan.", "undo")
	r.says("There is nothing to undo.", "change nothing-such")
	r.says("There is no such answer", "change access")
	r.says("How do people sign in? [fully-private]", "maybe")
	r.says("that is none of the choices", "2")
	r.hear("access: two-logins. You said so.")
	r.hear("second login: ") // follows from it
	r.types("change bucket")
	r.says("How is the bucket called?", "NOT LEGAL")
	r.says("Not taken: ", "back")
	r.says("Kept as it is.", "change 3")
	r.says("Under which domain? [ci.phlip9.com]", "build.phlip9.com")
	r.says("CI domain: build.phlip9.com. You said so.", "undo")
	r.says("CI domain: ci.phlip9.com. You said so.", "reset CI domain")
	r.says("Not taken: ", "reset access")
	r.says("access: fully-private. Why: recommended", "change access")
	r.says("How do people sign in?", "two-logins")
	r.says("access: two-logins. You said so.", "plan")
	r.ends()
	if got.CI.Access != state.TwoLogins || got.CI.Domain != "ci.phlip9.com" || said.CI.Access != "" {
		t.Errorf("%+v", got.CI)
	}
}

func refs(name state.Ref) []state.Ref { return []state.Ref{name} }

// checklist are three steps in a row, and one beside them.
func checklist() []steps.Info {
	return []steps.Info{
		{ID: "r2-bucket", Title: "R2 bucket", Lines: []int{1}, Does: "make the bucket", Gives: refs("bucket")},
		{ID: "github-app", Title: "GitHub App", Lines: []int{4, 5}, Cost: state.Cost{Pages: 1, Clicks: 1}, Gives: refs("app")},
		{ID: "github-install", Title: "App installed", Lines: []int{6}, Needs: refs("app"), Cost: state.Cost{Pages: 1, Clicks: 3}, Gives: refs("install")},
		{ID: "check-webhook", Title: "Webhook", Lines: []int{12}, After: refs("install")},
	}
}

// looked are the events of a look at the checklist.
func looked(l *plain.Lines) {
	for _, e := range []steps.Event{
		{Step: "r2-bucket", Kind: steps.KindStep, Status: steps.Missing},
		{Step: "github-app", Kind: steps.KindStep, Status: steps.Missing},
		{Step: "github-install", Kind: steps.KindStep, Status: steps.Unknown, Hint: "waits for github-app"},
		{Step: "r2-bucket", Kind: steps.KindChange, Text: "create bucket phlip9-nix-cache in weur"},
		{Step: "check-webhook", Kind: steps.KindStep, Status: steps.Waiting, Hint: "not deployed"},
	} {
		l.Tell(e)
	}
}

func TestLinesPlan(t *testing.T) {
	telling := make(chan struct{})
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		go func() {
			<-telling
			looked(l)
		}()
		past := &guide.Past{Ended: quick().Now().Add(-18 * time.Minute), In: "Cache domain"}
		c, err := l.Plan(ctx, guide.Plan{Infos: checklist(), Past: past})
		if err := wantChoice(c, err, guide.Change, ""); err != nil || c.Key != "cache.r2.bucket" {
			return errors.Join(err, errors.New("changes "+c.Key))
		}
		looked(l)
		c, err = l.Plan(ctx, guide.Plan{Infos: checklist()})
		return wantChoice(c, err, guide.Next, "")
	})
	r.hear("The last run stopped 18m00s ago, in Cache domain.")
	r.says("Looking at everything.", "go")
	r.hear("The plan is not known yet.")
	close(telling)
	r.hear("Plan: 3 to do, 0 ready, 0 not needed, 1 for later. Needs you for 2 pages, 4 clicks at most.")
	r.says("Type go, or list", "")
	r.says("Type go, or list", "list")
	r.hear("1. R2 bucket: missing.")
	r.says("4. Webhook: waiting, not deployed.", "show 1")
	r.says("Will create bucket phlip9-nix-cache in weur.", "show github app")
	r.says("From you: 1 page, 1 click at most.", "show 77")
	r.says("There is no such step", "change")
	r.says("18, ", "change bucket")
	r.says("Type go, or list", "go")
	r.ends()
}

func TestLinesEndOfInputQuitsEverywhere(t *testing.T) {
	for name, at := range map[string]func(ctx context.Context, l *plain.Lines) (guide.Choice, error){
		"welcome": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			return l.Welcome(ctx, guide.Welcome{})
		},
		"a question with a default": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			return l.Ask(ctx, guide.Asking{Question: state.Question{Ask: "?", Default: "yes"}})
		},
		"a secret": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			return l.Ask(ctx, guide.Asking{Question: question("cloudflare.token")})
		},
		"repositories": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			return l.Ask(ctx, guide.Asking{Question: state.Question{Default: "a/b"}, Repos: listed})
		},
		"review": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			_, c, err := l.Review(ctx, state.Config{})
			return c, err
		},
		"plan": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			looked(l)
			return l.Plan(ctx, guide.Plan{Infos: checklist()})
		},
		"looking": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			return l.Plan(ctx, guide.Plan{Infos: checklist()})
		},
		"run": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) {
			return l.Run(ctx, guide.Run{Infos: checklist(), Stop: func() {}})
		},
		"done": func(ctx context.Context, l *plain.Lines) (guide.Choice, error) { return l.Done(ctx, guide.Done{}) },
	} {
		t.Run(name, func(t *testing.T) {
			r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
				c, err := at(ctx, l)
				return wantChoice(c, err, guide.Quit, "")
			})
			r.hear("> ")
			_ = r.keys.Close()
			r.hear("The input ended.")
			r.ends()
		})
	}
}

func TestLinesDone(t *testing.T) {
	report := steps.Report{Rows: []steps.Row{
		{Info: checklist()[0], Finding: steps.Finding{Status: steps.Ready}},
		{Info: checklist()[3], Finding: steps.Finding{Status: steps.Waiting, Hint: "not deployed"}},
	}}
	r := hearing(t, quick(), func(ctx context.Context, l *plain.Lines) error {
		d := guide.Done{Report: report, Files: []string{"nixwright.toml"}, Commit: "git commit", Deploy: "nixos-rebuild switch", Pasted: true, Human: state.Cost{Pages: 4}, Asked: 3}
		c, err := l.Done(ctx, d)
		if err := wantChoice(c, err, guide.Next, ""); err != nil {
			return err
		}
		d.Report.Rows, d.Deploy, d.Revoked = d.Report.Rows[:1], "", true
		c, err = l.Done(ctx, d)
		return wantChoice(c, err, guide.Quit, "")
	})
	r.hear("1 of 2 lines are true.")
	r.hear("Webhook: waiting, not deployed.")
	r.hear("2. Run: nixos-rebuild switch")
	r.hear("3. Delete the Cloudflare token you pasted")
	r.says("Asked of you in all: 4 pages, and 3 answers.", "")
	r.hear("1 of 1 line is true.")
	r.hear("Your CI is up.")
	r.hear("The Cloudflare token is deleted.")
	r.types("quit")
	r.ends()
}

func TestLinesEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := hearing(t, quick(), func(_ context.Context, l *plain.Lines) error {
		if _, err := l.Ask(ctx, guide.Asking{Question: question("cloudflare.token")}); !errors.Is(err, context.Canceled) {
			return errors.New("not cancelled")
		}
		c, err := l.Ask(context.WithoutCancel(ctx), guide.Asking{Question: question("host.ssh")})
		return wantChoice(c, err, guide.Next, "omnara1")
	})
	r.hear("> ")
	cancel()
	r.says("Which host will run the CI?", "omnara1") // the read that was given up takes it
	r.ends()
	if !slices.Equal(r.echo, []bool{false, true}) {
		t.Errorf("the echo was set %v", r.echo)
	}
	if strings.Count(r.said(), "\n> \n") != 1 {
		t.Errorf("the prompt that was given up has no end:\n%s", r.said())
	}
}
