package nixfiles_test

import (
	"testing"

	"github.com/nixwright/nixwright/state/nixfiles"
)

// TestWanted: what the host knows of itself is a whole set of answers.
func TestWanted(t *testing.T) {
	f := nixfiles.Facts{
		Access: "fully-private", Admins: []string{"phlip9"}, Domain: "ci.phlip9.com", Owner: "phlip9", Repos: []string{"phlip9/dotfiles"},
		Topic: "buildbot-phlip9", App: nixfiles.App{ID: 2746100, Slug: "phlip9-buildbot-ci"}, Users: []string{"phlip9"},
		Cache:   nixfiles.Cache{Domain: "cache.phlip9.com", KeyName: "cache.phlip9.com-1", PublicKey: "k", URL: "https://cache.phlip9.com"},
		S3:      nixfiles.S3{Bucket: "phlip9-nix-cache", Endpoint: "30faeb30dcb2a77a72fdc0948c99de62.r2.cloudflarestorage.com", Region: "auto"},
		GC:      nixfiles.GC{OlderThan: "720h", Schedule: "daily"},
		Workers: []nixfiles.Worker{{Name: "omnara1", Cores: 10}}, BuildSystems: []string{"x86_64-linux"},
		Login: nixfiles.Login{Kind: "github-app"},
	}
	again, err := nixfiles.ParseFacts(f.JSON())
	if err != nil {
		t.Fatal(err)
	}
	c := again.Wanted("omnara1").Derive()
	if problems := c.Check(); len(problems) > 0 {
		t.Error(problems)
	}
	if c.Host.Name != "omnara1" || c.CI.Domain != f.Domain || c.Cache.R2.Bucket != f.S3.Bucket || c.GC.OlderThan != "720h" || len(c.Workers) != 1 || c.GitHub.Repos[0] != "phlip9/dotfiles" ||
		c.Cache.R2.Account != "30faeb30dcb2a77a72fdc0948c99de62" || c.Cache.R2.Jurisdiction != "" {
		t.Errorf("%+v", c)
	}
	again.S3.Endpoint = "30faeb30dcb2a77a72fdc0948c99de62.eu.r2.cloudflarestorage.com"
	if c := again.Wanted("omnara1"); c.Cache.R2.Jurisdiction != "eu" {
		t.Errorf("jurisdiction %q", c.Cache.R2.Jurisdiction)
	}
	for _, text := range []string{"", "{}", "[]", `{"schema":1}`, "nonsense"} {
		if _, err := nixfiles.ParseFacts(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
