package setup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

const flakeBefore = "{ } # mine\n"

// editable is a lab whose flake.nix lacks modules that can be added.
func editable(t *testing.T) *lab {
	t.Helper()
	l := done(t)
	l.host.nix = state.NixLook{
		Flake: "{ more = 1; } # mine\n", Imports: []string{"nixos/mods/buildbot-ci.nix"},
		Adds: []state.NixAdd{{File: "flake.nix", Line: 1, To: "modules of omnara1", Text: "./nixos/mods/buildbot-ci.nix"}},
	}
	if err := l.dir.Write("flake.nix", flakeBefore); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) flake(t *testing.T) string {
	t.Helper()
	text, _, err := l.dir.Read("flake.nix")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestFlakeIsEditedOnceWithAYes(t *testing.T) {
	for name, set := range map[string]func(*lab){
		"--yes":    func(*lab) {},
		"a person": func(l *lab) { l.yes, l.asksYes = false, true },
	} {
		t.Run(name, func(t *testing.T) {
			l := editable(t)
			set(l)
			r := l.setup(t, "nix-inputs")
			if status(r, "nix-inputs") != steps.Ready || l.flake(t) != l.host.nix.Flake {
				t.Errorf("%q\n%s", l.flake(t), said(r))
			}
			if asked := len(l.asks); l.asksYes && (asked != 1 || l.asks[0].Default != "no" || !strings.Contains(strings.Join(l.asks[0].How, ""), "buildbot-ci.nix")) || !l.asksYes && asked > 0 {
				t.Errorf("asked %+v", l.asks)
			}
			if !slices.ContainsFunc(l.host.parsed, func(p string) bool { return filepath.Dir(p) == l.dir.Own("") || strings.Contains(p, ".nixwright") }) {
				t.Errorf("Nix has not read it: %v", l.host.parsed)
			}
			if left, _ := filepath.Glob(l.dir.Own("*.nix")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			l.allReady(t, r, "nix-inputs")
		})
	}
}

func TestFlakeIsLeftAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(t *testing.T, l *lab)
		says string
	}{
		"nobody is there": {func(_ *testing.T, l *lab) { l.yes = false }, "setup --yes"},
		"nobody answers":  {func(_ *testing.T, l *lab) { l.yes, l.asksYes, l.person = false, true, false }, "nobody said yes"},
		"no": {func(_ *testing.T, l *lab) {
			l.yes, l.asksYes, l.set = false, true, map[string]state.Secret{"nix.edit": state.NewSecret("no")}
		}, "you said no"},
		"Nix refuses it": {func(_ *testing.T, l *lab) { l.fail["Parse"] = errors.New("syntax error, line 3") }, "syntax error, line 3"},
		"a link out of it": {func(t *testing.T, l *lab) {
			t.Helper()
			if err := errors.Join(os.Remove(l.dir.Abs("flake.nix")), os.WriteFile(filepath.Join(t.TempDir(), "f"), nil, 0o600), os.Symlink("/etc/hostname", l.dir.Abs("flake.nix"))); err != nil {
				t.Fatal(err)
			}
		}, "leads out of"},
	} {
		t.Run(name, func(t *testing.T) {
			l := editable(t)
			tt.set(t, l)
			before := l.flake(t)
			r := l.setup(t, "nix-inputs")
			row, _ := r.Row("nix-inputs")
			if row.Status() != steps.Ready || l.flake(t) != before || !strings.Contains(everything(row.Finding), tt.says) || !strings.Contains(everything(row.Finding), "./nixos/mods/buildbot-ci.nix") {
				t.Errorf("%q\n%s\n%s", l.flake(t), said(r), everything(row.Finding))
			}
		})
	}
}

func TestPinsAreAddedWithAYes(t *testing.T) {
	l := done(t)
	l.host.inputs, l.host.nix.Runs = state.Inputs{Kind: "npins", Have: []string{"sops-nix"}}, true
	if r := l.setup(t, "nix-inputs"); status(r, "nix-inputs") != steps.Ready || len(l.host.pinned) != 2 {
		t.Errorf("%v\n%s", l.host.pinned, said(r))
	}
	l.host.inputs.Have = nil
	l.fail["Pin"] = errors.New("no network")
	r := l.setup(t, "nix-inputs")
	if row, _ := r.Row("nix-inputs"); row.Status() != steps.Waiting || !strings.Contains(row.Finding.Hint, "no network") {
		t.Error(said(r))
	}
}
