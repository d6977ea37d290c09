package plain_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// story is a run: what was found, the plan, what became of it.
func story() []steps.Event {
	at := time.Date(2026, 8, 24, 12, 1, 10, 0, time.UTC)
	all := []steps.Event{
		{Kind: steps.KindRun, Text: "setup"},
		{Kind: steps.KindStep, Step: "preflight", Status: steps.Ready, Text: "GitHub as phlip9"},
		{Kind: steps.KindStep, Step: "r2-bucket", Status: steps.Missing},
		{Kind: steps.KindStep, Step: "r2-domain", Status: steps.Unknown, Hint: "waits for r2-bucket"},
		{Kind: steps.KindStep, Step: "check-gc", Status: steps.Waiting, Hint: "not deployed"},
		{Kind: steps.KindStep, Step: "recipients", Status: steps.Blocked, Text: noHost().What, Hint: noHost().Fix},
		{Kind: steps.KindLog, Step: "recipients", Status: steps.Blocked, Err: noHost().Error(), Problem: new(noHost())},
		{Kind: steps.KindChange, Step: "r2-bucket", Status: steps.Missing, Text: "create bucket phlip9-nix-cache in weur"},
		{Kind: steps.KindChange, Step: "github-install", Text: "install the App on phlip9/dotfiles"},
		{Kind: steps.KindLog, Step: "r2-bucket", Text: "signed request ok"},
		{Kind: steps.KindProgress, Step: "r2-bucket", Done: 1, Total: 2},
		{Kind: steps.KindStep, Step: "r2-bucket", Status: steps.Ready, Text: "phlip9-nix-cache in weur", TookMS: 2100},
		{Kind: steps.KindStep, Step: "r2-bucket", Status: steps.Ready, Text: "phlip9-nix-cache in weur", TookMS: 2900},
		{Kind: steps.KindStep, Step: "r2-domain", Status: steps.Waiting, Text: "ownership pending, certificate pending", Hint: "Cloudflare is at work; nothing to do"},
		{Kind: steps.KindQuestion, Step: "github-install", Status: steps.Waiting, Text: install.Ask, URL: install.URL, Hint: install.Then, Question: &install},
		{Kind: steps.KindStep, Step: "github-app", Status: steps.Ready, Text: "phlip9-buildbot-ci, 2746100"},
		{Kind: steps.KindLog, Step: "github-app", Status: steps.Ready, Problem: new(ownHook())},
		{Kind: steps.KindLog, Step: "github-app", Status: steps.Ready, Problem: new(ownHook())},
		{Kind: steps.KindSealed, Step: "local-secrets", Text: "niks3-signing-key"},
		{Kind: steps.KindAnswer, Step: "github-app", Text: "github.app_return from the browser"},
		{Kind: steps.KindStep, Step: "github-install", Status: steps.Waiting, Text: "F4 not installed", URL: install.URL, Hint: install.Then, Question: &install, TookMS: 3},
		{Kind: steps.KindStep, Step: "r2-token", Status: steps.Failed, Err: "look at tokens: no answer", Problem: &state.Problem{What: "look at tokens", Why: "no answer", Fix: "run this again"}},
		{Kind: steps.KindStep, Step: "deploy", Status: steps.Unknown, Hint: "waits for github-install", TookMS: 30},
		{Kind: steps.KindResult, Status: steps.Blocked, Text: "3 ready", Done: 3, Total: 8, Err: "1 step waits for you", Human: &state.Cost{}},
	}
	for i := range all {
		all[i].Seq, all[i].At, all[i].Run = i+1, at.Add(time.Duration(i)*time.Second), "r7k2"
	}
	return all
}

func tell(style plain.Style) (out, talk string) {
	var o, t bytes.Buffer
	sink := plain.Text(&o, &t, style)
	for _, e := range story() {
		sink(e)
	}
	return o.String(), t.String()
}

func TestTextTellsAStory(t *testing.T) {
	out, talk := tell(plain.Style{})
	same(t, out, golden(t, "story.txt"))
	same(t, talk, golden(t, "talk.txt"))
}

func TestTextInASCII(t *testing.T) {
	out, _ := tell(plain.Style{ASCII: true})
	for i, r := range out {
		if r > 127 {
			t.Fatalf("%q at %d", r, i)
		}
	}
	if !strings.Contains(out, "+ ready      preflight") || !strings.Contains(out, "@ you        github-install") {
		t.Error(out)
	}
}

func TestTextInColourSaysTheSame(t *testing.T) {
	out, talk := tell(plain.Style{Colour: true})
	if !strings.Contains(out, "\x1b[32m✓ ready     \x1b[0m preflight") {
		t.Errorf("%q", out)
	}
	var bare strings.Builder
	for i, part := range strings.Split(out, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		bare.WriteString(part)
	}
	same(t, bare.String(), golden(t, "story.txt"))
	same(t, talk, golden(t, "talk.txt"))
}

func TestTextFitsTheTerminal(t *testing.T) {
	out, _ := tell(plain.Style{})
	for line := range strings.Lines(out) {
		if line = strings.TrimSuffix(line, "\n"); len([]rune(line)) > 80 && !strings.Contains(line, "install") {
			t.Errorf("%d columns: %s", len([]rune(line)), line)
		}
	}
}

func TestJSONIsOneEventALine(t *testing.T) {
	var out bytes.Buffer
	sink := plain.JSON(&out)
	for _, e := range story() {
		sink(e)
	}
	var got []steps.Event
	scan := bufio.NewScanner(&out)
	for scan.Scan() {
		var e steps.Event
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
		if strings.Contains(scan.Text(), `""`) || strings.Contains(scan.Text(), "null") {
			t.Errorf("an empty field is written: %s", scan.Text())
		}
	}
	if !slices.EqualFunc(got, story(), func(a, b steps.Event) bool {
		return a.Seq == b.Seq && a.At.Equal(b.At) && a.Kind == b.Kind && a.Step == b.Step && a.Status == b.Status && a.Text == b.Text
	}) {
		t.Errorf("got %+v", got)
	}
}
