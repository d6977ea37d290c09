package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
)

// These tests let Nix itself read what a whole setup writes.

// hosts are the ways in which an infra repository gets its inputs.
var hosts = map[string]func(l *lab){
	"flake": func(*lab) {},
	"npins": func(l *lab) {
		l.remove("flake.nix", "flake.lock")
		l.make("npins/sources.json", `{"pins":{"nixpkgs":{},"sops-nix":{},"niks3":{},"buildbot-nix":{}},"version":5}`)
	},
	"none": func(l *lab) { l.remove("flake.nix", "flake.lock") },
}

func (l *lab) remove(names ...string) {
	l.t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(l.dir, name)); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *lab) make(rel, text string) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(l.dir, rel)), 0o755); err != nil {
		l.t.Fatal(err)
	}
	l.write(rel, text)
}

// answer puts other answers into nixwright.toml.
func (l *lab) answer(pairs ...string) {
	l.t.Helper()
	text := l.read("nixwright.toml")
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			l.t.Fatalf("nixwright.toml does not say %s", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	l.write("nixwright.toml", text)
}

// newLabWith is a lab whose person has more repositories than one.
func newLabWith(t *testing.T, repos ...string) *lab {
	t.Helper()
	l := newLab(t, "fresh")
	if len(repos) == 0 {
		return l
	}
	l.stop()
	const file = ".nixwright/world/state.json"
	decoder := json.NewDecoder(strings.NewReader(l.read(file)))
	decoder.UseNumber() // ids and seeds as they are
	var world map[string]any
	if err := decoder.Decode(&world); err != nil {
		t.Fatal(err)
	}
	hub, ok := world["github"].(map[string]any)
	if !ok {
		t.Fatal("the world has no GitHub")
	}
	all, _ := hub["repos"].([]any)
	for i, name := range repos {
		text, err := json.Marshal(all[0])
		if err != nil {
			t.Fatal(err)
		}
		another := map[string]any{}
		if err := json.Unmarshal(text, &another); err != nil {
			t.Fatal(err)
		}
		another["id"], another["name"], another["hooks"] = 900+i, name, nil
		all = append(all, another)
	}
	hub["repos"] = all
	text, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	l.write(file, string(text))
	return newLabIn(t, l.dir, "fresh", options{})
}

// nixFiles are the .nix files below a folder.
func nixFiles(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".nix") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// judged lets Nix read everything that is written.
func (l *lab) judged(nix realtest.Nix, module, client, facts string) nixfiles.Facts {
	l.t.Helper()
	for _, path := range nixFiles(l.t, l.dir) {
		if _, err := nix.Run(l.t, "", "nix-instantiate", "--parse", path); err != nil {
			l.t.Errorf("Nix does not read %s: %v", path, err)
		}
	}
	for rel, want := range map[string]string{module: nixfiles.Module(), client: nixfiles.Client()} {
		if got := l.read(rel); got != want {
			l.t.Errorf("%s is not what was shipped", rel)
		}
	}
	// The path as a text, so that a strange one is only data.
	out, err := nix.Run(l.t, "", "nix-instantiate", "--eval", "--strict", "--json",
		"--argstr", "file", filepath.Join(l.dir, facts), "-E", `{ file }: builtins.fromJSON (builtins.readFile file)`)
	if err != nil {
		l.t.Fatalf("Nix does not read the facts: %v", err)
	}
	var seen nixfiles.Facts
	if err := json.Unmarshal([]byte(out), &seen); err != nil {
		l.t.Fatal(err)
	}
	if got := seen.JSON(); got != l.read(facts) {
		l.t.Errorf("Nix reads the facts as\n%s\nthey are\n%s", got, l.read(facts))
	}
	return seen
}

// evaluates lets Nix evaluate the host with the stand-ins of NixOS and of the upstream
// modules, and returns its assertions that fail.
func (l *lab) evaluates(nix realtest.Nix) {
	l.t.Helper()
	around, err := filepath.Abs("state/nixfiles/testdata/eval.nix")
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := nix.Run(l.t, "", "nix-instantiate", "--eval", "--strict", "--json", "-E",
		fmt.Sprintf(`let s = import %s { repo = %s; host = "omnara1"; }; in { inherit (s) failed warnings url; repos = s.master.github.repoAllowlist; }`, around, l.dir))
	if err != nil {
		l.t.Errorf("the host does not evaluate: %v", err)
		return
	}
	var host struct {
		Failed, Warnings, Repos []string
		URL                     string
	}
	if err := json.Unmarshal([]byte(out), &host); err != nil {
		l.t.Fatal(err)
	}
	if len(host.Failed)+len(host.Warnings) > 0 || host.URL != "https://ci.phlip9.com/" || len(host.Repos) == 0 {
		l.t.Errorf("the host is %+v", host)
	}
}

const (
	theModule = "nixos/mods/buildbot-ci.nix"
	theClient = "nixos/mods/nix-cache.nix"
	theFacts  = "nixos/omnara1/ci-facts.json"
)

func TestNixReadsWhatSetupWrites(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "nix-instantiate")
	for kind, change := range hosts {
		for _, access := range []string{state.FullyPrivate, state.TwoLogins} {
			for _, more := range [][]string{nil, {"infra", "web.site_2"}} {
				t.Run(kind+"/"+access+"/"+strconv.Itoa(1+len(more)), func(t *testing.T) {
					t.Parallel()
					nix, l := realtest.NewNix(t), newLabWith(t, more...)
					change(l)
					l.answer("access = 'fully-private'", "access = '"+access+"'")
					repos := []string{"phlip9/dotfiles"}
					for _, name := range more {
						repos = append(repos, "phlip9/"+name)
					}
					l.answer("['phlip9/dotfiles']", "['"+strings.Join(repos, "', '")+"']")
					// Some of it may wait for a person; what is written counts.
					r := l.run("setup", "-n", "--open", "--yes", "--wait", "30s")
					if _, err := os.Stat(filepath.Join(l.dir, theFacts)); err != nil {
						t.Fatalf("no facts are written: exit %d\n%s\n%s", r.code, r.out, r.err)
					}
					f := l.judged(nix, theModule, theClient, theFacts)
					slices.Sort(repos)
					if f.Access != access || !slices.Equal(f.Repos, repos) {
						t.Errorf("the facts are %+v", f)
					}
					l.evaluates(nix)
					proposed := 0
					for _, repo := range l.world().GitHub.Repos {
						for _, files := range repo.Files {
							if text, ok := files["flake.nix"]; ok {
								proposed++
								if _, err := nix.Run(t, text, "nix-instantiate", "--parse", "-"); err != nil {
									t.Errorf("the flake that is proposed to %s: %v", repo.Name, err)
								}
							}
						}
					}
					if proposed != len(repos) {
						t.Errorf("%d flakes are proposed for %d repositories\n%s", proposed, len(repos), r.out)
					}
					l.rendered(nix)
				})
			}
		}
	}
}

