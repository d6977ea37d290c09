package logview

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

func about() About {
	return About{
		Title: "omnara1 ✗ 2 broken · read-only\n2 Builds · phlip9/dotfiles master 3f9c2ab · nixos-omnara1",
		Head:  "✗ failed after 2m51s in step Build, exit 1",
		Tabs: []Tab{
			{theme.MarkOf("success"), "Prepare", "2s"}, {theme.MarkOf("failed"), "Build", "2m49s"},
			{theme.MarkOf("skipped"), "Upload to niks3", ""}, {theme.MarkOf("skipped"), "Register gcroot", ""},
		},
		Tab: 1, Saves: true,
	}
}

// build is the log of a build that failed at line 4127.
func build(n int) string {
	switch n + 1 {
	case 4123:
		return "\x1b[35m  … while evaluating the option `environment.systemPackages'\x1b[0m"
	case 4127:
		return "\x1b[31;1merror:\x1b[0m attribute 'nvimPlugins' missing\x1b]52;c;cHduZWQ=\a"
	case 4128:
		return "  at /nix/store/0c0kvhxr1v6rnl3rl2i3bkzs3mdwzlzd-source/nixos/mods/editor.nix:31:9: " + strings.Repeat("and on ", 30) + "END"
	case 4130:
		return "    30|\t(pkgs.neovim.override {"
	case 4133:
		return "builder exited with code 1"
	}
	return fmt.Sprintf("building path %d of 4133", n+1)
}

func failed(t *testing.T, atError bool, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	return tuitest.New(t, NewView(NewLog(source(4133, build)), about(), atError), options...)
}

func TestSizes(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 12}, {120, 40}} {
		at := tuitest.Size(size[0], size[1])
		failed(t, true, at).Has("error: attribute 'nvim").Golden("error")
		failed(t, false, at).Has("builder exited with code 1").Golden("end").
			Press("w").Has("builder exited").Golden("wrap").
			Press("g", "/").Type("of 4133").Golden("search").
			Press("enter", "w", "right").Golden("sideways")
	}
	failed(t, true, tuitest.ASCII()).Golden("ascii")
}

func TestColoursAndNothingElse(t *testing.T) {
	s := failed(t, true)
	if got := s.View().Content; !strings.Contains(got, "\x1b[0;1;31merror:\x1b[0m") || strings.Contains(got, "]52") || strings.Contains(got, "cHdu") {
		t.Errorf("%q", got)
	}
	plain := theme.New(theme.Options{Profile: colorprofile.NoTTY})
	l := NewLog(source(4133, build))
	if err := l.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, _ := NewView(l, about(), false).Update(opened{log: l}, tui.Env{Width: 80, Height: 18, Theme: plain})
	if got := page.View(tui.Env{Width: 80, Height: 18, Theme: plain}); strings.Contains(got, "\x1b") {
		t.Errorf("without colours: %q", got)
	}
}

func TestScroll(t *testing.T) {
	s := failed(t, false).Has("4133 builder", "line 4,133 of 4,133")
	s.Press("up").Lacks("4133 builder").Has("line 4,132").Press("down").Has("4133 builder")
	s.Press("pgup", "pgup").Has("line 4,103", "4103 building").Press("pgdown").Has("line 4,118")
	s.Press("g").Has("   1 building path 1 ", "line 15").Press("k").Has("line 15").Press("j").Has("line 16").Lacks("   1 b")
	s.Press("G").Has("4133 builder").Press("home").Has("line 15").Press("end").Has("line 4,133")
	s.Wheel(10, 10, false).Has("line 4,130").Wheel(10, 10, true).Has("line 4,133")
	s.Press("right", "right").Has("column 17").Press("left", "h").Lacks("column").Press("l").Has("column 9")
	s.Press("w").Lacks("column").Press("l").Has("lines are wrapped")
	s.Resize(40, 12).Resize(200, 60).Press("G").Has("4133 builder", "END")
}

