package console

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// large is a CI of so many evaluations of a hundred builds each; some fail.
func large(evaluations int) live.Snapshot {
	const attrs, of = 10_000, 99
	all := []state.Builder{{ID: 1, Name: repo + "/nix-eval"}}
	for i := range int64(attrs) {
		all = append(all, state.Builder{ID: i + 2, Name: fmt.Sprintf("github:%s#checks.x86_64-linux.package-%05d", repo, i)})
	}
	s := then(live.New(), told("buildbot", ago(100*day), live.Builders{All: all}))
	n := int64(0)
	for e := range evaluations {
		begun := ago(minute*10 + hour*time.Duration(evaluations-e)/60)
		n++
		head := live.Build{ID: n, Builder: 1, Repo: repo, Branch: "master", Commit: fmt.Sprintf("%040x", e), Message: "flake: bump", Done: true, Started: begun, Finished: begun.Add(minute)}
		rows := []live.Build{head}
		for range of {
			n++
			b := head
			b.ID, b.Parent, b.Builder = n, head.ID, 2+(n%attrs)
			if n%50 == 0 {
				b.Result = state.ResultFailure
			}
			rows = append(rows, b)
		}
		s = then(s, told("buildbot", begun.Add(minute), live.Builds{All: rows}))
	}
	return then(s, told("buildbot", monday, live.Link{Up: true, Via: "WebSocket"}))
}

// windowOf is a window of a large CI, and what draws it after a message.
func windowOf(tb testing.TB, s live.Snapshot, keys ...string) (tea.Model, func(tea.Model, tea.Msg) tea.Model) {
	tb.Helper()
	root := tui.NewRoot(New(Options{First: s, Desk: &desk{}, Host: "omnara1", Zone: time.UTC}, monday), tui.Look{Clock: still{}})
	m, _ := root.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	for _, k := range keys {
		m, _ = m.Update(tea.KeyPressMsg{Code: rune(k[0]), Text: k})
	}
	return m, func(m tea.Model, msg tea.Msg) tea.Model {
		m, _ = m.Update(msg)
		_ = m.View()
		return m
	}
}

// still is a clock that stands.
type still struct{}

func (still) Now() time.Time { return monday }

func (still) Tick(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }

func BenchmarkKeyToScreen(b *testing.B) {
	s := large(1000)
	down, up := tea.KeyPressMsg{Code: tea.KeyDown}, tea.KeyPressMsg{Code: tea.KeyUp}
	deep := tea.KeyPressMsg{Code: tea.KeyPgDown}
	for name, c := range map[string]struct {
		keys []string
		msgs []tea.Msg
	}{
		"overview": {nil, []tea.Msg{down, up}}, "builds": {[]string{"2"}, []tea.Msg{down, down, up}}, "deep": {[]string{"2"}, []tea.Msg{deep}},
		"end": {[]string{"2", "G"}, []tea.Msg{up}}, "jump": {[]string{":", "x"}, []tea.Msg{tea.KeyPressMsg{Code: 'z', Text: "z"}, tea.KeyPressMsg{Code: tea.KeyBackspace}}},
		"told": {[]string{"2"}, []tea.Msg{Told{s}}}, "second": {[]string{"2"}, []tea.Msg{secondMsg{}}},
	} {
		b.Run(name, func(b *testing.B) {
			m, draw := windowOf(b, s, c.keys...)
			i := 0
			for b.Loop() {
				m = draw(m, c.msgs[i%len(c.msgs)])
				i++
			}
		})
	}
}

func BenchmarkFilter(b *testing.B) {
	s := large(1000)
	for _, text := range []string{"status:failed", "nowhere-at-all", "attr:package-00042", "master"} {
		f, err := parseFilter(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				f.find(&s)
			}
		})
	}
}

// What a key costs does not grow with how many builds there are.
func TestPageWorkIsThatOfTheVisible(t *testing.T) {
	cost := func(s live.Snapshot, msg tea.Msg, keys ...string) float64 {
		m, draw := windowOf(t, s, keys...)
		return testing.AllocsPerRun(5, func() { m = draw(m, msg) })
	}
	few, many := large(20), large(150)
	for name, c := range map[string]struct {
		msg  tea.Msg
		keys []string
	}{
		"overview": {tea.KeyPressMsg{Code: tea.KeyDown}, nil}, "builds": {tea.KeyPressMsg{Code: tea.KeyDown}, []string{"2"}},
		"told": {Told{many}, []string{"2"}}, "jump": {tea.KeyPressMsg{Code: 'x', Text: "x"}, []string{":"}},
	} {
		if a, b := cost(few, c.msg, c.keys...), cost(many, c.msg, c.keys...); b > 3*a+1000 {
			t.Errorf("%s: %.0f allocations at 15,000 builds, %.0f at 2,000", name, b, a)
		}
	}
}
