package state_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

const edited = `# mine
schema = 1

[host]   # the machine
name = "omnara1"
ssh  = "omnara1.phlip9.com" # over the VPN, "really"

[github]
repos = [
  "phlip9/dotfiles", # first
  "phlip9/other",
]
  app_name = "phlip9-1"   # a comment

[deploy]
command = ["./deploy#1"] # "now"

[[workers]]
name = "omnara1" # the big one
cores = 10

# the end
[cache.r2]
bucket = "phlip9-nix-cache"`

func TestEditConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		set       map[string]string
		want, not []string
	}{
		{"a value keeps its comment", map[string]string{"host.ssh": "other.phlip9.com"}, []string{`ssh = "other.phlip9.com" # over the VPN, "really"`, "[host]   # the machine"}, []string{"omnara1.phlip9.com"}},
		{"an indented key", map[string]string{"github.app_name": "phlip9-two"}, []string{"  app_name = \"phlip9-two\" # a comment\n"}, []string{"phlip9-1"}},
		{"a sign of a comment in a text", map[string]string{"deploy.command": "./deploy#2"}, []string{"command = [\"./deploy#2\"] # \"now\"\n"}, []string{"#1"}},
		{"a list over lines", map[string]string{"github.repos": "phlip9/dotfiles"}, []string{"repos = [\"phlip9/dotfiles\"]\n"}, []string{"phlip9/other"}},
		{"a key that was not there", map[string]string{"github.topic": "buildbot-mine"}, []string{"[github]\ntopic = \"buildbot-mine\"\nrepos"}, nil},
		{"a table that was not there", map[string]string{"gc.schedule": "weekly"}, []string{"bucket = \"phlip9-nix-cache\"\n\n[gc]\nschedule = \"weekly\"\n"}, nil},
		{"taken back", map[string]string{"github.app_name": ""}, nil, []string{"app_name"}},
		{"workers", map[string]string{"workers": "a=1,b=2"}, []string{"[[workers]]\nname = \"a\"\ncores = 1\n\n[[workers]]\nname = \"b\"\ncores = 2\n", "# the end"}, []string{"the big one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			to, problems := state.ParseConfig(state.ConfigName, []byte(edited))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			for k, v := range c.set {
				if err := to.Set(k, v); err != nil {
					t.Fatal(err)
				}
			}
			got, err := state.EditConfig(edited, to)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range append(c.want, "# mine\nschema = 1\n") {
				if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%s", w, got)
				}
			}
			for _, n := range c.not {
				if strings.Contains(got, n) {
					t.Errorf("still %q in\n%s", n, got)
				}
			}
		})
	}
}

func TestEditConfigRefusesWhatItCannotEdit(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"inline": "schema = 1\ngithub = { topic = \"a\", repos = [\"a/b\"] }\n",
		"broken": "schema = 1\n[github\n",
	} {
		to, _ := state.ParseConfig(state.ConfigName, []byte(text))
		to.GitHub.Topic = "other"
		if got, err := state.EditConfig(text, to); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Whatever legal answers are changed, the file says them, and every comment
// that stands on a line of its own stays.
func TestEditConfigAnyChange(t *testing.T) {
	t.Parallel()
	values := map[string][]string{
		"host.ssh": {"a.example.com", "root@b.example.com", ""}, "host.name": {"h1", "h2"}, "github.repos": {"a/b", "a/b,a/c", "a/b,a/c,a/d"},
		"github.app_name": {"", "x-1", "x-2"}, "gc.schedule": {"", "daily", "weekly"}, "workers": {"", "h1=0", "h1=2,h2=4"},
		"cache.r2.bucket": {"", "one-bucket", "two-bucket"}, "cache.domain": {"", "cache.example.com"}, "ci.eval_workers": {"", "3"}, "ci.users": {"", "a", "a,b"},
	}
	keys := slices.Sorted(maps.Keys(values))
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7))
		text := edited
		for range 5 {
			to, _ := state.ParseConfig(state.ConfigName, []byte(text))
			for _, k := range keys {
				if r.IntN(3) == 0 {
					if err := to.Set(k, values[k][r.IntN(len(values[k]))]); err != nil {
						t.Fatal(err)
					}
				}
			}
			got, err := state.EditConfig(text, to)
			if err != nil {
				if len(to.Check()) > 0 {
					continue // the answers do not go together: not this function's matter
				}
				t.Fatalf("seed %d: %v\n%s\n->\n%s", seed, err, text, to.TOML())
			}
			if !strings.Contains(got, "# mine\n") || !strings.Contains(got, "# the end\n") {
				t.Fatalf("seed %d: a comment is gone\n%s", seed, got)
			}
			if again, err := state.EditConfig(got, to); err != nil || again != got {
				t.Fatalf("seed %d: an edit with nothing to change changed:\n%s\n->\n%s", seed, got, again)
			}
			text = got
		}
	}
}
