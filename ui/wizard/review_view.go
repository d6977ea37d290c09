package wizard

import (
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// View implements tui.Page: the answers, and below them what the chosen one is
// about.
func (r Review) View(env tui.Env) string {
	t, w, h := env.Theme, env.Width, env.Height
	foot := r.about(t, w)
	table := r.table()
	return closed([]string{table.View(t, w, max(2, min(len(table.Rows)+1, h-lineCount(foot)-1))), foot}, w, h)
}

// table is the answers with their values and reasons.
func (r Review) table() widget.Table {
	table := widget.Table{
		Columns: []widget.Column{
			{Title: "ANSWER", Worth: 3},
			{Title: "VALUE", Worth: 2, Cut: widget.CutEnd},
			{Title: "WHY", Worth: 1, Cut: widget.CutEnd},
		},
		Cursor: r.cursor,
	}
	derived := r.Said.Derive()
	open := map[string]bool{}
	for _, q := range state.Required(r.Said) {
		open[q.Key] = true
	}
	for _, row := range state.Review(r.Said) {
		value := widget.Cell{Text: strings.ReplaceAll(row.Value, ",", ", ")}
		why := widget.Cell{Text: row.Why, Role: theme.Quiet}
		switch problems := derived.CheckKey(row.Key); {
		case open[row.Key]:
			value = widget.Cell{Mark: sign("missing"), Text: "no answer yet"}
		case len(problems) > 0:
			value.Mark = sign("blocked")
			why = widget.Cell{Text: problems[0].What, Role: theme.Warn}
		case row.Value == "":
			value = widget.Cell{Text: "left open", Role: theme.Quiet}
		}
		table.Rows = append(table.Rows, []widget.Cell{{Text: row.Name}, value, why})
	}
	return table
}

// sign is a mark without its word.
func sign(word string) theme.Mark {
	m := theme.MarkOf(word)
	m.Word = ""
	return m
}

// aboutLines is the most lines that the sentence below the table takes.
const aboutLines = 3

// about is what the chosen answer means, what is wrong with it, and what else
// it could be.
func (r Review) about(t theme.Theme, w int) string {
	row := r.row()
	if problems := r.Said.Derive().CheckKey(row.Key); len(problems) > 0 {
		return notLegal(t, problems[0], w)
	}
	q, _ := state.QuestionFor(row.Key)
	text := row.Name + ": " + q.Ask + " " + q.Why
	var others []string
	for _, c := range state.Choose(row.Key) {
		if c.Value != row.Value {
			others = append(others, first(c.Value, "left out"))
		} else if len(row.Choices) > 0 {
			text = row.Name + ": " + c.Means + "."
		}
	}
	switch {
	case len(row.Choices) == 0:
	case len(others) == 1:
		text += " Other choice: " + others[0] + "."
	case len(others) > 1:
		text += " Other choices: " + strings.Join(others, ", ") + "."
	}
	return widget.Text(t, text, w, aboutLines)
}
