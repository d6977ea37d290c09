package state

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
)

// fullConfig is the file with nearly everything said.
const fullConfig = `schema = 1

[host]
name   = "omnara1"
ssh    = "omnara1.phlip9.com"
system = "x86_64-linux"
recipient = ""

[ci]
backend      = "buildbot-nix"
domain       = "ci.phlip9.com"
admins       = ["phlip9"]
users        = ["phlip9", "lexe-agent"]
access       = "two-logins"
eval_workers = 4
build_systems = ["x86_64-linux"]
outputs_path = "/var/www/buildbot/nix-outputs/"
webhook_path = "/webhooks/github-buildbot-ci"

[[workers]]
name  = "omnara1"
cores = 10

[github]
owner              = "phlip9"
repos              = ["phlip9/dotfiles"]
topic              = "buildbot-phlip9"
app_name           = "phlip9-buildbot-ci"
login              = "oauth-app"
buildbot_login_app = "phlip9-buildbot-oauth"
proxy_login_app    = "phlip9-ci-oauth2-proxy"

[cache]
domain   = "cache.phlip9.com"
key_name = "cache.phlip9.com-1"

[cache.r2]
account    = "30faeb30dcb2a77a72fdc0948c99de62"
bucket     = "phlip9-nix-cache"
location   = "weur"
token_name = "niks3-omnara1"

[gc]
older_than = "720h"
schedule   = "daily"

[deploy]
command = []

[paths]

[adopt]
app_id = 2746100
proxy_login_client_id = "Ov23liO4sP0FzyZ3QmO5"

[endpoints]
`

func TestParseConfigFull(t *testing.T) {
	c, problems := ParseConfig("nixwright.toml", []byte(fullConfig))
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	if c.Cache.R2.Bucket != "phlip9-nix-cache" || c.Adopt.AppID != 2746100 || !slices.Equal(c.CI.Users, []string{"phlip9", "lexe-agent"}) {
		t.Errorf("read %+v", c)
	}
	if c.Deploy.Command != nil {
		t.Error("an empty list says something")
	}
	if p := c.Derive().Check(); len(p) != 0 {
		t.Error(p)
	}
}

func TestParseConfigProblems(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // what, then a part of why or fix after "|"
	}{
		{"unknown keys and illegal values at once", "schema = 1\n[cache.r2]\nbukket = \"x\"\nlocation = \"mars\"\n[cahce]\ndomain = \"d\"\n[ci]\n  domain = \"CI phlip9\"\n", []string{
			"nixwright.toml:3:1: unknown key cache.r2.bukket|did you mean cache.r2.bucket?",
			"nixwright.toml:4:1: cache.r2.location: \"mars\" is not a location of R2|weur",
			"nixwright.toml:5:2: unknown table [cahce]|did you mean [cache]?",
			"nixwright.toml:8:3: ci.domain: \"CI phlip9\" is not a domain|punycode",
		}},
		{"a key in the wrong table", "schema = 1\n[cache]\nbucket = \"x-y-z\"\n", []string{"nixwright.toml:3:1: unknown key cache.bucket|cache.r2.bucket"}},
		{"another case", "schema = 1\n[Host]\nname = \"a\"\n", []string{"nixwright.toml:2:2: unknown table [Host]|[host]"}},
		{"a quoted dotted key", "schema = 1\n\"ci.domain\" = \"ci.example.org\"\n", []string{`nixwright.toml:2:1: unknown key "ci.domain"|ci.domain`}},
		{"an inline table", "schema = 1\nhost = { nam = \"a\" }\n", []string{"nixwright.toml:2:10: unknown key host.nam|host.name"}},
		{"a secret", "schema = 1\n[cloudflare]\ntoken = \"hunter2hunter2\"\n", []string{
			"nixwright.toml:2:2: unknown table [cloudflare]|",
			"nixwright.toml:3:1: cloudflare.token is secret: it does not belong here|@FILE",
		}},
		{"a dotted secret", "schema = 1\n[github]\ntoken = \"hunter2hunter2\"\n", []string{
			"nixwright.toml:3:1: github.token is secret: it does not belong here|NIXWRIGHT_GITHUB_TOKEN",
		}},
		{"workers", "schema = 1\n[[workers]]\nname = \"a\"\ncores = -1\n[[workers]]\nname = \"a\"\ncore = 3\n", []string{
			"nixwright.toml:4:1: workers[0].cores: -1 is out of range|",
			"nixwright.toml:6:1: workers[1].name: there are two workers \"a\"|",
			"nixwright.toml:7:1: unknown key workers.core|workers.cores",
		}},
		{"a nameless worker", "schema = 1\n[[workers]]\ncores = 2\n", []string{"nixwright.toml:2:3: workers[0].name: \"\" is not a worker's name|"}},
		{"several owners", "schema = 1\n[github]\nrepos = [\"a/b\", \"c/d\"]\n", []string{"nixwright.toml:3:1: github.repos: \"c/d\" is not of the owner \"a\"|only the first"}},
		{"one domain for both", "schema = 1\n[ci]\ndomain = \"a.example.org\"\n[cache]\ndomain = \"a.example.org\"\n", []string{"nixwright.toml:5:1: cache.domain is ci.domain|cache.a.example.org"}},
		{"a clash with a derived name", "schema = 1\n[github]\nrepos = [\"a/b\"]\napp_name = \"a-ci-oauth2-proxy\"\n", []string{"nixwright.toml:4:1: two Apps have one name|"}},
		{"control characters", "schema = 1\n[gc]\nschedule = \"da\\u001bily\"\n", []string{"nixwright.toml:3:1: gc.schedule has a control character|"}},
		{"type", "schema = 1\n[ci]\neval_workers = \"four\"\n", []string{"nixwright.toml:3:16: ci.eval_workers must be a number|"}},
		{"list type", "schema = 1\n[ci]\nusers = \"phlip9\"\n", []string{"nixwright.toml:3:9: ci.users must be a list of texts|"}},
		{"table for a text", "schema = 1\n[ci.domain]\nx = 1\n", []string{"nixwright.toml:2:|"}},
		{"syntax", "schema = 1\n[ci\n", []string{"nixwright.toml:2:|"}},
		{"twice", "schema = 1\n[ci]\ndomain = \"a.b\"\ndomain = \"a.c\"\n", []string{"nixwright.toml:4:|"}},
		{"no schema", "[ci]\n", []string{"nixwright.toml:1:1: schema is missing|schema = 1"}},
		{"a newer schema stands alone", "schema = 2\nfuture = 1\n", []string{"nixwright.toml:1:1: schema 2 is newer than this nixwright|newer one"}},
		{"an old schema", "schema = 0\n", []string{"nixwright.toml:1:1: there is no schema 0|"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := ParseConfig("nixwright.toml", []byte(tt.text))
			for i, p := range got {
				t.Logf("%+v", p)
				if strings.Contains(fmt.Sprint(p), "hunter2") {
					t.Error("a problem repeats a secret")
				}
				if i >= len(tt.want) {
					t.Errorf("one too many: %s", p.What)
					continue
				}
				what, rest, _ := strings.Cut(tt.want[i], "|")
				if !strings.HasPrefix(p.What, what) || !strings.Contains(p.Why+p.Fix, rest) {
					t.Errorf("got %+v, want %q with %q", p, what, rest)
				}
			}
			if len(got) < len(tt.want) {
				t.Errorf("%d problems, want %d", len(got), len(tt.want))
			}
		})
	}
}