// TestWrapScrollsByRows: every row of a line that is longer than the screen is
// seen.
func TestWrapScrollsByRows(t *testing.T) {
	var words []string
	for i := range 300 {
		words = append(words, fmt.Sprintf("<%03d>", i))
	}
	long := source(3, func(int) string { return strings.Join(words, "") })
	s := tuitest.New(t, NewView(NewLog(long), About{Title: "x"}, false), tuitest.Size(43, 12)).Press("w").Has("<299>").Press("g").Has("<000>")
	seen := map[string]bool{}
	for range 200 {
		screen := s.Screen()
		for _, w := range words {
			if strings.Contains(screen, w) {
				seen[w] = true
			}
		}
		s.Press("down")
	}
	s.Has("<299>")
	for range 300 {
		s.Press("up")
	}
	s.Has("   <000>")
	if len(seen) != 300 {
		t.Errorf("%d words", len(seen))
	}
	s.Press("/").Type("<250>").Press("enter").Has("<250>")
}

func TestSearch(t *testing.T) {
	s := failed(t, false).Press("g", "/").Type("PATH 20").Has("nowhere")
	s.Press("ctrl+u").Type("path 20").Has("▸   20 building path 20").Type("00").Has("▸ 2000 building path 2000")
	s.Press("backspace", "backspace").Has("▸   20 ").Paste("1").Has("▸  201 ").Press("backspace", "enter").Lacks("▏")
	s.Press("n").Has("▸  200 ").Press("n").Has("▸  201 ").Press("N", "N").Has("▸   20 ").Press("N").Has("▸ 2099 ").Press("n").Has("▸   20 ")
	s.Press("/").Type("path 7").Press("esc").Has("▸   20 ").Press("n").Has("▸  200 ")
	s.Press("/").Type("nvimplugins").Press("enter").Has("▸ 4127 error").Press("/").Type("q?").Has("nowhere").Press("enter").Has("Nowhere in the log: q?")
	if got := failed(t, false).Press("/").Type("exited").View().Content; !strings.Contains(got, "builder \x1b[0;7mexited\x1b[0m with") {
		t.Errorf("not marked: %q", got)
	}
	failed(t, false).Press("n").Has("nothing was searched")
}

func TestFirstError(t *testing.T) {
	s := failed(t, false).Lacks("first error at").Press("e").Has("▸ 4127 error", "first error at line 4,127", "line 4,127 of 4,133")
	s.Press("g").Lacks("error:").Press("e").Has("▸ 4127 error")
	none := source(100_000, func(int) string { return "fine" })
	tuitest.New(t, NewView(NewLog(none), About{}, false)).Press("e").Has("No line fails.")
	tuitest.New(t, NewView(NewLog(none), About{}, true)).Lacks("No line fails.").Has("line 100,000 of 100,000")
}

// TestFollow: lines that come fast are shown together, at most once in a
// while.
func TestFollow(t *testing.T) {
	l := NewLog(nil)
	s := tuitest.New(t, NewView(l, About{Title: "live"}, false)).Has("Nothing in the log yet.")
	grow := func(text string) {
		if l.Append([]byte(text)) {
			s.Send(Grown{l})
		}
	}
	s.Advance(time.Second)
	grow("first\n")
	s.Has("   1 first")
	told := 0
	for i := range 4000 {
		if l.Append(fmt.Appendf(nil, "line %d\n", i+2)) {
			told++
			s.Send(Grown{l})
		}
	}
	if told != 1 || s.Ticks() != 1 {
		t.Errorf("told %d times, %d ticks", told, s.Ticks())
	}
	s.Lacks("line 2").Advance(time.Second).Has("4001 line 4001", "line 4,001 of 4,001", "follow on")
	if s.Ticks() != 0 {
		t.Errorf("at rest %d ticks", s.Ticks())
	}
	s.Press("up").Has("follow off")
	grow("more\n")
	s.Advance(time.Second).Lacks("more").Has("of 4,002").Press("f").Has("more", "follow on").Press("f").Has("follow off").Press("G")
	grow("half")
	s.Advance(time.Second).Has("4003 half")
	grow("\rwhole\n")
	s.Advance(time.Second).Has("4003 whole").Lacks("half")
	if l.End() {
		s.Send(Grown{l})
	}
	s.Advance(time.Second).Has("complete").Press("f").Has("the log is complete")
	s.Send(Grown{NewLog(nil)})
}

