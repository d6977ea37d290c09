package nix_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// evaluates lets Nix call the outputs as it does for a flake, with self and the
// inputs that are written there and no others, and count the host's modules.
func evaluates(t *testing.T, files map[string]string) {
	t.Helper()
	program := realtest.NewNix(t)
	root := repo(t, files)
	out, err := program.Run(t, "", "nix-instantiate", "--eval", "--strict", "-E", fmt.Sprintf(`
		let
			flake = import %s/flake.nix;
			known = {
				nixpkgs = { lib.nixosSystem = x: x; };
				flake-utils.lib.eachDefaultSystem = f: { };
				flake-parts.lib.mkFlake = a: m: m.flake;
				buildbot-nix.nixosModules = { buildbot-master = "b"; };
				niks3.nixosModules.niks3 = "n";
				sops-nix.nixosModules.sops = "s";
			};
			outputs = flake.outputs ({ self = "/self"; } // builtins.mapAttrs (n: v: known.${n} or { }) flake.inputs);
			all = outputs.nixosConfigurations.omnara1.modules;
		in map builtins.typeOf (builtins.filter (m: builtins.elem m [ "b" "n" "s" ] || m == { services.nixwright-ci.enable = true; }) all)`, root))
	if err != nil || strings.TrimSpace(out) != `[ "string" "string" "string" "set" ]` {
		t.Errorf("the host has %s, %v", out, err)
	}
}

func TestPinsOfAHost(t *testing.T) {
	t.Parallel()
	_, look := hostOf(t, map[string]string{"npins/sources.json": pins, "nixos/omnara1/configuration.nix": "{ }"})
	if got := fmt.Sprint(look.Commands); got != "[[npins add github nix-community buildbot-nix --branch main] [npins add github Mic92 niks3]]" || look.Kind != "npins" {
		t.Errorf("commands %s", got)
	}
	want := []state.NixAdd{{
		File: "nixos/omnara1/configuration.nix", To: "imports",
		Text: `(sources.buildbot-nix + "/nixosModules/master.nix") (sources.niks3 + "/nix/nixosModules/niks3.nix") (sources.sops-nix + "/modules/sops") ../mods/buildbot-ci.nix { services.nixwright-ci.enable = true; }`,
	}}
	if !slices.Equal(look.Adds, want) {
		t.Errorf("adds %+v", look.Adds)
	}
	files := map[string]string{
		"npins/sources.json":        `{"pins":{"buildbot-nix":{},"niks3":{},"sops-nix":{}},"version":5}`,
		"nixos/omnara1/default.nix": "let sources = import ../../npins; in { imports = [ " + want[0].Text + " ]; }",
	}
	n, look := hostOf(t, files)
	if len(look.Adds)+len(look.Commands)+len(look.Imports) > 0 {
		t.Errorf("with them in it: %+v", look)
	}
	parses(t, n, files["nixos/omnara1/default.nix"])
	_, look = hostOf(t, nil)
	if look.Kind != "none" || len(look.Commands) != 4 || look.Commands[0][1] != "init" {
		t.Errorf("with neither: %+v", look)
	}
}

func TestPinIsRunWhereItIsAsked(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"$PWD $*\"\n[ \"$4\" != niks3 ] || { echo 'no tags' >&2; exit 1; }\n"
	if err := os.WriteFile(filepath.Join(dir, "npins"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	n, look := hostOf(t, map[string]string{"npins/sources.json": pins})
	if !look.Runs {
		t.Error("npins is not found")
	}
	var lines []string
	if err := n.Pin(t.Context(), look.Commands[0], func(l string) { lines = append(lines, l) }); err != nil || len(lines) != 1 || !strings.HasSuffix(lines[0], " add github nix-community buildbot-nix --branch main") {
		t.Errorf("%q, %v", lines, err)
	}
	if err := n.Pin(t.Context(), look.Commands[1], nil); err == nil || !strings.Contains(err.Error(), "no tags") {
		t.Errorf("%v", err)
	}
}
