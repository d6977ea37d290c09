package wizard

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

// entry is a field of huh within a page: it takes keys and draws itself in our
// theme. A field edits in place, so an entry is shared by the copies of its
// page, of which only the newest is shown.
//
// The page has the question, the reason and the keys enter and esc, so the
// field has no title and no key but its own. Its commands are dropped: they
// blink the cursor, lead to the next field of a form, and read the clipboard
// with a program; at rest nothing is drawn, and a terminal pastes by itself.
type entry struct {
	field   huh.Field
	text    string
	yes     bool
	kind    state.Kind
	options []option    // to choose from, or to take as they are
	look    theme.Theme // as it was drawn last
}

// option is one of a choice.
type option struct{ value, name, means string }

// newEntry is the field for a question, with what stands in it at first.
func newEntry(q state.Question, text string) *entry {
	e := &entry{kind: q.Kind, text: text, options: optionsOf(q)}
	switch q.Kind { //nolint:exhaustive // the others are typed
	case state.KindChoice:
		e.text = first(text, q.Default)
		options, _ := e.drawn(0, false)
		e.field = huh.NewSelect[string]().Options(options...).Value(&e.text)
	case state.KindYes:
		e.yes, _ = state.ParseYes(first(text, q.Default, "no"))
		e.field = huh.NewConfirm().WithButtonAlignment(lipgloss.Left).Value(&e.yes)
	default:
		e.field = huh.NewInput().Prompt(theme.Cursor + " ").Placeholder(q.Default).Value(&e.text)
	}
	e.field = e.field.WithKeyMap(&huh.KeyMap{
		Select:  huh.SelectKeyMap{Up: key.NewBinding(key.WithKeys("up", "k")), Down: key.NewBinding(key.WithKeys("down", "j"))},
		Confirm: huh.ConfirmKeyMap{Toggle: key.NewBinding(key.WithKeys("left", "right", "h", "l"))},
	}).WithTheme(huh.ThemeFunc(e.styles))
	e.field.Focus()
	return e
}

// optionsOf are the choices of a question, or what is offered for one that is
// typed; the recommended one is first.
func optionsOf(q state.Question) []option {
	var out []option
	known := map[string]bool{}
	for _, c := range state.Choose(q.Key) {
		o := option{value: c.Value, name: first(c.Value, "left out"), means: c.Means}
		if c.Recommended {
			o.name += ", recommended"
		}
		known[c.Value] = true
		out = append(out, o)
	}
	for _, c := range q.Choices {
		if !known[c] {
			out = append(out, option{value: c, name: c})
		}
	}
	return out
}

// typed says whether letters go into the field.
func (e *entry) typed() bool { return e.kind != state.KindChoice && e.kind != state.KindYes }

// value is what stands in the field.
func (e *entry) value() string {
	if e.kind == state.KindYes {
		return fmt.Sprint(e.yes)
	}
	return strings.TrimSpace(e.text)
}

// set puts a text into the field, the cursor behind it.
func (e *entry) set(text string) {
	e.text = text
	switch field := e.field.(type) {
	case *huh.Input:
		field.Value(&e.text)
	case *huh.Select[string]:
		field.Value(&e.text)
	}
}

// offer puts the next or the one before of what is offered into the field.
func (e *entry) offer(by int) {
	if len(e.options) == 0 {
		return
	}
	at := slices.IndexFunc(e.options, func(o option) bool { return o.value == e.value() })
	if at < 0 && by < 0 {
		at = 0
	}
	e.set(e.options[(at+by+len(e.options))%len(e.options)].value)
}

// paste inserts a text as if it were one line without controls.
func (e *entry) paste(text string) {
	if e.typed() {
		e.tell(tea.PasteMsg{Content: state.CleanText(text, 0)})
	}
}

