package setup

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/state"
)

// seenWorld is a world in which all is there to be seen.
func seenWorld(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.have = Credentials{GitHub: true, GitHubFrom: "gh", Cloudflare: true, CloudflareFrom: "CLOUDFLARE_API_TOKEN"}
	l.host.here = state.GitHere{Root: "/home/me/dev/dotfiles", Branch: "master"}
	l.host.self.OS, l.host.self.Memory = "NixOS", 65745920<<10
	l.sops.identity, l.sops.rule = me, []string{me, hostKey}
	if err := os.WriteFile(filepath.Join(l.dir.Root, state.ConfigName), []byte("schema = 1\n[ci]\ndomain = \"ci.phlip9.com\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) around(t *testing.T) state.Around {
	t.Helper()
	d := l.deps()
	d.Home = "/home/me"
	d.SSHHosts = func() []string { return []string{"omnara1", "builder"} }
	a := Around(t.Context(), d)
	l.hidesSecrets(t, "around", a)
	if len(l.wrote) > 0 {
		t.Errorf("a look wrote %v", l.wrote)
	}
	return a
}

func TestAround(t *testing.T) {
	l := seenWorld(t)
	a := l.around(t)
	want := []state.AroundLine{
		{Status: "ready", Name: "git", Sentence: "~/dev/dotfiles, branch master, clean"},
		{Status: "ready", Name: "GitHub", Sentence: "signed in as phlip9 through gh; may edit topics and hooks"},
		{Status: "ready", Name: "Cloudflare", Sentence: "a token through CLOUDFLARE_API_TOKEN, active, with all permissions"},
		{Status: "ready", Name: "age", Sentence: "an identity in keys.txt"},
		{Status: "ready", Name: ".sops.yaml", Sentence: "a rule for nixos/omnara1/secrets.yaml, host included"},
		{Status: "ready", Name: "SSH", Sentence: "omnara1 answers: NixOS, 12 threads, 62.7 GiB"},
		{Status: "ready", Name: "set-up", Sentence: "nixwright.toml has the answers so far"},
	}
	if got := a.Lines(); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if !slices.Equal(a.Hosts, []string{"omnara1", "builder"}) {
		t.Errorf("hosts: %q", a.Hosts)
	}
}

func TestAroundOfNothing(t *testing.T) {
	l := newLab(t)
	l.have, l.conf = Credentials{}, state.Config{}.Derive()
	for _, m := range []string{"User", "Token", "Describe", "Recipients"} {
		l.fail[m] = call(state.ErrService) // nobody asks them
	}
	want := []string{
		l.dir.Root + " is in no Git repository; a flake sees what Git knows: git init",
		"no token; gh auth login gives one, and the page that makes one is prepared",
		"no token; the page that makes one is prepared",
		"no identity where sops looks for one; setup offers to make one",
		"looked at when the host is known",
		"no host chosen yet; the ssh configuration names 2 machines",
		"no nixwright.toml: this will be a new one",
	}
	for i, line := range l.around(t).Lines() {
		if line.Status != "missing" || line.Sentence != want[i] {
			t.Errorf("%s %s\n%q, want\n%q", line.Status, line.Name, line.Sentence, want[i])
		}
	}
}

func TestAroundSights(t *testing.T) {
	const git, hub, cloud, id, rules, host, answers = 0, 1, 2, 3, 4, 5, 6
	for _, tt := range []struct {
		name     string
		set      func(t *testing.T, l *lab)
		line     int
		status   string
		sentence string
	}{
		{"changed files", func(_ *testing.T, l *lab) { l.host.here.Changed = 3 }, git, "ready", "~/dev/dotfiles, branch master, 3 files not committed"},
		{"a commit checked out", func(_ *testing.T, l *lab) { l.host.here.Branch = "" }, git, "ready", "~/dev/dotfiles, no branch, clean"},
		{"a token that was given here", func(_ *testing.T, l *lab) { l.have.GitHubFrom = "" }, hub, "ready", "signed in as phlip9; may edit topics and hooks"},
		{"a token without scope", func(_ *testing.T, l *lab) { l.hub.user.Scopes = nil }, hub, "missing", "signed in as phlip9 through gh; the GitHub token lacks the scope repo; the page that makes one is prepared"},
		{"a fine-grained token", func(_ *testing.T, l *lab) { l.hub.user.Classic = false }, hub, "ready", "signed in as phlip9 through gh; what it may is seen at the repositories"},
		{"a token that is refused", func(_ *testing.T, l *lab) { l.fail["User"] = call(state.ErrUnauthorized) }, hub, "missing", "GitHub does not take the token through gh; another one is asked for; the page that makes one is prepared"},
		{"no network", func(_ *testing.T, l *lab) { l.fail["User"] = call(state.ErrOffline) }, hub, "missing", "GitHub does not answer; check the connection"},
		{"GitHub is down", func(_ *testing.T, l *lab) { l.fail["User"] = call(state.ErrService) }, hub, "missing", "GitHub cannot be looked at; the service failed; nothing here is wrong"},
		{"a small token", func(_ *testing.T, l *lab) { l.cloud.token.Groups = l.cloud.token.Groups[:4] }, cloud, "missing", "the Cloudflare token lacks DNS Write; the page that makes one is prepared"},
		{"an old token", func(_ *testing.T, l *lab) { l.cloud.token.Status = "expired" }, cloud, "missing", "the Cloudflare token is expired; the page that makes one is prepared"},
		{"a wrong token", func(_ *testing.T, l *lab) { l.fail["Token"] = call(state.ErrUnauthorized) }, cloud, "missing", "Cloudflare does not take the token through CLOUDFLARE_API_TOKEN; another one is asked for; the page that makes one is prepared"},
		{"an identity at home", func(_ *testing.T, l *lab) { l.fail["Identity"] = state.Problem{What: "read it", Why: "it is torn"} }, id, "missing", "the age identity cannot be looked at; it is torn"},
		{"no rule", func(_ *testing.T, l *lab) { l.sops.rule = nil }, rules, "missing", "no rule for nixos/omnara1/secrets.yaml; setup adds one"},
		{"a rule for PGP keys", func(_ *testing.T, l *lab) { l.sops.rule, l.sops.others = nil, []string{"pgp 85D7"} }, rules, "ready", "a rule for nixos/omnara1/secrets.yaml; setup adds the host to it"},
		{"a rule without the host", func(_ *testing.T, l *lab) { l.sops.rule = []string{me} }, rules, "ready", "a rule for nixos/omnara1/secrets.yaml; setup adds the host to it"},
		{"a rule, and the host away", func(_ *testing.T, l *lab) { l.host.offline = true }, rules, "ready", "a rule for nixos/omnara1/secrets.yaml"},
		{"a rule for the recipient that was said", func(_ *testing.T, l *lab) { l.host.offline, l.conf.Host.Recipient = true, hostKey }, rules, "ready", "a rule for nixos/omnara1/secrets.yaml, host included"},
		{"the host away", func(_ *testing.T, l *lab) { l.host.offline = true }, host, "missing", "omnara1 does not answer; make this work: ssh omnara1"},
		{"a host nobody knows", func(_ *testing.T, l *lab) {
			l.fail["Describe"] = state.Problem{What: "read host key", Why: "its host key is not known on this machine"}
		}, host, "missing", "omnara1 cannot be looked at; its host key is not known on this machine"},
		{"another system", func(_ *testing.T, l *lab) {
			l.host.self = state.Host{Recipient: hostKey, Threads: 1, OS: "Debian GNU/Linux"}
		}, host, "missing", "omnara1 answers: Debian GNU/Linux, 1 thread; the host of the CI runs NixOS"},
		{"a host of few words", func(_ *testing.T, l *lab) { l.host.self = state.Host{Recipient: hostKey} }, host, "ready", "omnara1 answers"},
		{"answers nobody can read", func(t *testing.T, l *lab) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(l.dir.Root, state.ConfigName), []byte("schema = 1\nhosst = 1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, answers, "missing", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := seenWorld(t)
			tt.set(t, l)
			got := l.around(t).Lines()[tt.line]
			if got.Status != tt.status || tt.sentence != "" && got.Sentence != tt.sentence {
				t.Errorf("%s: %q\nwant %q", got.Status, got.Sentence, tt.sentence)
			}
		})
	}
}

// slowly is a GitHub and a host that never answer, and do not listen either.
type slowly struct {
	GitHub
	Host

	end chan struct{}
}

func (s slowly) User(context.Context) (state.GitHubUser, error) {
	<-s.end
	return state.GitHubUser{}, nil
}

func (s slowly) Describe(ctx context.Context) (state.Host, error) {
	<-ctx.Done()
	return state.Host{}, call(state.ErrOffline)
}

func TestAroundWaitsForNobody(t *testing.T) {
	l := seenWorld(t)
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		d := l.deps()
		d.GitHub, d.Host = slowly{end: end}, slowly{end: end}
		begin := time.Now()
		a := Around(t.Context(), d)
		if took := time.Since(begin); took != aroundLimit {
			t.Errorf("took %s", took)
		}
		if a.GitHub != (state.Sight{}) || a.Host != (state.Sight{}) || !a.Git.Found || !a.Rules.Found {
			t.Errorf("got %+v", a)
		}
		close(end)
	})
}
