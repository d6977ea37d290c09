package buildbot

import (
	"context"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// evaluator is the builder of a repository's evaluations (buildbot-nix
// project_config.py).
func evaluator(repo string) string { return repo + "/nix-eval" }

// Evaluations lists for each repository the newest build of its evaluation,
// done or not; none where there was none yet. A repository that is no project
// of this master is not among the known.
func (c *Client) Evaluations(ctx context.Context, repos ...string) (known map[string][]state.Build, err error) {
	all, err := c.Builders(ctx)
	if err != nil {
		return nil, err
	}
	known = map[string][]state.Build{}
	for _, b := range all {
		i := slices.IndexFunc(repos, func(r string) bool { return evaluator(r) == b.Name })
		if i < 0 || len(b.Masters) == 0 {
			continue
		}
		if known[repos[i]], err = c.Builds(ctx, BuildQuery{Builder: b.ID, Limit: 1}); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// Evaluate asks for an evaluation of a repository's default branch by its force
// scheduler, as somebody who may control, with the password of Login.
func (c *Client) Evaluate(ctx context.Context, admin string, password state.Secret, repo string) error {
	all, err := c.ForceSchedulers(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s state.ForceScheduler) bool { return slices.Contains(s.Builders, evaluator(repo)) })
	if i < 0 {
		return state.Problem{
			What: "buildbot offers no evaluation of " + repo, Why: "no force scheduler has the builder " + evaluator(repo),
			Fix: "press \"Update projects\" at reload-github-projects, or push to it",
		}
	}
	session, err := c.Login(ctx, admin, password)
	if err != nil {
		return err
	}
	_, err = c.Force(ctx, session, all[i].Name, "first build")
	return err
}
