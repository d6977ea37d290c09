package setup

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/nixwright/nixwright/state"
)

// JoinRepo looks whether a repository can be built: it is there, the token's
// user may administer it, and it is not archived. The name that comes back is
// GitHub's own. A state.Problem says why not.
func JoinRepo(ctx context.Context, d Deps, name string) (state.Repo, error) {
	s := preflight{d}
	if !s.Have.GitHub {
		return state.Repo{}, problemOf(s.absent(), githubToken)
	}
	user, err := s.GitHub.User(ctx)
	if err != nil {
		return state.Repo{}, s.refused(githubToken, err)
	}
	seen, err := s.repo(ctx, name)
	if err != nil {
		return state.Repo{}, s.refused(githubToken, err)
	}
	if problems := s.repos(user, []repoSeen{seen}); len(problems) > 0 {
		p := problems[0]
		switch {
		case !seen.found:
			p.Fix = "give the name that its page has, owner/name"
		case seen.repo.Archived:
			p.Fix = "lift that on its page (Settings), or leave it"
		default:
			p.Fix = "use a token of somebody who may"
		}
		return state.Repo{}, p
	}
	if owner, _, _ := strings.Cut(seen.repo.Name, "/"); !strings.EqualFold(owner, s.Config.GitHub.Owner) {
		f, _ := state.FailureByID("F5") // it was moved, and GitHub leads there
		return state.Repo{}, f.Problem(name+" is "+seen.repo.Name+" today, of another owner than "+s.Config.GitHub.Owner, "repositories of several owners need an installation each, and only the first works")
	}
	return seen.repo, nil
}

// Repositories looks at every repository that is built, or looks as if it were:
// those of github.repos, of the facts, and of the owner's with our topic.
func Repositories(ctx context.Context, d Deps) state.RepoSights {
	l := &repoLook{Deps: d, problems: map[string]state.Problem{}}
	names := slices.Clone(d.Config.GitHub.Repos)
	also := func(name string) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			names = append(names, name)
		}
	}
	facts, factsErr := d.factsFile()
	l.told("facts", factsErr)
	for _, name := range facts.Repos {
		also(name)
	}
	listing, err := d.Listing.Repos(ctx)
	l.told("listing", err)
	for _, r := range listing {
		owner, _, _ := strings.Cut(r.Name, "/")
		if strings.EqualFold(owner, d.Config.GitHub.Owner) && slices.Contains(r.Topics, d.Config.GitHub.Topic) {
			also(r.Name)
		}
	}
	var auth state.AppAuth
	var authErr, builtErr, evalErr error
	var built []state.Build
	var evaluated map[string][]state.Build
	_ = together(ctx,
		func(ctx context.Context) error { auth, _, authErr = d.auth(ctx); return nil },
		func(ctx context.Context) error { built, builtErr = d.Builds.Finished(ctx); return nil },
		func(ctx context.Context) error { evaluated, evalErr = d.Master.Evaluations(ctx, names...); return nil },
	)
	l.told("secrets", authErr)
	l.told("builds", builtErr)
	out := state.RepoSights{Kind: "repos", Problems: []state.Problem{}}
	sights := make([]state.RepoSight, len(names))
	_, _ = each(ctx, names, func(ctx context.Context, name string) (bool, error) {
		s := &sights[slices.Index(names, name)]
		*s = l.sight(ctx, name, auth, authErr)
		s.Listed = state.TruthOf(slices.Contains(facts.Repos, name), factsErr)
		s.Build = newestBuild(name, built, evaluated, builtErr, evalErr)
		if len(s.Problems) == 0 {
			s.Problems = d.repoProblems(*s)
		}
		return true, nil
	})
	out.Repos = sights
	for _, key := range []string{"facts", "secrets", "listing", "github", "builds"} {
		if p, found := l.problems[key]; found {
			out.Problems = append(out.Problems, p)
		}
	}
	return out
}

// newestBuild is how the newest build of a repository stands.
func newestBuild(name string, built []state.Build, evaluated map[string][]state.Build, errs ...error) string {
	if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		return string(state.UnknownSight)
	}
	all := append(slices.Clone(evaluated[name]), slices.DeleteFunc(slices.Clone(built), func(b state.Build) bool { return b.Repo != name })...)
	if len(all) == 0 {
		return "none"
	}
	return verdict(slices.MaxFunc(all, func(a, b state.Build) int { return a.Started.Compare(b.Started) }))
}

