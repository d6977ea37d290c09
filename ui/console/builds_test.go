package console

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

func TestBuildsAtEverySize(t *testing.T) {
	for name, s := range map[string]live.Snapshot{"green": green(), "red": red(), "nothing": nothing(), "down": gone(red(), "buildbot")} {
		for _, size := range sizes {
			begin(t, s, size[0], size[1]).Press("2").Golden("builds-" + name)
		}
	}
	begin(t, red(), 80, 24, tuitest.ASCII()).Press("2").Golden("builds-ascii")
}

// more is a snapshot with a newer evaluation of a pull request.
func more(s live.Snapshot, id int64) live.Snapshot {
	return then(s, told("buildbot", monday, live.Builds{All: evaluation(id, "refs/pull/214/merge", "abcdef1", "docs", "phlip9", ago(30*time.Second), nil)}))
}

func TestTheCursorStaysOnItsRow(t *testing.T) {
	s := begin(t, red(), 80, 24).Press("2").Has("▸   ✗ failed     nixos-omnara1")
	s.Press("down", "down").Has("▸   ● running    nixos-sauna")
	s.Send(Told{more(more(red(), 1300), 1310)}).Has("▸   ● running    nixos-sauna", "2 newer (g)")
	s.Press("g").Has("▸ ✓ success      phlip9/dotfiles PR 214").Press("G").Has("master 000a000")
	s.Press("pgup", "g").Has("▸ ✓ success      phlip9/dotfiles PR 214")
}

func TestFolding(t *testing.T) {
	s := begin(t, red(), 80, 24).Press("2").Press("left").Has("▸ ✗ failed       phlip9/dotfiles master 3f9c2ab")
	s.Press("left").Lacks("nixos-omnara1").Press("right").Has("nixos-omnara1", "» skipped    2 builds")
	s.Press("right").Has("» skipped    shell", "» skipped    docs").Lacks("2 builds")
	s.Press("j", "j", "j", "j", "j", "j", "j", "j").Has("▸ ✓ success      phlip9/dotfiles PR 213").Press("l").Has("✓ success    6 builds")
	s.Press("j", "enter").Has("✓ success    home-desk")
}

func TestFilter(t *testing.T) {
	for text, want := range map[string]struct {
		wrong string
		hits  []int64
	}{
		"":                               {"", []int64{evalMaster, evalPR, evalBump}},
		"status:failed":                  {"", []int64{evalMaster}},
		"STATUS:Red":                     {"", []int64{evalMaster}},
		"status:run nvim":                {"", []int64{evalMaster}},
		"status:warn":                    {"", []int64{evalBump}},
		"branch:213":                     {"", []int64{evalPR}},
		"branch:pr213":                   {"", []int64{evalPR}},
		"lexe-agent":                     {"", []int64{evalPR}},
		"repo:phlip9/dot attr:sauna":     {"", []int64{evalMaster, evalPR, evalBump}},
		"worker:omnara1-003 status:fail": {"", []int64{evalMaster}},
		"repo:any 77b02c9":               {"", []int64{evalBump}},
		"no-such-thing":                  {"", nil},
		"status:bad":                     {"no status bad: there are red, green, failed, exception, warnings, running, lost, cancelled, retry, success, skipped", nil},
		"state:failed":                   {"no word state: there are status: repo: branch: attr: worker: or any text", nil},
	} {
		f, err := parseFilter(text)
		if err != nil || want.wrong != "" {
			if err == nil || err.Error() != want.wrong {
				t.Errorf("%q: %v, want %s", text, err, want.wrong)
			}
			continue
		}
		s := red()
		ids, _ := f.find(&s)
		ids = slices.DeleteFunc(ids, func(id int64) bool { return id < evalBump })
		if !slices.Equal(ids, want.hits) {
			t.Errorf("%q: %v, want %v", text, ids, want.hits)
		}
	}
}

