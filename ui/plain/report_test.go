package plain_test

import (
	"errors"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// install is a question that the world answers.
var install = state.Question{
	Key: "github.install", Kind: state.KindClick, Ask: "install phlip9-buildbot-ci on phlip9/dotfiles",
	Why: "only its owner can let an App see a repository", URL: "https://github.com/apps/phlip9-buildbot-ci/installations/new",
	Then: "nixwright setup, when it is installed", Cost: state.Cost{Pages: 1, Clicks: 3},
}

func noToken() state.Problem {
	return state.Problem{What: "no Cloudflare token", Why: "CLOUDFLARE_API_TOKEN is not set", Fix: "make one on the page", URL: "https://dash.cloudflare.com/"}
}

func noHost() state.Problem {
	return state.Problem{ID: "F35", What: "omnara1 does not answer", Why: "ssh: timed out", Fix: "make ssh omnara1 work"}
}

func ownHook() state.Problem {
	return state.Problem{ID: "F8", What: "the App's own hook is on", Why: "every push arrives twice", Fix: "switch it off on the page", URL: "https://github.com/settings/apps/phlip9-buildbot-ci"}
}

// report is a run with every status in it.
func report() steps.Report {
	before, after := steps.PhaseBefore, steps.PhaseAfter
	return steps.Report{Human: state.Cost{Pages: 1, Clicks: 1}, Rows: []steps.Row{
		{Info: steps.Info{ID: "preflight", Title: "Preflight", Phase: steps.PhaseFirst}, Finding: steps.Finding{Status: steps.Blocked, Text: noToken().What, Hint: noToken().Fix, Problems: []state.Problem{noToken()}}},
		{Info: steps.Info{ID: "recipients", Title: "Recipients", Phase: steps.PhaseFirst}, Finding: steps.Finding{Status: steps.Blocked, Text: noHost().What, Hint: noHost().Fix, Problems: []state.Problem{noHost()}}},
		{Info: steps.Info{ID: "r2-bucket", Title: "R2 bucket", Phase: before, Lines: []int{1}}, Finding: steps.Finding{Status: steps.Missing, Changes: steps.Changes("create", "bucket phlip9-nix-cache in weur")}},
		{Info: steps.Info{ID: "r2-domain", Title: "Cache domain", Phase: before, Lines: []int{2}}, Finding: steps.Finding{Status: steps.Waiting, Text: "ownership pending, certificate pending", Hint: "Cloudflare is at work; nothing to do", Again: time.Second}},
		{Info: steps.Info{ID: "r2-token", Title: "R2 token", Phase: before, Lines: []int{3}}, Finding: steps.Finding{Status: steps.Failed}, Err: errors.New("look at tokens: Cloudflare answered 500")},
		{Info: steps.Info{ID: "github-app", Title: "GitHub App", Phase: before, Lines: []int{4, 5}}, Finding: steps.Finding{Status: steps.Ready, Text: "phlip9-buildbot-ci, 2746100", Changes: steps.Changes("seal", "nixwright-identities: App 2746100"), Problems: []state.Problem{ownHook()}}},
		{Info: steps.Info{ID: "github-install", Title: "App installed", Phase: before, Lines: []int{6}}, Question: &install, Finding: steps.Finding{Status: steps.Waiting, Text: "F4 not installed", Hint: install.Then, Changes: steps.Changes("install", "the App on phlip9/dotfiles"), Cost: install.Cost}},
		{Info: steps.Info{ID: "login-proxy", Title: "Login of the proxy", Phase: before, Lines: []int{8}, Does: "create the login App", Cost: state.Cost{Pages: 1, Clicks: 1}}, Finding: steps.Finding{Status: steps.Unknown, Hint: "waits for preflight"}},
		{Info: steps.Info{ID: "repo-topic", Title: "Repository topic", Phase: before, Lines: []int{11}}, Finding: steps.Finding{Status: steps.Drifted, Text: "nix, dotfiles", Changes: steps.Changes("add", "buildbot-phlip9 to phlip9/dotfiles")}},
		{Info: steps.Info{ID: "login-buildbot", Title: "Login of buildbot", Phase: before, Lines: []int{7}}, Finding: steps.Finding{Status: steps.NotNeeded, Text: "fully-private has one login"}},
		{Info: steps.Info{ID: "repo-flake", Title: "flake.nix", Phase: steps.PhaseRepos}, Finding: steps.Finding{Status: steps.Waiting, Text: "no flake.nix in phlip9/dotfiles: nothing would be built", Hint: "add one that exposes .#checks"}},
		{Info: steps.Info{ID: "check-gc", Title: "Collection", Phase: after, Lines: []int{15}, Does: "look at niks3-gc.timer", Until: "not deployed"}, Finding: steps.Finding{Status: steps.Waiting, Hint: "not deployed"}},
	}}
}
