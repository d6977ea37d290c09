package sops_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/sops"
	"github.com/nixwright/nixwright/state"
)

func TestAddRule(t *testing.T) {
	t.Parallel()
	w, host := newWorld(t), recipient(t)
	w.write(w.rules(), "# ours\n"+w.read(w.rules()))
	if err := w.file().AddRule(t.Context(), []string{w.me, host, w.me}); err != nil {
		t.Fatal(err)
	}
	r, err := w.file().Recipients(t.Context())
	if err != nil || !slices.Equal(r.Rule, []string{w.me, host}) {
		t.Errorf("recipients %+v, %v", r, err)
	}
	if text := w.read(w.rules()); !strings.HasPrefix(text, "# ours\ncreation_rules:\n  - path_regex: ^secrets/ci\\.yaml$\n") {
		t.Errorf("rules:\n%s", text)
	}
	w.keep("a", "1")
	w.judge("decrypt", w.path())
	w.write(filepath.Join(w.root, "secrets", "ci.yaml.bak.yaml"), "a: 1\n")
	if out, err := w.cli("encrypt", "secrets/ci.yaml.bak.yaml"); err == nil {
		t.Errorf("the rule matches other files too:\n%s", out)
	}
}

// What cannot be edited is told, with text that is right when it is added.
func TestAddRuleByHand(t *testing.T) {
	t.Parallel()
	w, host := newWorld(t), recipient(t)
	before := "keys:\n  - &me " + w.me + "\ncreation_rules:\n  - path_regex: secrets/.*\n    key_groups:\n      - age:\n          - *me\n"
	w.write(w.rules(), before)
	err := w.file().AddRule(t.Context(), []string{host})
	var p state.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Why, "anchors") {
		t.Fatalf("error %v", err)
	}
	if w.read(w.rules()) != before {
		t.Error("the file was changed")
	}
	_, block, ok := strings.Cut(p.Fix, "put this above the rule at line 4:\n")
	if !ok {
		t.Fatalf("fix: %s", p.Fix)
	}
	w.write(w.rules(), strings.Replace(before, "creation_rules:\n", "creation_rules:\n"+block, 1))
	r, err := w.file().Recipients(t.Context())
	if err != nil || !slices.Equal(r.Rule, []string{w.me, host}) {
		t.Errorf("by hand: %+v, %v", r, err)
	}
	if err := w.file().AddRule(t.Context(), []string{host}); err != nil {
		t.Errorf("after the hand: %v", err)
	}
}

func TestAddRuleRefusesWhatIsNoRecipient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, bad := range []string{"", "age1nonsense", w.me + "\n- x", w.me + "," + w.me} {
		if err := w.file().AddRule(t.Context(), []string{bad}); err == nil {
			t.Errorf("%q was added", bad)
		}
	}
}

// sops looks upwards for its rules, and so do we.
func TestRulesAbove(t *testing.T) {
	t.Parallel()
	w, host := newWorld(t), recipient(t)
	sub := filepath.Join(w.root, "hosts", "ci")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	f := sops.New(sops.Options{Root: sub, File: filepath.Join(sub, "s.yaml"), Home: w.home, Env: func(string) string { return "" }})
	if err := f.AddRule(t.Context(), []string{w.me, host}); err != nil {
		t.Fatal(err)
	}
	if text := w.read(w.rules()); !strings.Contains(text, `path_regex: ^hosts/ci/s\.yaml$`) {
		t.Errorf("rules:\n%s", text)
	}
	if err := f.Keep(t.Context(), sealed("a", "1")...); err != nil {
		t.Fatal(err)
	}
	w.judge("decrypt", filepath.Join(sub, "s.yaml"))
}

func TestBrokenRulesAreToldNotEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, broken := range []string{"a: [\n", "- x\n", "creation_rules:\n  - path_regex: '('\n    age: " + w.me + "\n"} {
		w.write(w.rules(), broken)
		if err := w.file().AddRule(t.Context(), []string{w.me}); err == nil {
			t.Errorf("%q: edited", broken)
		}
		if _, err := w.file().Recipients(t.Context()); err == nil {
			t.Errorf("%q: read", broken)
		}
		if w.read(w.rules()) != broken {
			t.Errorf("%q: changed", broken)
		}
	}
}
