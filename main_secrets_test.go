package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

func TestSecretsAreSealedAndNowhereElse(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	log := filepath.Join(t.TempDir(), "log")
	r := l.setup("--output", "json", "-v", "--log-file", log)
	values := l.decrypt()
	var config state.Config
	for _, spec := range shape.For(state.FullyPrivate) {
		v, ok := values[string(spec.Name)]
		if !ok {
			t.Errorf("%s is not in the file", spec.Name)
			continue
		}
		config.Cache.KeyName = "cache.phlip9.com-1"
		if err := spec.Accept(state.NewSecret(v), config); err != nil {
			t.Errorf("%s is not accepted: %v", spec.Name, err)
		}
	}
	argv, err := os.ReadFile(os.Getenv(argumentsFile))
	if err != nil || !strings.Contains(string(argv), "world-role deploy") {
		t.Errorf("the arguments of the programs that were run are not known: %v", err)
	}
	logged, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(logged), "/app-manifests/") {
		t.Errorf("the log holds no request: %v", err)
	}
	l.nowhere(values, r.out, r.err, string(argv), string(logged))
}

// nowhere looks for secret values in everything that was written or said.
func (l *lab) nowhere(values map[string]string, said ...string) {
	l.t.Helper()
	hidden := map[string]string{"GH_TOKEN": l.env["GH_TOKEN"], "CLOUDFLARE_API_TOKEN": l.env["CLOUDFLARE_API_TOKEN"]}
	for name, v := range values {
		if name == string(shape.IdentitiesName) {
			continue // ids are no secrets; they are sealed to be kept
		}
		hidden[name] = v
		for line := range strings.SplitSeq(v, "\n") { // the lines of a key, the parts of an environment file
			if _, after, ok := strings.Cut(line, "="); ok && len(after) > 12 {
				hidden[name+" part"] = after
			} else if len(line) > 40 {
				hidden[name+" line"] = line
			}
		}
	}
	for rel := range l.files() {
		said = append(said, l.read(rel))
	}
	for name, v := range hidden {
		for _, text := range said {
			if strings.Contains(text, v) {
				l.t.Errorf("%s is in clear: …%.60q…", name, text[max(0, strings.Index(text, v)-60):])
			}
		}
	}
}

// decrypt has the sops program open the secrets file.
func (l *lab) decrypt() map[string]string {
	l.t.Helper()
	out, err := l.sops("-d", "--output-type", "json", "nixos/omnara1/secrets.yaml")
	if err != nil {
		l.t.Fatal(err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(out, &values); err != nil {
		l.t.Fatal(err)
	}
	return values
}

func (l *lab) sops(args ...string) ([]byte, error) {
	l.t.Helper()
	path, err := exec.LookPath("sops")
	if err != nil {
		l.t.Skip("sops is not installed: go install github.com/getsops/sops/v3/cmd/sops@v3.13.3")
	}
	cmd := exec.CommandContext(l.t.Context(), path, args...)
	cmd.Dir = l.dir
	cmd.Env = append(os.Environ(), "SOPS_AGE_KEY_FILE="+l.env["SOPS_AGE_KEY_FILE"])
	return cmd.Output()
}

func TestATamperedSecretsFileIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	text := l.read("nixos/omnara1/secrets.yaml")
	i := strings.Index(text, "data:") + len("data:")
	flipped := byte('A')
	if text[i] == 'A' {
		flipped = 'B'
	}
	l.write("nixos/omnara1/secrets.yaml", text[:i]+string(flipped)+text[i+1:])
	if _, err := l.sops("-d", "nixos/omnara1/secrets.yaml"); err == nil {
		t.Error("the sops program opens a file with one byte changed")
	}
	writes := len(l.writes())
	r := l.run("setup", "-n")
	if r.code == 0 || len(l.writes()) != writes {
		t.Errorf("setup on a tampered file: exit %d, %d writes\n%s", r.code, len(l.writes())-writes, r.out)
	}
}

func TestOneMoreSecretLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	before := l.ciphertexts()
	if _, err := l.sops("set", "nixos/omnara1/secrets.yaml", `["foreign"]`, `"theirs"`); err != nil {
		t.Fatal(err)
	}
	if _, err := l.sops("unset", "nixos/omnara1/secrets.yaml", `["niks3-api-token"]`); err != nil {
		t.Fatal(err)
	}
	// The host has that token: it is not made anew behind its back.
	if r := l.run("setup", "-n"); r.code != 3 || !strings.Contains(r.out, "niks3-api-token is on omnara1") {
		t.Errorf("exit %d\n%s", r.code, r.out)
	}
	after := l.ciphertexts()
	for name, c := range before {
		if name != "niks3-api-token" && after[name] != c {
			t.Errorf("the ciphertext of %s changed", name)
		}
	}
	if l.decrypt()["foreign"] != "theirs" {
		t.Error("the foreign secret is gone")
	}
}

func (l *lab) ciphertexts() map[string]string {
	l.t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(l.read("nixos/omnara1/secrets.yaml")) {
		if name, v, ok := strings.Cut(strings.TrimSpace(line), ": ENC["); ok && !strings.HasPrefix(line, " ") {
			out[name] = v
		}
	}
	return out
}