// press gives a key to the field.
func (e *entry) press(msg tea.KeyPressMsg) {
	switch pressed := msg.String(); {
	case e.kind == state.KindYes && (pressed == "y" || pressed == "n"):
		e.yes = pressed == "y"
	case e.kind == state.KindChoice && key.Matches(msg, askNumber):
		if i := int(msg.Code - '1'); i >= 0 && i < len(e.options) {
			e.set(e.options[i].value)
		}
	default:
		e.tell(msg)
	}
}

// tell hands a message to the field and drops its command.
func (e *entry) tell(msg tea.Msg) {
	if model, _ := e.field.Update(msg); model != nil {
		if field, ok := model.(huh.Field); ok {
			e.field = field
		}
	}
}

// view draws the field.
func (e *entry) view(t theme.Theme, w, h int) string {
	e.look = t
	switch field := e.field.(type) {
	case *huh.Input:
		field.Prompt(t.Signs(theme.Cursor) + " ")
	case *huh.Select[string]:
		options, rows := e.drawn(w, true)
		if rows > h {
			options, rows = e.drawn(w, false)
		}
		rows = max(1, min(rows, h))
		field.Options(options...).Height(rows)
		_ = field.View() // it scrolls within what it drew last
		field.Height(rows)
	}
	return widget.Fit(e.field.WithWidth(w).View(), w, h)
}

// offers draws what is offered for a text, and which of it stands there.
func (e *entry) offers(t theme.Theme, w, h int) string {
	table := widget.Table{Columns: []widget.Column{{Worth: 2}, {Worth: 1, Cut: widget.CutEnd}}, Cursor: -1}
	for i, o := range e.options {
		if o.value == e.value() {
			table.Cursor = i
		}
		table.Rows = append(table.Rows, []widget.Cell{{Text: o.name}, {Text: o.means, Role: theme.Quiet}})
	}
	return widget.Fit(withoutTitles(table, t, w), w, h)
}

// drawn are the options as huh draws them: number and name, and what it means
// behind it where all have room for that, else below it: of all, or of the
// chosen one. rows is how many lines they take.
func (e *entry) drawn(w int, all bool) (options []huh.Option[string], rows int) {
	t := e.look
	names, means := 0, 0
	for _, o := range e.options {
		names, means = max(names, len(o.name)), max(means, len(o.means))
	}
	beside := names+means <= w-len(" ▸ 1    ")
	for i, o := range e.options {
		name := state.CleanText(o.name, 0)
		blanks := strings.Repeat(" ", max(0, names-len(name)))
		if o.value == e.text {
			name = t.Bold().Render(name)
		}
		lines := []string{fmt.Sprintf("%d  %s", i+1, name)}
		if beside {
			lines[0] += blanks + " " + wizardQuiet(t, o.means, w)
		} else if o.means != "" && (all || o.value == e.text) {
			for l := range strings.SplitSeq(wizardQuiet(t, o.means, w-8), "\n") {
				lines = append(lines, "  "+l)
			}
		}
		options, rows = append(options, huh.NewOption(strings.Join(lines, "\n"), o.value)), rows+len(lines)
	}
	return options, rows
}

// styles are huh's in our roles, from column 2, without borders.
func (e *entry) styles(bool) *huh.Styles {
	t := e.look
	look := t.Style(theme.Plain)
	cursor := t.Style(theme.Run)
	field := huh.FieldStyles{
		Base:             lipgloss.NewStyle().PaddingLeft(1),
		SelectSelector:   cursor.SetString(t.Signs(theme.Cursor) + " "),
		Option:           look,
		SelectedOption:   look,
		UnselectedOption: look,
		FocusedButton:    t.Style(theme.Select).PaddingRight(1).MarginRight(1).SetString(t.Signs(theme.Cursor)),
		BlurredButton:    look.PaddingRight(1).MarginRight(1).SetString(" "),
		TextInput:        huh.TextInputStyles{Cursor: cursor, Prompt: cursor, Text: look, Placeholder: t.Style(theme.Quiet)},
	}
	return &huh.Styles{Focused: field, Blurred: field}
}
