package fake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/nixwright/nixwright/state"
)

// foreignSecret is a secret in the half-done file that is not ours.
const foreignSecret = state.SecretName("omnara1-backup-passphrase")

// Prepare makes the directory an infra repository like any other, with a
// nixwright.toml that leads to this world. A file that is there stays as it
// is. It runs no git.
func (w *World) Prepare() error {
	var said state.Config
	w.Look(func(s *State) { said = s.Config })
	return w.prepare(said)
}

// prepare is Prepare with these answers.
func (w *World) prepare(said state.Config) error {
	root := filepath.Dir(filepath.Dir(w.dir))
	var cfg state.Config
	var me, host, scenario string
	var sealed []state.Sealed
	w.Look(func(s *State) {
		cfg, me, host, scenario = s.Config, s.person(), s.Host.identity(), s.Scenario
		for _, n := range secretsOf(cfg.CI.Access) {
			if v, ok := s.Host.Secrets[n]; ok {
				sealed = append(sealed, state.Sealed{Name: state.SecretName(n), Value: state.NewSecret(v)})
			}
		}
		sealed = append(sealed, state.Sealed{Name: foreignSecret, Value: state.NewSecret(base64.RawURLEncoding.EncodeToString(s.derive("foreign")))})
	})
	recipients := []string{me}
	if scenario == "half-done" {
		recipients = append(recipients, host)
	}
	for i, r := range recipients {
		var err error
		if recipients[i], err = ageRecipient(r); err != nil {
			return fmt.Errorf("prepare %s: %w", root, err)
		}
	}
	answers, err := w.answers(said, root)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", root, err)
	}
	lock, err := flakeLock()
	if err != nil {
		return fmt.Errorf("prepare %s: %w", root, err)
	}
	stranger, err := ageRecipient(ageIdentity([]byte(strings.Repeat("stranger", 4))))
	if err != nil {
		return fmt.Errorf("prepare %s: %w", root, err)
	}
	for _, f := range []struct {
		path, text string
		mode       fs.FileMode
	}{
		{w.identityFile(), "# public key: " + recipients[0] + "\n" + me + "\n", 0o600},
		{filepath.Join(root, "flake.nix"), flakeNix, 0o644},
		{filepath.Join(root, "flake.lock"), lock, 0o644},
		{filepath.Join(root, "nixos", cfg.Host.Name, "default.nix"), hostNix, 0o644},
		{filepath.Join(root, ".sops.yaml"), fmt.Sprintf(sopsYAML, stranger, cfg.Host.Name, strings.Join(recipients, ",")), 0o644},
		{filepath.Join(root, state.ConfigName), answers, 0o644},
	} {
		if err := writeNew(f.path, f.text, f.mode); err != nil {
			return fmt.Errorf("prepare %s: %w", root, err)
		}
	}
	if err := w.moved(filepath.Join(root, state.ConfigName)); err != nil {
		return fmt.Errorf("prepare %s: %w", root, err)
	}
	secrets := filepath.Join(root, cfg.Paths.Secrets)
	if _, err := os.Stat(secrets); scenario != "half-done" || err == nil {
		return nil
	}
	if w.opts.Seal == nil {
		return fmt.Errorf("prepare %s: this world cannot seal %s", root, cfg.Paths.Secrets)
	}
	if err := w.opts.Seal(secrets, recipients, sealed); err != nil {
		return fmt.Errorf("prepare %s: %w", root, err)
	}
	return nil
}

// onLoopback is an address of this world in a text.
var onLoopback = regexp.MustCompile(`127\.0\.0\.1:\d+\b`)

// moved brings the addresses in a file up to date: a port that this world had
// before may be somebody else's by now.
func (w *World) moved(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	to := map[string]string{}
	w.Look(func(s *State) {
		for service, port := range w.before {
			if now := s.Ports[service]; now != port {
				to[fmt.Sprintf("127.0.0.1:%d", port)] = fmt.Sprintf("127.0.0.1:%d", now)
			}
		}
	})
	if len(to) == 0 {
		return nil
	}
	return state.WriteFile(path, onLoopback.ReplaceAllFunc(text, func(at []byte) []byte {
		if now, ok := to[string(at)]; ok {
			return []byte(now)
		}
		return at
	}), 0o644)
}

