package state

import (
	"reflect"
	"strings"
	"testing"
)

// three are the only answers of a new user.
func three() Config {
	return Config{
		Host:   HostConf{SSH: "root@omnara1.phlip9.com:22"},
		CI:     CIConf{Domain: "ci.phlip9.com"},
		GitHub: GitHubConf{Repos: []string{"phlip9/dotfiles"}},
	}
}

func TestDeriveFromThreeAnswers(t *testing.T) {
	d := three().Derive()
	want := map[string]string{
		"host.name": "omnara1", "host.ssh": "root@omnara1.phlip9.com:22", "host.system": "x86_64-linux",
		"ci.backend": "buildbot-nix", "ci.admins": "phlip9", "ci.users": "phlip9", "ci.access": "fully-private",
		"ci.eval_workers": "", "ci.build_systems": "x86_64-linux",
		"ci.outputs_path": "/var/www/buildbot/nix-outputs/", "ci.webhook_path": "/webhooks/github-buildbot-ci",
		"workers": "omnara1", "github.owner": "phlip9", "github.topic": "buildbot-phlip9",
		"github.app_name": "phlip9-buildbot-ci", "github.login": "github-app",
		"github.buildbot_login_app": "phlip9-buildbot-oauth", "github.proxy_login_app": "phlip9-ci-oauth2-proxy",
		"cache.domain": "cache.phlip9.com", "cache.key_name": "cache.phlip9.com-1", "cache.r2.bucket": "phlip9-nix-cache",
		"cache.r2.location": "", "cache.r2.account": "", "cache.r2.token_name": "niks3-omnara1",
		"gc.older_than": "720h", "gc.schedule": "daily",
		"paths.module": "nixos/mods/buildbot-ci.nix", "paths.client": "nixos/mods/nix-cache.nix",
		"paths.facts": "nixos/omnara1/ci-facts.json", "paths.secrets": "nixos/omnara1/secrets.yaml",
	}
	for key, value := range want {
		if got, _ := d.Value(key); got != value {
			t.Errorf("%s = %q, want %q", key, got, value)
		}
	}
	if p := d.Check(); len(p) != 0 {
		t.Error(p)
	}
	if !reflect.DeepEqual(d.Derive(), d) {
		t.Error("deriving again changes something")
	}
}

func TestDeriveKeepsWhatIsSaid(t *testing.T) {
	var c Config
	for _, key := range ConfigKeys() {
		q, _ := QuestionFor(key)
		value := "x"
		switch q.Kind {
		case KindNumber:
			value = "7"
		case KindYes:
			value = "yes"
		}
		if err := c.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	c.Schema = Schema
	if d := c.Derive(); !reflect.DeepEqual(d, c) {
		t.Errorf("changed:\n%+v\n%+v", c, d)
	}
}

func TestDeriveNames(t *testing.T) {
	tests := []struct{ name, set, value, key, want string }{
		{"an alias", "host.ssh", "omnara1", "host.name", "omnara1"},
		{"a URL", "host.ssh", "ssh://me@Box.lan:2222", "host.name", "box"},
		{"an address has no name", "host.ssh", "root@192.0.2.7", "host.name", ""},
		{"an IPv6 address has no name", "host.ssh", "ssh://[2001:db8::1]:22", "host.name", ""},
		{"an option is not looked at", "host.ssh", "-oProxyCommand=x", "host.name", ""},
		{"the name is the destination", "host.name", "omnara1", "host.ssh", "omnara1"},
		{"a domain of two labels", "ci.domain", "example.org", "cache.domain", "cache.example.org"},
		{"a domain that is the cache's", "ci.domain", "cache.example.org", "cache.domain", "nix-cache.example.org"},
		{"an illegal domain", "ci.domain", "ci example", "cache.domain", ""},
		{"capitals", "github.repos", "PhLip9/x", "github.topic", "buildbot-phlip9"},
		{"the owner as written", "github.repos", "PhLip9/x", "github.owner", "PhLip9"},
		{"underscore", "github.repos", "anna_corp/x", "cache.r2.bucket", "anna-corp-nix-cache"},
		{"a long owner", "github.repos", strings.Repeat("abcdefghi-", 3) + "abcdefghi/x", "github.app_name", "abcdefghi-abcdefghi-ab-buildbot-ci"},
		{"a cut at a hyphen", "github.repos", "abcdefghijklmnopqrstu-vwxyz/x", "github.app_name", "abcdefghijklmnopqrstu-buildbot-ci"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Config
			if err := c.Set(tt.set, tt.value); err != nil {
				t.Fatal(err)
			}
			d := c.Derive()
			if got, _ := d.Value(tt.key); got != tt.want {
				t.Errorf("%s = %q, want %q", tt.key, got, tt.want)
			}
			for _, p := range d.Check() {
				if !strings.HasPrefix(p.What, tt.set) {
					t.Error(p)
				}
			}
		})
	}
}

// FuzzDerive: from any legal answers everything that is derived is legal, and
// deriving again changes nothing.
func FuzzDerive(f *testing.F) {
	f.Add("omnara1.phlip9.com", "ci.phlip9.com", "phlip9/dotfiles")
	f.Add("root@h", "a.b", "A_-/x.y")
	f.Fuzz(func(t *testing.T, ssh, domain, repo string) {
		c := Config{Host: HostConf{SSH: ssh}, CI: CIConf{Domain: domain}, GitHub: GitHubConf{Repos: []string{repo}}}
		d := c.Derive()
		if !reflect.DeepEqual(d.Derive(), d) {
			t.Error("deriving again changes something")
		}
		if len(c.Check()) == 0 {
			if p := d.Check(); len(p) != 0 {
				t.Error(p)
			}
		}
	})
}
