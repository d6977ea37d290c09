package setup

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// firstBuild sees to it that a repository that was added is evaluated once.
// buildbot-nix does that by itself only at a push; its force scheduler does it
// for somebody of ci.admins. Nothing is ever pushed from here.
type firstBuild struct {
	Deps

	begun atomic.Bool // in this run
}

func (s *firstBuild) Info() steps.Info {
	return steps.Info{
		ID: "first-build", Title: "First build", Phase: steps.PhaseAfter, Limit: 2 * time.Minute,
		Does: "begin the first evaluation of " + s.Added, Until: "not deployed",
		Needs: []state.Ref{state.FactDeployment.Ref(), state.FactRepos.Ref(), state.FactSecrets.Ref()},
	}
}

// emptyCommit makes a push without a change.
const emptyCommit = "git commit --allow-empty -m 'ci: first build' && git push"

func (s *firstBuild) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	var built []state.Build
	var known map[string][]state.Build
	err := together(ctx,
		func(ctx context.Context) (err error) { built, err = s.Builds.Finished(ctx); return err },
		func(ctx context.Context) (err error) { known, err = s.Master.Evaluations(ctx, s.Added); return err },
	)
	if err != nil {
		return steps.Finding{}, err
	}
	evaluated, project := known[s.Added]
	all := append(slices.Clone(evaluated), slices.DeleteFunc(built, func(b state.Build) bool { return b.Repo != s.Added })...)
	switch {
	case len(all) > 0:
		return ready(fmt.Sprintf("build %d of %s: %s", all[0].ID, s.Added, verdict(all[0])), state.Facts{}), nil
	case !project:
		return steps.Finding{Status: steps.Waiting, Text: s.Added + " is no project of buildbot yet", Hint: "buildbot-nix loads its projects when it starts, and twice a day", Again: 5 * time.Second}, nil
	case s.begun.Load():
		return steps.Finding{Status: steps.Waiting, Text: "asked for", Again: time.Second}, nil
	case s.Config.CI.Access != state.FullyPrivate || len(s.Config.CI.Admins) == 0:
		return steps.Finding{
			Status: steps.Waiting, Text: "nothing of " + s.Added + " is built yet",
			Hint: "with two logins buildbot takes orders from a browser only: press Force there, or push, for example in a clone of it: " + emptyCommit,
		}, nil
	}
	return steps.Finding{Status: steps.Missing, Changes: steps.Changes("begin", "an evaluation of "+s.Added)}, nil
}

// verdict is how a build stands.
func verdict(b state.Build) string {
	if b.Result == state.ResultNone {
		return "running"
	}
	return b.Result.String()
}

func (s *firstBuild) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, _ steps.Out) error {
	password, err := s.secret(ctx, shape.BasicAuthName)
	if err != nil {
		return err
	}
	if err := s.Master.Evaluate(ctx, s.Config.CI.Admins[0], password, s.Added); err != nil {
		return err
	}
	s.begun.Store(true)
	return nil
}
