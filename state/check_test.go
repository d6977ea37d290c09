package state

import (
	"slices"
	"strings"
	"testing"
)

func TestLegalValues(t *testing.T) {
	tests := []struct {
		key     string
		right   []string
		illegal []string
	}{
		{"host.name", []string{"omnara1", "a", "A_b-c"}, []string{"-a", "a.b", strings.Repeat("a", 64)}},
		{"host.ssh", []string{"omnara1", "root@h.example.org", "ssh://me@h:22", "me@[2001:db8::1]", "2001:db8::1"}, []string{"-oProxyCommand=x", "me@-x", "a b", "a;b", "$(x)", "a`b`", "me@"}},
		{"host.recipient", []string{"age1" + strings.Repeat("q", 58)}, []string{"age1b", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1"}},
		{"host.system", []string{"x86_64-linux", "aarch64-linux"}, []string{"aarch64-darwin", "linux"}},
		{"ci.domain", []string{"ci.phlip9.com", "xn--bcher-kva.example", "a.b.c.d.e"}, []string{"ci", "ci.phlip9.com.", "CI.phlip9.com", "bücher.example", "1.2.3.4", "-a.b", "a..b", "a_b.c", "https://ci.example.org", strings.Repeat("a.", 130) + "b"}},
		{"ci.access", []string{FullyPrivate, TwoLogins}, []string{"private"}},
		{"ci.admins", []string{"phlip9", "lexe-agent", "anna_corp"}, []string{"-a", "a@b", "a b", strings.Repeat("a", 40)}},
		{"ci.webhook_path", []string{"/webhooks/github-buildbot-ci"}, []string{"webhooks", "/", "/a b", "/a;b", "/a/", "/../x"}},
		{"ci.outputs_path", []string{"/var/www/buildbot/nix-outputs/", "/srv/x"}, []string{"var", "/a/../b", "/"}},
		{"ci.build_systems", []string{"x86_64-linux", "aarch64-darwin"}, []string{"windows"}},
		{"github.repos", []string{"phlip9/dotfiles", "a/b.c_d-e"}, []string{"dotfiles", "a/b/c", "a/", "/b", "a/..", "a/b.git", "https://github.com/a/b"}},
		{"github.topic", []string{"buildbot-phlip9", "1"}, []string{"Buildbot", "-a", "a b", strings.Repeat("a", 51)}},
		{"github.app_name", []string{"phlip9-buildbot-ci", strings.Repeat("a", 34)}, []string{"my app", strings.Repeat("a", 35), "-a", "a-", "a--b", "a_b"}},
		{"cache.key_name", []string{"cache.phlip9.com-1"}, []string{"a:b", "a b"}},
		{"cache.r2.account", []string{"30faeb30dcb2a77a72fdc0948c99de62"}, []string{"30FAEB30DCB2A77A72FDC0948C99DE62", "30faeb"}},
		{"cache.r2.bucket", []string{"abc", strings.Repeat("a", 63), "phlip9-nix-cache"}, []string{"ab", "Abc", "-abc", "abc-", "a_c", "a.c", strings.Repeat("a", 64)}},
		{"cache.r2.location", []string{"weur", "apac"}, []string{"WEUR", "mars"}},
		{"cache.r2.jurisdiction", []string{"eu", "fedramp"}, []string{"us"}},
		{"cache.r2.storage_class", []string{"Standard", "InfrequentAccess"}, []string{"standard"}},
		{"cache.r2.token_name", []string{"niks3-omnara1", "niks3 on omnara1"}, []string{strings.Repeat("a", 121)}},
		{"gc.older_than", []string{"720h", "1h", "60m"}, []string{"30d", "90m", "0h", "-1h", "720", "+720h", "2.0h", "3600000ms"}},
		{"gc.schedule", []string{"daily", "Mon *-*-* 03:00:00", "*-*-* 4:00 Europe/Berlin"}, []string{"daily;x", "$(x)"}},
		{"paths.secrets", []string{"nixos/omnara1/secrets.yaml", "s.yml"}, []string{"/etc/x.yaml", "../x.yaml", "a/../x.yaml", "x.json", ".git/x.yaml", ".nixwright/x.yaml", `a\b.yaml`}},
		{"paths.module", []string{"m.nix"}, []string{"m.json", "./m.nix"}},
		{"endpoints.github_api", []string{"https://ghe.example.org/api/v3", "http://127.0.0.1:80", "http://[::1]:1", "http://localhost:1"}, []string{"http://ghe.example.org", "ghe.example.org", "https://u:p@h", "https://h/?q", "https://h#f", "ftp://h", "https://"}},
		{"endpoints.dns", []string{"127.0.0.1:5353", "[::1]:53"}, []string{"127.0.0.1", "dns:53", "127.0.0.1:0"}},
		{"adopt.proxy_login_client_id", []string{"Ov23liO4sP0FzyZ3QmO5"}, []string{"a b"}},
		{"workers", []string{"omnara1=10,build2"}, []string{"a=1,a=2", "a.b=1", "a=-1"}},
		{"ci.eval_workers", []string{"1", "64"}, []string{"-1", "100000"}},
		{"adopt.app_id", []string{"2746100"}, []string{"-5"}},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			q, _ := QuestionFor(tt.key)
			for _, v := range tt.right {
				if err := q.Accept(Answer{Value: NewSecret(v)}); err != nil {
					t.Errorf("%q is refused: %v", v, err)
				}
			}
			for _, v := range append(tt.illegal, "a\x1bb") {
				var c Config
				err := c.Set(tt.key, v)
				if err != nil {
					continue
				}
				p := c.Check()
				if len(p) == 0 {
					t.Errorf("%q is accepted", v)
				} else if !strings.HasPrefix(p[0].What, tt.key) {
					t.Errorf("the key is not named: %v", p[0])
				}
				if q.Accept(Answer{Value: NewSecret(v)}) == nil {
					t.Errorf("%q is accepted as an answer", v)
				}
			}
		})
	}
}

