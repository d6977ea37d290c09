package state

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFailuresAreF1ToF50(t *testing.T) {
	all := Failures()
	if len(all) != 50 {
		t.Fatalf("%d failures", len(all))
	}
	for i, f := range all {
		if want := fmt.Sprintf("F%d", i+1); f.ID != want {
			t.Errorf("%s stands at %s", f.ID, want)
		}
		if f.Title == "" || f.Area == "" || f.Seen == "" || f.Fix == "" || len(f.Why) < 60 {
			t.Errorf("%s is incomplete", f.ID)
		}
		if !slices.Contains([]Severity{Broken, Risk, Note}, f.Severity) {
			t.Errorf("%s has severity %q", f.ID, f.Severity)
		}
		if len(f.Title) > 60 || strings.HasSuffix(f.Title, ".") || strings.HasSuffix(f.Seen, ".") || strings.HasSuffix(f.Fix, ".") {
			t.Errorf("%s: title, seen and fix are phrases", f.ID)
		}
	}
}

// TestFailureFixesNameRealCommands keeps the table and the command line
// together.
func TestFailureFixesNameRealCommands(t *testing.T) {
	commands := []string{"setup", "doctor", "render", "secrets", "gc", "builds", "worker", "repo", "proof", "plan", "status"}
	for _, f := range Failures() {
		for _, m := range regexp.MustCompile(`nixwright ([a-z]+)`).FindAllStringSubmatch(f.Fix, -1) {
			if !slices.Contains(commands, m[1]) {
				t.Errorf("%s: there is no command %q", f.ID, m[0])
			}
		}
	}
}

func TestFailureByID(t *testing.T) {
	for _, id := range []string{"F17", "f17", " F17 "} {
		if f, ok := FailureByID(id); !ok || f.ID != "F17" {
			t.Errorf("%q finds %q", id, f.ID)
		}
	}
	for _, id := range []string{"", "F0", "F51", "17"} {
		if f, ok := FailureByID(id); ok {
			t.Errorf("%q finds %q", id, f.ID)
		}
	}
	f, _ := FailureByID("F4")
	if p := f.Problem("not installed on a/b", ""); p.ID != "F4" || p.What != "not installed on a/b" || p.Why != f.Why || p.Fix != f.Fix {
		t.Errorf("%+v", p)
	}
	if p := f.Problem("", "x"); p.What != f.Title || p.Why != "x" {
		t.Errorf("%+v", p)
	}
}
