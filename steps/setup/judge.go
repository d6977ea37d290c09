package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// JudgeToken says whether a token alone will do, as preflight judges it: key is
// github.token or cloudflare.token, and the token is the one with which
// d.GitHub or d.Cloud asks. nil: it fits. What is missing is told at once, as a
// state.Problem, or as several that are joined. A service that does not answer
// is a state.Trouble: nothing is known of the token then. Of Deps it uses the
// configuration, Have, GitHub and Cloud.
func JudgeToken(ctx context.Context, d Deps, key string) error {
	s := preflight{d}
	switch key {
	case githubToken:
		return s.judgeGitHub(ctx)
	case cloudflareToken:
		return s.judgeCloudflare(ctx)
	}
	return fmt.Errorf("judge token: %q is no token's key", key)
}

func (s preflight) judgeGitHub(ctx context.Context) error {
	if !s.Have.GitHub {
		return problemOf(s.absent(), githubToken)
	}
	user, err := s.GitHub.User(ctx)
	if err != nil {
		return s.refused(githubToken, err)
	}
	return problemOf(s.github(user), githubToken)
}

func (s preflight) judgeCloudflare(ctx context.Context) error {
	if !s.Have.Cloudflare {
		return problemOf(s.absent(), cloudflareToken)
	}
	var token state.CloudflareToken
	var accounts []state.Account
	var tokenErr error
	err := together(ctx,
		func(ctx context.Context) error {
			token, tokenErr = s.Cloud.Token(ctx, s.Config.Cache.R2.Account)
			return nil
		},
		func(ctx context.Context) (err error) {
			accounts, err = s.Cloud.Accounts(ctx)
			return unlessDenied(err)
		},
	)
	if err != nil {
		return s.refused(cloudflareToken, err)
	}
	_, elsewhere := s.account(accounts)
	if len(accounts) > 0 && s.Config.Cache.R2.Account == "" {
		elsewhere = nil // it sees several: that is for another answer
	}
	if err := unlessDenied(tokenErr); err != nil && len(elsewhere) == 0 {
		return s.refused(cloudflareToken, err)
	}
	if unlessDenied(tokenErr) == nil {
		// Which permissions are missing says more than what cannot be seen for it.
		if lacks := s.cloudflare(token); len(lacks) > 0 {
			return joined(lacks)
		}
	}
	return joined(elsewhere)
}

// refused is the error of a call that was made with the token under the key:
// where the token itself is not taken, a Problem with the page that makes
// another; else as state.Explain has it.
func (s preflight) refused(key string, err error) error {
	name, page := "GitHub", state.GitHubTokenURL(s.Config.Endpoints.GitHubWeb)
	if key == cloudflareToken {
		name, page = "Cloudflare", state.CloudflareTokenURL(s.Config.Endpoints.CloudflareAPI, false)
	}
	why := ""
	if call := (*state.CallError)(nil); errors.As(err, &call) {
		why = call.Error()
	}
	if errors.Is(err, state.ErrUnauthorized) {
		return state.Problem{
			Key: key, What: name + " does not take the token", Why: "the token is wrong, expired or revoked: " + why,
			Fix: "make another on the page, and copy all of it", URL: page,
		}
	}
	denied := errors.Is(err, state.ErrDenied)
	err = state.Explain(err)
	if p := (state.Problem{}); denied && errors.As(err, &p) && p.Key == "" {
		p.Key, p.URL = key, page
		return p
	}
	return err
}

// problemOf joins the problems that the answer mends.
func problemOf(all []state.Problem, key string) error {
	return joined(slices.DeleteFunc(all, func(p state.Problem) bool { return p.Key != key }))
}

// joined is one error of problems; nil where there is none.
func joined(all []state.Problem) error {
	if len(all) == 1 {
		return all[0]
	}
	errs := make([]error, len(all))
	for i, p := range all {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// Lacks are the keys of the tokens that this run does not have.
func (c Credentials) Lacks() []string {
	var out []string
	if !c.GitHub {
		out = append(out, githubToken)
	}
	if !c.Cloudflare {
		out = append(out, cloudflareToken)
	}
	return out
}
