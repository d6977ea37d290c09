package nix_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/nix"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// omnara1 is what the CI's host is to have.
var omnara1 = state.NixHost{
	Name: "omnara1", Dir: "nixos/omnara1",
	Inputs: []state.NixInput{
		{Name: "buildbot-nix", Owner: "nix-community", Branch: "main"}, {Name: "niks3", Owner: "Mic92"}, {Name: "sops-nix", Owner: "Mic92", Branch: "master"},
	},
	Modules: []state.NixModule{
		{Input: "buildbot-nix", Attr: "buildbot-master", File: "nixosModules/master.nix"},
		{Input: "niks3", Attr: "niks3", File: "nix/nixosModules/niks3.nix"},
		{Input: "sops-nix", Attr: "sops", File: "modules/sops"},
		{Path: "nixos/mods/buildbot-ci.nix"},
		{Text: "{ services.nixwright-ci.enable = true; }", Marks: "nixwright-ci"},
	},
}

// lacksAll are its imports in short.
var lacksAll = []string{
	"buildbot-nix's buildbot-master", "niks3's niks3", "sops-nix's sops", "nixos/mods/buildbot-ci.nix", "{ services.nixwright-ci.enable = true; }",
}

func hostOf(t *testing.T, files map[string]string) (*nix.Nix, state.NixLook) {
	t.Helper()
	n := nix.New(repo(t, files), runner.Exec{})
	look, err := n.Host(t.Context(), omnara1)
	if err != nil {
		t.Fatal(err)
	}
	return n, look
}

