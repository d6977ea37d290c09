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
	problems, err := refusals(hub, cloud)
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

// refusals are the errors that a person can mend; any other is returned.
func refusals(errs ...error) ([]state.Problem, error) {
	var out []state.Problem
	for _, err := range errs {
		var p state.Problem
		switch {
		case err == nil:
		case errors.As(state.Explain(err), &p):
			out = append(out, p)
		default:
			return nil, err
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

// absent names the tokens that this run does not have.
func (s preflight) absent() []state.Problem {
	var out []state.Problem
	if !s.Have.GitHub {
		out = append(out, state.Problem{
			What: "no GitHub token", Why: "neither GH_TOKEN nor GITHUB_TOKEN is set, and gh is not signed in",
			Fix: "run gh auth login, or set GH_TOKEN to a classic token with the scope repo", URL: state.GitHubTokenURL(),
		})
	}
	if !s.Have.Cloudflare {
		out = append(out, state.Problem{
			What: "no Cloudflare token", Why: "CLOUDFLARE_API_TOKEN is not set",
			Fix: "make one on the page, which is filled in already, and set CLOUDFLARE_API_TOKEN", URL: state.CloudflareTokenURL(false),
		})
	}
	return out
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

func (s preflight) github(user state.GitHubUser) []state.Problem {
	var out []state.Problem
	for _, p := range state.PermissionsFor(state.ForGitHubToken) {
		if user.Classic && !slices.Contains(user.Scopes, p.Name) {
			out = append(out, state.Problem{
				What: "the GitHub token lacks the scope " + p.Name, Why: p.Why,
				Fix: "make a token on the page, or run gh auth refresh -s " + p.Name, URL: state.GitHubTokenURL(),
			})
		}
	}
	return out
}

func (s preflight) repos(user state.GitHubUser, seen []repoSeen) []state.Problem {
	var out []state.Problem
	for _, r := range seen {
		switch {
		case !r.found:
			out = append(out, state.Problem{
				What: "there is no repository " + r.name, Why: "GitHub does not show it to " + user.Login + ": the name is wrong, or the token may not see it",
				Fix: "set github.repos to what the page of the repository is called",
			})
		case r.repo.Archived:
			out = append(out, state.Problem{What: r.name + " is archived", Why: "nothing can be built or changed there", Fix: "take it out of github.repos"})
		case !r.repo.Admin:
			out = append(out, state.Problem{
				What: user.Login + " may not administer " + r.name, Why: "its topics and webhooks are looked at and set",
				Fix: "use a token of somebody who may",
			})
		}
	}
	return out
}

func (s preflight) cloudflare(token state.CloudflareToken) []state.Problem {
	if token.Status != "" && token.Status != "active" {
		return []state.Problem{{What: "the Cloudflare token is " + token.Status, Why: "Cloudflare takes active tokens only", Fix: "make a new one on the page", URL: state.CloudflareTokenURL(token.Account)}}
	}
	// A token that may make tokens can read itself; one that cannot be read
	// lacks at least that.
	var lacks, why []string
	for _, p := range state.PermissionsFor(state.CloudflareFor(token.Account)) {
		if token.Known && !slices.Contains(token.Groups, p.Name) || !token.Known && p.ReadsItself {
			lacks, why = append(lacks, p.Name), append(why, p.Name+": "+p.Why)
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	return []state.Problem{{
		What: "the Cloudflare token lacks " + strings.Join(lacks, ", "), Why: strings.Join(why, "; "),
		Fix: "add to the token what is missing, or make one on the page, which has all ticked", URL: state.CloudflareTokenURL(token.Account),
	}}
}

func (s preflight) clock(user state.GitHubUser, token state.CloudflareToken) []state.Problem {
	for _, there := range []time.Time{user.Clock, token.Clock} {
		if skew := s.Now().Sub(there); !there.IsZero() && skew.Abs() > maxSkew {
			return []state.Problem{{
				ID: "F14", What: fmt.Sprintf("this clock is off by %s", skew.Abs().Round(time.Second)),
				Why: "GitHub refuses what an App signs more than a minute off", Fix: "timedatectl set-ntp true",
			}}
		}
	}
	return nil
}

// account is the wanted one, or the only one that the token sees.
func (s preflight) account(seen []state.Account) (state.Account, []state.Problem) {
	want := s.Config.Cache.R2.Account
	i := slices.IndexFunc(seen, func(a state.Account) bool { return a.ID == want })
	var ids []string
	for _, a := range seen {
		ids = append(ids, a.ID+" ("+state.CleanText(a.Name, 40)+")")
	}
	switch {
	case want == "" && len(seen) == 1:
		return seen[0], nil
	case want != "" && i >= 0:
		return seen[i], nil
	case len(seen) == 0:
		return state.Account{}, []state.Problem{{
			What: "the Cloudflare token sees no account", Why: "it lacks Account Settings Read, or is limited to another account",
			Fix: "make one on the page, which has it ticked", URL: state.CloudflareTokenURL(false),
		}}
	case want == "":
		return state.Account{}, []state.Problem{{
			What: "the Cloudflare token sees several accounts", Why: "the bucket can be in one only: " + strings.Join(ids, ", "),
			Fix: "set cache.r2.account to its id",
		}}
	}
	return state.Account{}, []state.Problem{{
		What: "the Cloudflare token does not see the account " + want, Why: "it sees " + strings.Join(ids, ", "),
		Fix: "set cache.r2.account to one of these, or use a token of that account",
	}}
}

// zone wants the cache's domain in a whole zone of the account.
func (s preflight) zone(account state.Account, zones []state.Zone) []state.Problem {
	domain := s.Config.Cache.Domain
	z, found := zoneOf(zones, domain)
	switch {
	case !found:
		return []state.Problem{{
			ID: "F23", What: "no zone of this token holds " + domain, Why: "R2 serves a bucket only under a domain whose zone is in the same Cloudflare account",
			Fix: "add the domain to the account, give the token Zone Read on it, or set cache.domain",
		}}
	case z.Account != account.ID:
		return []state.Problem{{
			ID: "F23", What: "the zone " + z.Name + " is in another account", Why: "it is in " + z.Account + ", the bucket will be in " + account.ID,
			Fix: "set cache.r2.account to the zone's account, or cache.domain to a domain of this one",
		}}
	case z.Type == "partial":
		return []state.Problem{{ID: "F23", What: "the zone " + z.Name + " is a partial (CNAME) zone", Why: "R2 takes whole zones only", Fix: "set cache.domain to a domain of a whole zone"}}
	}
	return nil
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
