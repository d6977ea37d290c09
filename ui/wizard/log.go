package wizard

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Log is all that a step said, from its end, which it follows until it is
// scrolled.
type Log struct {
	line   Line
	wrap   bool
	left   int // columns that are scrolled away
	scroll scroll
}

// NewLog is the log of a line.
func NewLog(l Line) Log { return Log{line: l, wrap: true, scroll: scroll{follow: true}} }

// aside is how many columns a key scrolls.
const aside = 8

// Title implements tui.Page.
func (l Log) Title() string { return "nixwright setup · Log of " + l.line.Info.Title }

// Keys implements tui.Page.
func (l Log) Keys() []key.Binding {
	wrap := key.NewBinding(key.WithKeys("w"), key.WithHelp("w", "wrap"))
	if l.wrap {
		wrap.SetHelp("w", "do not wrap")
	}
	return []key.Binding{
		key.NewBinding(key.WithKeys("up"), key.WithHelp("↑↓", "scroll")),
		key.NewBinding(key.WithKeys("G", "end"), key.WithHelp("G", "end, follow")),
		wrap, key.NewBinding(key.WithKeys("left", "right", "h"), key.WithHelp("←→", "sideways")),
		key.NewBinding(key.WithKeys("esc", "l"), key.WithHelp("esc", "back")),
	}
}

// Update implements tui.Page.
func (l Log) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case Told:
		if msg.Event.Step == l.line.Info.ID {
			l.line = l.line.take(msg.Event)
		}
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "l":
			return l, env.Pop()
		case "w":
			l.wrap, l.left = !l.wrap, 0
		case "left", "h":
			l.left = max(0, l.left-aside)
		case "right":
			if !l.wrap {
				l.left += aside
			}
		default:
			l.scroll = l.scroll.press(msg, len(l.rows(env)), env.Height)
		}
	case tea.MouseWheelMsg:
		l.scroll = l.scroll.wheel(msg, len(l.rows(env)), env.Height)
	}
	return l, nil
}

// View implements tui.Page.
func (l Log) View(env tui.Env) string {
	return l.scroll.view(l.rows(env), env)
}

// rows are the lines as they are drawn.
func (l Log) rows(env tui.Env) []string {
	var out []string
	for _, e := range l.line.Log {
		at, text := stamp(e.At, env), state.CleanText(e.Text, 0)
		room := env.Width - len(at) - len("   ")
		if !l.wrap {
			out = append(out, " "+at+"  "+ansi.TruncateLeft(text, l.left, ""))
			continue
		}
		for i, row := range strings.Split(widget.Text(env.Theme, text, room, env.Height), "\n") {
			if i > 0 {
				at = strings.Repeat(" ", len(at))
			}
			out = append(out, " "+at+" "+row)
		}
	}
	return out
}

// scroll is the part of a long text that is shown.
type scroll struct {
	top    int
	follow bool // the end is shown
}

// press answers a key for a text of n rows of which h are shown.
func (s scroll) press(msg tea.KeyPressMsg, n, h int) scroll {
	switch msg.String() {
	case "up", "k":
		return s.to(s.at(n, h)-1, n, h)
	case "down", "j":
		return s.to(s.at(n, h)+1, n, h)
	case "pgup":
		return s.to(s.at(n, h)-h, n, h)
	case "pgdown":
		return s.to(s.at(n, h)+h, n, h)
	case "home", "g":
		return s.to(0, n, h)
	case "end", "G":
		return scroll{follow: true}
	}
	return s
}

// wheel answers the wheel.
func (s scroll) wheel(msg tea.MouseWheelMsg, n, h int) scroll {
	const notch = 3
	if msg.Button == tea.MouseWheelUp {
		return s.to(s.at(n, h)-notch, n, h)
	}
	return s.to(s.at(n, h)+notch, n, h)
}

// at is the first row that is shown.
func (s scroll) at(n, h int) int {
	last := max(0, n-h)
	if s.follow {
		return last
	}
	return min(s.top, last)
}

// to shows another part; at the end it follows.
func (s scroll) to(top, n, h int) scroll {
	last := max(0, n-h)
	return scroll{top: min(max(0, top), last), follow: s.follow && top >= last}
}

// view draws the part.
func (s scroll) view(rows []string, env tui.Env) string {
	from := s.at(len(rows), env.Height)
	return widget.Fit(strings.Join(rows[from:min(len(rows), from+env.Height)], "\n"), env.Width, env.Height)
}
