package plain_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// golden is what a text should be.
func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// same compares a text with what it should be, line by line.
func same(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Fatalf("line %d is\n%s\nwant\n%s\n\nall of it:\n%s", i+1, a, b, got)
		}
	}
}

func TestPlan(t *testing.T) {
	var out bytes.Buffer
	plain.WritePlan(&out, report(), plain.Style{})
	same(t, out.String(), golden(t, "plan.txt"))
}

func TestPlanInASCII(t *testing.T) {
	var out bytes.Buffer
	plain.WritePlan(&out, report(), plain.Style{ASCII: true})
	same(t, out.String(), strings.NewReplacer("▲", "!", "◇", ".", "✗", "x", "◆", "@").Replace(golden(t, "plan.txt")))
}

func TestStatus(t *testing.T) {
	var out bytes.Buffer
	plain.WriteStatus(&out, report())
	same(t, out.String(), golden(t, "status.txt"))
}

func TestStatusOfAnAppThatIsMissing(t *testing.T) {
	var out bytes.Buffer
	plain.WriteStatus(&out, steps.Report{Rows: []steps.Row{{
		Info:    steps.Info{ID: "github-app", Title: "GitHub App", Phase: steps.PhaseBefore, Lines: []int{4, 5}},
		Finding: steps.Finding{Status: steps.Missing, Changes: steps.Changes("create", "App phlip9-buildbot-ci", "seal", "its key")},
	}}})
	for _, want := range []string{"GitHub App         to do: create App phlip9-buildbot-ci\n", "App private key    to do: seal its key\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
}

func TestMarkdown(t *testing.T) {
	var out bytes.Buffer
	plain.WriteMarkdown(&out, report())
	same(t, out.String(), golden(t, "status.md"))
}

func TestPlanDocumentCountsAsTheTextDoes(t *testing.T) {
	d := plain.Plan(report())
	if d.ToDo != 4 || d.Human != (state.Cost{Pages: 2, Clicks: 4}) || len(d.Steps) != 12 {
		t.Errorf("to do %d, human %+v, %d steps", d.ToDo, d.Human, len(d.Steps))
	}
}

func TestStatusDocument(t *testing.T) {
	d := plain.Status(report())
	if d.True != 3 || d.Total != 10 || len(d.Lines) != 10 {
		t.Errorf("true %d, total %d, %d lines", d.True, d.Total, len(d.Lines))
	}
	if l := d.Lines[4]; l.Number != 5 || l.Title != "App private key" || l.Step != "github-app" || !l.True {
		t.Errorf("line 5 is %+v", l)
	}
	for _, s := range d.Steps {
		if len(s.Changes) > 0 {
			t.Errorf("%s has changes: the checklist is no plan", s.ID)
		}
		if s.ID == "r2-token" && (s.Err == "" || len(s.Problems) != 1) {
			t.Errorf("the failed step says %+v", s)
		}
	}
}

func TestWriteDocumentKeepsAddresses(t *testing.T) {
	var out bytes.Buffer
	if err := plain.WriteDocument(&out, map[string]string{"url": "https://x/?a=1&b=<2>"}); err != nil {
		t.Fatal(err)
	}
	same(t, out.String(), "{\n  \"url\": \"https://x/?a=1&b=<2>\"\n}\n")
}

func TestProblems(t *testing.T) {
	var out bytes.Buffer
	plain.Problems(&out, []state.Problem{noHost(), {What: "unknown key ci.domian", Fix: "did you mean ci.domain?"}})
	same(t, out.String(), `F35  omnara1 does not answer
  why   ssh: timed out
  do    make ssh omnara1 work
unknown key ci.domian
  do    did you mean ci.domain?
`)
}

func TestFailure(t *testing.T) {
	f, _ := state.FailureByID("f17")
	var out bytes.Buffer
	plain.WriteFailure(&out, f)
	for _, want := range []string{"F17  risk  " + f.Title + "\n\n", "\nwhy   " + f.Why, "\nseen  " + f.Seen, "\ndo    " + f.Fix, "does not have it"} {
		if !strings.Contains("\n"+out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
}

func TestWorld(t *testing.T) {
	var out bytes.Buffer
	if err := plain.WriteWorld(&out, "/tmp/it's", map[string]string{"GH_TOKEN": "b", "BROWSER": "a b"}); err != nil {
		t.Fatal(err)
	}
	same(t, out.String(), `The pretend world is up. In another terminal:

export BROWSER='a b'
export GH_TOKEN='b'
cd '/tmp/it'\''s'
nixwright plan
nixwright setup -n --open --wait 60s
nixwright status

Ctrl-C ends it; it goes on where it was when it is started again.
`)
}
