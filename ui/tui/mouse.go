package tui

import tea "charm.land/bubbletea/v2"

// mouse forwards clicks and the wheel inside the body, counted from the
// body's corner. Clicks are keys by another name: an early one is dropped.
func (r Root) mouse(msg tea.MouseMsg) (Root, tea.Cmd) {
	env := r.env(r.top(), true)
	m := msg.Mouse()
	m.Y -= len(r.header()) + 1
	if r.small() || r.early() || m.Y < 0 || m.Y >= env.Height || m.X < 0 || m.X >= env.Width {
		return r, nil
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