func TestFormatConfigSaysWhatFollows(t *testing.T) {
	c := Config{Schema: 1, Host: HostConf{SSH: "omnara1.phlip9.com"}, CI: CIConf{Domain: "ci.phlip9.com"}, GitHub: GitHubConf{Repos: []string{"phlip9/dotfiles"}}}
	text := c.TOML()
	for _, want := range []string{"schema = 1\n", "\nssh = \"omnara1.phlip9.com\" # any", "\n# name = \"omnara1\"\n", "\n# bucket = \"phlip9-nix-cache\"\n", "[cache.r2]\n", "# [[workers]]\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	for _, no := range []string{"[adopt]", "[endpoints]", "recipient"} {
		if strings.Contains(text, no) {
			t.Errorf("has %q:\n%s", no, text)
		}
	}
	assertSame(t, c)
	assertSame(t, c.Derive())
}

// TestFormatConfigRoundTrip writes and reads back whatever may be said.
func TestFormatConfigRoundTrip(t *testing.T) {
	parts := []string{"", "a", "phlip9/dotfiles", `q"\u005c'`, "tab\there", "line\nend", "é😀", "\x7f\u2028", "#=[]", "cache.phlip9.com"}
	generate := func(seed uint64) bool {
		r := rand.New(rand.NewPCG(seed, 1))
		pick := func() string { return parts[r.IntN(len(parts))] + parts[r.IntN(len(parts))] }
		c := Config{Schema: 1}
		for _, f := range configFields() {
			v := reflect.ValueOf(&c).Elem().FieldByIndex(f.at)
			switch f.takes() {
			case aText:
				v.SetString(pick())
			case aNumber:
				v.SetInt(int64(r.IntN(100)))
			case aYesNo:
				v.SetBool(r.IntN(2) == 0)
			case aList:
				var l []string
				for range r.IntN(3) {
					l = append(l, pick())
				}
				v.Set(reflect.ValueOf(l))
			case aWorkers:
				var l []Worker
				for range r.IntN(3) {
					l = append(l, Worker{Name: pick(), Cores: r.IntN(9)})
				}
				v.Set(reflect.ValueOf(l))
			}
		}
		return assertSame(t, c)
	}
	if err := quick.Check(generate, nil); err != nil {
		t.Error(err)
	}
}

func assertSame(t *testing.T, c Config) bool {
	t.Helper()
	text := c.TOML()
	back, problems := ParseConfig("x", []byte(text))
	if !reflect.DeepEqual(back, c) {
		t.Errorf("read back %+v\nof %+v\n%v\n%s", back, c, problems, text)
		return false
	}
	return true
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(fullConfig))
	f.Add([]byte("schema = 1\nworkers = [{name=\"a\"}, {cores=1}]\n[[workers.x]]\n"))
	f.Add([]byte("schema=1\nhost.name.x=1\na.\"b.c\".d=[[[{e=1}]]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := ParseConfig("f", data)
		for _, p := range problems {
			if p.What == "" || p.What != CleanText(p.What, 0) {
				t.Errorf("problem %q", p.What)
			}
		}
		if len(problems) == 0 {
			assertSame(t, c)
			for _, key := range ConfigKeys() {
				if v, said := c.Value(key); said && c.Set(key, v) != nil {
					t.Errorf("%s: value %q cannot be set", key, v)
				}
			}
		}
	})
}
