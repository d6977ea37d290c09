package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// githubInstall is line 6: the App on every repository. There is no API that
// installs it; a person presses the button, and GitHub is asked until it shows.
type githubInstall struct{ Deps }

// installCost is a page: the repositories, the choice, the button.
var installCost = state.Cost{Pages: 1, Clicks: 3}

func (s githubInstall) Info() steps.Info {
	return steps.Info{
		ID: "github-install", Title: "App installed", Phase: steps.PhaseBefore, Lines: []int{6},
		Does:  "install the App on " + strings.Join(s.Config.GitHub.Repos, ", "),
		Needs: []state.Ref{state.FactApp.Ref(), state.FactRepos.Ref(), state.FactUser.Ref()},
		Gives: []state.Ref{state.FactInstalls.Ref()},
		Cost:  installCost,
	}
}

type installed struct {
	repo  state.Repo
	inst  state.Installation
	found bool
}

func (s githubInstall) look(ctx context.Context, in state.Facts) (state.App, []installed, error) {
	app, err := state.Get(in, state.FactApp)
	if err != nil {
		return app, nil, err
	}
	repos, err := state.Get(in, state.FactRepos)
	if err != nil {
		return app, nil, err
	}
	auth, _, err := s.auth(ctx)
	if err != nil {
		return app, nil, err
	}
	all, err := each(ctx, repos, func(ctx context.Context, r state.Repo) (installed, error) {
		i, found, err := s.Apps.Installation(ctx, auth, r.Name)
		return installed{r, i, found}, err
	})
	return app, all, err
}

func (s githubInstall) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	app, all, err := s.look(ctx, in)
	if err != nil {
		return steps.Finding{}, err
	}
	var f steps.Finding
	var have []state.Installation
	for _, one := range all {
		switch {
		case !one.found:
			f.Changes = append(f.Changes, steps.Change{Verb: "install", What: app.Slug + " on " + one.repo.Name})
			continue
		case one.inst.Suspended:
			return blocked(state.Problem{ID: "F4", What: app.Slug + " is suspended on " + one.inst.Account, Why: "it gets no events and no tokens there", Fix: "lift it on the page: Configure, Unsuspend", URL: s.manage(one)}), nil
		}
		if lacks := notAccepted(app, one.inst); len(lacks) > 0 {
			return blocked(state.Problem{
				ID: "F3", What: one.inst.Account + " has not accepted " + strings.Join(lacks, ", "), Why: "it was added to the App after it was installed",
				Fix: "accept the new permissions on the page", URL: s.manage(one),
			}), nil
		}
		if !slices.ContainsFunc(have, func(i state.Installation) bool { return i.ID == one.inst.ID }) {
			have = append(have, one.inst)
		}
	}
	if len(f.Changes) > 0 {
		f.Status, f.Text, f.Cost = steps.Missing, "F4 not installed", installCost
		return f, nil
	}
	return ready(strings.Join(s.Config.GitHub.Repos, ", "), state.One(state.FactInstalls, have)), nil
}

// manage is the page on which the owner of a repository changes what was
// installed.
func (s githubInstall) manage(one installed) string {
	whose := s.Web
	if one.repo.Owner.Org {
		whose += "/organizations/" + one.repo.Owner.Login
	}
	return fmt.Sprintf("%s/settings/installations/%d", whose, one.inst.ID)
}

func notAccepted(app state.App, i state.Installation) []string {
	var out []string
	for name, level := range app.Permissions {
		if have := i.Permissions[name]; have != level && have != "write" && have != "admin" {
			out = append(out, name+" "+level)
		}
	}
	slices.Sort(out)
	return out
}

// Apply adds a repository to an installation of its owner where the token may
// (classic tokens only), and asks a person for the rest.
func (s githubInstall) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	app, all, err := s.look(ctx, in)
	if err != nil {
		return err
	}
	user, err := state.Get(in, state.FactUser)
	if err != nil {
		return err
	}
	var ids []int64
	for _, one := range all {
		if one.found {
			continue
		}
		i := slices.IndexFunc(all, func(o installed) bool { return o.found && o.repo.Owner.ID == one.repo.Owner.ID })
		if i >= 0 && user.Classic && s.Apps.AddRepo(ctx, all[i].inst.ID, one.repo.ID) == nil {
			out.Logf("added %s to the installation of %s", one.repo.Name, all[i].inst.Account)
			continue
		}
		ids = append(ids, one.repo.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	_, err = out.Ask(ctx, state.Question{
		Key: "github.install", Kind: state.KindClick, Ask: "install " + app.Slug + " on " + strings.Join(s.Config.GitHub.Repos, ", "),
		Why:  "only its owner can let an App see a repository",
		How:  []string{"See that \"Only select repositories\" names " + strings.Join(s.Config.GitHub.Repos, ", ") + ".", "Press \"Install\"."},
		URL:  state.InstallURL(s.Web, app.Slug, all[0].repo.Owner.ID, ids),
		Then: "nixwright setup, when it is installed", Cost: installCost,
		Done: func(ctx context.Context) (bool, error) {
			_, all, err := s.look(ctx, in)
			return !slices.ContainsFunc(all, func(o installed) bool { return !o.found }), err
		},
	})
	return err
}
