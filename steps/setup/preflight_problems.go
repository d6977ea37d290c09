package setup

// What preflight finds wrong, one function for each thing that it looked at.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// The answers that several problems are mended by.
const (
	githubToken     = "github.token"
	cloudflareToken = "cloudflare.token"
	reposKey        = "github.repos"
	accountKey      = "cache.r2.account"
	cacheDomainKey  = "cache.domain"
)

// absent names the tokens that this run does not have.
func (s preflight) absent() []state.Problem {
	var out []state.Problem
	if !s.Have.GitHub {
		out = append(out, state.Problem{
			Key: githubToken, What: "no GitHub token", Why: "neither GH_TOKEN nor GITHUB_TOKEN is set, and gh is not signed in",
			Fix: "run gh auth login, or set GH_TOKEN to a classic token with the scope repo", URL: state.GitHubTokenURL(s.Config.Endpoints.GitHubWeb),
		})
	}
	if !s.Have.Cloudflare {
		out = append(out, state.Problem{
			Key: cloudflareToken, What: "no Cloudflare token", Why: "CLOUDFLARE_API_TOKEN is not set",
			Fix: "make one on the page, which is filled in already, and set CLOUDFLARE_API_TOKEN", URL: state.CloudflareTokenURL(s.Config.Endpoints.CloudflareAPI, false),
		})
	}
	return out
}

func (s preflight) github(user state.GitHubUser) []state.Problem {
	var out []state.Problem
	for _, p := range state.PermissionsFor(state.ForGitHubToken) {
		if user.Classic && !slices.Contains(user.Scopes, p.Name) {
			out = append(out, state.Problem{
				Key: githubToken, What: "the GitHub token lacks the scope " + p.Name, Why: p.Why,
				Fix: "make a token on the page, or run gh auth refresh -s " + p.Name, URL: state.GitHubTokenURL(s.Config.Endpoints.GitHubWeb),
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
				Key: reposKey, What: "there is no repository " + r.name, Why: "GitHub does not show it to " + user.Login + ": the name is wrong, or the token may not see it",
				Fix: "set github.repos to what the page of the repository is called",
			})
		case r.repo.Archived:
			out = append(out, state.Problem{Key: reposKey, What: r.name + " is archived", Why: "nothing can be built or changed there", Fix: "take it out of github.repos"})
		case !r.repo.Admin:
			out = append(out, state.Problem{
				Key: reposKey, What: user.Login + " may not administer " + r.name, Why: "its topics and webhooks are looked at and set",
				Fix: "take it out of github.repos, or use a token of somebody who may",
			})
		}
	}
	return out
}

func (s preflight) cloudflare(token state.CloudflareToken) []state.Problem {
	if token.Status != "" && token.Status != "active" {
		return []state.Problem{{Key: cloudflareToken, What: "the Cloudflare token is " + token.Status, Why: "Cloudflare takes active tokens only", Fix: "make a new one on the page", URL: state.CloudflareTokenURL(s.Config.Endpoints.CloudflareAPI, token.Account)}}
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
		Key: cloudflareToken, What: "the Cloudflare token lacks " + strings.Join(lacks, ", "), Why: strings.Join(why, "; "),
		Fix: "add to the token what is missing, or make one on the page, which has all ticked", URL: state.CloudflareTokenURL(s.Config.Endpoints.CloudflareAPI, token.Account),
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
	var ids, choices []string
	for _, a := range seen {
		name := state.CleanText(a.Name, 40)
		ids, choices = append(ids, a.ID+" ("+name+")"), append(choices, a.ID+" "+name)
	}
	switch {
	case want == "" && len(seen) == 1:
		return seen[0], nil
	case want != "" && i >= 0:
		return seen[i], nil
	case len(seen) == 0:
		return state.Account{}, []state.Problem{{
			Key: cloudflareToken, What: "the Cloudflare token sees no account", Why: "it lacks Account Settings Read, or is limited to another account",
			Fix: "make one on the page, which has it ticked", URL: state.CloudflareTokenURL(s.Config.Endpoints.CloudflareAPI, false),
		}}
	case want == "":
		return state.Account{}, []state.Problem{{
			Key: accountKey, Choices: strings.Join(choices, "\n"), What: "the Cloudflare token sees several accounts", Why: "the bucket can be in one only: " + strings.Join(ids, ", "),
			Fix: "set cache.r2.account to its id",
		}}
	}
	return state.Account{}, []state.Problem{{
		Key: accountKey, Choices: strings.Join(choices, "\n"), What: "the Cloudflare token does not see the account " + want, Why: "it sees " + strings.Join(ids, ", "),
		Fix: "set cache.r2.account to one of these, or use a token of that account",
	}}
}

// zone wants the cache's domain in a zone of the account.
func (s preflight) zone(account state.Account, zones []state.Zone) []state.Problem {
	domain := s.Config.Cache.Domain
	z, found := zoneOf(zones, domain)
	switch {
	case !found:
		return []state.Problem{{
			ID: "F23", Key: cacheDomainKey, What: "no zone of this token holds " + domain, Why: "R2 serves a bucket only under a domain whose zone is in the same Cloudflare account",
			Fix: "add the domain to the account, give the token Zone Read on it, or set cache.domain",
		}}
	case z.Account != account.ID:
		return []state.Problem{{
			ID: "F23", Key: cacheDomainKey, What: "the zone " + z.Name + " is in another account", Why: "it is in " + z.Account + ", the bucket will be in " + account.ID,
			Fix: "set cache.r2.account to the zone's account, or cache.domain to a domain of this one",
		}}
	}
	return nil
}
