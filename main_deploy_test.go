package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/realtest"
)

// troubled is a lab whose host has units that do not come up as they should.
func troubled(t *testing.T, units map[string]fake.Trouble) *lab {
	t.Helper()
	return newLabIn(t, t.TempDir(), "fresh", options{edit: func(s *fake.State) error {
		s.Host.Trouble = units
		return nil
	}})
}

// From a flake that has nothing of it to a host that runs it: the flake is
// edited with a yes, the deployment's units fail and flap, each with its last
// error alone, and a later run finds them up and proves the CI.
func TestDeployedAndProvenAfterTrouble(t *testing.T) {
	t.Parallel()
	const secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
	l := troubled(t, map[string]fake.Trouble{
		"niks3.service": {Fails: true, Looks: 4, Log: "level=INFO msg=starting\nlevel=ERROR msg=\"cannot reach the bucket\" token=" + secret + "\nlevel=INFO msg=bye"},
		"nginx.service": {Flaps: true, Looks: 7, Log: "[emerg] cannot load certificate"},
	})
	const before = `{
  # my own words
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs"; # as new as it gets
  };

  outputs = { self, nixpkgs, ... }@inputs: {
    nixosConfigurations.omnara1 = nixpkgs.lib.nixosSystem {
      specialArgs = { inherit inputs; };
      modules = [ ./nixos/omnara1 ];
    };
  };
}
`
	l.write("flake.nix", before)
	l.remove("flake.lock")
	// Without a yes it is shown, and nothing that needs it begins.
	r := l.run("setup", "-n", "--open", "--wait", "30s")
	if l.read("flake.nix") != before {
		t.Error("flake.nix was edited without a yes")
	}
	for _, want := range []string{
		"the inputs lack buildbot-nix, niks3, sops-nix", `line 4: buildbot-nix.url = "github:nix-community/buildbot-nix"; niks3.url`,
		"line 10: inputs.buildbot-nix.nixosModules.buildbot-master", "nix flake lock", "setup --yes",
		"extra-substituters = https://cache.phlip9.com", "extra-trusted-public-keys = cache.phlip9.com-1:",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("it is not said: %s\n%s", want, tail(r.out))
		}
	}
	if strings.Contains(r.out+r.err, "activating the configuration") {
		t.Error("it was deployed all the same")
	}

	r = l.run("setup", "-n", "--open", "--wait", "30s", "--yes")
	after := l.read("flake.nix")
	for _, want := range []string{"# my own words\n", "# as new as it gets\n    buildbot-nix.url", "inputs.sops-nix.nixosModules.sops\n", "./nixos/mods/buildbot-ci.nix\n"} {
		if !strings.Contains(after, want) {
			t.Errorf("flake.nix lacks %q:\n%s", want, after)
		}
	}
	l.told(r, 3, "F48", "niks3.service failed: exit-code", `level=ERROR msg="cannot reach the bucket"`, "journalctl -u niks3.service", "activating the configuration...")
	if all := r.out + r.err + l.read(".nixwright/journal.jsonl"); strings.Contains(all, secret) || strings.Contains(all, "msg=starting") || strings.Contains(all, "Main process exited") {
		t.Errorf("more than the one line is told:\n%s", tail(all))
	}
	if ids := l.status().problems("deploy"); len(ids) == 0 || ids[0] != "F48" {
		t.Errorf("status says %v", ids)
	}

	l.until(func() bool { return len(l.world().Host.Trouble) == 0 })
	r = l.setup("--yes")
	if strings.Contains(r.out+r.err, "activating the configuration") {
		t.Error("what is deployed was deployed once more")
	}
	if s := l.status(); s.True != 15 {
		t.Errorf("%d of 15 lines are true: %+v", s.True, s.Lines)
	}
	files := l.files(journalAside...)
	l.setup("--yes")
	same(t, "the last run", files, l.files(journalAside...))
	realtest.Find(t, "nix-instantiate")
	if _, err := realtest.NewNix(t).Run(t, "", "nix-instantiate", "--parse", filepath.Join(l.dir, "flake.nix")); err != nil {
		t.Errorf("Nix does not read it: %v", err)
	}
}

// until looks with status until it is so; every look lets the world go on.
func (l *lab) until(so func() bool) {
	l.t.Helper()
	for range 20 {
		if so() {
			return
		}
		l.status()
	}
	l.t.Fatal("it does not come about")
}

// A unit that takes its time is waited for.
func TestASlowUnitIsWaitedFor(t *testing.T) {
	t.Parallel()
	l := troubled(t, map[string]fake.Trouble{"buildbot-master.service": {Looks: 4}})
	r := l.setup()
	if !strings.Contains(r.out+r.err, "buildbot-master.service activating") || l.status().True != 15 {
		t.Errorf("%s", tail(r.out+r.err))
	}
}

// Where no command is set, the one that fits is shown.
func TestTheFittingCommandIsShown(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	text := l.read("nixwright.toml")
	begin := strings.Index(text, "[deploy]")
	end := begin + strings.Index(text[begin:], "\n\n")
	l.write("nixwright.toml", text[:begin]+text[end+2:])
	if r := l.setup(); !strings.Contains(r.out, "deploy: nixos-rebuild switch --flake .#omnara1 --target-host root@omnara1.phlip9.com") {
		t.Errorf("%s", tail(r.out))
	}
	l.remove("flake.nix", "flake.lock")
	if err := os.MkdirAll(filepath.Join(l.dir, "npins"), 0o755); err != nil {
		t.Fatal(err)
	}
	l.write("npins/sources.json", `{"pins":{"nixpkgs":{},"sops-nix":{},"niks3":{},"buildbot-nix":{}},"version":5}`)
	if r := l.setup("--set", "host.ssh=ssh://ci@omnara1.phlip9.com:2222"); !strings.Contains(r.out, "deploy: NIX_SSHOPTS='-p 2222' nixos-rebuild switch -I nixos-config=./nixos/omnara1/default.nix --target-host ci@omnara1.phlip9.com --use-remote-sudo") {
		t.Errorf("%s", tail(r.out))
	}
}
