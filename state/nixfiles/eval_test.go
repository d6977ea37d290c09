package nixfiles_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state/nixfiles"
)

// These tests evaluate the Nix files with Nix itself. What surrounds them -
// NixOS, buildbot-nix, niks3, sops-nix - are stand-ins in testdata that declare
// the options of the real ones with their types.

// nix runs nix-instantiate in a store of its own and returns its output.
func nix(t *testing.T, args ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("nix-instantiate")
	if err != nil {
		t.Skip("nix-instantiate is not installed: apt-get install nix-bin")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "NIX_REMOTE=", "NIX_PATH=")
	for _, name := range []string{"STORE", "STATE", "LOG", "CONF", "LOCALSTATE"} {
		cmd.Env = append(cmd.Env, "NIX_"+name+"_DIR="+filepath.Join(home, strings.ToLower(name)))
	}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", errors.New(stderr.String())
	}
	return stdout.String(), nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// repository is an infra repository with the host omnara1.
func repository(t *testing.T, factsText, secretsPath string) string {
	t.Helper()
	root := t.TempDir()
	nixos := filepath.Join(root, "nixos")
	write(t, filepath.Join(nixos, "mods", nixfiles.ModuleName), nixfiles.Module())
	write(t, filepath.Join(nixos, "mods", nixfiles.ClientName), nixfiles.Client())
	write(t, filepath.Join(nixos, "omnara1", "ci-facts.json"), factsText)
	write(t, filepath.Join(nixos, "omnara1", secretsPath), "sealed: true\n")
	return root
}

// system is what eval.nix gives of an evaluated host.
type system struct {
	Failed   []string            `json:"failed"`
	Warnings []string            `json:"warnings"`
	Applied  string              `json:"applied"`
	Facts    string              `json:"facts"`
	Ports    []int               `json:"ports"`
	Secrets  map[string]secret   `json:"secrets"`
	Settings map[string][]string `json:"settings"`
	Worker   *worker             `json:"worker"`
	URL      string              `json:"url"`
	Master   *master             `json:"master"`
	Niks3    niks3               `json:"niks3"`
	Proxy    proxy               `json:"proxy"`
	VHosts   map[string]vhost    `json:"vhosts"`
	Units    map[string]unit     `json:"units"`
	Nginx    bool                `json:"nginx"`
	Sockets  map[string]socket   `json:"sockets"`
}

type secret struct {
	Owner    *string `json:"owner"`
	SopsFile string  `json:"sopsFile"`
	Format   string  `json:"format"`
}

type worker struct {
	Name      string `json:"name"`
	Workers   int    `json:"workers"`
	MasterURL string `json:"masterUrl"`
}

type master struct {
	AuthBackend    string  `json:"authBackend"`
	OutputsPath    *string `json:"outputsPath"`
	WebhookBaseURL string  `json:"webhookBaseUrl"`

	EvalMaxMemorySize int  `json:"evalMaxMemorySize"`
	EvalWorkerCount   *int `json:"evalWorkerCount"`
	GitHub            struct {
		Enable        bool     `json:"enable"`
		OauthID       *string  `json:"oauthId"`
		Topic         string   `json:"topic"`
		RepoAllowlist []string `json:"repoAllowlist"`
		UserAllowlist []string `json:"userAllowlist"`
	} `json:"github"`
	Niks3 struct {
		ServerURL string `json:"serverUrl"`
		Package   string `json:"package"`
	} `json:"niks3"`
}

type niks3 struct {
	S3 map[string]any `json:"s3"`
	GC map[string]any `json:"gc"`
}

type proxy struct {
	Scope    string   `json:"scope"`
	ClientID string   `json:"clientID"` //nolint:tagliatelle // NixOS spells it so
	PassAuth bool     `json:"passBasicAuth"`
	Upstream []string `json:"upstream"`
	Email    struct {
		Domains []string `json:"domains"`
	} `json:"email"`
	ExtraConfig map[string]any `json:"extraConfig"`
}

type vhost struct {
	ForceSSL   bool                `json:"forceSSL"`   //nolint:tagliatelle // NixOS spells it so
	EnableACME bool                `json:"enableACME"` //nolint:tagliatelle // NixOS spells it so
	Locations  map[string]location `json:"locations"`
}

type location struct {
	ProxyPass   string `json:"proxyPass"`
	Alias       string `json:"alias"`
	Return      string `json:"return"`
	ExtraConfig string `json:"extraConfig"`
}

type unit struct {
	After    []string       `json:"after"`
	Wants    []string       `json:"wants"`
	Requires []string       `json:"requires"`
	Path     []string       `json:"path"`
	Service  map[string]any `json:"serviceConfig"`
}

func (u unit) credentials() []string {
	var out []string
	all, _ := u.Service["LoadCredential"].([]any)
	for _, one := range all {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

type socket struct {
	Socket map[string]any `json:"socketConfig"`
}

// evaluate evaluates a host; args are further arguments of eval.nix.
func evaluate(t *testing.T, root, args string) (system, error) {
	t.Helper()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if lib := os.Getenv("NIXWRIGHT_NIXPKGS_LIB"); lib != "" {
		args += fmt.Sprintf(" lib = import %s;", lib)
	}
	if !strings.Contains(args, "host =") {
		args += ` host = "omnara1";`
	}
	var s system
	out, err := nix(t, "--eval", "--strict", "--json", "-E",
		fmt.Sprintf("import %s/eval.nix { repo = %s; %s }", testdata, root, args))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	return s, nil
}

// applied is the content of /etc/nixwright/applied.json that setup expects.
func applied(factsText, secretsText string) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	return `{"hash":"` + hash(hash(factsText)+hash(nixfiles.Module())+hash(secretsText)) + `"}`
}

func TestFilesParse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{nixfiles.ModuleName, nixfiles.ClientName, nixfiles.RepoFlakeName} {
		if _, err := nix(t, "--parse", name); err != nil {
			t.Errorf("parse %s: %v", name, err)
		}
	}
}

func TestRepoFlake(t *testing.T) {
	t.Parallel()
	const drv = `derivation { name = "hello"; system = "x"; builder = "/bin/sh"; }`
	for name, c := range map[string]struct{ file, want string }{
		"no default.nix":     {"", `{"nothing-to-build-yet":"nothing-to-build-yet"}`},
		"one derivation":     {drv, `{"default":"hello"}`},
		"a set":              {`{ a = ` + drv + `; lib = x: x; n = 1; nested.b = ` + drv + `; }`, `{"a":"hello"}`},
		"a set with checks":  {`{ a = ` + drv + `; checks = { c = ` + drv + `; }; }`, `{"c":"hello"}`},
		"a function":         {`{ sources ? 1 }: { a = ` + drv + `; }`, `{"a":"hello"}`},
		"a function of it":   {`{ system, ... }: { ${system} = ` + drv + `; }`, `{"aarch64-linux":"hello"}`},
		"a set that is none": {`{ lib = { }; }`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			write(t, filepath.Join(root, "flake.nix"), nixfiles.RepoFlake())
			if c.file != "" {
				write(t, filepath.Join(root, "default.nix"), c.file)
			}
			out, err := nix(t, "--eval", "--strict", "--json", "-E", fmt.Sprintf(
				`builtins.mapAttrs (_: d: d.name) ((import %s/flake.nix).outputs { self = { }; }).checks.aarch64-linux`, root))
			if err != nil || strings.TrimSpace(out) != c.want {
				t.Errorf("got %s, %v; want %s", out, err, c.want)
			}
		})
	}
}
