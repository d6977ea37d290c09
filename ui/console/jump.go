package console

import (
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// jump is the overlay that leads to anything by its name, matched as it is
// typed.
type jump struct {
	scene  scene
	input  string
	at     int
	target []target
}

func newJump(s scene) tui.Page { return jump{scene: s}.typed("") }

// Title implements tui.Page.
func (jump) Title() string { return "" }

// Typing implements tui.Typist.
func (jump) Typing() bool { return true }

// Keys implements tui.Page.
func (j jump) Keys() []key.Binding {
	some := len(j.target) > 0
	return []key.Binding{
		bind(some, "enter", "go", "enter"), bind(some, "↑↓", "choose", "up", "down"),
		bind(some, "tab", "complete", "tab"), bind(true, "esc", "close", "esc"),
	}
}

// Why implements tui.Reasoner.
func (jump) Why(string) string { return "nothing has this name" }

// Update implements tui.Page.
func (j jump) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		return j.typed(j.input + strings.Join(strings.Fields(msg.Content), " ")), nil
	case tea.KeyPressMsg:
		switch pressed := msg.String(); {
		case pressed == "esc":
			return j, env.Close()
		case pressed == "enter" && j.at < len(j.target):
			if page := j.target[j.at].page; page != nil {
				return j, tea.Sequence(env.Close(), env.Open(page))
			}
			return j, tea.Sequence(env.Close(), j.target[j.at].do)
		case pressed == "up":
			j.at = max(0, j.at-1)
		case pressed == "down":
			j.at = min(j.at+1, max(0, len(j.target)-1))
		case pressed == "tab" && j.at < len(j.target):
			return j.typed(j.target[j.at].name), nil
		case pressed == "backspace" && j.input != "":
			_, size := utf8.DecodeLastRuneInString(j.input)
			return j.typed(j.input[:len(j.input)-size]), nil
		case pressed == "ctrl+u":
			return j.typed(""), nil
		case msg.Text != "":
			return j.typed(j.input + msg.Text), nil
		}
	}
	return j, nil
}

// typed is the overlay with another input.
func (j jump) typed(input string) jump {
	if len(input) > mostTyped {
		return j
	}
	j.input, j.at = input, 0
	j.target = targets(j.scene, input)
	return j
}

// View implements tui.Page.
func (j jump) View(env tui.Env) string {
	p := pen{Theme: env.Theme}
	input := p.clean(j.input)
	if strings.HasSuffix(j.input, " ") {
		input += " "
	}
	out := []string{" : " + input + p.raw(theme.Run, p.Signs(theme.Caret))}
	if len(j.target) == 0 {
		const all = 4
		text := widget.Text(env.Theme, "Nothing has this name. There are pages, builds by name or number, units, F1 to F48.", env.Width, all)
		out = append(out, "", env.Theme.Style(theme.Quiet).Render(text))
	}
	const kindWidth, nameWidth = 10, 26
	names := min(nameWidth, max(12, env.Width/3))
	from, to := window(len(j.target), j.at, env.Height-1)
	for i := from; i < to; i++ {
		t := j.target[i]
		out = append(out, p.row(i == j.at, env.Width, func(p pen) string {
			line := p.left(p.raw(theme.Quiet, p.cut(t.kind, kindWidth-1)), kindWidth) + p.left(p.raw(theme.Plain, p.middle(t.name, names)), names+len("  "))
			if t.mark != "" {
				line += p.glyph(theme.MarkOf(t.mark)) + p.raw(theme.Plain, " ")
			}
			return line + p.raw(theme.Quiet, p.cut(t.note, env.Width-cells(line)-4))
		}))
	}
	return strings.Join(out, "\n")
}