func writeNew(path, text string, mode fs.FileMode) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return state.WriteFile(path, []byte(text), mode)
}

// answers is the text of nixwright.toml: only what is said, with the world's
// addresses and its deploy command.
func (w *World) answers(cfg state.Config, root string) (string, error) {
	cfg.Deploy.Command = []string{w.opts.Exe, "world-role", "deploy", w.control(), root}
	cfg.Endpoints = w.Endpoints()
	raw, err := toml.Marshal(cfg)
	if err != nil {
		return "", fmt.Errorf("write answers: %w", err)
	}
	return "# What is wanted. No secrets here.\n" + said(string(raw)), nil
}

// said leaves out the keys that have no value and the tables that have no key.
func said(text string) string {
	var out []string
	for l := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		_, value, isKey := strings.Cut(l, " = ")
		if l == "" || (isKey && slices.Contains([]string{"''", "0", "false", "[]"}, value)) {
			continue
		}
		if strings.HasPrefix(l, "[") {
			for len(out) > 0 {
				last := len(out) - 1
				name, empty := strings.CutPrefix(out[last], "\n[")
				if !empty || strings.HasPrefix(l, "["+strings.TrimSuffix(name, "]")+".") {
					break
				}
				out = out[:last]
			}
			l = "\n" + l
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n") + "\n"
}

// flakeLock is a lock file of the three inputs, with made-up revisions.
func flakeLock() (string, error) {
	nodes := map[string]any{}
	inputs := map[string]string{}
	for name, owner := range map[string]string{
		"buildbot-nix": "nix-community", "niks3": "Mic92", "sops-nix": "Mic92", "nixpkgs": "NixOS",
	} {
		sum := sha256.Sum256([]byte(name))
		nodes[name] = map[string]any{
			"locked": map[string]any{
				"type": "github", "owner": owner, "repo": name, "rev": hex.EncodeToString(sum[:20]),
				"lastModified": 1764000000, "narHash": "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
			},
			"original": map[string]any{"type": "github", "owner": owner, "repo": name},
		}
		inputs[name] = name
	}
	nodes["root"] = map[string]any{"inputs": inputs}
	raw, err := json.MarshalIndent(map[string]any{"nodes": nodes, "root": "root", "version": 7}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write flake.lock: %w", err)
	}
	return string(raw) + "\n", nil
}

const flakeNix = `{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs";
    buildbot-nix.url = "github:nix-community/buildbot-nix";
    niks3.url = "github:Mic92/niks3";
    sops-nix.url = "github:Mic92/sops-nix";
  };

  outputs = inputs: {
    nixosConfigurations.omnara1 = inputs.nixpkgs.lib.nixosSystem {
      specialArgs = { inherit inputs; };
      modules = [
        ./nixos/omnara1
        inputs.buildbot-nix.nixosModules.buildbot-master
        inputs.buildbot-nix.nixosModules.buildbot-worker
        inputs.niks3.nixosModules.niks3
        inputs.sops-nix.nixosModules.sops
        ./nixos/mods/buildbot-ci.nix # by nixwright
        { services.nixwright-ci.enable = true; }
      ];
    };
  };
}
`

const hostNix = `{ ... }:
{
  networking.hostName = "omnara1";
  services.openssh.enable = true;
  system.stateVersion = "25.05";
}
`

const sopsYAML = `# Who may read which secrets. After a change here: sops updatekeys FILE
creation_rules:
  # the laptop's backups; not for the CI host
  - path_regex: backup/[^/]+\.yaml$
    age: %s
  # the CI host
  - path_regex: nixos/%s/secrets\.yaml$
    age: %s # and no one else
`
