package state_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

var noon = time.Date(2026, 8, 24, 12, 0, 0, 0, time.UTC)

// journal writes lines as the runs do: events, one second apart, and texts as
// they are; it returns the directory.
func journal(t *testing.T, lines ...any) state.Dir {
	t.Helper()
	d := state.Dir{Root: t.TempDir()}
	var text strings.Builder
	for i, l := range lines {
		switch l := l.(type) {
		case string:
			text.WriteString(l)
		case steps.Event:
			l.Seq, l.At = i+1, noon.Add(time.Duration(i)*time.Second)
			b, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(append(b, '\n'))
		}
	}
	writeJournal(t, d, text.String())
	return d
}

func writeJournal(t *testing.T, d state.Dir, text string) {
	t.Helper()
	path := d.Own("journal.jsonl")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func ev(run, step string, kind steps.EventKind, status steps.Status) steps.Event {
	return steps.Event{Run: run, Step: step, Kind: kind, Status: status}
}

func asked(run, step, key string, c state.Cost) steps.Event {
	return steps.Event{Run: run, Step: step, Kind: steps.KindQuestion, Question: &state.Question{Key: key, Cost: c}}
}

func answered(run, step, key string) steps.Event {
	return steps.Event{Run: run, Step: step, Kind: steps.KindAnswer, Text: key + " from the browser"}
}

func result(run, err string, c state.Cost) steps.Event {
	return steps.Event{Run: run, Kind: steps.KindResult, Err: err, Human: &c}
}

func TestReadPast(t *testing.T) {
	page := state.Cost{Pages: 1, Clicks: 1}
	paste := state.Cost{Pastes: 1}
	start, told := steps.KindStart, steps.KindStep
	app := []any{
		ev("r1", "", steps.KindRun, ""), ev("r1", "preflight", told, steps.Ready),
		ev("r1", "github-app", start, ""), asked("r1", "github-app", "github.app_return", page), answered("r1", "github-app", "github.app_return"),
	}
	with := func(more ...any) []any { return append(slices.Clip(app), more...) }
	for _, tc := range []struct {
		name  string
		lines []any
		in    string
		human state.Cost
		ended int // the index of the last line that counts
	}{
		{"killed in a step", with(), "github-app", page, 4},
		{"killed in a question", app[:4], "github-app", state.Cost{}, 3},
		{"killed between two steps", with(ev("r1", "github-app", told, steps.Ready)), "", page, 5},
		{"of two the last", with(ev("r1", "r2-token", start, "")), "r2-token", page, 5},
		{"not the one that is done", with(ev("r1", "r2-token", start, ""), ev("r1", "r2-token", told, steps.Ready)), "github-app", page, 6},
		{"one that waits for the world", with(ev("r1", "github-app", told, steps.Ready), ev("r1", "r2-domain", start, ""), ev("r1", "r2-domain", told, steps.Waiting)), "r2-domain", page, 7},
		{"under way before waiting", with(ev("r1", "r2-domain", start, ""), ev("r1", "r2-domain", told, steps.Waiting)), "github-app", page, 6},
		{"taken up again", with(ev("r1", "github-app", told, steps.Ready), ev("r1", "github-app", start, "")), "github-app", page, 6},
		{"came to its end", with(result("r1", "1 step waits for you", page.Plus(paste))), "", page.Plus(paste), 5},
		{"was interrupted", with(steps.Event{Run: "r1", Step: "github-app", Kind: told, Status: steps.Missing, Hint: "interrupted"}, result("r1", "interrupted", page)), "github-app", page, 6},
		{"two results of one run: the cost counts on", with(result("r1", "", page), result("r1", "", page.Plus(page))), "", page.Plus(page), 6},
		{"all runs count, the last one is told", with(result("r1", "", page), ev("r2", "", steps.KindRun, ""), ev("r2", "r2-token", start, ""), asked("r2", "r2-token", "k", paste), answered("r2", "r2-token", "k")), "r2-token", page.Plus(paste), 9},
		{"an answer that was there costs nothing", with(answered("r1", "github-app", "adopt.app_id")), "github-app", page, 5},
		{"another step's answer is not this one's", with(asked("r1", "a", "k", paste), answered("r1", "b", "k")), "github-app", page, 6},
		{"a log is the last line", with(ev("r1", "github-app", steps.KindLog, "")), "github-app", page, 5},
		{"torn", with("{\"seq\":99,\"at\":\"2026-08-24T13:0"), "github-app", page, 4},
		{"torn, and another run", with("{\"seq\":99,\"at\":\"20\n", ev("r2", "", steps.KindRun, "")), "", page, 6},
		{"foreign lines", with("\x00\xff\n", "[]\n", "{\"kind\":\"start\"}\n", "{\"at\":\"2026-08-24T12:00:00Z\",\"kind\":\"asking\",\"asking\":\"x\"}\n", "{\"kind\":\"result\",\"run\":7}\n"), "github-app", page, 4},
		{"a line without end", with(strings.Repeat("x", 3<<20)+"\n", ev("r1", "dns", start, "")), "dns", page, 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, found := state.ReadPast(journal(t, tc.lines...))
			want := state.Past{Ended: noon.Add(time.Duration(tc.ended) * time.Second), In: tc.in, Human: tc.human}
			if !found || p != want {
				t.Errorf("got %+v, %v\nwant %+v", p, found, want)
			}
		})
	}
}

