package setup

import (
	"context"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/steps"
)

// flakeBranch is the branch of the pull request that proposes a flake.nix.
const flakeBranch = "nixwright-flake"

// repoFlake looks whether each repository has a flake.nix, from which alone
// buildbot-nix builds. A pull request with a thin one is offered, never forced,
// and nothing else waits for it.
type repoFlake struct{ Deps }

func (s repoFlake) Info() steps.Info {
	return steps.Info{
		ID: "repo-flake", Title: "flake.nix", Phase: steps.PhaseRepos,
		Does:  "propose a thin flake.nix where a repository has none",
		Needs: []state.Ref{state.FactRepos.Ref()},
	}
}

type flakeSeen struct {
	repo  state.Repo
	has   bool
	offer string // URL of the pull request that is open
}

func (s repoFlake) look(ctx context.Context, in state.Facts) ([]flakeSeen, error) {
	repos, err := state.Get(in, state.FactRepos)
	if err != nil {
		return nil, err
	}
	return each(ctx, repos, func(ctx context.Context, r state.Repo) (seen flakeSeen, err error) {
		seen.repo = r
		if seen.has, err = s.Flakes.HasFile(ctx, r.Name, "flake.nix"); err != nil || seen.has {
			return seen, err
		}
		seen.offer, err = s.Flakes.Proposed(ctx, r.Name, flakeBranch)
		return seen, err
	})
}

func (s repoFlake) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	all, err := s.look(ctx, in)
	if err != nil {
		return steps.Finding{}, err
	}
	var lacks, open []string
	for _, one := range all {
		switch {
		case one.has:
		case one.offer != "":
			open = append(open, one.offer)
		default:
			lacks = append(lacks, one.repo.Name)
		}
	}
	switch {
	case len(lacks) > 0 && s.Yes:
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes("propose", "flake.nix by pull request in "+strings.Join(lacks, ", "))}, nil
	case len(lacks) > 0:
		return steps.Finding{Status: steps.Waiting, Text: "no flake.nix in " + strings.Join(lacks, ", ") + ": nothing would be built", Hint: "add one that exposes .#checks, or run setup with --yes for a pull request"}, nil
	case len(open) > 0:
		return steps.Finding{Status: steps.Waiting, Text: "proposed: " + strings.Join(open, ", "), Hint: "merge it"}, nil
	}
	return ready("every repository has one", state.Facts{}), nil
}

func (s repoFlake) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	all, err := s.look(ctx, in)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.has || one.offer != "" {
			continue
		}
		url, err := s.Flakes.Propose(ctx, one.repo, flakeBranch, "flake.nix", nixfiles.RepoFlake(),
			"Add a flake.nix for CI", "buildbot-nix builds what a flake exposes under `checks`. This one is thin: put your own checks in.")
		if err != nil {
			return err
		}
		out.Logf("proposed a flake.nix in %s: %s", one.repo.Name, url)
	}
	return nil
}
