package wizard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// report is how the rehearsal's events leave the rows.
func report(t *testing.T, deployed bool) steps.Report {
	t.Helper()
	b := wizard.NewBoard(infos())
	for _, e := range rehearsal(t) {
		b = b.Take(e)
	}
	var r steps.Report
	for _, l := range b.Lines {
		row := steps.Row{Info: l.Info, Finding: steps.Finding{Status: l.Status, Text: l.Text, Hint: l.Hint}}
		if !deployed && l.Info.Phase == steps.PhaseAfter {
			row.Finding = steps.Finding{Status: steps.Waiting, Hint: "not deployed"}
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

func ready(t *testing.T) guide.Done {
	t.Helper()
	return guide.Done{
		Report: report(t, false), Human: state.Cost{Pages: 4, Clicks: 8, Pastes: 1}, Pasted: true,
		Files:  []string{"nixwright.toml", "nixos/mods/buildbot-ci.nix", "nixos/mods/nix-cache.nix", "nixos/omnara1/ci-facts.json"},
		Commit: `git add -A && git commit -m "ci: buildbot-nix, niks3"`, Deploy: "nixos-rebuild switch --flake .#omnara1 --target-host root@omnara1.phlip9.com",
	}
}

func TestTheEndAtEverySize(t *testing.T) {
	over := ready(t)
	over.Report, over.Commit, over.Deploy, over.Revoked = report(t, true), "", "", true
	for name, d := range map[string]guide.Done{"ready": ready(t), "over": over} {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
			tuitest.New(t, wizard.NewDone(d, chose), tuitest.Size(size[0], size[1])).Golden("done-" + name)
		}
	}
	tuitest.New(t, wizard.NewDone(ready(t), chose), tuitest.ASCII()).Golden("done-ascii")
	tuitest.New(t, wizard.NewDone(ready(t), chose), tuitest.Light()).Press("f").Golden("done-files")
}

func TestTheEndSaysWhatIsSo(t *testing.T) {
	over := ready(t)
	over.Report, over.Deploy = report(t, true), ""
	tuitest.New(t, wizard.NewDone(over, chose), tuitest.Size(80, 50)).Has("Your CI is up.", "Delete the Cloudflare token")
	// One check that is not true: it is not said to be up.
	for i, row := range over.Report.Rows {
		if row.Info.ID == "check-cache" {
			over.Report.Rows[i].Finding.Status = steps.Blocked
		}
	}
	tuitest.New(t, wizard.NewDone(over, chose), tuitest.Size(80, 50)).Lacks("is up").Has("3 of 4 checks", "Proven later")
}

func TestKeysOfTheEnd(t *testing.T) {
	s := tuitest.New(t, wizard.NewDone(ready(t), chose)).Press("2").Has("Copied: command 2")
	if !strings.Contains(fmt.Sprint(s.Asked()), "nixos-rebuild switch --flake .#omnara1") {
		t.Error("2 does not copy the deployment")
	}
	s.Press("f").Has("nixos/mods/buildbot-ci.nix").Press("esc").Has("Proven later").Press("enter")
	if got := said[guide.Choice](s); len(got) != 1 || got[0].Do != guide.Next {
		t.Errorf("enter chose %v", got)
	}
}

// resumed is the page of one who was here before, after the events.
func resumed(t *testing.T, heard []steps.Event, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	now := rehearsal(t)[0].At.Add(time.Minute).UTC().Truncate(time.Second)
	past := &guide.Past{Ended: now.Add(-18 * time.Minute), In: "Cache domain", Human: state.Cost{Pages: 2, Clicks: 4}}
	page := wizard.NewResume(guide.Plan{Infos: infos(), Past: past}, chose)
	s := tuitest.New(t, page, append([]tuitest.Option{tuitest.At(now)}, options...)...)
	for _, e := range heard {
		s.Send(wizard.Told{Event: e})
	}
	return s.Advance(600 * time.Millisecond)
}

// half is a look at a set-up that is half done.
func half(t *testing.T) []steps.Event {
	t.Helper()
	events := looked(t)
	for i, e := range events {
		if e.Kind == steps.KindStep && e.Status == steps.Missing && i < 13 {
			events[i].Status, events[i].Text = steps.Ready, "there"
		}
	}
	return events
}

func TestResumeAtEverySize(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
		at := tuitest.Size(size[0], size[1])
		resumed(t, half(t)[:9], at).Golden("resume-looking")
		resumed(t, half(t), at).Golden("resume")
	}
	resumed(t, half(t), tuitest.ASCII()).Golden("resume-ascii")
}

func TestResumeGoesOn(t *testing.T) {
	s := resumed(t, half(t)[:9]).Has("Nothing is remembered").Press("enter").Has("the look is not over yet")
	if len(said[guide.Choice](s)) > 0 {
		t.Error("it goes on before it looked")
	}
	s = resumed(t, half(t)).Has(`The last run stopped 18m ago, in "Cache domain".`, "Nothing has to be done twice.").Press("c")
	if got := said[guide.Choice](s); len(got) != 1 || got[0].Do != guide.Review {
		t.Errorf("c chose %v", got)
	}
	s = resumed(t, half(t)).Press("p").Has("Plan", "Nothing is written before").Press("esc").Has("Welcome back").Press("enter").Has("Run")
	if got := said[guide.Choice](s); len(got) != 1 || got[0].Do != guide.Next {
		t.Errorf("enter chose %v", got)
	}
	s.Send(wizard.Running{Run: (&fakeRun{}).run()}).Send(wizard.Told{Event: rehearsal(t)[0]})
	for _, e := range until(t, isAsked) {
		s.Send(wizard.Told{Event: e})
	}
	s.Has("Create the GitHub App")
}