func TestReadPastOfNothing(t *testing.T) {
	if p, found := state.ReadPast(state.Dir{Root: t.TempDir()}); found || p != (state.Past{}) {
		t.Errorf("no journal: %+v, %v", p, found)
	}
	if p, found := state.ReadPast(journal(t, "nothing\n")); found || p != (state.Past{}) {
		t.Errorf("no event: %+v, %v", p, found)
	}
	d := state.Dir{Root: t.TempDir()}
	if err := os.MkdirAll(d.Own("journal.jsonl"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, found := state.ReadPast(d); found {
		t.Error("a folder is a journal")
	}
}

// TestReadPastOfALargeJournal reads one that is larger than what is looked at:
// its last run is known, and it takes no time that a person would notice.
func TestReadPastOfALargeJournal(t *testing.T) {
	log := ev("r1", "deploy", steps.KindLog, "")
	log.Text = strings.Repeat("building ", 20)
	log.At = noon
	line, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	d := journal(t, ev("r1", "", steps.KindRun, ""))
	writeJournal(t, d, strings.Repeat(string(line)+"\n", (70<<20)/len(line))+
		`{"seq":1,"at":"2026-08-24T13:00:00Z","run":"r2","kind":"start","step":"dns"}`+"\n")
	begin := time.Now()
	p, found := state.ReadPast(d)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %s", took)
	} else {
		t.Logf("took %s", took)
	}
	if !found || p.In != "dns" || !p.Ended.Equal(noon.Add(time.Hour)) {
		t.Errorf("got %+v, %v", p, found)
	}
}

// TestReadPastWhole: once all of it was done, what comes later does not take it back.
func TestReadPastWhole(t *testing.T) {
	deployed, waits := ev("r1", "deploy", steps.KindStep, steps.Ready), ev("r1", "deploy", steps.KindStep, steps.Waiting)
	ended := func(run string, status steps.Status) steps.Event { return ev(run, "", steps.KindResult, status) }
	for name, tc := range map[string]struct {
		lines []any
		want  bool
	}{
		"all done":                   {[]any{deployed, ended("r1", steps.Ready)}, true},
		"waits for deployment":       {[]any{waits, ended("r1", steps.Ready)}, false},
		"blocked":                    {[]any{deployed, ended("r1", steps.Blocked)}, false},
		"deployed in an earlier run": {[]any{deployed, ended("r1", steps.Blocked), ended("r2", steps.Ready)}, false},
		"all done, then one step":    {[]any{deployed, ended("r1", steps.Ready), ended("r2", steps.Ready)}, true},
		"all done, then interrupted": {[]any{deployed, ended("r1", steps.Ready), ended("r2", steps.Waiting)}, true},
		"nothing":                    {[]any{ev("r1", "", steps.KindRun, "")}, false},
	} {
		if past, _ := state.ReadPast(journal(t, tc.lines...)); past.Whole != tc.want {
			t.Errorf("%s: whole %v", name, past.Whole)
		}
	}
}
