package tui_test

import (
	"image/color"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

func TestFrame(t *testing.T) {
	page := notes{name: "nixwright setup · Run 1m48s", view: func(tui.Env) string { return "\n ◆ Waiting for you" }}
	s := tuitest.New(t, page).Golden("frame")
	s.Press("?").Golden("help")
	s.Press("esc").Resize(40, 10).Golden("frame")
	s.Resize(39, 10).Golden("small")
	tuitest.New(t, page, tuitest.ASCII(), tuitest.Size(60, 16)).Press("r").Golden("ascii")
}

func TestKeysGoToThePageThenToTheRoot(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"}).Press("o", "k", "ctrl+z")
	s.Has("A got [o k ctrl+z]")
	s.Press("?").Has("Help · A", "do it", "actions are off", "not now").Press("x", "o").Press("q").Has("A got [o k ctrl+z]")
	if s.Quit() {
		t.Fatal("q in the help ended the program")
	}
	if !s.Press("q").Quit() {
		t.Fatal("q did not end it")
	}
}

func TestLettersAreLettersWhileTyping(t *testing.T) {
	s := tuitest.New(t, notes{name: "A", typing: true}).Type("q?r").Has("A got [q ? r]")
	if got := s.Footer(); got != " enter do it  o open  r restart  s stop  ctrl+c quit" {
		t.Errorf("footer %q", got)
	}
	if !s.Press("ctrl+c").Quit() {
		t.Error("ctrl+c did not end it")
	}
}

func TestDisabledKeySaysWhy(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"})
	s.Press("r").Has("A got []", "\n restart: actions are off\n")
	s.Press("s").Has("A got []", "\n stop: not now\n").Lacks("actions")
	s.Press("o").Lacks("not now")
}

func TestOwnerIsAskedFromEverywhere(t *testing.T) {
	open := func(env tui.Env) tea.Cmd { return env.Push(notes{name: "B"}) }
	s := tuitest.New(t, run{notes: notes{name: "A", on: map[string]func(tui.Env) tea.Cmd{"enter": open}}})
	s.Press("enter", "?", "ctrl+c").Has("Stopping after this call.")
	if s.Quit() {
		t.Fatal("it ended at the first ctrl+c")
	}
	if !s.Press("esc", "q").Quit() {
		t.Fatal("it did not end at the second")
	}
	v := s.View()
	if v.WindowTitle != "omnara1: 2 broken" {
		t.Errorf("window title %q", v.WindowTitle)
	}
	if v.ProgressBar == nil || v.ProgressBar.Value != 100 || !v.AltScreen {
		t.Errorf("bar %v, alternate screen %v", v.ProgressBar, v.AltScreen)
	}
}

func TestStack(t *testing.T) {
	on := map[string]func(tui.Env) tea.Cmd{
		"enter": func(env tui.Env) tea.Cmd {
			return env.Push(notes{name: "B", on: map[string]func(tui.Env) tea.Cmd{
				"enter": func(env tui.Env) tea.Cmd { return env.Replace(notes{name: "C"}) },
				"esc":   func(env tui.Env) tea.Cmd { return env.Pop() },
			}})
		},
		"esc": func(env tui.Env) tea.Cmd { return env.Pop() },
	}
	s := tuitest.New(t, notes{name: "A", on: on})
	s.Press("enter").Has("\n   B got []").Press("o", "esc").Has("\n   A got [enter]")
	s.Press("enter", "enter", "k").Has("\n   C got [k]")
	s = tuitest.New(t, notes{name: "A", on: on})
	if !s.Press("enter", "esc", "esc").Quit() {
		t.Error("popping the last page does not end the program")
	}
}

func TestCoveredPagesStillLearn(t *testing.T) {
	open := func(env tui.Env) tea.Cmd {
		return env.Push(notes{name: "B", on: map[string]func(tui.Env) tea.Cmd{
			"esc": func(env tui.Env) tea.Cmd { return env.Pop() },
		}})
	}
	s := tuitest.New(t, notes{name: "A", on: map[string]func(tui.Env) tea.Cmd{"enter": open}})
	s.Press("enter", "k").Send("event").Has("B got [k event]").Press("esc").Has("A got [enter event]")
}

func TestPasteIsNeverKeys(t *testing.T) {
	s := tuitest.New(t, notes{name: "A", on: map[string]func(tui.Env) tea.Cmd{"o": say("bad")}})
	s.Paste("q?o\r").Has("A got [paste:q?o").Lacks("bad", "Help")
	if s.Quit() {
		t.Fatal("a pasted q ended the program")
	}
	over := notes{name: "Over"}
	s.Send(tui.AppearOver(over)).Paste("tok").Has("Over got [paste:tok]")
}

func TestTypedAhead(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"})
	loud := s.View().Content
	s.Send(tui.Appear(notes{name: "B", on: map[string]func(tui.Env) tea.Cmd{"enter": say("confirmed")}}))
	quiet := s.View().Content
	if footerOf(loud) == footerOf(quiet) {
		t.Error("the footer of what appeared is not quiet")
	}
	s.Press("enter").Click(3, 3).Advance(499 * time.Millisecond).Press("enter").Has("B got []").Lacks("confirmed")
	s.Advance(time.Millisecond)
	if footerOf(s.View().Content) != footerOf(loud) {
		t.Error("the footer stayed quiet")
	}
	s.Press("enter").Has("B got [enter]", "confirmed")
	if n := s.Ticks(); n != 0 {
		t.Errorf("%d ticks at rest", n)
	}
}

func TestTypedAheadByAnyMove(t *testing.T) {
	dialog := tui.Dialog{
		Lines: []string{"Run garbage collection", "It cannot be undone."},
		Yes:   bind("y", "run"), No: bind("esc", "keep everything"), Do: tui.Say("ran"),
	}
	s := tuitest.New(t, notes{name: "A", on: map[string]func(tui.Env) tea.Cmd{
		"event": func(env tui.Env) tea.Cmd { return env.Open(dialog) },
		"o":     func(env tui.Env) tea.Cmd { return env.Open(dialog) },
		"pop":   func(env tui.Env) tea.Cmd { return env.Pop() },
	}})
	s.Send("event").Press("y").Has("┃ It cannot").Lacks("ran").Advance(time.Second).Press("y").Has("ran").Lacks("┃")
	s.Press("o").Golden("dialog").Press("y").Has("ran").Lacks("┃")
	s.Press("o", "q", "esc").Lacks("┃", "ran")
	s.Send("event").Send("event").Advance(time.Second).Press("y").Has("ran").Lacks("┃")

	back := notes{name: "B", on: map[string]func(tui.Env) tea.Cmd{"done": func(env tui.Env) tea.Cmd { return env.Pop() }}}
	s.Send(tui.Appear(back)).Advance(time.Second).Send("done").Press("k").Lacks(" k").Advance(time.Second).Press("k").Has(" k]")
}

func TestCtrlCIsNeverTooEarly(t *testing.T) {
	if !tuitest.New(t, notes{name: "A"}).Send(tui.Appear(notes{name: "B"})).Press("ctrl+c").Quit() {
		t.Error("ctrl+c was dropped")
	}
}

func TestOverlayOrder(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"}).Press("?").Send(tui.AppearOver(tui.Dialog{
		Lines: []string{"Over the help"}, Yes: bind("y", "yes"), No: bind("n", "no"),
	})).Advance(time.Second)
	s.Has("Over the help").Press("o", "esc").Has("Over the help").Press("n").Has("Here").Press("esc").Has("A got []")
}