// TestFollowASource: the end is shown once it was read.
func TestFollowASource(t *testing.T) {
	src := source(1000, build)
	src.done = false
	l := NewLog(src)
	s := tuitest.New(t, NewView(l, About{}, false)).Has("1000 building path 1000").Advance(time.Minute)
	src.n.Store(3000)
	if !l.Grow(Size{Lines: 3000}) {
		t.Fatal("not told")
	}
	s.Send(Grown{l}).Has("3000 building path 3000").Press("g").Has("   1 building").Advance(time.Minute)
	src.n.Store(4133)
	if !l.Grow(Size{Lines: 4133, Done: true}) {
		t.Fatal("not told")
	}
	s.Send(Grown{l}).Has("of 4,133", "complete", "   1 building")
}

func TestSourceFails(t *testing.T) {
	src := source(5000, build)
	down := errors.New("dial tcp: \x1b]0;x\aconnection refused")
	src.failed.Store(&down)
	l := NewLog(src)
	s := tuitest.New(t, NewView(l, About{}, false)).Has("open log: dial tcp", "connection refused")
	src.failed.Store(nil)
	l.Grow(Size{Lines: 5000})
	s.Send(Grown{l}).Advance(time.Second).Has("5000 building")
	src.failed.Store(&down)
	s.Press("g").Has("read lines of log", "…").Press("/").Type("x").Press("esc")
	src.failed.Store(nil)
	s.Press("j").Has("   2 building")
}

// TestDeeds: what somebody else does is asked for by messages.
func TestDeeds(t *testing.T) {
	s := failed(t, true).Press("[", "]", "S")
	for _, want := range []tea.Msg{Turned{0}, Turned{2}} {
		if !slices.Contains(s.Asked(), want) {
			t.Errorf("%v was not asked for", want)
		}
	}
	if !slices.ContainsFunc(s.Asked(), func(m tea.Msg) bool { _, ok := m.(Save); return ok }) {
		t.Error("save was not asked for")
	}
	if !s.Press("esc").Quit() {
		t.Error("esc does not leave")
	}
	tuitest.New(t, NewView(NewLog(source(3, build)), About{}, false)).Press("S").Has("save: not here").Press("[")
}

// TestStop: a look through a big log goes in steps, and a key ends it.
func TestStop(t *testing.T) {
	line := numbered(1)
	l := NewLog(source(10_000_000, func(int) string { return line }))
	env := tui.Env{Width: 80, Height: 20, Theme: theme.New(theme.Options{Dark: true, Profile: colorprofile.TrueColor})}
	var page tui.Page = NewView(l, About{}, false)
	press := func(k string) tea.Cmd {
		var cmd tea.Cmd
		page, cmd = page.Update(tea.KeyPressMsg{Code: []rune(k)[0], Text: k}, env)
		return cmd
	}
	page, _ = page.Update(page.(tui.Starter).Start(env)(), env)
	step := press("e")
	for range 200 {
		page, step = page.Update(step(), env)
	}
	if got := page.View(env); !strings.Contains(got, "looking, 40 %") {
		t.Error(got)
	}
	press("k")
	if msg := step().(scanned); msg.err == nil {
		t.Error("it goes on")
	} else if page, _ = page.Update(msg, env); strings.Contains(page.View(env), "looking") {
		t.Error("it still says so")
	}
}