func TestFilterField(t *testing.T) {
	s := begin(t, red(), 80, 24).Press("2", "/").Has("status: repo: branch:", "enter show these").Golden("filter-open")
	s.Type("stat").Type("e:x").Has("no word state").Press("enter").Has("no word state")
	s.Press("ctrl+u").Type("status:warn").Has("1 evaluation", "nvim").Lacks("home-desk").Press("enter")
	s.Has(" / status:warn · 1 evaluation", "esc all builds").Golden("filter-on")
	s.Press("down", "down", "down").Send(Told{more(red(), 1300)}).Advance(2 * time.Second).Has("▸   ▲ warnings   nvim").Lacks("PR 214")
	s.Press("/").Type("zzz").Has("No build matches").Press("esc").Has("1 evaluation").Press("esc").Has("status:any")
	s.Press("/").Paste("nvim\x1b]0;x\x07").Has("nvim").Type("q1").Press("backspace", "backspace").Press("esc").Has("status:any")
}

func TestBuildsKeys(t *testing.T) {
	d := failed()
	s := beginWith(t, Options{First: red(), Desk: d}).Press("2")
	s.Press("y").Has("Copied").Press("o")
	s.Press("z").Has("attribute 'nvimPlugins' missing", "checks.x86_64-linux.nixos-omnara1").Press("esc")
	s.Press("s").Has("it has ended").Press("down", "r").Has("it runs").Press("s").Advance(time.Second).Has("Stop home-desk of master 3f9c2ab").Press("y").Has("asked it to stop")
	if got := d.notes(); !strings.Contains(got, "stop") || !strings.Contains(got, "open:") {
		t.Errorf("asked: %s", got)
	}
	beginWith(t, Options{First: red(), Desk: d, BuildsOff: "a browser has to do it: o"}).Press("2", "r").Has("a browser has to do it")
	beginWith(t, Options{First: green(), Desk: d}).Press("2", "e").Has("no build failed")
	begin(t, red(), 80, 24).Press("2").Click(10, 9).Has("▸   ● running    nixos-sauna").Click(10, 9).Advance(time.Second).Has("2 Builds ·")
}

// Down from the first row every row comes once, up from the last the same.
func TestEveryRowIsReached(t *testing.T) {
	scene := New(Options{First: red(), Desk: &desk{}, Zone: time.UTC}, monday).scene
	env := tui.Env{Width: 80, Height: 20}
	walk := func(p builds, by int) (out []line) {
		for p.touched = true; len(out) == 0 || p.at != out[len(out)-1]; {
			out = append(out, p.at)
			if rows, at, _ := p.seen(scene, env); at < 0 || at >= len(rows) || len(rows) != p.height(env) || rows[at].line != p.at {
				t.Fatalf("row %d of the list is not seen: %d of %d", len(out), at, len(rows))
			}
			p = p.moved(by, scene, env)
		}
		return out
	}
	for name, p := range map[string]builds{
		"as it is": {}, "all unfolded": {folds: map[int64]fold{evalMaster: whole, evalPR: whole, evalBump: whole}}, "all folded": {folds: map[int64]fold{evalMaster: folded, evalBump: folded}},
	} {
		p.at = line{eval: evalMaster}
		down := walk(p, +1)
		p.at = down[len(down)-1]
		up := walk(p, -1)
		slices.Reverse(up)
		if !slices.Equal(down, up) || len(down) < 150 {
			t.Errorf("%s: %d rows down, %d up", name, len(down), len(up))
		}
		for i := range down {
			p.at = down[i]
			rows, at := p.around(scene, 7, 9)
			if rows[at].line != down[i] || rows[0].line != down[max(0, i-7)] || rows[len(rows)-1].line != down[min(len(down)-1, i+9)] {
				t.Fatalf("%s: around row %d there are others", name, i)
			}
			if row, some := p.row(scene); !some || row.line != down[i] {
				t.Fatalf("%s: row %d is not found", name, i)
			}
		}
	}
}

