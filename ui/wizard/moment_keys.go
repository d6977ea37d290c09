package wizard

import (
	"charm.land/bubbles/v2/key"

	"github.com/nixwright/nixwright/state"
)

var keyBack = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))

// momentKeys are the keys of a moment.
type momentKeys struct{ open, copy, other, again, tunnel, link, scp, skip, back key.Binding }

// keys are the keys, with those that work now.
func (m Moment) keys() momentKeys {
	k := momentKeys{
		open:   key.NewBinding(key.WithKeys("o"), key.WithHelp("o", "open page")),
		copy:   key.NewBinding(key.WithKeys("y"), key.WithHelp("y", "copy link")),
		other:  key.NewBinding(key.WithKeys("t"), key.WithHelp("t", "no browser here")),
		again:  key.NewBinding(key.WithKeys("r"), key.WithHelp("r", "check again")),
		tunnel: key.NewBinding(key.WithKeys("1"), key.WithHelp("1", "copy A1")),
		link:   key.NewBinding(key.WithKeys("2"), key.WithHelp("2", "copy link")),
		scp:    key.NewBinding(key.WithKeys("3"), key.WithHelp("3", "copy B1")),
		skip:   key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "skip for now")),
		back:   keyBack,
	}
	if m.Step != "" {
		k.back.SetHelp("esc", "run")
	}
	if m.Far {
		k.other.SetHelp("t", "browser here")
	}
	ways := m.Far && m.forms()
	k.open.SetEnabled(m.Ask.URL != "" && m.Open != nil && !m.Far)
	k.copy.SetEnabled(m.Ask.URL != "")
	k.other.SetEnabled(m.Ask.URL != "")
	k.again.SetEnabled(m.check != nil && !m.held.Empty() && !m.checking && !m.taken)
	k.tunnel.SetEnabled(ways && m.tunnel() != "")
	k.link.SetEnabled(ways && m.Ask.URL != "")
	k.scp.SetEnabled(ways && m.scp() != "")
	k.skip.SetEnabled(m.Skip != nil)
	k.back.SetEnabled(!m.first)
	return k
}

// Keys implements tui.Page.
func (m Moment) Keys() []key.Binding {
	k := m.keys()
	paste := key.NewBinding(key.WithHelp("paste", "token"))
	switch {
	case m.Far && m.forms():
		k.copy.SetHelp("", "")
		return []key.Binding{k.tunnel, k.link, k.scp, k.other, k.skip, k.back, k.copy}
	case m.Ask.Kind == state.KindSecret && m.Step == "":
		paste.SetKeys("paste") // a paste is no key; it stands in the footer
		return []key.Binding{paste, k.open, k.again, k.copy, k.back, k.other}
	}
	if m.Far {
		return []key.Binding{k.copy, k.other, k.skip, k.back, k.open}
	}
	return []key.Binding{k.open, k.copy, k.other, k.skip, k.back}
}

// Why implements tui.Reasoner.
func (m Moment) Why(pressed string) string {
	switch {
	case pressed == "o" && m.Far:
		return "the browser is on another computer"
	case pressed == "o" && m.Ask.URL != "":
		return "no page can be opened from here; y copies its link"
	case pressed == "r" && m.checking:
		return "it is being checked"
	case pressed == "r":
		return "nothing was pasted yet"
	case pressed == "1" || pressed == "2" || pressed == "3":
		return "there is nothing to copy"
	case pressed == "esc":
		return "there is nothing before this"
	}
	return "there is no page"
}
