package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// maxSkew is how far this clock may be from the APIs' (a GitHub App's JWT is
// refused beyond).
const maxSkew = time.Minute

// preflight looks whether the tokens are present and able, and the names
// belong to whom they should. It names everything that is missing at once;
// while it is blocked nothing is made.
type preflight struct{ Deps }

func (s preflight) Info() steps.Info {
	return steps.Info{
		ID: "preflight", Title: "Preflight", Phase: steps.PhaseFirst,
		Does: "check the tokens, the account, the zone, the repositories and the clock",
		Gives: []state.Ref{
			state.FactUser.Ref(), state.FactOwner.Ref(), state.FactRepos.Ref(),
			state.FactCloud.Ref(), state.FactAccount.Ref(), state.FactZones.Ref(),
		},
	}
}

func (s preflight) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	if p := s.absent(); len(p) > 0 {
		return blocked(p...), nil
	}
	var user state.GitHubUser
	var repos []repoSeen
	var token state.CloudflareToken
	var accounts []state.Account
	var zones []state.Zone
	var tokenErr error
	var hub, cloud error // apart: a refusal by one hides nothing of the other
	_ = together(ctx,
		func(ctx context.Context) error {
			hub = together(ctx,
				func(ctx context.Context) (err error) { user, err = s.GitHub.User(ctx); return err },
				func(ctx context.Context) (err error) {
					repos, err = each(ctx, s.Config.GitHub.Repos, s.repo)
					return err
				},
			)
			return nil
		},
		func(ctx context.Context) error {
			cloud = together(ctx,
				func(ctx context.Context) error {
					// A token of another account than the wanted one is refused there;
					// which one it sees says more.
					token, tokenErr = s.Cloud.Token(ctx, s.Config.Cache.R2.Account)
					return nil
				},
				func(ctx context.Context) (err error) {
					accounts, err = s.Cloud.Accounts(ctx)
					return unlessDenied(err)
				},
				func(ctx context.Context) (err error) {
					zones, err = s.Cloud.Zones(ctx)
					return unlessDenied(err)
				},
			)
			return nil
		},
	)
	var account state.Account
	var p []state.Problem
	if cloud == nil {
		if account, p = s.account(accounts); len(p) == 0 {
			cloud = unlessDenied(tokenErr)
		}
	}
	problems, err := s.refusals(hub, cloud)
	if err != nil {
		return steps.Finding{}, err
	}
	if hub == nil {
		problems = slices.Concat(problems, s.github(user), s.repos(user, repos))
	}
	if unlessDenied(tokenErr) == nil && cloud == nil {
		problems = append(problems, s.cloudflare(token)...)
	}
	if cloud == nil && len(p) == 0 {
		p = s.zone(account, zones)
	}
	problems = append(problems, p...)
	problems = append(problems, s.clock(user, token)...)
	if len(problems) > 0 {
		return blocked(problems...), nil
	}
	facts := state.One(state.FactUser, user)
	facts = state.With(facts, state.FactOwner, repos[0].repo.Owner)
	facts = state.With(facts, state.FactRepos, reposOf(repos))
	facts = state.With(facts, state.FactCloud, token)
	facts = state.With(facts, state.FactAccount, account)
	facts = state.With(facts, state.FactZones, zones)
	return ready(fmt.Sprintf("GitHub as %s, Cloudflare account %s", user.Login, account.Name), facts), nil
}

// Apply has nothing to do: preflight is never missing.
func (s preflight) Apply(context.Context, state.Facts, steps.Finding, steps.Out) error { return nil }

// refusals are the errors of GitHub and of Cloudflare that a person can mend;
// any other is returned.
func (s preflight) refusals(hub, cloud error) ([]state.Problem, error) {
	var out []state.Problem
	for _, one := range []struct {
		key string
		err error
	}{{githubToken, hub}, {cloudflareToken, cloud}} {
		var p state.Problem
		switch err := s.refused(one.key, one.err); {
		case err == nil:
		case errors.As(err, &p):
			out = append(out, p)
		default:
			return nil, one.err
		}
	}
	return out, nil
}

// unlessDenied lets a refusal pass: what the token may not is told by its
// missing permissions, all at once.
func unlessDenied(err error) error {
	if errors.Is(err, state.ErrDenied) {
		return nil
	}
	return err
}

type repoSeen struct {
	name  string
	repo  state.Repo
	found bool
}

func reposOf(seen []repoSeen) []state.Repo {
	out := make([]state.Repo, len(seen))
	for i, r := range seen {
		out[i] = r.repo
	}
	return out
}

func (s preflight) repo(ctx context.Context, name string) (repoSeen, error) {
	r, found, err := s.GitHub.Repo(ctx, name)
	return repoSeen{name, r, found}, err
}

// zoneOf finds the zone that a domain is in: the longest that fits.
func zoneOf(zones []state.Zone, domain string) (state.Zone, bool) {
	var best state.Zone
	for _, z := range zones {
		if (domain == z.Name || strings.HasSuffix(domain, "."+z.Name)) && len(z.Name) > len(best.Name) {
			best = z
		}
	}
	return best, best.Name != ""
}