// repoProblems say what keeps a repository from being built, or is left of one
// that is not: the topic and the list must both hold.
func (d Deps) repoProblems(s state.RepoSight) []state.Problem {
	out := []state.Problem{}
	problem := func(id, what, why, fix string) {
		out = append(out, state.Problem{ID: id, What: what, Why: why, Fix: fix})
	}
	add, remove := "nixwright repo add "+s.Name, "nixwright repo remove "+s.Name
	switch {
	case !s.Wanted && s.Topic == state.TrueSight:
		problem("F7", s.Name+" carries "+d.Config.GitHub.Topic+", and github.repos does not name it", "a repository must carry the topic and be on the list to be built", add+", or "+remove)
	case !s.Wanted:
		problem("F7", s.Name+" is in the facts, and github.repos does not name it", "the facts are older than the list", remove)
	case s.Topic == state.FalseSight:
		problem("F7", s.Name+" is on the list, and does not carry "+d.Config.GitHub.Topic, "a repository must carry the topic and be on the list to be built", add)
	}
	if !s.Wanted {
		return out
	}
	if s.Installed == state.FalseSight {
		problem("F4", "the App does not see "+s.Name, "it is not installed there", add)
	}
	if s.Listed == state.FalseSight {
		problem("F7", s.Name+" is not in "+d.Config.Paths.Facts, "the host is deployed with that list", add+", then deploy")
	}
	if s.Flake == state.FalseSight {
		problem("F7", s.Name+" has no flake.nix", "buildbot-nix builds what a flake exposes under checks", add+" --yes proposes a thin one by pull request")
	}
	return out
}

// repoLook looks at repositories, and keeps the first problem of each kind.
type repoLook struct {
	Deps

	problems map[string]state.Problem
	mu       sync.Mutex
}

func (l *repoLook) told(key string, err error) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, told := l.problems[key]; !told {
		l.problems[key] = state.AsProblem(state.Explain(err))
	}
}

// sight asks GitHub about one repository.
func (l *repoLook) sight(ctx context.Context, name string, auth state.AppAuth, authErr error) state.RepoSight {
	s := state.RepoSight{Name: name, Wanted: slices.Contains(l.Config.GitHub.Repos, name), Installed: state.UnknownSight}
	var repo state.Repo
	var found, installed, flake bool
	var topics []string
	var hooks []state.Hook
	errs := make([]error, 5)
	calls := []func(context.Context) error{
		func(ctx context.Context) (err error) { repo, found, err = l.GitHub.Repo(ctx, name); return err },
		func(ctx context.Context) (err error) { topics, err = l.GitHub.Topics(ctx, name); return err },
		func(ctx context.Context) (err error) { hooks, err = l.Hooks.RepoHooks(ctx, name); return err },
		func(ctx context.Context) (err error) {
			flake, err = l.Flakes.HasFile(ctx, name, "flake.nix")
			return err
		},
		func(ctx context.Context) (err error) {
			if authErr != nil || auth.ID == 0 || auth.Key.Empty() {
				return authErr
			}
			_, installed, err = l.Apps.Installation(ctx, auth, name)
			return err
		},
	}
	for i, call := range calls {
		calls[i] = func(ctx context.Context) error { errs[i] = call(ctx); return nil }
	}
	_ = together(ctx, calls...)
	for _, err := range errs[:4] {
		l.told("github", err)
	}
	if errs[0] == nil && !found {
		s.Installed, s.Topic, s.Flake, s.Hook = state.FalseSight, state.FalseSight, state.FalseSight, state.FalseSight
		s.Problems = append(s.Problems, state.Problem{What: "there is no repository " + name, Why: "GitHub does not show it: it is gone, or the token may not see it", Fix: "nixwright repo remove " + name})
		return s
	}
	s.Private = repo.Private
	s.Topic = state.TruthOf(slices.Contains(topics, l.Config.GitHub.Topic), errs[1])
	s.Hook = state.TruthOf(slices.ContainsFunc(hooks, func(h state.Hook) bool {
		u, err := url.Parse(h.URL)
		return err == nil && h.Active && u.Host == l.Config.CI.Domain
	}), errs[2])
	s.Flake = state.TruthOf(flake, errs[3])
	s.Installed = state.TruthOf(installed, errs[4])
	return s
}
