package tuitest

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

var named = map[string]rune{
	"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace,
	"delete": tea.KeyDelete, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "space": tea.KeySpace,
}

var mods = []struct {
	prefix string
	mod    tea.KeyMod
}{{"ctrl+", tea.ModCtrl}, {"alt+", tea.ModAlt}, {"shift+", tea.ModShift}}

// Press presses keys, written as bubbletea writes them: "enter", "ctrl+c",
// "shift+tab", "g", "?".
func (s *Story) Press(keys ...string) *Story {
	s.t.Helper()
	for _, k := range keys {
		s.Send(s.key(k))
	}
	return s
}

// Type presses one key for each character.
func (s *Story) Type(text string) *Story {
	s.t.Helper()
	for _, r := range text {
		s.Send(letter(r, 0))
	}
	return s
}

// Paste is one bracketed paste.
func (s *Story) Paste(text string) *Story {
	s.t.Helper()
	return s.Send(tea.PasteMsg{Content: text})
}

// Click is the left button on a cell of the window, counted from 0.
func (s *Story) Click(x, y int) *Story {
	s.t.Helper()
	return s.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// Wheel turns the wheel one notch over a cell of the window.
func (s *Story) Wheel(x, y int, down bool) *Story {
	s.t.Helper()
	button := tea.MouseWheelUp
	if down {
		button = tea.MouseWheelDown
	}
	return s.Send(tea.MouseWheelMsg{X: x, Y: y, Button: button})
}

func (s *Story) key(name string) tea.KeyPressMsg {
	s.t.Helper()
	rest, mod := name, tea.KeyMod(0)
	for _, m := range mods {
		if cut, ok := strings.CutPrefix(rest, m.prefix); ok {
			rest, mod = cut, mod|m.mod
		}
	}
	if code, ok := named[rest]; ok {
		press := tea.KeyPressMsg{Code: code, Mod: mod}
		if code == tea.KeySpace && mod == 0 {
			press.Text = " "
		}
		return press
	}
	if utf8.RuneCountInString(rest) != 1 {
		s.t.Fatalf("no key is called %q", name)
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return letter(r, mod)
}

func letter(r rune, mod tea.KeyMod) tea.KeyPressMsg {
	press := tea.KeyPressMsg{Code: r, Mod: mod}
	if mod == 0 {
		press.Text = string(r)
	}
	return press
}
