package fake

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// answered is what the directory's nixwright.toml says.
func answered(t *testing.T, w *World) state.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.root(), state.ConfigName))
	if err != nil {
		t.Fatal(err)
	}
	c, problems := state.ParseConfig(state.ConfigName, text)
	if len(problems) > 0 {
		t.Fatalf("%v in\n%s", problems, text)
	}
	if strings.Contains(string(text), "[cache]") && c.Cache == (state.CacheConf{}) {
		t.Errorf("a table that says nothing:\n%s", text)
	}
	return c
}

// A blank world has asked nobody anything, and the hints are all it takes.
func TestPrepareBlank(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	for range 2 {
		if err := w.PrepareBlank(); err != nil {
			t.Fatal(err)
		}
	}
	c := answered(t, w)
	if c.Endpoints.GitHubAPI != w.url("github") || len(c.Deploy.Command) == 0 || len(state.Required(c)) != 3 {
		t.Errorf("answers %+v", c)
	}
	for key, hint := range w.Hints() {
		if err := c.Set(key, hint); err != nil {
			t.Errorf("hint %s: %v", key, err)
		}
	}
	if missing := state.Required(c); len(missing) > 0 || c.Derive().Cache.Domain != "cache.phlip9.com" {
		t.Errorf("still missing: %v", missing)
	}
	w.Look(func(s *State) {
		if s.GitHub.repo(theOwner, "website") == nil || len(s.GitHub.Repos) != 4 {
			t.Errorf("repositories %+v", s.GitHub.Repos)
		}
	})
}

// Whatever a person calls the host, it is there; in another world it is not.
func TestAnyHost(t *testing.T) {
	t.Parallel()
	w, strict := startWorld(t, "fresh", Options{}), startWorld(t, "fresh", Options{})
	if err := w.PrepareBlank(); err != nil {
		t.Fatal(err)
	}
	for dest, name := range map[string]string{
		"box": "box", "root@ci-1.example.org": "ci-1.example.org", "ssh://deploy@h.example.org:2222": "h.example.org", "root@192.0.2.9": "",
	} {
		if exit, out, errs := ssh(t, w, dest, "nproc"); exit != 0 || strings.TrimSpace(out) != "12" {
			t.Errorf("%s: exit %d, %s", dest, exit, errs)
		}
		if got := w.resolve(name); name != "" && (len(got) != 1 || got[0].String() != theAddress) {
			t.Errorf("%s has the addresses %v", name, got)
		}
		if exit, _, errs := ssh(t, strict, dest, "nproc"); exit != sshFailed || !strings.Contains(errs, "Could not resolve") {
			t.Errorf("%s in a world with answers: exit %d, %s", dest, exit, errs)
		}
	}
}

// What is deployed is what the repository says by then.
func TestFollow(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "fresh", Options{})
	follow := func(text string) state.Config {
		t.Helper()
		if text != "" {
			put(t, w, state.ConfigName, text)
		}
		var out state.Config
		w.Look(func(s *State) { s.follow(w.root()); out = s.Config })
		return out
	}
	const blank = "schema = 1\n"
	for _, none := range []string{"", blank, "nonsense", blank + "[host]\nssh = 'box'\n"} {
		if c := follow(none); c.Host.Name != "omnara1" || c.CI.Domain != "ci.phlip9.com" {
			t.Errorf("%q changes the world: %+v", none, c)
		}
	}
	c := follow(blank + "[host]\nssh = 'root@box.example.org'\n[ci]\ndomain = 'build.phlip9.com'\n[github]\nrepos = ['phlip9/website']\n[cache.r2]\nbucket = 'mine'\n")
	if c.CI.Domain != "build.phlip9.com" || c.Cache.R2.Bucket != "mine" || c.Cache.Domain != "cache.phlip9.com" || c.Paths.Facts != "nixos/box/ci-facts.json" {
		t.Errorf("the world's answers are %+v", c)
	}
	if c.Workers[0] != (state.Worker{Name: "box", Cores: 10}) || c.CI.WebhookPath != "" {
		t.Errorf("workers %v, webhook %q", c.Workers, c.CI.WebhookPath)
	}
	w.Look(func(s *State) {
		if s.Host.Name != "box" {
			t.Errorf("the host is %s", s.Host.Name)
		}
	})
}

// Where two login Apps lead back to both places, the secret tells whose it is.
func TestLoginClient(t *testing.T) {
	t.Parallel()
	const proxy, own = "https://ci.phlip9.com/oauth2/callback", "https://ci.phlip9.com/auth/login"
	g := GitHubState{Apps: []ghApp{
		{ClientID: "a", ClientSecret: "of a", Callbacks: []string{proxy, own}},
		{ClientID: "b", ClientSecret: "of b", Callbacks: []string{proxy, own}},
		{ClientID: "c", ClientSecret: "of c", Callbacks: []string{proxy}},
		{ClientID: "d", ClientSecret: "of d", Callbacks: []string{own}},
	}}
	for _, c := range []struct {
		words        []string
		secret, want string
	}{
		{[]string{"a", "b", "d"}, "of b", "b"},
		{[]string{"b", "a", "d"}, "of b", "b"},
		{[]string{"a", "c"}, "another", "c"},
		{[]string{"d"}, "of d", ""},
	} {
		if got := g.loginClient(c.words, proxy, c.secret); got != c.want {
			t.Errorf("%v with %q: %q, want %q", c.words, c.secret, got, c.want)
		}
	}
}

// A port that is somebody else's by now is another one in the file of answers
// too; what a person wrote there stays.
func TestAPortThatIsTakenIsSaidInTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := Start(t.Context(), dir, "fresh", Options{Exe: "/bin/true"})
	if err == nil {
		err = w.Prepare()
	}
	if err != nil {
		t.Fatal(err)
	}
	old := w.Endpoints()
	w.Close()
	file := filepath.Join(dir, state.ConfigName)
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(text, "# mine\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.ListenPacket("udp", old.DNS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	if w, err = Start(t.Context(), dir, "fresh", Options{Exe: "/bin/true"}); err == nil {
		err = w.Prepare()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if text, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	c, problems := state.ParseConfig(file, text)
	if len(problems) > 0 || c.Endpoints.DNS != w.Endpoints().DNS || c.Endpoints.DNS == old.DNS || c.Endpoints.GitHubAPI != w.Endpoints().GitHubAPI {
		t.Errorf("the file has %+v, the world %+v", c.Endpoints, w.Endpoints())
	}
	if !strings.HasSuffix(string(text), "# mine\n") {
		t.Error("the file was written anew")
	}
}
