package state

import "strings"

// The limits of names that are derived from others.
const (
	maxAppName = 34 // GitHub's, of an App's name
	maxTopic   = 50 // GitHub's, of a topic
	maxBucket  = 63 // R2's, of a bucket's name
)

// Derive fills everything that follows from what is said; host.ssh, ci.domain
// and github.repos are enough for all of it. What is said stays, nothing is
// derived from an illegal value, and deriving again changes nothing. What
// follows from the host's size stays open until it is seen: Tune, SpareCores.
func (c Config) Derive() Config {
	or(&c.Schema, Schema)
	c.deriveHost()
	c.deriveGitHub()
	c.deriveCI()
	c.deriveCache()
	c.derivePaths()
	return c
}

// or sets a value that is not said.
func or[T comparable](to *T, value T) {
	var none T
	if *to == none {
		*to = value
	}
}

func orList[T any](to *[]T, values ...T) {
	if len(*to) == 0 {
		*to = values
	}
}

func (c *Config) deriveHost() {
	if legal("host.ssh", c.Host.SSH) {
		or(&c.Host.Name, hostName(c.Host.SSH))
	}
	if legal("host.name", c.Host.Name) {
		or(&c.Host.SSH, c.Host.Name)
		orList(&c.Workers, Worker{Name: c.Host.Name})
	}
	or(&c.Host.System, "x86_64-linux")
}

// hostName is the first label of an ssh destination's host; empty for an
// address.
func hostName(ssh string) string {
	s, _, _ := strings.Cut(sshHost(ssh), ".")
	s = strings.ToLower(s)
	if !legal("host.name", s) {
		return ""
	}
	return s
}

func (c *Config) deriveGitHub() {
	g := &c.GitHub
	if len(g.Repos) > 0 && legal("github.repos", g.Repos[0]) {
		owner, _, _ := strings.Cut(g.Repos[0], "/")
		or(&g.Owner, owner)
	}
	or(&g.Login, ViaGitHubApp)
	if !legal("github.owner", g.Owner) {
		return
	}
	or(&g.Topic, fit("buildbot-", g.Owner, "", maxTopic))
	or(&g.AppName, fit("", g.Owner, "-buildbot-ci", maxAppName))
	or(&g.BuildbotLoginApp, fit("", g.Owner, "-buildbot-oauth", maxAppName))
	or(&g.ProxyLoginApp, fit("", g.Owner, "-ci-oauth2-proxy", maxAppName))
	or(&c.Cache.R2.Bucket, fit("", g.Owner, "-nix-cache", maxBucket))
	orList(&c.CI.Admins, g.Owner)
}

func (c *Config) deriveCI() {
	or(&c.CI.Backend, BuildbotNix)
	or(&c.CI.Access, FullyPrivate)
	orList(&c.CI.Users, c.CI.Admins...)
	if legal("host.system", c.Host.System) {
		orList(&c.CI.BuildSystems, c.Host.System)
	}
	or(&c.CI.OutputsPath, "/var/www/buildbot/nix-outputs/")
	or(&c.CI.WebhookPath, "/webhooks/github-buildbot-ci")
}

func (c *Config) deriveCache() {
	if legal("ci.domain", c.CI.Domain) {
		or(&c.Cache.Domain, cacheDomain(c.CI.Domain))
	}
	if legal("cache.domain", c.Cache.Domain) {
		or(&c.Cache.KeyName, c.Cache.Domain+"-1")
	}
	if legal("host.name", c.Host.Name) {
		or(&c.Cache.R2.TokenName, "niks3-"+c.Host.Name)
	}
	or(&c.GC.OlderThan, "720h")
	or(&c.GC.Schedule, "daily")
}

// cacheDomain is a neighbour of the CI's domain: cache.example.org of
// ci.example.org. A domain of two labels is its own parent.
func cacheDomain(ci string) string {
	parent := ci
	if strings.Count(ci, ".") > 1 {
		_, parent, _ = strings.Cut(ci, ".")
	}
	if d := "cache." + parent; d != ci {
		return d
	}
	return "nix-cache." + parent
}

func (c *Config) derivePaths() {
	or(&c.Paths.Module, "nixos/mods/buildbot-ci.nix")
	or(&c.Paths.Client, "nixos/mods/nix-cache.nix")
	if legal("host.name", c.Host.Name) {
		or(&c.Paths.Facts, "nixos/"+c.Host.Name+"/ci-facts.json")
		or(&c.Paths.Secrets, "nixos/"+c.Host.Name+"/secrets.yaml")
	}
}

// fit joins a name of lower-case letters, digits and hyphens, and cuts its
// middle where the whole would be longer than limit.
func fit(before, middle, after string, limit int) string {
	middle = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		default:
			return '-'
		}
	}, middle)
	for strings.Contains(middle, "--") {
		middle = strings.ReplaceAll(middle, "--", "-")
	}
	if room := limit - len(before) - len(after); len(middle) > room {
		middle = middle[:room]
	}
	return before + strings.Trim(middle, "-") + after
}
