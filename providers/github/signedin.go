package github

import (
	"context"
	"net/url"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// SignedIn finds a token of the person's: the environment's (GH_TOKEN,
// GITHUB_TOKEN), else what gh is signed in with, for the very host that it
// goes to. api is the API's address; empty: api.github.com. from says where it
// was found; the empty token: nowhere.
func SignedIn(ctx context.Context, env func(string) string, exec runner.Runner, api string) (token state.Secret, from string) {
	for _, name := range []string{"GH_TOKEN", "GITHUB_TOKEN"} {
		if v := env(name); v != "" && issuedFor(api) {
			return state.NewSecret(v), name
		}
	}
	argv := []string{"gh", "auth", "token", "--hostname", "github.com"}
	if api != "" {
		u, err := url.Parse(api)
		if err != nil || state.Loopback(api) {
			return state.Secret{}, ""
		}
		argv[4] = u.Hostname()
	}
	res, err := exec.Run(ctx, runner.Cmd{Argv: argv})
	if err != nil || res.Exit != 0 {
		return state.Secret{}, ""
	}
	return state.NewSecret(strings.TrimSpace(res.Stdout)), "gh"
}

// issuedFor says whether a github.com token may go to that API: to github.com
// itself, or to loopback.
func issuedFor(api string) bool {
	u, err := url.Parse(api)
	return err == nil && (api == "" || u.Host == "api.github.com" || state.Loopback(api))
}
