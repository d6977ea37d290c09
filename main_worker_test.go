package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// These are the stories of more machines.

// workers is what worker list says.
func (l *lab) workers() state.WorkerSights {
	l.t.Helper()
	var s state.WorkerSights
	l.document("workers.json", &s, "worker", "list")
	return s
}

func (l *lab) worker(name string) state.WorkerSight {
	l.t.Helper()
	all := l.workers().Workers
	i := slices.IndexFunc(all, func(w state.WorkerSight) bool { return w.Name == name })
	if i < 0 {
		l.t.Fatalf("%s is not listed: %+v", name, all)
	}
	return all[i]
}

// opened are the values of a sops file, opened with the person's identity.
func (l *lab) opened(rel string) map[string]string {
	l.t.Helper()
	identity, err := os.ReadFile(l.env["SOPS_AGE_KEY_FILE"])
	if err != nil {
		l.t.Fatal(err)
	}
	all, err := openFile(filepath.Join(l.dir, rel), string(identity))
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func TestTwoMachinesComeAndOneGoes(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	const secrets = "nixos/omnara1/secrets.yaml"
	config, facts, password := l.read("nixwright.toml"), l.read("nixos/omnara1/ci-facts.json"), l.opened(secrets)[string(shape.WorkerPasswordName)]
	writes := len(l.writes())

	r := l.must(0, "worker", "add", "build2", "-n")
	for _, say := range []string{
		"nixos/build2/worker-secrets.yaml", "factsFile = ../omnara1/ci-facts.json;", "secretsFile = ./worker-secrets.yaml;", `masterUrl = "tcp:host=127.0.0.1:port=9989";`,
		"networking.firewall.interfaces.wg0.allowedTCPPorts = [ 9989 5751 ];", "next: git add ", "deploy omnara1",
	} {
		if !strings.Contains(r.out, say) {
			t.Errorf("%q is not said:\n%s", say, r.out)
		}
	}
	if !strings.Contains(r.err, "more than one machine builds") || !strings.Contains(r.err, "remote builders") {
		t.Errorf("what two stores mean is not said:\n%s", r.err)
	}
	l.must(0, "worker", "add", "build3", "-n", "--cores", "3", "--password", "shared")

	entries, err := shape.ParseWorkerEntries(state.NewSecret(l.opened(secrets)[string(shape.WorkersName)]))
	if err != nil || len(entries) != 3 {
		t.Fatal(entries, err)
	}
	for i, want := range []struct {
		name  string
		cores int
		own   bool
	}{{"omnara1", 10, false}, {"build2", 16, true}, {"build3", 3, false}} {
		e := entries[i]
		if e.Name != want.name || e.Cores != want.cores || (e.Pass.Reveal() != password) != want.own {
			t.Errorf("%d: %s with %d cores, own password %v", i, e.Name, e.Cores, e.Pass.Reveal() != password)
		}
	}
	for i, name := range []string{"build2", "build3"} {
		file := "nixos/" + name + "/worker-secrets.yaml"
		if got := l.opened(file); len(got) != 1 || got[string(shape.WorkerPasswordName)] != entries[i+1].Pass.Reveal() {
			t.Errorf("%s holds %d values", file, len(got))
		}
		w := l.worker(name)
		if !w.Wanted || w.Cores != w.Sealed || w.Sealed != w.Listed || w.File != file || len(w.Problems) > 0 {
			t.Errorf("%s is %+v", name, w)
		}
		// The machine opens its own file and not the CI's.
		if who := l.recipient(name); strings.Contains(l.read(secrets), who) || !strings.Contains(l.read(file), who) {
			t.Errorf("%s is a recipient of the wrong file", name)
		}
	}
	if got := l.since(writes); len(got) > 0 {
		t.Errorf("the world was written to: %v", got)
	}

	before := l.files(journalAside...)
	l.must(0, "worker", "add", "build2", "-n")
	l.must(0, "worker", "add", "build3", "-n")
	l.must(0, "setup", "-n", "--only", "local-secrets,worker-secrets,nix-module")
	same(t, "adding them again", before, l.files(journalAside...))

	l.setup() // which deploys
	if w := l.worker("build2"); w.Connected != 0 || l.worker("omnara1").Connected != 10 {
		t.Errorf("connected: %+v", l.workers())
	}
	if s := l.status(); s.True != 15 {
		t.Errorf("%d of 15 lines are true", s.True)
	}

	l.machinesGo(t, config, facts, entries)
}

// machinesGo takes build2 and build3 off again.
func (l *lab) machinesGo(t *testing.T, config, facts string, entries []shape.WorkerEntry) {
	t.Helper()
	const secrets = "nixos/omnara1/secrets.yaml"
	r := l.must(0, "worker", "remove", "build2", "-n")
	if !strings.Contains(r.out, "git rm nixos/build2/worker-secrets.yaml") {
		t.Error(r.out)
	}
	after, err := shape.ParseWorkerEntries(state.NewSecret(l.opened(secrets)[string(shape.WorkersName)]))
	if err != nil || len(after) != 2 || !after[0].Pass.Equal(entries[0].Pass) || after[1].Name != "build3" || !after[1].Pass.Equal(entries[2].Pass) {
		t.Error(after, err)
	}
	l.must(0, "worker", "remove", "build3", "-n")
	if l.read("nixwright.toml") != config {
		t.Errorf("nixwright.toml is not what it was:\n%s", l.read("nixwright.toml"))
	}
	if got := l.read("nixos/omnara1/ci-facts.json"); got != facts {
		t.Errorf("the facts are not what they were:\n%s", got)
	}
	l.must(2, "worker", "remove", "build3", "-n")
}

// recipient is a further machine's.
func (l *lab) recipient(name string) string {
	l.t.Helper()
	for line := range strings.Lines(l.read("nixwright.toml")) {
		if strings.Contains(line, `name = "`+name+`"`) {
			_, rest, _ := strings.Cut(l.read("nixwright.toml"), line)
			_, rest, _ = strings.Cut(rest, `recipient = "`)
			r, _, _ := strings.Cut(rest, `"`)
			return r
		}
	}
	l.t.Fatalf("nixwright.toml does not name %s", name)
	return ""
}

func TestMachinesThatCannotBeAdded(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.setup()
	before, writes := l.files(journalAside...), len(l.writes())
	for name, c := range map[string]struct {
		args []string
		say  string
	}{
		"a quote":        {[]string{"add", `bu"ild`}, "is not a worker's name"},
		"a newline":      {[]string{"add", "build\n2"}, "is not a worker's name"},
		"a path":         {[]string{"add", "../x"}, "is not a worker's name"},
		"the host":       {[]string{"add", "omnara1"}, "omnara1 is the CI host"},
		"no answer":      {[]string{"add", "build9"}, "give both --cores and --recipient"},
		"another system": {[]string{"add", "build2", "--system", "aarch64-linux"}, "nix.buildMachines"},
		"cores":          {[]string{"add", "build2", "--cores", "-3"}, "out of range"},
		"a recipient":    {[]string{"add", "build2", "--recipient", "age1x\n"}, "recipient"},
		"a password":     {[]string{"add", "build2", "--password", "hunter2"}, "neither own nor shared"},
		"removed host":   {[]string{"remove", "omnara1"}, "omnara1 is the CI host"},
		"removed none":   {[]string{"remove", "build2"}, "there is no worker build2"},
		"removed \\n":    {[]string{"remove", "build\n2"}, "there is no worker build"},
	} {
		t.Run(name, func(t *testing.T) {
			r := l.must(2, append([]string{"worker", c.args[0], "-n", "--output", "json"}, c.args[1:]...)...)
			if !strings.Contains(r.out, c.say) || !json.Valid([]byte(r.out)) {
				t.Errorf("%q is not said:\n%s\n%s", c.say, r.out, r.err)
			}
		})
	}
	same(t, "refused", before, l.files(journalAside...))
	if got := l.since(writes); len(got) > 0 {
		t.Errorf("it wrote %v", got)
	}
}

// The lines for a further machine are Nix.
func TestTheLinesOfAMachineParse(t *testing.T) {
	t.Parallel()
	nix := realtest.NewNix(t)
	l := newLab(t, "done")
	l.must(0, "worker", "add", "build2", "-n")
	file := filepath.Join(t.TempDir(), "lines.nix")
	if err := os.WriteFile(file, []byte("{ inputs, config, pkgs, ... }:\n{\n"+l.worker("build2").Config+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := nix.Run(t, "", "nix-instantiate", "--parse", file); err != nil {
		t.Errorf("Nix does not parse them: %v\n%s", err, out)
	}
}

// A real master takes the workers that our list names, with the passwords that
// are sealed for their machines, and no others.
func TestARealMasterTakesTheMachines(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "buildbot")
	l := newLab(t, "fresh")
	l.setup()
	l.must(0, "worker", "add", "build2", "-n", "--cores", "2")
	l.must(0, "worker", "add", "build3", "-n", "--cores", "1")
	list, err := shape.ParseWorkerEntries(state.NewSecret(l.opened("nixos/omnara1/secrets.yaml")[string(shape.WorkersName)]))
	if err != nil {
		t.Fatal(err)
	}
	// The harness has workers of its own under the CI host's name.
	further, _ := shape.WithoutWorker(state.NewSecret(l.opened("nixos/omnara1/secrets.yaml")[string(shape.WorkersName)]), list[0].Name)
	m := realtest.Buildbot(t, realtest.BuildbotOptions{Workers: further.Reveal(), PB: realtest.Port(t)})
	l.answer("buildbot = '"+l.ends.Buildbot+"'", "buildbot = '"+m.URL+"'")
	password := func(name string) string {
		return l.opened("nixos/" + name + "/worker-secrets.yaml")[string(shape.WorkerPasswordName)]
	}
	for _, name := range []string{"build2-000", "build2-001"} {
		w := m.Worker(t, name, password("build2"))
		w.Await(t, w.Says("worker is ready"))
	}
	// build2's password is not build3's, and there is no third core.
	for name, say := range map[string]string{"build3-000": "invalid login from user 'build3-000'", "build2-002": "invalid login from unknown user 'build2-002'"} {
		w := m.Worker(t, name, password("build2"))
		m.Await(t, m.Says(say))
		w.Stop()
	}
	if w := l.worker("build2"); w.Connected != 2 || w.Sealed != 2 {
		t.Errorf("build2 is %+v", w)
	}
	if w := l.worker("build3"); w.Connected != 0 || w.Sealed != 1 {
		t.Errorf("build3 is %+v", w)
	}
	w := m.Worker(t, "build3-000", password("build3"))
	w.Await(t, w.Says("worker is ready"))
	if w := l.worker("build3"); w.Connected != 1 {
		t.Errorf("build3 is %+v", w)
	}
}
