package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/cli"
)

// gh is the GitHub CLI, signed in to some hosts.
type gh map[string]string

func (g gh) Run(_ context.Context, c runner.Cmd) (runner.Result, error) {
	want := []string{"gh", "auth", "token", "--hostname"}
	if g == nil {
		return runner.Result{}, errors.New("no gh here")
	}
	if len(c.Argv) != 5 || !slices.Equal(c.Argv[:4], want) {
		return runner.Result{}, errors.New("called in another way")
	}
	if v, ok := g[c.Argv[4]]; ok {
		return runner.Result{Stdout: v + "\n"}, nil
	}
	return runner.Result{Exit: 1, Stderr: "no oauth token found for " + c.Argv[4]}, nil
}

func TestWhereTheGitHubTokenComesFrom(t *testing.T) {
	t.Parallel()
	const enterprise, loopback = "https://git.elsewhere.example/api/v3", "http://127.0.0.1:8080"
	both := gh{"github.com": "gho_com", "git.elsewhere.example": "gho_own"}
	for name, tc := range map[string]struct {
		api    string
		tokens map[string]string
		env    map[string]string
		gh     gh
		want   string
	}{
		"gh":                                     {gh: both, want: "gho_com"},
		"gh of another host":                     {api: enterprise, gh: both, want: "gho_own"},
		"gh signed in elsewhere only":            {gh: gh{"git.elsewhere.example": "gho_own"}},
		"gh is not there":                        {},
		"gh's token does not go to loopback":     {api: loopback, gh: both},
		"the environment before gh":              {env: map[string]string{"GH_TOKEN": "ghp_a", "GITHUB_TOKEN": "ghp_b"}, gh: both, want: "ghp_a"},
		"the other variable":                     {env: map[string]string{"GITHUB_TOKEN": "ghp_b"}, gh: both, want: "ghp_b"},
		"the environment's is for github.com":    {api: enterprise, env: map[string]string{"GH_TOKEN": "ghp_a"}, gh: both, want: "gho_own"},
		"the environment's in a rehearsal":       {api: loopback, env: map[string]string{"GH_TOKEN": "ghp_a"}, want: "ghp_a"},
		"what was answered before all":           {tokens: map[string]string{"github.token": "ghp_c"}, env: map[string]string{"GH_TOKEN": "ghp_a"}, gh: both, want: "ghp_c"},
		"what was answered goes where it is for": {api: enterprise, tokens: map[string]string{"github.token": "ghp_c"}, gh: both, want: "ghp_c"},
	} {
		r := cli.Request{Env: func(n string) string { return tc.env[n] }, Tokens: map[string]state.Secret{}}
		r.Config.Endpoints.GitHubAPI = tc.api
		for k, v := range tc.tokens {
			r.Tokens[k] = state.NewSecret(v)
		}
		got, from := githubToken(t.Context(), r, tc.gh)
		if got.Reveal() != tc.want {
			t.Errorf("%s: another token than %q", name, tc.want)
		}
		if strings.Contains(tc.want, "gho_") != (from == "gh") {
			t.Errorf("%s: it is said to be from %q", name, from)
		}
	}
}

func TestTokensArePastedAtTheTerminal(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	hub, cloud := l.env["GH_TOKEN"], l.env["CLOUDFLARE_API_TOKEN"]
	s := l.sit(200, 150, map[string]string{"TERM": "dumb", "GH_TOKEN": "", "CLOUDFLARE_API_TOKEN": ""}, "setup")
	s.sees("Commands at any prompt").types("\n")
	s.sees("Which GitHub token?", "settings/tokens/new?", "What you type or paste is not shown.").types(hub + "\n")
	s.sees("Which Cloudflare token?", "permissionGroupKeys").types("  " + cloud + " \n")
	s.sees("goes on to the plan").types("\n").sees("Type go").types("go\n")
	s.sees("15 of 15 lines are true").types("\n").ends(0)
	if all := s.everything(); strings.Contains(all, hub) || strings.Contains(all, cloud) {
		t.Error("a pasted token is shown")
	}
	for name := range l.files() {
		if text := l.read(name); strings.Contains(text, hub) || strings.Contains(text, cloud) {
			t.Errorf("a pasted token is in %s", name)
		}
	}
}

// alive says whether Cloudflare takes the token.
func (l *lab) alive(token, account string) bool {
	l.t.Helper()
	path := "/user/tokens/verify"
	if account != "" {
		path = "/accounts/" + account + "/tokens/verify"
	}
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.ends.CloudflareAPI+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func TestTheBootstrapTokenIsRevokedAtTheEnd(t *testing.T) {
	t.Parallel()
	const account = "30faeb30dcb2a77a72fdc0948c99de62"
	for _, own := range []bool{false, true} {
		t.Run(map[bool]string{true: "of the account", false: "of the user"}[own], func(t *testing.T) {
			t.Parallel()
			var token string
			l := newLabIn(t, t.TempDir(), "fresh", options{edit: func(s *fake.State) error {
				token = s.AddCloudflareToken(own, groupsFor(own)...)
				return nil
			}})
			l.env["CLOUDFLARE_API_TOKEN"] = token
			at := map[bool]string{true: account}[own]
			// The account is not answered: the token sees one only.
			l.write("nixwright.toml", strings.Replace(l.read("nixwright.toml"), `account = '`+account+`'`, "", 1))
			if strings.Contains(l.read("nixwright.toml"), account) {
				t.Fatal("the account is answered")
			}
			r := l.run("setup", "-n", "--revoke-bootstrap-token")
			if r.code != 3 || !strings.Contains(r.err, "the Cloudflare token is kept") {
				t.Errorf("exit %d\n%s", r.code, tail(r.err))
			}
			if !l.alive(token, at) {
				t.Fatal("the token was deleted before all was done")
			}
			r = l.setup("--revoke-bootstrap-token")
			if !strings.Contains(r.out+r.err, "the Cloudflare token is deleted, and refused now") {
				t.Errorf("it does not say so:\n%s", tail(r.out+r.err))
			}
			if l.alive(token, at) {
				t.Error("the token lives")
			}
			l.told(l.run("setup", "-n"), 3, "the token is wrong")
			if s := l.status(); s.True == 0 {
				t.Error("what does not need the token is not looked at any more")
			}
		})
	}
}

// groupsFor are the permissions of the bootstrap token, the smallest set.
func groupsFor(own bool) []string {
	var out []string
	for _, p := range state.PermissionsFor(state.CloudflareFor(own)) {
		out = append(out, p.Name)
	}
	return out
}