// A build that goes into a line of many takes the cursor to its evaluation, and
// keys mean what the cursor stands on.
func TestABuildThatIsSummedUp(t *testing.T) {
	s := begin(t, green(), 80, 24).Press("2", "down").Has("▸   ● running    home-desk").Press("y").Has("Copied")
	snap := green()
	b := *snap.Build(buildHome)
	b.Done, b.Result, b.Finished = true, state.ResultSuccess, monday
	s.Send(Told{then(snap, told("buildbot", monday, live.Builds{All: []live.Build{b}}))})
	s.Has("▸ ● running      phlip9/dotfiles master 3f9c2ab", "✓ success    4 builds").Press("z").Has("evaluated 7 attributes", "nix-eval")
}

// newer are n evaluations after those of a snapshot, each as red or as green.
func newer(s live.Snapshot, from int64, n int, red bool) live.Snapshot {
	for i := range int64(n) {
		s = then(s, told("buildbot", monday, live.Builds{All: evaluation(from+10*i, "master", fmt.Sprintf("c0de%03x", i), "one more", "phlip9", ago(minute), func(attr string, b *live.Build) {
			if red && attr == "fmt" {
				b.Result = state.ResultFailure
			}
		})}))
	}
	return s
}

// Until somebody moves the cursor the page begins with the newest, however much
// comes; then the row stays where it is, and what is newer is counted.
func TestNewBuildsAreSeen(t *testing.T) {
	s := begin(t, red(), 80, 24).Press("2").Has("▸   ✗ failed     nixos-omnara1")
	snap := newer(red(), 2000, 3, false)
	s.Send(Told{snap}).Has("master c0de002", "▸   ✗ failed     nixos-omnara1").Lacks("newer")
	snap = newer(snap, 3000, 30, false)
	s.Send(Told{snap}).Has("▸ ✓ success      phlip9/dotfiles master c0de01d")
	snap = newer(snap, 4000, 1, true)
	s.Send(Told{snap}).Has("▸   ✗ failed     fmt").Press("down")
	row := func() int { above, _, _ := strings.Cut(s.Screen(), "▸ "); return strings.Count(above, "\n") }
	place := row()
	snap = newer(snap, 5000, 7, false)
	s.Send(Told{snap}).Has("▸   ✓ success    6 builds", "7 newer (g)")
	if now := row(); now != place {
		t.Errorf("the cursor went from line %d to %d", place, now)
	}
	snap = newer(snap, 6000, 120, true)
	s.Send(Told{snap}).Has("99+ newer (g)").Press("g").Has("▸ ✗ failed       phlip9/dotfiles master c0de077").Lacks("newer (g)")
	snap = newer(snap, 8000, 120, true)
	s.Send(Told{snap}).Has("▸ ✗ failed       phlip9/dotfiles master c0de077").Lacks("newer (g)")
}

// A row stays where it is clicked, so that the second click opens it.
func TestARowIsClickedTwice(t *testing.T) {
	begin(t, red(), 80, 24).Press("2").Click(10, 20).Click(10, 20).Advance(time.Second).Has("2 Builds ·")
}

// A build that stands for itself, as one that is built again does, has its
// cells under the same titles.
func TestABuildOfItsOwn(t *testing.T) {
	s := begin(t, then(red(), told("buildbot", monday, live.Builds{All: []live.Build{{
		ID: 1290, Builder: 3, Worker: 9, Repo: repo, Branch: "master", Commit: "3f9c2ab", Started: ago(minute),
	}}})), 80, 24).Press("2").Has("omnara1-009")
	cols := map[int]bool{}
	for line := range strings.Lines(s.Screen()) {
		if before, _, has := strings.Cut(line, "omnara1-0"); has {
			cols[len([]rune(before))] = true
		}
	}
	if len(cols) != 1 {
		t.Errorf("workers stand in columns %v:\n%s", cols, s.Screen())
	}
}
