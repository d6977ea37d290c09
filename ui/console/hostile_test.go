package console

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// ours are the sequences that the screens make themselves.
var ours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// foreign finds the first character of a screen that no screen of ours has.
func foreign(screen string) string {
	if !utf8.ValidString(screen) {
		return "no UTF-8"
	}
	for i, r := range ours.ReplaceAllString(screen, "") {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)) {
			return fmt.Sprintf("%U at %d", r, i)
		}
	}
	return ""
}

// poisoned is a CI whose every text is another's.
func poisoned(text string) (live.Snapshot, *desk) {
	rows := evaluation(evalMaster, text, "3f9c2ab", text, text, ago(5*minute), func(attr string, b *live.Build) {
		b.State, b.Commit, b.OutPath, b.Repo = text, text, text, text
		switch attr {
		case "nixos-omnara1":
			b.Result, b.Attr = state.ResultFailure, text
		case "home-desk":
			b.Done, b.Finished, b.Attr = false, time.Time{}, text
		}
	})
	s := then(red(),
		told("buildbot", monday, live.Builds{All: rows}),
		told("buildbot", monday, live.Workers{All: []state.BuildWorker{{ID: 3, Name: text, Connected: true}}}),
		told("buildbot", monday, live.Changes{All: []state.BuildChange{{ID: 1, Revision: text, Author: text, Comments: text, Files: []string{text}}}}),
		told("buildbot", monday, live.Steps{All: []state.BuildStep{{ID: 2, Build: buildRed, Number: 1, Name: text, Done: true, Result: state.ResultFailure}}}),
		told("systemd", monday, live.Tell[live.Units]{Value: live.Units{{Unit: state.Unit{Name: text, Active: text}, LastError: text}}}),
		told("GitHub", monday, live.Link{Err: text}), told("niks3", monday, live.Link{Up: true, Note: text}),
		told("GitHub", monday, live.Deliveries{All: []live.Delivery{{Delivery: state.Delivery{ID: 9, Event: text, Status: 200, At: monday}, Repo: text}}}),
		told("certificates", monday, live.Tell[live.Certificates]{Value: live.Certificates{{Name: text, Ends: monday.Add(hour)}}}),
	)
	d := failed()
	for i := range d.steps {
		d.steps[i].Name = text
		d.steps[i].Logs[0].Name = text
	}
	d.logs[2] = []string{text, "error: " + text}
	return s, d
}

func checkHostile(t *testing.T, text string) {
	t.Helper()
	s, d := poisoned(text)
	look := func(where string, story *tuitest.Story) {
		view := story.View()
		if what := foreign(view.Content); what != "" {
			t.Errorf("%s: %s of %q:\n%q", where, what, text, view.Content)
		}
		if what := foreign(view.WindowTitle); what != "" || strings.Contains(view.WindowTitle, "\x1b") {
			t.Errorf("%s: the window's title has %s of %q", where, what, text)
		}
	}
	begin := func(w, h int) *tuitest.Story {
		return beginWith(t, Options{First: s, Desk: d}, tuitest.Size(w, h), tuitest.At(monday))
	}
	const w, h = 100, 40
	look("overview", begin(w, h))
	look("builds", begin(w, h).Press("2"))
	for _, page := range []string{"4", "5", "7", "8"} {
		look("page "+page, begin(w, h).Press(page))
	}
	look("row whole", begin(w, h).Press("2", "z"))
	look("restart", begin(w, h).Press("2", "r").Advance(time.Second))
	look("filter", begin(w, h).Press("2", "/").Paste(text))
	look("jump", begin(w, h).Press(":").Paste(text))
	look("jump to builds", begin(w, h).Press(":").Type("3"))
	page := begin(w, h).Press("2", "e").Advance(time.Second)
	look("build", page)
	look("saved", page.Press("S"))
	d.err = fmt.Errorf("ask: %s", text)
	look("build, refused", begin(w, h).Press("2", "e").Advance(time.Second))
	d.err = nil
	copies := begin(w, h)
	for range 5 { // each alert
		copies.Press("y", "down")
	}
	for _, msg := range copies.Asked() {
		if fmt.Sprintf("%T", msg) == "tea.setClipboardMsg" && foreign(fmt.Sprint(msg)) != "" {
			t.Errorf("the clipboard was given %q", msg)
		}
	}
}

var hostile = []string{
	"\x1b[2J\x1b[H", "\x1b]52;c;aGk=\x07", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1b]0;title\x07", "\u009b31m", "\u202egnp.exe", "a\u200bb", "\xff\xfe",
	"\r\n\t\b", "\x1bP+q\x1b\\", "x\x00y", strings.Repeat("w", 3000), "ｗｉｄｅ", "\ue000", "e\u0301", "👩\u200d👩\u200d👧", "",
}

func TestNothingForeignReachesTheScreen(t *testing.T) {
	for _, text := range hostile {
		checkHostile(t, text)
	}
}

func FuzzBuildPages(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(checkHostile)
}
