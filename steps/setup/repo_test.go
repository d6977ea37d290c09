package setup

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

func TestTopicFinds(t *testing.T) {
	twenty := func(l *lab) []string {
		var out []string
		for i := range 20 {
			out = append(out, fmt.Sprint("topic-", i))
		}
		l.hub.topics["phlip9/lexe"] = out
		return out
	}
	sights(t, "repo-topic", deployed, []sight{
		{"there", func(*lab) {}, steps.Ready, "", "buildbot-phlip9"},
		{"there among others", func(l *lab) { l.hub.topics["phlip9/lexe"] = []string{"rust", "buildbot-phlip9"} }, steps.Ready, "", ""},
		{"none", func(l *lab) { l.hub.topics["phlip9/lexe"] = nil }, steps.Missing, "", "add buildbot-phlip9 to phlip9/lexe"},
		{"others", func(l *lab) { l.hub.topics["phlip9/lexe"] = []string{"rust", "nix"} }, steps.Missing, "", "add buildbot-phlip9 to phlip9/lexe, keep rust, nix"},
		{"twenty others", func(l *lab) { twenty(l) }, steps.Blocked, "", "phlip9/lexe has 20 topics already"},
		{"twenty with ours", func(l *lab) { twenty(l)[3] = "buildbot-phlip9" }, steps.Ready, "", ""},
		{"nineteen others", func(l *lab) { l.hub.topics["phlip9/lexe"] = twenty(l)[:19] }, steps.Missing, "", "topic-18"},
	})
}

func TestATopicIsAddedAndNothingTakenAway(t *testing.T) {
	l := ruled(t)
	l.hub.topics["phlip9/dotfiles"] = []string{"nix", "rust"}
	r := l.setup(t, "repo-topic")
	if got := l.hub.topics["phlip9/dotfiles"]; status(r, "repo-topic") != steps.Ready || !slices.Equal(got, []string{"nix", "rust", "buildbot-phlip9"}) {
		t.Errorf("topics %v\n%s", got, said(r))
	}
	l.allReady(t, r, "repo-topic")
}

func TestFlakeFinds(t *testing.T) {
	none := func(l *lab) { l.hub.flakes["phlip9/lexe"] = false }
	sights(t, "repo-flake", deployed, []sight{
		{"there", func(*lab) {}, steps.Ready, "", "every repository has one"},
		{"none, and yes said", none, steps.Missing, "", "propose flake.nix by pull request in phlip9/lexe"},
		{"none, and nothing said", func(l *lab) { none(l); l.yes = false }, steps.Waiting, "", "run setup with --yes"},
		{"proposed", func(l *lab) { none(l); l.hub.proposed["phlip9/lexe"] = "https://github.com/phlip9/lexe/pull/9" }, steps.Waiting, "", "proposed: https://github.com/phlip9/lexe/pull/9\nmerge it"},
	})
	t.Run("proposed once", func(t *testing.T) {
		l := ruled(t)
		none(l)
		r := l.setup(t, "repo-flake")
		if status(r, "repo-flake") != steps.Waiting || len(l.hub.proposed) != 1 {
			t.Errorf("%v\n%s", l.hub.proposed, said(r))
		}
		l.wrote = nil
		if l.setup(t, "repo-flake"); len(l.wrote) > 0 {
			t.Errorf("wrote %v", l.wrote)
		}
	})
}

func TestInputsFinds(t *testing.T) {
	has := func(kind string, have ...string) func(*lab) {
		return func(l *lab) { l.host.inputs = state.Inputs{Kind: kind, Have: have} }
	}
	noYes := func(set func(*lab)) func(*lab) { return func(l *lab) { l.yes = false; set(l) } }
	plain := state.NixLook{Flake: "{ more }", Imports: []string{"nixos/mods/buildbot-ci.nix"}, Adds: []state.NixAdd{{File: "flake.nix", Line: 7, To: "modules of omnara1", Text: "./nixos/mods/buildbot-ci.nix"}}}
	odd := state.NixLook{Why: "it has no inputs", Imports: plain.Imports, Adds: []state.NixAdd{{File: "flake.nix", To: "modules of omnara1", Text: "./nixos/mods/buildbot-ci.nix"}}}
	sees := func(look state.NixLook) func(*lab) { return func(l *lab) { l.host.nix = look } }
	sights(t, "nix-inputs", fresh, []sight{
		{"a flake", func(*lab) {}, steps.Ready, "", "flake"},
		{"npins", has("npins", "sops-nix", "niks3", "buildbot-nix"), steps.Ready, "", "npins"},
		{"not locked", sees(state.NixLook{Unlocked: []string{"niks3"}}), steps.Ready, "", "flake.lock does not have niks3: nix flake lock"},
		{"a flake lacks two", noYes(has("flake", "niks3")), steps.Waiting, "", "run: nix flake lock"},
		{"npins lacks one", has("npins", "buildbot-nix", "sops-nix"), steps.Waiting, "", "run: npins add github Mic92 niks3"},
		{"neither", has("none"), steps.Waiting, "", "the inputs lack buildbot-nix, niks3, sops-nix"},
		{"the module is not imported", noYes(sees(plain)), steps.Ready, "", "add to modules of omnara1 in flake.nix, line 7: ./nixos/mods/buildbot-ci.nix; or have it done: setup --yes"},
		{"the same, with a yes", sees(plain), steps.Missing, "", "add to modules of omnara1 in flake.nix, line 7: ./nixos/mods/buildbot-ci.nix"},
		{"the same, somebody is there", noYes(func(l *lab) { l.asksYes, l.host.nix = true, plain }), steps.Missing, "", "buildbot-ci.nix  (asks first)"},
		{"an odd flake, with a yes", sees(odd), steps.Ready, "", "add to modules of omnara1 in flake.nix: ./nixos/mods/buildbot-ci.nix (not done here: it has no inputs)"},
		{"npins that is here, with a yes", func(l *lab) { has("npins")(l); l.host.nix.Runs = true }, steps.Missing, "", "run npins add github Mic92 niks3"},
	})
}
