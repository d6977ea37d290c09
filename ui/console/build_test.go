package console

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// opened is the page of the build that failed, opened from the overview.
func opened(t *testing.T, d *desk, w, h int, more ...tuitest.Option) *tuitest.Story {
	t.Helper()
	s := beginWith(t, Options{First: red(), Desk: d, Off: "start with --allow-actions"}, append(more, tuitest.Size(w, h))...)
	return s.Press("enter").Advance(time.Second)
}

func TestBuildAtEverySize(t *testing.T) {
	for _, size := range sizes {
		opened(t, failed(), size[0], size[1]).Golden("build-red")
		d := failed()
		d.err = state.Problem{What: "buildbot does not answer", Why: "connection refused", Fix: "look at its unit on page 7"}
		opened(t, d, size[0], size[1]).Golden("build-fault")
		opened(t, &desk{}, size[0], size[1]).Golden("build-none")
	}
	opened(t, failed(), 80, 24, tuitest.ASCII()).Golden("build-ascii")
}

// From red to the failing line: one key on the overview, two from anywhere.
func TestTwoKeysToTheFailingLine(t *testing.T) {
	const line = "▸ 4127 error: attribute 'nvimPlugins' missing"
	start := func() *tuitest.Story {
		return beginWith(t, Options{First: red(), Desk: failed()}, tuitest.Size(80, 24))
	}
	for name, keys := range map[string][]string{
		"overview": {"enter"}, "anywhere": {"4", "!"}, "builds": {"2", "e"}, "builds, chosen": {"2", "enter"}, "jump": {":", "n", "i", "x", "o", "s", "-", "o", "enter"},
	} {
		s := start().Press(keys...).Advance(time.Second)
		if !strings.Contains(s.Screen(), line) {
			t.Errorf("%s: the line is not there:\n%s", name, s.Screen())
		}
	}
}

func TestBuildSteps(t *testing.T) {
	d := failed()
	s := opened(t, d, 80, 24).Has("▸✗ Build 2m49s", "failed after 2m51s in step Build")
	s.Press("[").Has("▸✓ Prepare 2s", "prepared").Press("]", "]").Has("▸– Upload to niks3", "The log is empty.")
	s.Press("i").Has("phlip9", "nvim: split plugins", "omnara1-003").Press("esc").Has("Upload to niks3")
	s.Press("y")
	if !asked(s, tea.SetClipboard("https://ci.phlip9.com/#/builders/2/builds/9")()) {
		t.Error("the link was not copied")
	}
	s.Press("S").Has("Saved to /tmp/nixos-omnara1-1282-Upload-to-niks3-stdio.log")
	s.Press("o").Press("r").Has("actions are off: start with --allow-actions")
	if got := d.notes(); !strings.Contains(got, "open:https://ci.phlip9.com") || strings.Contains(got, "restart") {
		t.Errorf("asked: %s", got)
	}
	s.Press("esc").Has("broken").Lacks("Prepare")
}

func asked(s *tuitest.Story, msg tea.Msg) bool {
	return slices.Contains(s.Asked(), msg)
}

func TestBuildFaultIsTriedAgain(t *testing.T) {
	d := failed()
	d.err = errors.New("ask buildbot: timeout")
	s := opened(t, d, 80, 24).Has("the steps of this build did not come", "timeout", "r try again")
	d.err = nil
	s.Press("r").Has("attribute 'nvimPlugins' missing")
}

func TestBuildActions(t *testing.T) {
	d := failed()
	s := beginWith(t, Options{First: red(), Desk: d}).Press("enter").Advance(time.Second)
	s.Press("s").Has("it has ended").Press("r").Advance(time.Second).Has("Restart nixos-omnara1 of master 3f9c2ab").Press("n")
	if strings.Contains(d.notes(), "restart") {
		t.Fatal("restarted after a no")
	}
	s.Press("r").Advance(time.Second).Press("y").Has("asked for build 1291")
	if !strings.Contains(d.notes(), "restart") {
		t.Errorf("asked: %s", d.notes())
	}
}

// growing is a desk whose build is under way, with a log that grows.
func growing(grown ...logview.Size) *desk {
	d := &desk{logs: map[int64][]string{5: {"one", "two", "three"}}, grown: make(chan logview.Size, len(grown)+1)}
	for _, g := range grown {
		d.grown <- g
	}
	step := state.BuildStep{ID: 5, Build: buildHome, Name: "Build", Started: ago(minute)}
	d.steps = []Step{{BuildStep: step, Logs: []state.BuildLog{{ID: 5, Step: 5, Name: "stdio", Lines: 1}}}}
	return d
}

