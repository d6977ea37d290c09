package wizard

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Ways is one line on the whole screen: what is wrong with it, and the ways on
// with what each costs; or, where nothing is wrong, all there is to it.
type Ways struct {
	board Board
	id    string
	deeds deeds
	you   string
	since time.Time
}

// ways is the page of a line.
func (c Course) ways(l Line) Ways {
	return Ways{board: c.Board, id: l.Info.ID, deeds: c.deeds(), you: c.yours(), since: c.now}
}

// Title implements tui.Page.
func (w Ways) Title() string {
	l, _ := w.board.Line(w.id)
	return "nixwright setup · " + l.Info.Title + w.you
}

// Keys implements tui.Page.
func (w Ways) Keys() []key.Binding {
	l, _ := w.board.Line(w.id)
	k := w.deeds.keys(l)
	back := key.NewBinding(key.WithKeys("esc", "enter"), key.WithHelp("esc", "back"))
	var out, off []key.Binding
	for _, b := range []key.Binding{k.open, k.again, k.change, k.skip, k.explain, k.log, back, k.copy} {
		if b.Enabled() {
			out = append(out, b)
			continue
		}
		off = append(off, b)
	}
	return append(out, off...)
}

// Why implements tui.Reasoner.
func (w Ways) Why(pressed string) string {
	l, _ := w.board.Line(w.id)
	return w.deeds.why(pressed, l)
}

// Update implements tui.Page.
func (w Ways) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	l, _ := w.board.Line(w.id)
	switch msg := msg.(type) {
	case Running:
		w.deeds.run = &msg.Run
	case Told:
		w.board = w.board.Take(msg.Event)
	case tea.KeyPressMsg:
		if s := msg.String(); s == "esc" || s == "enter" {
			return w, env.Pop()
		}
		return w, w.deeds.press(msg, w.deeds.keys(l), w.board, l, env)
	}
	return w, nil
}

// View implements tui.Page.
func (w Ways) View(env tui.Env) string {
	l, _ := w.board.Line(w.id)
	if !l.stuck() || len(l.Problems) == 0 {
		return l.whole(env, env.Width, env.Height, true)
	}
	t := env.Theme
	blocks := l.panels(t, env.Width, env.Height)
	if offers := l.Problems[0].Offers(); len(offers) > 0 {
		blocks = append(blocks, offered(t, offers, env.Width, env.Height))
	}
	if w.deeds.run != nil {
		blocks = append(blocks, w.price(l, env))
	}
	if l.Status == steps.Blocked && w.deeds.run != nil && w.board.Result == nil {
		blocks = append(blocks, working(t, fmt.Sprintf("looking every %s. It goes on by itself where it is mended.", widget.Duration(steps.LookAgain)), env.Width, 2))
	}
	if used := strings.Count(strings.Join(blocks, "\n\n"), "\n"); len(l.Log) > 0 && used+3 < env.Height {
		blocks = append(blocks, said(l, env, env.Width))
	}
	out := strings.Join(blocks, "\n\n")
	if strings.Count(out, "\n") >= env.Height {
		out = strings.ReplaceAll(out, "\n\n", "\n")
	}
	return widget.Fit(out, env.Width, env.Height)
}

// price is what waits for the line, and what it costs to skip it.
func (w Ways) price(l Line, env tui.Env) string {
	var names []string
	for _, o := range w.board.Behind(l.Info.ID) {
		names = append(names, state.CleanText(o.Info.Title, 0))
	}
	if len(names) == 0 {
		return widget.Text(env.Theme, "No other line waits for this one: skipped, it alone stays open.", env.Width, 2)
	}
	return widget.Text(env.Theme, fmt.Sprintf("%s %s for this one; the others go on. Skipping leaves open: %s.",
		counted(len(names), "line"), verb(len(names), "waits", "wait"), strings.Join(names, ", ")), env.Width, 4)
}

// offered are the values that the answer may have.
func offered(t theme.Theme, all []state.Choice, w, h int) string {
	pairs := widget.Pairs{}
	for _, o := range all {
		pairs.Pairs = append(pairs.Pairs, widget.Pair{Key: o.Value, Value: o.Means})
	}
	return widget.Text(t, "The answer may be", w, 1) + "\n" + pairs.View(t, w, h)
}
