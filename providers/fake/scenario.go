package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/nixwright/nixwright/state"
)

// The names of the story: one person, one repository, one host.
const (
	theOwner   = "phlip9"
	theAccount = "30faeb30dcb2a77a72fdc0948c99de62"
	theZone    = "phlip9.com"
	theAddress = "203.0.113.7"
)

// scenarioConfig are the answers of a scenario, all of them.
func scenarioConfig(scenario string) state.Config {
	c := state.Config{
		Schema: 1,
		Host:   state.HostConf{Name: "omnara1", SSH: "omnara1." + theZone, System: "x86_64-linux"},
		CI: state.CIConf{
			Backend: "buildbot-nix", Domain: "ci." + theZone, Admins: []string{theOwner}, Users: []string{theOwner, "lexe-agent"},
			Access: state.FullyPrivate, EvalWorkers: 4, BuildSystems: []string{"x86_64-linux"}, OutputsPath: "/var/www/buildbot/nix-outputs/",
		},
		Workers: []state.Worker{{Name: "omnara1", Cores: 10}},
		GitHub: state.GitHubConf{
			Owner: theOwner, Repos: []string{theOwner + "/dotfiles"}, Topic: "buildbot-phlip9", AppName: "phlip9-buildbot-ci",
			Login: state.ViaGitHubApp, BuildbotLoginApp: "phlip9-buildbot-oauth", ProxyLoginApp: "phlip9-ci-oauth2-proxy",
		},
		Cache: state.CacheConf{
			Domain: "cache." + theZone, KeyName: "cache.phlip9.com-1",
			R2: state.R2Conf{Account: theAccount, Bucket: "phlip9-nix-cache", Location: "weur", TokenName: "niks3-omnara1"},
		},
		GC: state.GCConf{OlderThan: "720h", Schedule: "daily"},
		Paths: state.PathsConf{
			Module: "nixos/mods/buildbot-ci.nix", Client: "nixos/mods/nix-cache.nix",
			Facts: "nixos/omnara1/ci-facts.json", Secrets: "nixos/omnara1/secrets.yaml",
		},
	}
	if scenario == "half-done" {
		c.CI.Access, c.GitHub.Login = state.TwoLogins, state.ViaOAuthApp
		c.CI.WebhookPath = "/webhooks/github-buildbot-ci"
		c.Adopt = state.AdoptConf{AppID: 2746100, ProxyLoginClientID: "Ov23liO4sP0FzyZ3QmO5", BuildbotLoginClientID: "Ov23lipvJOGiZTG0aqv9"}
	}
	return c
}

// fill makes the world of the scenario: what is always there, things of
// others that must survive, and what was done by hand before.
func (s *State) fill(now time.Time) error {
	g := &s.GitHub
	g.LastID, g.SignedIn = 1000, theOwner
	g.Accounts = []ghAccount{
		{ID: 1, Login: theOwner},
		{ID: 2, Login: "lexe-agent"},
		{ID: 3, Login: "someone-else"},
		{ID: 4, Login: "phlip9-labs", Org: true, Admins: []string{theOwner}},
	}
	g.Tokens = []ghToken{{
		Value: "ghp_" + s.Make("github-token", 36), Login: theOwner, Classic: true,
		Scopes: []string{"admin:repo_hook", "read:org", "repo", "workflow"},
	}}
	dotfiles := s.addRepo(theOwner, "dotfiles", "master", "nix", "dotfiles")
	dotfiles.Files["master"]["README.md"] = "# dotfiles\n"
	dotfiles.Hooks = []ghHook{{
		ID: g.nextID(), URL: "https://chat.elsewhere.example/hook", ContentType: "json", Active: true, Events: []string{"issues"},
		Secret: s.Make("foreign-hook", 20), At: now.AddDate(-1, 0, 0),
	}}
	s.addRepo("someone-else", "private-things", "main").Private = true
	s.addRepo("someone-else", "public-things", "main", "nix")

	s.Host = newHost(s.Seed, s.Config.Host.Name, theAddress)
	s.Further = []HostState{newHost(s.Seed, "build2", "203.0.113.8"), newHost(s.Seed, "build3", "203.0.113.9")}
	s.Further[0].Threads, s.Further[1].Threads = 16, 8
	s.Env["GH_TOKEN"] = g.Tokens[0].Value
	half := s.Scenario == "half-done"
	bootstrap, zone := s.fillCloud(!half)
	s.Env["CLOUDFLARE_API_TOKEN"] = bootstrap
	if half {
		return s.fillHalfDone(zone, now)
	}
	return nil
}

// fillCloud makes the Cloudflare account with its zone, and another's; it
// returns the bootstrap token, which the account owns, or the user, and the
// zone's id.
func (s *State) fillCloud(own bool) (token, zone string) {
	const other = "d41d8cd98f00b204e9800998ecf8427e"
	s.addAccount(theAccount, theOwner)
	s.addAccount(other, "somebody else")
	zone = s.addZone(theAccount, theZone, "full")
	s.addZone(other, "elsewhere.example", "full")
	s.addBucket(CloudBucket{Account: theAccount, Name: "phlip9-backups"})
	s.addDNSName(s.Config.Host.SSH, theAddress)
	bootstrap := CloudToken{Name: "nixwright bootstrap", Policies: s.bootstrapPolicies(own)}
	if own {
		bootstrap.Account = theAccount
	}
	_, token = s.addToken(bootstrap)
	return token, zone
}

// derive is 32 bytes that follow from the seed alone.
func (s *State) derive(label string) []byte {
	m := hmac.New(sha256.New, []byte(s.Seed))
	_, _ = m.Write([]byte(label))
	return m.Sum(nil)
}

// person is the age identity of the one who sits at this machine.
func (s *State) person() string { return ageIdentity(s.derive("person")) }