func TestMouse(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"})
	s.Click(5, 2).Wheel(0, 21, true).Click(1, 0).Click(1, 1).Click(1, 22).Click(0, 23).Click(80, 5)
	s.Has("A got [click:5,0 wheel:0,19]")
	s.Click(16, 23).Has("wheel:0,19 o]").Send(tea.MouseClickMsg{X: 16, Y: 23, Button: tea.MouseRight}).Has("wheel:0,19 o]") // a verb is its key
	s.Click(42, 23).Has("Help").Click(1, 23).Lacks("Help").Click(24, 23).Has("wheel:0,19 o]", "restart: actions are off")
	if s.Click(50, 23); !s.Quit() {
		t.Error("a click on quit does nothing")
	}
	tuitest.New(t, notes{name: "A\nsecond line"}).Click(5, 3).Has("got [click:5,0]")
}

func TestSmallWindowTakesNothing(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"}, tuitest.Size(39, 24)).Press("o", "q").Paste("x").Click(1, 3)
	if s.Quit() || s.Screen() != " A" {
		t.Errorf("screen %q", s.Screen())
	}
	if s.Resize(80, 24).Has("A got []"); !s.Press("ctrl+c").Quit() {
		t.Error("ctrl+c was dropped")
	}
}

func TestThemeFollowsTheTerminal(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"})
	dark := s.View().Content
	s.Send(tea.BackgroundColorMsg{Color: color.White})
	light := s.View().Content
	if dark == light {
		t.Error("a light background changes nothing")
	}
	if tuitest.New(t, notes{name: "A"}, tuitest.Light()).View().Content != light {
		t.Error("a light terminal is drawn otherwise from the start")
	}
	s.Send(tea.ColorProfileMsg{Profile: colorprofile.ASCII})
	if s.View().Content == light {
		t.Error("the colour profile changes nothing")
	}
}

