package plain_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

const planText = `▲ preflight      no Cloudflare token
                   why   CLOUDFLARE_API_TOKEN is not set
                   do    make one on the page
                   page  https://dash.cloudflare.com/
▲ recipients     omnara1 does not answer
                   why   ssh: timed out
                   do    make ssh omnara1 work
                   id    F35
+ r2-bucket      create bucket phlip9-nix-cache in weur
◇ r2-domain      ownership pending, certificate pending
                 Cloudflare is at work; nothing to do
✗ r2-token       could not look
                 look at tokens
                   why   Cloudflare answered 500
+ github-app     seal nixwright-identities: App 2746100
                 F8  the App's own hook is on
                   why   every push arrives twice
                   do    switch it off on the page
                   page  https://github.com/settings/apps/phlip9-buildbot-ci
◆ github-install install the App on phlip9/dotfiles  (1 page, 3 clicks)
◆ login-proxy    create the login App  (1 page, 1 click)
~ repo-topic     add buildbot-phlip9 to phlip9/dotfiles
◇ repo-flake     no flake.nix in phlip9/dotfiles: nothing would be built
                 add one that exposes .#checks
◇ check-gc       look at niks3-gc.timer  (not deployed)
4 to do, 0 ready, 1 not needed, 4 for later, 3 blocked; you: 2 pages, 4 clicks
`

const statusText = `First: 0 of 2
[ ]    blocked    Preflight          no Cloudflare token
       why   CLOUDFLARE_API_TOKEN is not set
       do    make one on the page
       page  https://dash.cloudflare.com/
[ ]    blocked    Recipients         omnara1 does not answer
       why   ssh: timed out
       do    make ssh omnara1 work
       id    F35
Before deployment: 3 of 9
[ ]  1 missing    R2 bucket          to do: create bucket phlip9-nix-cache in weur
[ ]  2 waiting    Cache domain       ownership pending, certificate pending
     Cloudflare is at work; nothing to do
[ ]  3 failed     R2 token           look at tokens
       why   Cloudflare answered 500
[x]  4 ready      GitHub App         phlip9-buildbot-ci, 2746100
     F8  the App's own hook is on
       why   every push arrives twice
       do    switch it off on the page
       page  https://github.com/settings/apps/phlip9-buildbot-ci
[x]  5 ready      App private key    fits the App
[ ]  6 waiting    App installed      F4 not installed
     nixwright setup, when it is installed
[ ]  8 unknown    Login of the proxy waits for preflight
[ ] 11 drifted    Repository topic   nix, dotfiles
[x]  7 not-needed Login of buildbot  fully-private has one login
NixOS: 0 of 0
Repositories: 0 of 1
[ ]    waiting    flake.nix          no flake.nix in phlip9/dotfiles: nothing would be built
     add one that exposes .#checks
After deployment: 0 of 1
[ ] 15 waiting    Collection         not deployed
3 of 10 lines true
`

const markdownText = `### Before deployment

- [ ] 1. R2 bucket (missing)
- [ ] 2. Cache domain (waiting)
- [ ] 3. R2 token (failed)
- [x] 4. GitHub App (ready)
- [x] 5. App private key (ready)
- [ ] 6. App installed (waiting)
- [ ] 8. Login of the proxy (unknown)
- [ ] 11. Repository topic (drifted)
- [x] 7. Login of buildbot (not-needed)

### After deployment

- [ ] 15. Collection (waiting)

`

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
	same(t, out.String(), planText)
}

func TestPlanInASCII(t *testing.T) {
	var out bytes.Buffer
	plain.WritePlan(&out, report(), plain.Style{ASCII: true})
	same(t, out.String(), strings.NewReplacer("▲", "!", "◇", ".", "✗", "x", "◆", "@").Replace(planText))
}

func TestStatus(t *testing.T) {
	var out bytes.Buffer
	plain.WriteStatus(&out, report())
	same(t, out.String(), statusText)
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
	same(t, out.String(), markdownText)
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
	plain.Problems(&out, []state.Problem{noHost, {What: "unknown key ci.domian", Fix: "did you mean ci.domain?"}})
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
