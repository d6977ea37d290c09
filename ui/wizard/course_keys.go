package wizard

import (
	"slices"

	"charm.land/bubbles/v2/key"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/widget"
)

// courseKeys are the keys of a course at one moment.
type courseKeys struct {
	deedKeys

	goOn, do, fold, look, move, back, stop key.Binding
}

// keys are the keys, with those that work now.
func (c Course) keys() courseKeys {
	l, _ := c.chosen()
	k := courseKeys{
		deedKeys: c.deeds().keys(l),
		goOn:     key.NewBinding(key.WithKeys("g"), key.WithHelp("g", "go")),
		do:       key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "do it")),
		fold:     key.NewBinding(key.WithKeys("enter", "right", "left"), key.WithHelp("enter", c.foldVerb(l))),
		look:     key.NewBinding(key.WithKeys("up"), key.WithHelp("↑↓", "look")),
		move:     key.NewBinding(key.WithKeys("up", "k", "down", "j", "pgup", "pgdown", "home", "end", "G")),
		back:     key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back")),
		stop:     key.NewBinding(key.WithKeys("ctrl+c"), key.WithHelp("ctrl+c", "stop")),
	}
	if c.begun {
		k.goOn.SetHelp("g", "go on")
	}
	k.goOn.SetEnabled(c.canGo())
	k.back.SetEnabled(!c.begun)
	k.stop.SetEnabled(c.run != nil && c.Board.Result == nil)
	if !c.waits() || c.width < widget.SplitFrom && l.Question == nil {
		k.do.SetEnabled(false)
	} else {
		k.fold.SetKeys("right", "left")
		k.fold.SetHelp("", "")
	}
	return k
}

// waits says whether a person is waited for.
func (c Course) waits() bool { return c.run != nil && c.Board.Result == nil && len(c.Board.Asked) > 0 }

func (c Course) foldVerb(l Line) string {
	switch {
	case l.Info.ID != "":
		return "details"
	case c.folded[c.row().phase]:
		return "unfold"
	}
	return "fold"
}

// Keys implements tui.Page: what works first, then what does not.
func (c Course) Keys() []key.Binding {
	k := c.keys()
	var out []key.Binding
	switch {
	case c.run != nil && c.Board.Result == nil:
		out = []key.Binding{k.do, k.change, k.look, k.fold, k.again, k.skip, k.open, k.explain, k.log, k.copy, k.stop}
		if !k.do.Enabled() {
			out = slices.DeleteFunc(out, func(b key.Binding) bool { return b.Help().Desc == k.do.Help().Desc })
		}
	case c.begun:
		out = []key.Binding{k.goOn, k.change, k.look, k.fold, k.open, k.explain, k.log, k.copy, k.again, k.skip}
	default:
		out = []key.Binding{k.goOn, k.look, k.fold, k.back, k.open, k.change, k.explain, k.log, k.copy}
	}
	slices.SortStableFunc(out, func(a, b key.Binding) int {
		if a.Enabled() == b.Enabled() || a.Keys()[0] == "g" || b.Keys()[0] == "g" {
			return 0
		}
		if a.Enabled() {
			return -1
		}
		return 1
	})
	return append(out, k.move)
}

// Why implements tui.Reasoner.
func (c Course) Why(pressed string) string {
	l, _ := c.chosen()
	switch {
	case pressed == "esc":
		return "the run has begun"
	case pressed != "g":
		return c.deeds().why(pressed, l)
	case c.begun:
		return "the run has begun"
	case c.whole.IsZero():
		return "the look is not over yet"
	case !c.seen:
		return "the plan is complete only now; look at it first"
	}
	return "not now"
}

// canGo says whether the plan is known and the run not begun, or ended
// otherwise than well.
func (c Course) canGo() bool {
	if c.begun {
		return c.ended && c.Board.Result != nil && c.Board.Result.Status != steps.Ready
	}
	return c.seen
}