func TestCheckRefusesWhatIsSplicedEverywhere(t *testing.T) {
	for _, bad := range []string{"a\nb", "a\x00b", "a\u202eb", "a\u200bb", "a\xffb", "a\u2028b"} {
		for _, f := range configFields() {
			if f.takes() != aText && f.takes() != aList {
				continue
			}
			var c Config
			if err := c.Set(f.key, bad); err != nil {
				t.Fatal(err)
			}
			p := c.Check()
			if len(p) == 0 || p[0].What != CleanText(p[0].What, 0) {
				t.Errorf("%s: %q gives %v", f.key, bad, p)
			}
		}
	}
}

func TestCheckTogether(t *testing.T) {
	tests := []struct {
		name string
		set  map[string]string
		id   string
		want string
	}{
		{"owners", map[string]string{"github.repos": "a/x,b/y"}, "F5", "github.repos"},
		{"an owner in another case is the same", map[string]string{"github.repos": "Anna/x,anna/y"}, "", ""},
		{"another owner", map[string]string{"github.repos": "a/x", "github.owner": "b"}, "F5", "github.repos"},
		{"paths", map[string]string{"paths.module": "x.nix", "paths.client": "x.nix"}, "", "paths.module"},
		{"no program", map[string]string{"deploy.command": "x"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Config
			for k, v := range tt.set {
				if err := c.Set(k, v); err != nil {
					t.Fatal(err)
				}
			}
			p := c.Derive().Check()
			if tt.want == "" {
				if len(p) != 0 {
					t.Error(p)
				}
				return
			}
			if len(p) != 1 || p[0].ID != tt.id || !strings.Contains(p[0].What, tt.want) || p[0].Fix == "" {
				t.Errorf("got %+v", p)
			}
		})
	}
	c := Config{Deploy: DeployConf{Command: []string{"", "x"}}, Endpoints: Endpoints{SSH: []string{""}}}
	if p := c.Check(); len(p) != 2 {
		t.Errorf("empty programs: %v", p)
	}
}

func TestEveryTextKeyHasARule(t *testing.T) {
	free := []string{"deploy.command", "endpoints.ssh", "adopt.app_key_file"}
	for _, f := range configFields() {
		if _, ok := ruleOf(f.key); !ok && (f.takes() == aText || f.takes() == aList) && !slices.Contains(free, f.key) {
			t.Errorf("%s has no rule", f.key)
		}
	}
	for _, r := range rules {
		if _, ok := findField(r.key); !ok {
			t.Errorf("rule of an unknown key %s", r.key)
		}
		if r.eg != "" && !strings.HasSuffix(r.eg, "...") && !r.ok(r.eg) {
			t.Errorf("%s: its own example is refused", r.key)
		}
	}
}

func TestForeign(t *testing.T) {
	tests := []struct {
		name string
		e    Endpoints
		want []string
	}{
		{"none", Endpoints{}, nil},
		{"the services' own", Endpoints{
			GitHubAPI: "https://api.github.com", GitHubWeb: "https://github.com:443", CloudflareAPI: "https://api.cloudflare.com/client/v4",
			R2S3: "https://30fa.eu.r2.cloudflarestorage.com", CI: "https://ci.phlip9.com", Cache: "https://cache.phlip9.com",
		}, nil},
		{"loopback", Endpoints{GitHubAPI: "http://127.0.0.1:1", GitHubWeb: "http://[::1]:1", DNS: "127.0.0.1:53", Buildbot: "http://localhost:8010", Niks3: "http://[::1]:5751"}, nil},
		{"others", Endpoints{
			GitHubAPI: "https://api.github.com.evil.example", GitHubWeb: "https://github.com@evil.example", CloudflareAPI: "http://api.cloudflare.com",
			R2S3: "https://evilr2.cloudflarestorage.com", DNS: "192.0.2.1:53", Buildbot: "https://ci.phlip9.com", Niks3: "https://192.0.2.1", CI: "https://cache.phlip9.com", Cache: "https://cache.phlip9.com:8443",
		}, []string{
			"endpoints.github_api", "endpoints.github_web", "endpoints.cloudflare_api", "endpoints.r2_s3", "endpoints.dns",
			"endpoints.buildbot", "endpoints.niks3", "endpoints.ci", "endpoints.cache",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.e.Foreign("ci.phlip9.com", "cache.phlip9.com"); !slices.Equal(got, tt.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestForeignSSH(t *testing.T) {
	for _, tt := range []struct {
		argv []string
		want bool
	}{
		{nil, false},
		{[]string{"ssh"}, false},
		{[]string{"/bin/nixwright", "as-ssh"}, false},
		{[]string{"ssh", "-oProxyCommand=x"}, true},
		{[]string{"sh", "-c", "x"}, true},
	} {
		if got := (Endpoints{SSH: tt.argv}).ForeignSSH("/bin/nixwright"); got != tt.want {
			t.Errorf("%v: %v", tt.argv, got)
		}
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1": true, "http://127.9.9.9:1/x": true, "http://[::1]:2": true, "http://LOCALHOST": true, "127.0.0.1:53": true,
		"http://[::ffff:127.0.0.1]": true, "http://127.0.0.1.example.org": false, "http://localhost.example.org": false, "http://0.0.0.0": false,
		"http://127.1": false, "": false, "http://u@127.0.0.1@evil.example": false, "::": false,
	} {
		if got := Loopback(address); got != want {
			t.Errorf("Loopback(%q) = %v", address, got)
		}
	}
}