func TestNoColorStays(t *testing.T) {
	look := tui.Look{NoColor: true}
	look.Theme.Profile = colorprofile.ASCII
	var m tea.Model = tui.NewRoot(notes{name: "A"}, look)
	before := m.View().Content
	m, _ = m.Update(tea.ColorProfileMsg{Profile: colorprofile.TrueColor})
	if m.View().Content != before || strings.Contains(before, "38;") {
		t.Errorf("colours in %q", m.View().Content)
	}
}

func TestTicksStopAtRest(t *testing.T) {
	left := 3
	s := tuitest.New(t, notes{name: "A", on: map[string]func(tui.Env) tea.Cmd{
		"enter": ticking,
		"tick": func(env tui.Env) tea.Cmd {
			if left--; left == 0 {
				return nil
			}
			return ticking(env)
		},
	}})
	if s.Ticks() != 0 {
		t.Error("a tick at rest")
	}
	s.Press("enter").Advance(time.Minute).Has("] at 14:00:03")
	if s.Ticks() != 0 {
		t.Error("it ticks on at rest")
	}
}

func TestSaidIsCleaned(t *testing.T) {
	s := tuitest.New(t, notes{name: "A", on: map[string]func(tui.Env) tea.Cmd{"o": say("a\x1b[2Jb\nc")}}).Press("o")
	s.Has("\n a[2Jb c\n")
	if strings.Contains(s.View().Content, "\x1b[2J") {
		t.Error("an escape sequence came through")
	}
}

func footerOf(content string) string { return content[strings.LastIndexByte(content, '\n'):] }

func TestShowPutsAPageInThePlaceOfAll(t *testing.T) {
	s := tuitest.New(t, notes{name: "A"}).Send(tui.AppearOver(notes{name: "O"}))
	s.Send(tui.Show(notes{name: "B", typing: true}))
	// Enter confirms what nobody has read yet; what is being typed is kept.
	s.Press("enter").Type("h").Has("B got [h]").Lacks("A got", "O got")
	s.Advance(time.Second).Press("enter").Has("B got [h enter]")
	s.Send(tui.Show(notes{name: "C"})).Type("o").Has("C got []")
}

// left is a page that notes that it was taken off.
type left struct {
	notes

	gone *[]string
}

func (l left) Left() { *l.gone = append(*l.gone, l.name) }

func (l left) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	next, cmd := l.notes.Update(msg, env)
	l.notes = next.(notes)
	return l, cmd
}

func TestPagesLearnThatTheyWereTakenOff(t *testing.T) {
	var gone []string
	page := func(name string, on map[string]func(tui.Env) tea.Cmd) tui.Page {
		return left{notes{name: name, on: on}, &gone}
	}
	pop := map[string]func(tui.Env) tea.Cmd{"o": tui.Env.Pop}
	shut := map[string]func(tui.Env) tea.Cmd{"o": tui.Env.Close}
	s := tuitest.New(t, page("first", nil))
	s.Send(tui.Appear(page("second", pop))).Advance(time.Second).Press("o")
	s.Send(tui.AppearOver(page("third", shut))).Advance(time.Second).Press("o")
	s.Send(tui.Appear(page("fourth", nil))).Send(tui.Show(page("fifth", nil))).Settle()
	if got := strings.Join(gone, " "); got != "second third first fourth" {
		t.Errorf("taken off: %s", got)
	}
}

// goes is a page that takes itself off when it is told to.
type goes struct{ notes }

type goNow struct{}

func (g goes) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	if _, is := msg.(goNow); is {
		return g, tea.Sequence(env.Pop(), func() tea.Msg { return nil })
	}
	return g, nil
}

// noTicks is a clock on which nothing comes.
type noTicks struct{}

func (noTicks) Now() time.Time { return time.Unix(0, 0) }

func (noTicks) Tick(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }

// A page that takes itself off takes off itself: not the one that has come in
// its place meanwhile, and with it the program.
func TestAPageThatGoesTakesNoOther(t *testing.T) {
	var m tea.Model = tui.NewRoot(notes{name: "A"}, tui.Look{Clock: noTicks{}})
	update := func(msg tea.Msg) (cmd tea.Cmd) {
		m, cmd = m.Update(msg)
		return cmd
	}
	update(tea.WindowSizeMsg{Width: 80, Height: 24})
	update(tui.Appear(goes{notes{name: "B"}}))
	left := []tea.Cmd{update(goNow{})}
	update(tui.Show(notes{name: "C"}))
	for len(left) > 0 {
		cmd := left[0]
		left = left[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			left = append(left, msg...)
		case tea.QuitMsg:
			t.Fatal("the program is ended")
		default:
			if all := reflect.ValueOf(msg); all.Kind() == reflect.Slice { // a sequence
				for i := range all.Len() {
					left = append(left, all.Index(i).Interface().(tea.Cmd))
				}
				continue
			}
			left = append(left, update(msg))
		}
	}
}
