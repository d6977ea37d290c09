package setup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// The steps by which a repository leaves the CI: each takes back what a step of
// the set-up gave it, and nothing else. A repository that is not there any more
// has left. What others may still want - that the App sees it, its hook - goes
// only where that was said yes to.

// leaveTopic takes our topic off.
type leaveTopic struct{ Deps }

func (s leaveTopic) Info() steps.Info {
	return steps.Info{
		ID: "leave-topic", Title: "Topic off", Phase: steps.PhaseRepos,
		Does: "take " + s.Config.GitHub.Topic + " off " + s.Left + ", and keep its other topics",
	}
}

// left is the repository that leaves.
func (d Deps) left(ctx context.Context) (state.Repo, bool, error) { return d.GitHub.Repo(ctx, d.Left) }

// gone is the finding on a repository that GitHub does not show.
func (d Deps) gone() steps.Finding { return ready("there is no repository "+d.Left, state.Facts{}) }

func (s leaveTopic) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	_, found, err := s.left(ctx)
	if err != nil || !found {
		return s.gone(), err
	}
	have, err := s.GitHub.Topics(ctx, s.Left)
	if err != nil || !slices.Contains(have, s.Config.GitHub.Topic) {
		return ready(s.Left+" does not carry it", state.Facts{}), err
	}
	return steps.Finding{Status: steps.Missing, Changes: steps.Changes("take", s.Config.GitHub.Topic+" off "+s.Left)}, nil
}

func (s leaveTopic) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, out steps.Out) error {
	have, err := s.GitHub.Topics(ctx, s.Left)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(have), func(t string) bool { return t == s.Config.GitHub.Topic })
	out.Logf("kept %d others", len(kept))
	return s.GitHub.SetTopics(ctx, s.Left, kept)
}

// leaveInstall takes the repository out of the App's installation.
type leaveInstall struct{ Deps }

func (s leaveInstall) Info() steps.Info {
	return steps.Info{
		ID: "leave-install", Title: "App off", Phase: steps.PhaseRepos,
		Does:  "take " + s.Left + " out of the App's installation",
		Needs: []state.Ref{state.FactApp.Ref(), state.FactUser.Ref()},
	}
}

func (s leaveInstall) look(ctx context.Context) (r state.Repo, i state.Installation, found bool, err error) {
	if r, found, err = s.left(ctx); err != nil || !found {
		return r, i, false, err
	}
	auth, _, err := s.auth(ctx)
	if err != nil {
		return r, i, false, err
	}
	i, found, err = s.Apps.Installation(ctx, auth, s.Left)
	return r, i, found, err
}

// page is where a person takes it out.
func (s leaveInstall) page(r state.Repo, i state.Installation) string {
	return githubInstall(s).manage(installed{repo: r, inst: i})
}

func (s leaveInstall) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	user, err := state.Get(in, state.FactUser)
	if err != nil {
		return steps.Finding{}, err
	}
	r, i, found, err := s.look(ctx)
	switch {
	case err != nil:
		return steps.Finding{}, err
	case !found:
		return ready("the App does not see "+s.Left, state.Facts{}), nil
	case !s.Yes:
		return ready("kept: the App still sees "+s.Left+"; --yes takes it out", state.Facts{}), nil
	case !user.Classic:
		return steps.Finding{
			Status: steps.Waiting, Text: "the App still sees " + s.Left,
			Hint: "take it out on " + s.page(r, i) + ": GitHub lets only classic tokens do it",
		}, nil
	}
	return steps.Finding{Status: steps.Missing, Changes: steps.Changes("take", s.Left+" out of the installation on "+i.Account)}, nil
}

func (s leaveInstall) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, _ steps.Out) error {
	r, i, found, err := s.look(ctx)
	if err != nil || !found {
		return err
	}
	err = s.Leaving.RemoveRepo(ctx, i.ID, r.ID)
	if e := (*state.CallError)(nil); errors.As(err, &e) && e.Status >= 400 && e.Status < 500 {
		return state.Problem{
			What: "GitHub does not take " + s.Left + " out of the installation: " + e.Text, Why: "the App may be installed on all repositories, or on this one alone",
			Fix: "do it on the page, where you want that", URL: s.page(r, i),
		}
	}
	return err
}

// leaveHooks deletes the hook that buildbot-nix made for this CI.
type leaveHooks struct{ Deps }

func (s leaveHooks) Info() steps.Info {
	return steps.Info{
		ID: "leave-hooks", Title: "Hook off", Phase: steps.PhaseRepos,
		Does: "delete the hook of " + s.Left + " that leads to " + s.Config.CI.Domain,
	}
}

// ours are the hooks that buildbot-nix made for this CI.
func (s leaveHooks) ours(ctx context.Context) ([]state.Hook, error) {
	_, found, err := s.left(ctx)
	if err != nil || !found {
		return nil, err
	}
	all, err := s.Hooks.RepoHooks(ctx, s.Left)
	return slices.DeleteFunc(all, func(h state.Hook) bool {
		u, err := url.Parse(h.URL)
		return err != nil || u.Host != s.Config.CI.Domain || u.Path != repoHookPath
	}), err
}

func (s leaveHooks) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	all, err := s.ours(ctx)
	switch {
	case err != nil:
		return steps.Finding{}, err
	case len(all) == 0:
		return ready("no hook of "+s.Left+" leads to "+s.Config.CI.Domain, state.Facts{}), nil
	case !s.Yes:
		return ready(fmt.Sprintf("kept: %d hook of %s leads to %s; --yes deletes it", len(all), s.Left, s.Config.CI.Domain), state.Facts{}), nil
	}
	f := steps.Finding{Status: steps.Missing}
	for _, h := range all {
		f.Changes = append(f.Changes, steps.Change{Verb: "delete", What: "the hook of " + s.Left + " to " + h.URL})
	}
	return f, nil
}

func (s leaveHooks) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, _ steps.Out) error {
	all, err := s.ours(ctx)
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := s.Leaving.DeleteHook(ctx, s.Left, h.ID); err != nil {
			return err
		}
	}
	return nil
}