// TestManyPlaces: a line that is found at every character costs one look.
func TestManyPlaces(t *testing.T) {
	l := source(100, func(int) string { return strings.Repeat("x", 2*mostCells) })
	s := tuitest.New(t, NewView(NewLog(l), About{}, false)).Press("/").Type("x").Press("enter")
	for range 20 {
		s.Press("w", "n").Has("xxx")
	}
}

// TestSearchBeforeTheFirstLine: letters typed after / are text also while nothing is there yet.
func TestSearchBeforeTheFirstLine(t *testing.T) {
	l := NewLog(nil)
	s := tuitest.New(t, NewView(l, About{Title: "live"}, false)).Press("/").Type("half").Press("enter")
	l.Append([]byte("half a line\n"))
	s.Send(Grown{l}).Advance(time.Second).Has("half a line").Lacks("nowhere").Press("n").Has("▸    1 half").Lacks("nowhere")
}

// TestAppendsFromElsewhere: a log is filled while it is shown.
func TestAppendsFromElsewhere(t *testing.T) {
	l := NewLog(nil)
	s := tuitest.New(t, NewView(l, About{Title: "live"}, false))
	var all sync.WaitGroup
	all.Go(func() {
		for range 2000 {
			l.Append([]byte("a line, and a\nhalf "))
		}
	})
	for range 50 {
		s.Send(Grown{l}).Press("e", "k", "/").Type("half").Press("enter", "G").Advance(time.Second)
	}
	all.Wait()
	s.Send(Grown{l}).Advance(time.Second).Has("of 2,001", "2001 half")
}

// BenchmarkView draws frames of the worst lines.
func BenchmarkView(b *testing.B) {
	env := tui.Env{Width: 120, Height: 35, Theme: theme.New(theme.Options{Dark: true, Profile: colorprofile.TrueColor})}
	for name, line := range map[string]string{
		"usual": build(4126), "long": strings.Repeat("x", mostCells), "wide": strings.Repeat("\u4e16", mostCells), "coloured": strings.Repeat("\x1b[31mx\x1b[32my", mostCells),
	} {
		for _, wrap := range []bool{false, true} {
			l := NewLog(source(1000, func(int) string { return line }))
			if err := l.Open(b.Context()); err != nil {
				b.Fatal(err)
			}
			v := NewView(l, about(), false)
			v.wrap = wrap
			v.search.query = newQuery("no such")
			page, _ := v.Update(opened{log: l}, env)
			b.Run(fmt.Sprintf("%s, wrap %v", name, wrap), func(b *testing.B) {
				for b.Loop() {
					page.View(env)
				}
			})
			b.Run(fmt.Sprintf("%s, wrap %v, page up", name, wrap), func(b *testing.B) {
				for b.Loop() {
					page.Update(tea.KeyPressMsg{Code: tea.KeyPgUp}, env)
				}
			})
		}
	}
}

// A log that could not be opened is opened a while later, or with a key, and
// then stands at its first error all the same.
func TestAFailedOpeningIsTriedAgain(t *testing.T) {
	for name, again := range map[string]func(*tuitest.Story){
		"a while": func(s *tuitest.Story) { s.Advance(openAgain) }, "a key": func(s *tuitest.Story) { s.Press("j") },
	} {
		src := source(500, func(n int) string {
			if n == 99 {
				return "error: no bucket"
			}
			return build(n)
		})
		down := errors.New("the way to the host is down")
		src.failed.Store(&down)
		s := tuitest.New(t, NewView(NewLog(src), About{}, true)).Has("the way to the host is down")
		again(s)
		s.Has("the way to the host is down").Lacks("Nothing in the log yet")
		src.failed.Store(nil)
		again(s)
		s.Advance(time.Second).Has("▸  100 error: no bucket", "of 500", "complete")
		if t.Failed() {
			t.Log(name)
		}
	}
}