func TestBuildFollowsItsLog(t *testing.T) {
	d := growing(logview.Size{Lines: 3, Done: true})
	s := beginWith(t, Options{First: red(), Desk: d}, tuitest.Size(80, 24)).Send(goMsg{live.Place{Page: live.PageBuild, ID: "1283"}})
	s.Advance(time.Second).Has("running for", "usually 4m15s", "three", "complete")
	if !strings.Contains(d.notes(), "follow") {
		t.Errorf("asked: %s", d.notes())
	}
}

// What was asked for ends with the page.
func TestFollowingEndsWithThePage(t *testing.T) {
	d := growing()
	d.left, d.waits = make(chan struct{}), true
	page := newBuild(buildHome, true, New(Options{First: red(), Desk: d, Zone: time.UTC}, monday).scene)
	follow := make(chan tea.Msg, 1)
	env := storyEnv(t)
	next, cmd := page.Update(stepsMsg{page.(build).token, d.steps, nil}, env)
	runAll(cmd, func(msg tea.Msg) {
		if msg, is := msg.(followedMsg); is {
			follow <- msg
		}
	})
	next.(build).Left()
	select {
	case <-follow:
	case <-time.After(30 * time.Second):
		t.Fatal("the log is still followed")
	}
}

// reply gives a page of a build the steps that were asked for.
func reply(p tui.Page, env tui.Env, steps []Step, err error) build {
	next, _ := p.Update(stepsMsg{p.(build).token, steps, err}, env)
	return next.(build)
}

// Steps that come again leave what is open: a tab without a log too, and
// everything where the master has forgotten them.
func TestStepsComeAgain(t *testing.T) {
	d, env := failed(), storyEnv(t)
	running := slices.Clone(d.steps[:2])
	running[1].Logs, running[1].Done = nil, false
	p := reply(newBuild(buildRed, true, New(Options{First: red(), Desk: d, Zone: time.UTC}, monday).scene), env, running, nil)
	next, _ := p.Update(logview.Turned{Tab: 1}, env)
	if p = reply(next, env, running, nil); p.tab != 1 || p.log.of.ID != 0 {
		t.Errorf("tab %d with log %d", p.tab, p.log.of.ID)
	}
	if p = reply(p, env, d.steps[:2], nil); p.tab != 1 || p.log.of.ID != 2 {
		t.Errorf("tab %d with log %d, which has come", p.tab, p.log.of.ID)
	}
	p = reply(p, env, nil, nil)
	if next, _ := p.Update(logview.Save{Log: p.log.log}, env); next.(build).tab != 1 {
		t.Errorf("tab %d of %d", p.tab, len(p.tabs))
	}
}

// A build that begins with a step without a log shows the next one's log when
// it has come.
func TestTheFirstLogIsOpenedWhenItComes(t *testing.T) {
	d, env := failed(), storyEnv(t)
	first := slices.Clone(d.steps[:1])
	first[0].Logs = nil
	p := reply(newBuild(buildHome, true, New(Options{First: red(), Desk: d, Zone: time.UTC}, monday).scene), env, first, nil)
	if p = reply(p, env, append(first, d.steps[1]), nil); p.tab != 1 || p.log.of.ID != 2 {
		t.Errorf("tab %d with log %d", p.tab, p.log.of.ID)
	}
}

// What has changed while the steps were on their way is asked for again, and so
// is what did not come.
func TestStepsThatAreOldAreAskedForAgain(t *testing.T) {
	d, env := failed(), storyEnv(t)
	page := newBuild(buildHome, true, New(Options{First: red(), Desk: d, Zone: time.UTC}, monday).scene)
	told := then(red(), told("buildbot", monday, live.Steps{All: []state.BuildStep{{ID: 77, Build: buildHome, Number: 9, Name: "more"}}}))
	second := func(p tui.Page) build {
		env.Now = env.Now.Add(time.Minute)
		next, _ := p.Update(secondMsg{}, env)
		return next.(build)
	}
	page, _ = page.Update(Told{told}, env)
	p := second(reply(page, env, d.steps, nil))
	if !p.asking {
		t.Error("a step that began meanwhile is not asked for")
	}
	if p = second(reply(p, env, d.steps, nil)); p.asking {
		t.Error("asked for again, and nothing is new")
	}
	if p = second(reply(p, env, nil, errors.New("timeout"))); !p.asking {
		t.Error("what did not come is not asked for again")
	}
}

// Steps that did not come are asked for again without a key, too.
func TestBuildFaultHeals(t *testing.T) {
	d := failed()
	d.err = errors.New("ask buildbot: timeout")
	s := opened(t, d, 80, 24).Has("the steps of this build did not come").Advance(15 * time.Second).Has("the steps of this build did not come")
	d.err = nil
	s.Advance(15 * time.Second).Has("attribute 'nvimPlugins' missing")
}
