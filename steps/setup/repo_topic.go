package setup

import (
	"context"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// maxTopics is how many topics GitHub takes on one repository.
const maxTopics = 20

// repoTopic is line 11: the topic by which buildbot-nix finds the repositories.
type repoTopic struct{ Deps }

func (s repoTopic) Info() steps.Info {
	return steps.Info{
		ID: "repo-topic", Title: "Repository topic", Phase: steps.PhaseBefore, Lines: []int{11},
		Does:  "add " + s.Config.GitHub.Topic + " to " + strings.Join(s.Config.GitHub.Repos, ", "),
		Needs: []state.Ref{state.FactRepos.Ref()},
		Gives: []state.Ref{state.FactTopics.Ref()},
	}
}

type topics struct {
	repo string
	have []string
}

func (s repoTopic) look(ctx context.Context, in state.Facts) ([]topics, error) {
	repos, err := state.Get(in, state.FactRepos)
	if err != nil {
		return nil, err
	}
	return each(ctx, repos, func(ctx context.Context, r state.Repo) (topics, error) {
		have, err := s.GitHub.Topics(ctx, r.Name)
		return topics{r.Name, have}, err
	})
}

func (s repoTopic) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	all, err := s.look(ctx, in)
	if err != nil {
		return steps.Finding{}, err
	}
	f := ready(s.Config.GitHub.Topic, state.One(state.FactTopics, s.Config.GitHub.Topic))
	for _, t := range all {
		if slices.Contains(t.have, s.Config.GitHub.Topic) {
			continue
		}
		if len(t.have) >= maxTopics {
			return blocked(state.Problem{What: t.repo + " has 20 topics already", Why: "GitHub takes no more, and none of them is ours to remove", Fix: "remove one on the repository's page"}), nil
		}
		what := s.Config.GitHub.Topic + " to " + t.repo
		if len(t.have) > 0 {
			what += ", keep " + state.CleanText(strings.Join(t.have, ", "), 200)
		}
		f.Status, f.Text, f.Facts = steps.Missing, "", state.Facts{}
		f.Changes = append(f.Changes, steps.Change{Verb: "add", What: what})
	}
	return f, nil
}

func (s repoTopic) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	all, err := s.look(ctx, in)
	if err != nil {
		return err
	}
	for _, t := range all {
		if slices.Contains(t.have, s.Config.GitHub.Topic) {
			continue
		}
		if err := s.GitHub.SetTopics(ctx, t.repo, append(slices.Clone(t.have), s.Config.GitHub.Topic)); err != nil {
			return err
		}
		out.Logf("added %s to %s, kept %d others", s.Config.GitHub.Topic, t.repo, len(t.have))
	}
	return nil
}
