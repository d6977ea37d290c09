package tui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

func helpKey() key.Binding {
	return key.NewBinding(key.WithKeys("?"), key.WithHelp("?", "help"))
}

func quitKey() key.Binding {
	return key.NewBinding(key.WithKeys("q"), key.WithHelp("q", "quit"))
}

func stopKey() key.Binding {
	return key.NewBinding(key.WithKeys("ctrl+c"), key.WithHelp("ctrl+c", "quit"))
}

// press routes a key: the overlay, else the page, else the Root. ctrl+c goes
// to the owner from everywhere, even early: it confirms nothing.
func (r Root) press(msg tea.KeyPressMsg) (Root, tea.Cmd) {
	pressed := msg.String()
	if pressed == "ctrl+c" {
		r.said = ""
		return r.leave()
	}
	top := r.top()
	if r.small() || r.early() && (!typing(top) || msg.Text == "") { // letters confirm nothing
		return r, nil
	}
	r.said = ""
	works, off := claimed(top.Keys(), pressed)
	letters := typing(top)
	switch {
	case works:
		return r.give(msg)
	case off != nil && (!letters || msg.Text == ""):
		r.said = off.Help().Desc + ": " + why(top, pressed)
		return r, nil
	case letters || len(r.overlays) > 0:
		return r.give(msg)
	case key.Matches(msg, helpKey()):
		return r.move(moveMsg{act: open, page: r.help(), hand: true})
	case key.Matches(msg, quitKey()):
		return r.leave()
	default:
		return r.give(msg)
	}
}

// claimed says whether an enabled binding has the key, or which disabled one.
func claimed(bindings []key.Binding, pressed string) (bool, *key.Binding) {
	var off *key.Binding
	for _, b := range bindings {
		if !slices.Contains(b.Keys(), pressed) {
			continue
		}
		if b.Enabled() {
			return true, nil
		}
		off = &b
	}
	return false, off
}

func typing(p Page) bool {
	t, ok := p.(Typist)
	return ok && t.Typing()
}

// why is the reason that a key cannot work.
func why(p Page, pressed string) string {
	if reasoner, ok := p.(Reasoner); ok {
		if reason := reasoner.Why(pressed); reason != "" {
			return reason
		}
	}
	return "not now"
}

// common are the Root's own keys that work above the uppermost layer.
func (r Root) common() []key.Binding {
	switch {
	case len(r.overlays) > 0:
		return nil
	case typing(r.top()):
		return unclaimed(r.top(), stopKey())
	default:
		return unclaimed(r.top(), helpKey(), quitKey())
	}
}

// unclaimed are the bindings whose first key the page has not taken.
func unclaimed(p Page, all ...key.Binding) []key.Binding {
	return slices.DeleteFunc(all, func(b key.Binding) bool {
		works, off := claimed(p.Keys(), b.Keys()[0])
		return works || off != nil
	})
}