// parses lets Nix read a text, where it is installed.
func parses(t *testing.T, n *nix.Nix, text string) {
	t.Helper()
	at := filepath.Join(t.TempDir(), "flake.nix")
	if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Parse(t.Context(), at); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// inserted says whether a text is the other one with insertions, line by line.
func inserted(before, after string) bool {
	for i := range len(after) {
		if before == "" {
			return true
		}
		if after[i] == before[0] {
			before = before[1:]
		}
	}
	return before == ""
}

// shapes are flakes as people write them; want: what is in the edited text;
// why: for what they are left alone, in part or as a whole.
var shapes = map[string]struct {
	text  string
	want  []string
	why   string
	whole bool // nothing of it is edited
	files map[string]string
}{
	"plain": {text: `{
  description = "my machines"; # all of them

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11"; # stable
    # home-manager.url = "github:nix-community/home-manager";
  };

  outputs = { self, nixpkgs, ... }@inputs: {
    nixosConfigurations.omnara1 = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      specialArgs = { inherit inputs; };
      modules = [
        ./nixos/omnara1 # the CI
        ./nixos/base.nix
      ];
    };
  };
}
`, want: []string{`    nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11"; # stable
    buildbot-nix.url = "github:nix-community/buildbot-nix";
    niks3.url = "github:Mic92/niks3";
    sops-nix.url = "github:Mic92/sops-nix";
    # home-manager`, `        ./nixos/base.nix
        inputs.buildbot-nix.nixosModules.buildbot-master
        inputs.niks3.nixosModules.niks3
        inputs.sops-nix.nixosModules.sops
        ./nixos/mods/buildbot-ci.nix
        { services.nixwright-ci.enable = true; }
      ];`}},
	"one-liners": {text: `{
  inputs.nixpkgs.url = "nixpkgs";
  inputs.sops-nix.url = "github:Mic92/sops-nix";
  inputs.sops-nix.inputs.nixpkgs.follows = "nixpkgs";
  outputs = inputs@{ self, nixpkgs, sops-nix }: {
    nixosConfigurations = {
      laptop = nixpkgs.lib.nixosSystem { modules = [ ./laptop.nix sops-nix.nixosModules.sops ]; };
      "omnara1" = nixpkgs.lib.nixosSystem { modules = [ ./omnara1.nix ]; };
    };
  };
}
`, want: []string{`follows = "nixpkgs";
  inputs.buildbot-nix.url`, "{ self, nixpkgs, sops-nix, buildbot-nix, niks3 }:", `modules = [ ./omnara1.nix
        inputs.buildbot-nix.nixosModules.buildbot-master
`, "inputs.sops-nix.nixosModules.sops\n", "{ services.nixwright-ci.enable = true; }\n      ];"}},
	"arguments by name": {text: `{
  inputs = { nixpkgs.url = "nixpkgs"; };
  outputs = { self, nixpkgs, ... }: {
    nixosConfigurations.omnara1 = nixpkgs.lib.nixosSystem { modules = [ ]; };
  };
}
`, want: []string{`inputs = { nixpkgs.url = "nixpkgs"; buildbot-nix.url`, "{ self, nixpkgs, buildbot-nix, niks3, sops-nix, ... }:", "modules = [\n      buildbot-nix.nixosModules.buildbot-master"}},
	"flake-utils": {text: `{
  inputs.flake-utils.url = "github:numtide/flake-utils";
  inputs.nixpkgs.follows = "unstable";
  inputs.unstable.url = "nixpkgs";
  outputs = inputs: inputs.flake-utils.lib.eachDefaultSystem (system: {
    packages.default = inputs.nixpkgs.legacyPackages.${system}.hello;
  }) // {
    nixosConfigurations."omnara1" = inputs.nixpkgs.lib.nixosSystem rec {
      modules = (import ./modules.nix) ++ [ ./omnara1.nix ];
      system = "x86_64-linux";
    };
  };
}
`, want: []string{"inputs.sops-nix.url", "./omnara1.nix\n        inputs.buildbot-nix"}, files: map[string]string{"modules.nix": "[ ]"}},
	"flake-parts": {text: `{
  inputs = {
    flake-parts = { url = "github:hercules-ci/flake-parts"; inputs.nixpkgs-lib.follows = "nixpkgs"; };
    nixpkgs.url = "github:NixOS/nixpkgs";
  };
  outputs = inputs:
    inputs.flake-parts.lib.mkFlake { inherit inputs; } {
      systems = [ "x86_64-linux" ];
      perSystem = { pkgs, ... }: { packages.a = pkgs.hello; };
      flake = {
        nixosConfigurations.omnara1 = inputs.nixpkgs.lib.nixosSystem {
          specialArgs = { inherit inputs; };
          modules = [ ./nixos/omnara1 ];
        };
      };
    };
}
`, want: []string{"    niks3.url", "\n            inputs.niks3.nixosModules.niks3\n"}},
	"flake-parts with its own inputs": {text: `{
  inputs.nixpkgs.url = "nixpkgs";
  outputs = inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } ({ inputs, ... }: {
    flake.nixosConfigurations.omnara1 = inputs.nixpkgs.lib.nixosSystem { modules = [ ./a.nix ]; };
  });
}
`, want: []string{"inputs.niks3.url"}, why: "inputs means another thing"},
	"a list of paths": {text: `{
  inputs = { nixpkgs.url = "nixpkgs"; };
  outputs = { self, nixpkgs, ... }@inputs:
    let
      paths = [ ./nixos/omnara1 ./nixos/base.nix ];
    in {
      nixosConfigurations.omnara1 = nixpkgs.lib.nixosSystem {
        specialArgs = { inherit inputs; };
        modules = map (p: import p) paths;
      };
    };
}
`, want: []string{"niks3.url"}, why: "no list that is written there"},
	"paths that import it all": {
		text: `{
  inputs.nixpkgs.url = "nixpkgs"; inputs.niks3.url = "x"; inputs.sops-nix.url = "x"; inputs.buildbot-nix.url = "x";
  outputs = inputs: { nixosConfigurations.omnara1 = inputs.nixpkgs.lib.nixosSystem { modules = [ ./nixos/omnara1 ]; }; };
}
`, files: map[string]string{
			"nixos/omnara1/default.nix": `{ inputs, ... }: { imports = [ ../ci.nix ]; }`,
			"nixos/ci.nix": `{ inputs, ... }: { imports = [ inputs.buildbot-nix.nixosModules.buildbot-master inputs.niks3.nixosModules.default
				inputs.sops-nix.nixosModules.default ./mods/buildbot-ci.nix ]; services.nixwright-ci.enable = true; }`,
		}, whole: true,
	},
	"in a comment it is not imported": {
		text: `{
  inputs.nixpkgs.url = "nixpkgs"; inputs.niks3.url = "x"; inputs.sops-nix.url = "x"; inputs.buildbot-nix.url = "x";
  outputs = inputs: { nixosConfigurations.omnara1 = inputs.nixpkgs.lib.nixosSystem { modules = [ ./nixos/omnara1 ]; }; };
}
`, files: map[string]string{
			"nixos/omnara1/default.nix": `{ /* ../mods/buildbot-ci.nix */ # services.nixwright-ci.enable
				imports = [ ]; }`,
			"nixos/other.nix": `{ inputs, ... }: { imports = [ inputs.sops-nix.nixosModules.sops ./mods/buildbot-ci.nix ]; }`,
		}, want: []string{"./nixos/mods/buildbot-ci.nix", "inputs.sops-nix.nixosModules.sops"},
	},
	"a function of its own": {text: `{
  inputs.nixpkgs.url = "nixpkgs";
  outputs = { nixpkgs, ... }@inputs: let mk = name: modules: nixpkgs.lib.nixosSystem { inherit modules; }; in {
    nixosConfigurations.omnara1 = mk "omnara1" [ ./a.nix ];
  };
}
`, want: []string{"inputs.niks3.url"}, why: "is not made by nixosSystem"},
	"many at once": {text: `{
  inputs.nixpkgs.url = "nixpkgs";
  outputs = inputs: { nixosConfigurations = builtins.mapAttrs (n: v: inputs.nixpkgs.lib.nixosSystem { modules = [ v ]; }) { omnara1 = ./a.nix; }; };
}
`, want: []string{"inputs.niks3.url"}, why: "does not write nixosConfigurations.omnara1 out"},
	"twice": {text: `{
  inputs.nixpkgs.url = "nixpkgs";
  outputs = inputs: { nixosConfigurations.omnara1 = inputs.nixpkgs.lib.nixosSystem { modules = [ ]; }; } // { nixosConfigurations.omnara1 = 1; };
}
`, want: []string{"inputs.niks3.url"}, why: "2 times"},
	"outputs elsewhere": {text: `{ inputs.nixpkgs.url = "nixpkgs"; outputs = import ./outputs.nix; }`, why: "no function that is written there", whole: true},
	"no inputs":         {text: `{ outputs = _: { }; }`, why: "it has no inputs", whole: true},
	"computed inputs":   {text: `{ inputs = import ./inputs.nix; outputs = _: { }; }`, why: "not written out", whole: true},
	"no flake":          {text: `let x = 1; in { outputs = _: { }; }`, why: "no plain", whole: true},
	"broken":            {text: `{ inputs = { ; outputs`, why: "unexpected", whole: true},
	"empty":             {text: ``, why: "unexpected", whole: true},
	"strings and Windows": {text: strings.ReplaceAll(`{
  description = ''
    inputs = { }; ''${x} ''' "quoted" $${y} modules = [
  '';
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs"; /* one */ /* two */
  }; # { [ (
  outputs = { self, nixpkgs, ... }@args: {
    note = "${self}/}" + "\"} \${" + '' ${toString [ { a = "}"; } ]} '' + "https://x.y/z";
    nixosConfigurations.omnara1 = nixpkgs.lib.nixosSystem {
      modules = [
        ./nixos/omnara1
        ({ pkgs, lib ? pkgs.lib, ... }: { a.${"b"} = 1; c = x: x ? y.z && x.y.z or true; k = x: x.or or 1; d = a: -1 -> !true; p = ./x/${"y"}/z; q = <nixpkgs/lib>; r = ~/z; })
        ];
    };
  };
}
`, "\n", "\r\n"), want: []string{"/* two */\r\n    buildbot-nix.url", "\r\n        args.niks3.nixosModules.niks3\r\n"}},
}

func TestFlakesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for name, c := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"flake.nix": c.text}
			maps.Copy(files, c.files)
			n, look := hostOf(t, files)
			if c.why == "" != (look.Why == "") || !strings.Contains(look.Why, c.why) {
				t.Errorf("why %q, want %q", look.Why, c.why)
			}
			if (look.Flake == "") != c.whole {
				t.Fatalf("edited to %q", look.Flake)
			}
			if c.why != "" && (len(look.Adds) == 0 || !slices.Equal(look.Imports, lacksAll)) {
				t.Errorf("it does not say what to add: %+v, %q", look.Adds, look.Imports)
			}
			if look.Flake == "" {
				return
			}
			for _, want := range c.want {
				if !strings.Contains(look.Flake, want) {
					t.Errorf("it lacks\n%s\nin\n%s", want, look.Flake)
				}
			}
			if !inserted(c.text, look.Flake) {
				t.Errorf("more was done than inserted:\n%s", look.Flake)
			}
			parses(t, n, look.Flake)
			files["flake.nix"] = look.Flake
			if c.why == "" {
				evaluates(t, files)
			}
			_, again := hostOf(t, files)
			if again.Flake != "" || len(again.Lacks) > 0 || c.why == "" && len(again.Imports)+len(again.Adds) > 0 {
				t.Errorf("once more it finds %+v", again)
			}
		})
	}
}

