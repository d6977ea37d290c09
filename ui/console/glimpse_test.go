package console

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// terse is a snapshot whose failed build says as little as buildbot does.
func terse() live.Snapshot {
	s := red()
	b := *s.Build(buildRed)
	b.State = "failed 'nix build ...' (failure)"
	return then(s, told("buildbot", monday, live.Builds{All: []live.Build{b}}))
}

func TestTheLogSaysWhy(t *testing.T) {
	d := failed()
	s := beginWith(t, Options{First: terse(), Desk: d}).Lacks("(failure)").Has("enter shows the line")
	s.Advance(time.Second).Has("attribute 'nvimPlugins' missing · enter shows the line").Press("x").Press("esc")
	s.Advance(3 * time.Second)
	if got := strings.Count(d.notes(), "steps"); got != 1 {
		t.Errorf("it was read %d times", got)
	}
	s = beginWith(t, Options{First: terse(), Desk: d}, tuitest.Size(120, 40)).Advance(time.Second).Has("line 4,127: attribute 'nvimPlugins' missing")
	s.Press("2").Has(" ▸ 4127 error: attribute 'nvimPlugins' missing", "   4131         |       ^").Golden("builds-why")
	s.Press("down").Lacks("4127")
}

func TestTheLogThatDoesNotComeIsReadAgain(t *testing.T) {
	d := failed()
	d.err = errors.New("no answer")
	s := beginWith(t, Options{First: terse(), Desk: d}, tuitest.Size(120, 40)).Press("2").Has("Reading where it failed")
	s.Advance(time.Second).Has("Where it failed is not known: no answer").Advance(10 * time.Second)
	if got := strings.Count(d.notes(), "steps"); got != 1 {
		t.Errorf("it was read %d times", got)
	}
	d.err = nil
	s.Advance(30 * time.Second).Has("4127 error: attribute")
}

// An evaluation that failed because of its builds leads to the first of them.
func TestAnEvaluationLeadsToItsFailure(t *testing.T) {
	snap := red()
	head := *snap.Build(evalMaster)
	head.Result, head.State = state.ResultFailure, "failed (6 successes, 1 failures)"
	snap = then(snap, told("buildbot", monday, live.Builds{All: []live.Build{head}}))
	s := beginWith(t, Options{First: snap, Desk: failed()}, tuitest.Size(100, 30)).Press("2", "left").Has("▸ ✗ failed       phlip9/dotfiles master 3f9c2ab")
	s.Press("z").Has("✗ failed (6 successes, 1 failures)").Press("esc")
	s.Press("enter").Advance(time.Second).Has("· evaluation ·", "1 of 7 builds failed", "enter to nixos-omnara1")
	s.Press("enter").Advance(time.Second).Has("· nixos-omnara1 ·", "first error at line 4,127").Lacks("enter to nixos-omnara1").Press("esc", "esc")
	s.Press("e").Advance(time.Second).Has("· nixos-omnara1 ·")
}

// Until somebody chooses a row the newest failure is chosen as it comes.
func TestTheNewestFailureIsChosen(t *testing.T) {
	begin(t, green(), 80, 24).Press("2").Has("▸ ● running")
	s := begin(t, green(), 80, 24).Send(Told{red()}).Press("2").Has("▸   ✗ failed     nixos-omnara1")
	s.Send(Told{more(red(), 1300)}).Has("▸   ✗ failed     nixos-omnara1")
}
