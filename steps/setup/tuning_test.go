package setup

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/steps"
)

// tuned is what the facts file says of evaluation.
func (l *lab) tuned(t *testing.T) (evals, memory int) {
	t.Helper()
	text, _, err := l.dir.Read(l.conf.Paths.Facts)
	var f nixfiles.Facts
	if err != nil || json.Unmarshal([]byte(text), &f) != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return f.EvalWorkers, f.EvalMemory
}

func row(f steps.Finding, verb string) string {
	i := slices.IndexFunc(f.Changes, func(c steps.Change) bool { return c.Verb == verb })
	if i < 0 {
		return ""
	}
	return f.Changes[i].What
}

func TestFactsAreTunedToTheHost(t *testing.T) {
	l := done(t)
	if evals, memory := l.tuned(t); evals != 4 || memory != 0 {
		t.Errorf("the memory is not known: %d, %d", evals, memory)
	}
	l.host.self.Memory = 20 << 30
	l.known = state.With(l.known, state.FactHost, l.host.self)
	f, err := l.look(t, "nix-module")
	if err != nil || f.Status != steps.Drifted || row(f, "tune") != "3 evaluations at once: fits 20 GiB: 3 x 4 GiB + 8 GiB for builds" {
		t.Errorf("%v: %+v", err, f)
	}
	l.setup(t)
	if evals, memory := l.tuned(t); evals != 3 || memory != 4096 {
		t.Errorf("got %d, %d", evals, memory)
	}
	if f, err := l.look(t, "nix-module"); err != nil || f.Status != steps.Ready {
		t.Errorf("a second look: %v, %+v", err, f)
	}
}

// A host that does not tell its size today keeps what it was tuned to; what a
// person says wins.
func TestTuningStaysWhileTheHostIsOff(t *testing.T) {
	l := newLab(t)
	l.sops.identity, l.sops.rule = me, []string{me, hostKey}
	l.host.self.Memory = 4 << 30
	l.setup(t)
	l.known = state.With(l.known, state.FactHost, state.Host{})
	if f, err := l.look(t, "nix-module"); err != nil || f.Status != steps.Ready {
		t.Errorf("a host that is off: %v, %+v", err, f)
	}
	l.conf.CI.EvalWorkers = 6
	if f, err := l.look(t, "nix-module"); err != nil || f.Status != steps.Drifted || row(f, "tune") != "" {
		t.Errorf("six are wanted: %v, %+v", err, f)
	}
	l.setup(t)
	if evals, memory := l.tuned(t); evals != 6 || memory != 512 {
		t.Errorf("got %d, %d", evals, memory)
	}
}

func TestCoresAreCounted(t *testing.T) {
	l := newLab(t)
	l.sops.identity, l.sops.rule = me, []string{me, hostKey}
	l.known = state.One(state.FactHost, l.host.self)
	f, err := l.look(t, "local-secrets")
	if err != nil || row(f, "count") != "10 cores of omnara1: 12 threads less 2" {
		t.Errorf("%v: %+v", err, f)
	}
	for name, change := range map[string]func(){
		"said":            func() { l.conf.Workers = []state.Worker{{Name: "omnara1", Cores: 3}} },
		"another machine": func() { l.conf.Workers = []state.Worker{{Name: "omnara2"}} },
		"not told":        func() { l.conf.Workers, l.known = []state.Worker{{Name: "omnara1"}}, state.Facts{} },
	} {
		change()
		if f, err := l.look(t, "local-secrets"); err != nil || strings.Contains(row(f, "count"), "less") {
			t.Errorf("%s: %v, %+v", name, err, f)
		}
	}
}