// Whatever stands around them, nothing but the insertions is another: pieces
// are put together at random, the result is read by Nix before and after.
func TestRandomFlakes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("nix-instantiate"); err != nil {
		t.Skip("nix is not installed: apt-get install nix-bin")
	}
	r := rand.New(rand.NewPCG(7, 9))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	space := func() string {
		return pick(" ", "\n", "\n  ", "\t", " # it's { [ \"\n", " /* ''${ */ ", "\n\n    ", "\r\n  ", " /**/")
	}
	value := func() string {
		return pick(`"a ${"b"} \" $${c} \${"`, `''x ''${y} ''' ''\n ${"z"}''`, "./a/b.nix", "[ 1 2.5 (x: x) ]", "{ a.b = 1; inherit ({ c = 2; }) c; }", "(with { d = 1; }; d)",
			"(let e = 1; in e)", "(if true then 1 else 2)", "({ f ? 1, ... }@g: f)", "(rec { h = 1; }.h or 3)", `"${toString ({ }: { } // { "x" = 1; })}"`, "http://x.y/z?a=b")
	}
	edited := 0
	root := repo(t, nil)
	n := nix.New(root, runner.Exec{})
	for i := range 100 {
		args := pick("inputs", "{ self, ... }@inputs", "inputs@{ self, nixpkgs }", "{ self, nixpkgs }", "{ self\n  , nixpkgs ? 1\n  , ...\n  }", "{ ... }")
		inputs := pick(
			fmt.Sprintf("inputs%s=%s{%snixpkgs.url =%s\"x\"%s;%s}%s;", space(), space(), space(), space(), space(), space(), space()),
			fmt.Sprintf("inputs.nixpkgs.url%s=%s\"x\"%s;", space(), space(), space()),
			"inputs = { };",
		)
		var items []string
		for range r.IntN(4) {
			items = append(items, space()+value())
		}
		list := "[" + strings.Join(items, "") + space() + "]"
		text := fmt.Sprintf("{%s%s%soutputs =%s%s%s:%s{%sother%s=%s%s;%snixosConfigurations%s.omnara1 =%sf.nixosSystem%s{%smodules =%s%s%s;%s}%s;%s}%s;%s}%s",
			space(), inputs, space(), space(), args, space(), space(), space(), space(), space(), value(), space(), space(), space(), space(), space(), space(), list, space(), space(), space(), space(), space(), space(), space())
		text = strings.ReplaceAll(text, "f.nixosSystem", pick("builtins.nixosSystem", "(builtins).lib.nixosSystem"))
		at := filepath.Join(root, "flake.nix")
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Parse(t.Context(), at); err != nil {
			t.Fatalf("the test's own flake: %v\n%s", err, text)
		}
		look, err := n.Host(t.Context(), omnara1)
		if err != nil {
			t.Fatal(err)
		}
		if look.Flake == "" || look.Why != "" {
			t.Errorf("left alone: %s\n%s", look.Why, text)
			continue
		}
		edited++
		if !inserted(text, look.Flake) {
			t.Errorf("%d: more was done than inserted\n%s\n---\n%s", i, text, look.Flake)
		}
		parses(t, n, look.Flake)
	}
	t.Logf("%d flakes edited", edited)
}

// What is cut off anywhere is left alone, or what comes of it is read by us
// again; nothing panics.
func TestCutFlakes(t *testing.T) {
	t.Parallel()
	text := shapes["strings and Windows"].text
	for i := range len(text) {
		_, look := hostOf(t, map[string]string{"flake.nix": text[:i]})
		if look.Flake != "" && i < len(text)-3 {
			t.Errorf("cut at %d it is edited", i)
		}
	}
	deep := strings.Repeat("(", 5000) + strings.Repeat(`"${`, 5000)
	if _, look := hostOf(t, map[string]string{"flake.nix": deep}); look.Why == "" {
		t.Error("something nested too deep is read")
	}
}