// A host that was half done by hand has OAuth Apps and a hook of the App's own.
func TestNixReadsWhatFinishingWrites(t *testing.T) {
	t.Parallel()
	nix, l := realtest.NewNix(t), newLab(t, "half-done")
	l.setup()
	f := l.judged(nix, theModule, theClient, theFacts)
	if f.Login.Kind != state.ViaOAuthApp || f.Login.BuildbotClientID == "" || f.Webhook.AppHookPath == "" {
		t.Errorf("the facts are %+v", f)
	}
	l.evaluates(nix)
	l.rendered(nix)
}

// rendered takes the files away; nixwright render writes the same again.
func (l *lab) rendered(nix realtest.Nix) {
	l.t.Helper()
	before := l.files(journalAside...)
	l.remove(theModule, theClient, theFacts)
	r := l.run("render")
	same(l.t, "render", before, l.files(journalAside...))
	if l.t.Failed() {
		l.t.Logf("exit %d\n%s\n%s", r.code, r.out, r.err)
	}
	l.judged(nix, theModule, theClient, theFacts)
}

// Names that are legal and strange stay names, in the files and for Nix.
func TestStrangeNamesStayNames(t *testing.T) {
	t.Parallel()
	nix, l := realtest.NewNix(t), newLab(t, "fresh")
	const (
		module  = `nixos/mods/odd "module" ${x} ''$.nix`
		client  = `nixos/mods/'client' ünï %n.nix`
		facts   = `nixos/omnara1/a b${builtins.abort "out"};#facts.json`
		secrets = `nixos/omnara1/s"e'c${x} [1] (2)+.yaml`
	)
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	l.answer(
		"'"+theModule+"'", quote(module), "'"+theClient+"'", quote(client), "'"+theFacts+"'", quote(facts), "'nixos/omnara1/secrets.yaml'", quote(secrets),
		"'niks3-omnara1'", quote(`${builtins.abort "token"} 'ünï' \`), "users = ['phlip9', 'lexe-agent']", "users = ['phlip9', 'a_b-_9']",
	)
	// The pretend deploy reads the usual places, so the end is not reached.
	r := l.run("setup", "-n", "--open", "--wait", "30s")
	if !strings.Contains(r.out, "nix-module     3 files as they should be") {
		t.Fatalf("exit %d\n%s\n%s", r.code, r.out, r.err)
	}
	f := l.judged(nix, module, client, facts)
	if f.SecretsFile != "./"+filepath.Base(secrets) || !slices.Equal(f.Users, []string{"a_b-_9", "phlip9"}) {
		t.Errorf("the facts are %+v", f)
	}
	// The module finds them, strange as they are, and reads nothing else.
	around, err := filepath.Abs("state/nixfiles/testdata")
	if err != nil {
		t.Fatal(err)
	}
	out, err := nix.Run(t, "", "nix-instantiate", "--eval", "--strict", "--json", "--argstr", "root", l.dir, "--argstr", "module", module,
		"--argstr", "facts", facts, "--argstr", "around", around, "-E", `{ root, module, facts, around }:
		let
		  lib = import (/. + "${around}/lib.nix");
		  evaluated = lib.evalModules { modules = [
		    (import (/. + "${around}/nixos.nix") { early = false; })
		    (import (/. + "${around}/upstream.nix") { early = false; })
		    (/. + "${root}/${module}")
		    { config.networking.hostName = "omnara1"; config.services.nixwright-ci = { enable = true; factsFile = /. + "${root}/${facts}"; }; }
		  ]; };
		in builtins.attrValues (builtins.mapAttrs (_: s: toString s.sopsFile) evaluated.config.sops.secrets)`)
	if err != nil {
		t.Fatal(err)
	}
	var from []string
	if err := json.Unmarshal([]byte(out), &from); err != nil {
		t.Fatal(err)
	}
	if from = slices.Compact(from); !slices.Equal(from, []string{filepath.Join(l.dir, secrets)}) {
		t.Errorf("the secrets come from %q", from)
	}
}

// What could break out is refused before anything is written.
func TestNamesThatBreakOutAreRefused(t *testing.T) {
	t.Parallel()
	for key, bad := range map[string]string{
		"cache.key_name": `k"; x = "`, "host.name": `${x}`, "ci.domain": "ci.phlip9.com; }", "ci.users": `a"b`, "github.repos": `a/b"${x}`,
		"gc.schedule": "daily\nExecStart=x", "ci.outputs_path": `/srv/${x}`, "cache.r2.bucket": `a${b}`, "paths.secrets": `a\b.yaml`, "paths.facts": "../x.json", "ci.webhook_path": "/x { }",
	} {
		if !slices.Contains(state.ConfigKeys(), key) {
			t.Errorf("%s is no key", key)
		}
		l := newLab(t, "fresh")
		before := l.files()
		if r := l.run("render", "--set", key+"="+bad); r.code != 2 {
			t.Errorf("%s=%q: exit %d\n%s", key, bad, r.code, r.out)
		}
		same(t, key, before, l.files(journalAside...))
	}
}
