package setup

// What Around says of each thing.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// The hints that several sights share.
const (
	hintTokenPage = "the page that makes one is prepared"
	hintNewToken  = "another one is asked for; " + hintTokenPage
	hintNetwork   = "check the connection"
)

// unseen is the sight of a look that brought an error.
func unseen(what string, err error) state.Sight {
	err = state.Explain(err)
	s := state.Sight{Word: what + " cannot be looked at", Hint: state.CleanText(err.Error(), 200)}
	var p state.Problem
	var t *state.Trouble
	switch {
	case errors.Is(err, state.ErrOffline):
		s.Word, s.Hint = what+" does not answer", hintNetwork
	case errors.As(err, &p):
		s.Hint = state.CleanText(p.Why, 200)
	case errors.As(err, &t):
		s.Hint = t.Problem.Why
	}
	return s
}

func (a around) git(ctx context.Context) state.Sight {
	got := lookAt(ctx, func(ctx context.Context) (maybe[state.GitHere], error) {
		here, is, err := a.Git.Here(ctx)
		return maybe[state.GitHere]{here, is}, err
	})
	here := got.v.v
	switch {
	case got.late:
		return state.Sight{}
	case got.err != nil:
		return unseen("the repository", got.err)
	case !got.v.is:
		return state.Sight{Word: a.short(a.Dir.Root) + " is in no Git repository", Hint: "a flake sees what Git knows: git init"}
	}
	words := []string{a.short(here.Root), "no branch", "clean"}
	if here.Branch != "" {
		words[1] = "branch " + here.Branch
	}
	if here.Changed > 0 {
		words[2] = count(here.Changed, "file") + " not committed"
	}
	return state.Sight{Found: true, Word: strings.Join(words, ", ")}
}

func (a around) github(ctx context.Context) state.Sight {
	if !a.Have.GitHub {
		return state.Sight{Word: "no token", Hint: "gh auth login gives one, and " + hintTokenPage}
	}
	got := lookAt(ctx, a.GitHub.User)
	from := through(a.Have.GitHubFrom)
	switch {
	case got.late:
		return state.Sight{}
	case errors.Is(got.err, state.ErrUnauthorized):
		return state.Sight{Word: "GitHub does not take the token" + from, Hint: hintNewToken}
	case got.err != nil:
		return unseen("GitHub", got.err)
	}
	s := state.Sight{Found: true, Word: "signed in as " + got.v.Login + from, Hint: "may edit topics and hooks"}
	if lacks := preflight(a).github(got.v); len(lacks) > 0 {
		s.Found, s.Hint = false, lacks[0].What+"; "+hintTokenPage
	} else if !got.v.Classic {
		s.Hint = "what it may is seen at the repositories"
	}
	return s
}

func (a around) cloudflare(ctx context.Context) state.Sight {
	if !a.Have.Cloudflare {
		return state.Sight{Word: "no token", Hint: hintTokenPage}
	}
	got := lookAt(ctx, func(ctx context.Context) (state.CloudflareToken, error) {
		return a.Cloud.Token(ctx, a.Config.Cache.R2.Account)
	})
	from := through(a.Have.CloudflareFrom)
	switch {
	case got.late:
		return state.Sight{}
	case errors.Is(got.err, state.ErrUnauthorized):
		return state.Sight{Word: "Cloudflare does not take the token" + from, Hint: hintNewToken}
	case got.err != nil:
		return unseen("Cloudflare", got.err)
	}
	if lacks := preflight(a).cloudflare(got.v); len(lacks) > 0 {
		return state.Sight{Word: lacks[0].What, Hint: hintTokenPage}
	}
	return state.Sight{Found: true, Word: "a token" + from + ", active, with all permissions"}
}

func (a around) identity(ctx context.Context) state.Sight {
	got := lookAt(ctx, func(ctx context.Context) (maybe[state.Identity], error) {
		i, is, err := a.Rules.Identity(ctx)
		return maybe[state.Identity]{i, is}, err
	})
	switch {
	case got.late:
		return state.Sight{}
	case got.err != nil:
		return unseen("the age identity", got.err)
	case !got.v.is:
		return state.Sight{Word: "no identity where sops looks for one", Hint: "setup offers to make one"}
	}
	return state.Sight{Found: true, Word: "an identity in " + a.short(got.v.v.Source)}
}

// secretsKnown says whether it is known where the secrets will be.
func (a around) secretsKnown() bool { return a.Config.Paths.Secrets != "" }

func (a around) rules(got lookedAt[state.Recipients], host state.Host) state.Sight {
	file := a.Config.Paths.Secrets
	recipient := a.Config.Host.Recipient
	if recipient == "" {
		recipient = host.Recipient
	}
	switch {
	case !a.secretsKnown():
		return state.Sight{Hint: "looked at when the host is known"}
	case got.late:
		return state.Sight{}
	case got.err != nil:
		return unseen("the rule for "+file, got.err)
	case len(got.v.Rule)+len(got.v.Others) == 0:
		return state.Sight{Word: "no rule for " + file, Hint: "setup adds one"}
	case recipient == "":
		return state.Sight{Found: true, Word: "a rule for " + file}
	case !slices.Contains(got.v.Rule, recipient):
		return state.Sight{Found: true, Word: "a rule for " + file, Hint: "setup adds the host to it"}
	}
	return state.Sight{Found: true, Word: "a rule for " + file + ", host included"}
}

// host is the machine; offered: how many the ssh configuration names.
func (a around) host(got lookedAt[state.Host], offered int) state.Sight {
	ssh := a.Config.Host.SSH
	switch {
	case ssh == "" && offered > 0:
		return state.Sight{Word: "no host chosen yet", Hint: "the ssh configuration names " + count(offered, "machine")}
	case ssh == "":
		return state.Sight{Word: "no host chosen yet", Hint: "the first question asks for it"}
	case got.late:
		return state.Sight{}
	case errors.Is(got.err, state.ErrOffline):
		return state.Sight{Word: ssh + " does not answer", Hint: "make this work: ssh " + ssh}
	case got.err != nil:
		return unseen(ssh, got.err)
	}
	var words []string
	if got.v.OS != "" {
		words = append(words, got.v.OS)
	}
	if got.v.Threads > 0 {
		words = append(words, count(got.v.Threads, "thread"))
	}
	if got.v.Memory > 0 {
		words = append(words, fmt.Sprintf("%.1f GiB", float64(got.v.Memory)/(1<<30)))
	}
	s := state.Sight{Found: true, Word: ssh + " answers"}
	if len(words) > 0 {
		s.Word += ": " + strings.Join(words, ", ")
	}
	if got.v.OS != "" && got.v.OS != "NixOS" {
		s.Found, s.Hint = false, "the host of the CI runs NixOS"
	}
	return s
}

func (a around) answers() state.Sight {
	text, is, err := a.Dir.Read(state.ConfigName)
	switch {
	case err != nil:
		return unseen(state.ConfigName, err)
	case !is:
		return state.Sight{Word: "no " + state.ConfigName + ": this will be a new one"}
	}
	if _, problems := state.ParseConfig(state.ConfigName, []byte(text)); len(problems) > 0 {
		return state.Sight{Word: state.ConfigName + " cannot be read", Hint: problems[0].What}
	}
	return state.Sight{Found: true, Word: state.ConfigName + " has the answers so far"}
}

// short is a path as it is told, the user's folder as ~.
func (a around) short(path string) string {
	if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(a.Home, "/")+"/"); ok && a.Home != "" {
		return "~/" + rest
	}
	return path
}

func through(from string) string {
	if from == "" {
		return ""
	}
	return " through " + from
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
