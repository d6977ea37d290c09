package setup

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/steps"
)

// edits changes a file of the infra repository.
func (l *lab) edits(path, old, text string) {
	have, _, _ := l.dir.Read(path)
	_ = os.WriteFile(l.dir.Abs(path), []byte(strings.Replace(have, old, text, 1)), 0o644)
}

func TestModuleFinds(t *testing.T) {
	sights(t, "nix-module", deployed, []sight{
		{"as written", func(*lab) {}, steps.Ready, "", "3 files as they should be"},
		{"no facts", func(l *lab) { _ = os.Remove(l.dir.Abs(l.conf.Paths.Facts)) }, steps.Missing, "", "write nixos/omnara1/ci-facts.json"},
		{"facts of another bucket", func(l *lab) { l.edits(l.conf.Paths.Facts, bucketName, "another") }, steps.Drifted, "", "write nixos/omnara1/ci-facts.json again"},
		{"other users wanted", func(l *lab) { l.conf.CI.Users = []string{"phlip9", "friend"} }, steps.Drifted, "", "ci-facts.json again"},
		{"module edited", func(l *lab) { l.edits(l.conf.Paths.Module, "{", "{ # mine") }, steps.Blocked, "", "nixos/mods/buildbot-ci.nix was edited by hand"},
		{"client edited, facts missing", func(l *lab) {
			_ = os.Remove(l.dir.Abs(l.conf.Paths.Facts))
			l.edits(l.conf.Paths.Client, "\n", "\n# mine\n")
		}, steps.Blocked, "", "what you wrote is not overwritten"},
		{"cut off", func(l *lab) { _ = os.WriteFile(l.dir.Abs(l.conf.Paths.Module), nil, 0o644) }, steps.Blocked, "", `line 1 is ""`},
	})
}

func TestModuleIsWrittenAndSeenByGit(t *testing.T) {
	l := done(t)
	want := []string{l.conf.Paths.Module, l.conf.Paths.Client, l.conf.Paths.Facts, l.conf.Paths.Secrets, ".sops.yaml"}
	if !slices.Equal(l.host.tracked, want) || !slices.Equal(l.host.parsed, want[:2]) {
		t.Errorf("tracked %v, parsed %v", l.host.tracked, l.host.parsed)
	}
	if text, _, _ := l.dir.Read(l.conf.Paths.Module); text != nixfiles.Module() {
		t.Error("the module is another")
	}
	var facts map[string]any
	text, _, _ := l.dir.Read(l.conf.Paths.Facts)
	if err := json.Unmarshal([]byte(text), &facts); err != nil || facts["secretsFile"] != "./secrets.yaml" || facts["topic"] != "buildbot-phlip9" {
		t.Errorf("%v: %s", err, text)
	}
	l.hidesSecrets(t, "the facts file", text)
	hash, _ := state.Find(l.known, state.FactModule)
	if again, found, err := l.deps().filesHash(); !found || err != nil || again != hash {
		t.Errorf("hash %s, then %s: %v", hash, again, err)
	}
}

func TestModuleThatNixDoesNotParse(t *testing.T) {
	l := done(t)
	_ = os.Remove(l.dir.Abs(l.conf.Paths.Module))
	l.fail["Parse"] = state.Problem{What: "it does not parse", Why: "line 1", Fix: "tell us"}
	if r := l.setup(t, "nix-module"); status(r, "nix-module") != steps.Blocked {
		t.Error(said(r))
	}
	l = done(t)
	_ = os.Remove(l.dir.Abs(l.conf.Paths.Module))
	l.host.noNix = true
	if r := l.setup(t, "nix-module"); status(r, "nix-module") != steps.Ready || !slices.ContainsFunc(l.events, func(e steps.Event) bool { return strings.HasPrefix(e.Text, "not parsed") }) {
		t.Error(said(r))
	}
}

func TestAnAppsOwnHookIsHandedOn(t *testing.T) {
	c := state.Config{CI: state.CIConf{Domain: "ci.phlip9.com"}}
	for name, tt := range map[string]struct {
		app  state.App
		want string
	}{
		"here":          {state.App{HookURL: "https://ci.phlip9.com/webhooks/x", Events: []string{"push"}}, "/webhooks/x"},
		"elsewhere":     {state.App{HookURL: "https://smee.io/x", Events: []string{"push"}}, ""},
		"not of pushes": {state.App{HookURL: "https://ci.phlip9.com/x", Events: []string{"check_run"}}, ""},
		"none":          {state.App{Events: []string{"push"}}, ""},
	} {
		if got := appHookPath(c, tt.app); got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
