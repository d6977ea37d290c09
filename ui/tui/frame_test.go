package tui_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
)

// Screen itself fails where a frame is larger than its window.
func TestFrameIsNeverLargerThanTheWindow(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "ｗｉｄｅ", "\t", "\x1b[31mred\x1b[0m", "e\u0301", "👩‍💻", " ", "\n", "│", "\r", "word "}
	text := func() string {
		var b strings.Builder
		for range rnd.IntN(400) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 200 {
		body := text()
		page := notes{name: text(), view: func(tui.Env) string { return body }}
		s := tuitest.New(t, page, tuitest.Size(1+rnd.IntN(200), 1+rnd.IntN(60)))
		s.Screen()
		s.Send(tui.Say(text())()).Screen()
		s.Press("?").Screen()
		s.Send(tui.AppearOver(tui.Dialog{Lines: strings.Split(text(), "\n")})).Screen()
	}
}

func TestResizeStorm(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	s := tuitest.New(t, notes{name: "A"})
	for range 200 {
		s.Resize(rnd.IntN(250), rnd.IntN(80)).Screen()
		s.Press("?").Screen()
		s.Press("esc", "k")
	}
	s.Resize(80, 24).Send(tea.FocusMsg{}).Send(tea.BlurMsg{}).Has("A got [")
}

// What is cut from the footer are whole keys, from the right, never the Root's.
func TestFooterIsCutFromTheRight(t *testing.T) {
	for width, want := range map[int]string{
		80: " enter do it  o open  r restart  s stop  ? help  q quit",
		55: " enter do it  o open  r restart  s stop  ? help  q quit",
		54: " enter do it  o open  r restart  ? help  q quit",
		46: " enter do it  o open  ? help  q quit",
		40: " enter do it  o open  ? help  q quit",
	} {
		if got := tuitest.New(t, notes{name: "A"}, tuitest.Size(width, 24)).Footer(); got != want {
			t.Errorf("at %d: %q", width, got)
		}
	}
}
