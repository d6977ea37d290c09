package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// mouse forwards clicks and the wheel inside the body, counted from the
// body's corner. Clicks are keys by another name: an early one is dropped, and
// one on a verb of the footer, or on the header of a Headed page, presses its key.
func (r Root) mouse(msg tea.MouseMsg) (Root, tea.Cmd) {
	env, head := r.env(r.top(), true), len(r.header())
	m := msg.Mouse()
	if r.small() || r.early() || m.X < 0 || m.X >= env.Width {
		return r, nil
	}
	_, click := msg.(tea.MouseClickMsg)
	click = click && m.Button == tea.MouseLeft
	switch y := m.Y - head - 1; {
	case click && m.Y == r.height-1:
		return r.pressed(r.footerAt(m.X))
	case click && m.Y < head:
		if h, ok := r.top().(Headed); ok {
			return r.pressed(h.HeadKey(m.X-1, m.Y))
		}
		return r, nil
	case y < 0 || y >= env.Height:
		return r, nil
	default:
		m.Y = y
	}
	switch msg.(type) {
	case tea.MouseClickMsg:
		return r.give(tea.MouseClickMsg(m))
	case tea.MouseWheelMsg:
		return r.give(tea.MouseWheelMsg(m))
	default:
		return r, nil
	}
}

// footerAt is the key whose verb stands there in the footer; empty: none does.
func (r Root) footerAt(x int) string {
	at := 1
	shown, tail := r.offered()
	for _, item := range append(shown, tail...) {
		w := ansi.StringWidth(item.text)
		if keys := item.Keys(); x >= at && x < at+w && len(keys) > 0 {
			return keys[0]
		}
		at += w + between
	}
	return ""
}

// pressed is what the key does, where it is one that a click may press: arrows
// want to be pressed often.
func (r Root) pressed(name string) (Root, tea.Cmd) {
	for _, code := range []rune{tea.KeyEnter, tea.KeyEscape, tea.KeyTab, tea.KeySpace} {
		if msg := (tea.KeyPressMsg{Code: code}); msg.String() == name {
			return r.press(msg)
		}
	}
	for _, msg := range []tea.KeyPressMsg{{Code: 'c', Mod: tea.ModCtrl}, {Code: 'r', Mod: tea.ModCtrl}} {
		if msg.String() == name {
			return r.press(msg)
		}
	}
	if letters := []rune(name); len(letters) == 1 {
		return r.press(tea.KeyPressMsg{Code: letters[0], Text: name})
	}
	return r, nil
}

// item is a binding as the footer shows it.
type item struct {
	key.Binding

	text string
}
