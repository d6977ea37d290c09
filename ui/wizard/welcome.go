package wizard

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Welcome is the first page: what is to come, what it takes, and what was
// found here.
type Welcome struct {
	Say  guide.Welcome
	Give func(guide.Choice) tea.Cmd

	around *state.Around // nil: it is still being looked
	gone   bool          // the choice is given
}

// NewWelcome is the page of what the guide says of the set-up to come.
func NewWelcome(say guide.Welcome, give func(guide.Choice) tea.Cmd) Welcome {
	return Welcome{Say: say, Give: give}
}

var welcomeBegin = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "begin"))

// lookedAround is what was found here.
type lookedAround struct{ around state.Around }

// Start implements tui.Starter: it waits for what is found here.
func (w Welcome) Start(tui.Env) tea.Cmd {
	found := w.Say.Around
	if found == nil {
		return nil
	}
	return func() tea.Msg { return lookedAround{<-found} }
}

// Update implements tui.Page.
func (w Welcome) Update(msg tea.Msg, _ tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case lookedAround:
		w.around = &msg.around
	case tea.KeyPressMsg:
		if key.Matches(msg, welcomeBegin) && !w.gone {
			w.gone = true
			return w, w.Give(guide.Choice{Do: guide.Next})
		}
	}
	return w, nil
}

// Keys implements tui.Page.
func (w Welcome) Keys() []key.Binding { return []key.Binding{welcomeBegin} }

// Title implements tui.Page.
func (w Welcome) Title() string {
	if w.Say.Rehearsal {
		return "nixwright setup · Welcome · rehearsal"
	}
	return "nixwright setup · Welcome"
}

// View implements tui.Page. Where the lines of what is here have no room they
// become one sentence.
func (w Welcome) View(env tui.Env) string {
	t, width, h := env.Theme, env.Width, env.Height
	bold := wizardBold(t, "Your own Nix CI: builds on your host, a binary cache on Cloudflare R2.", width)
	var plan []string
	for _, line := range w.plan() {
		plan = append(plan, widget.Text(t, line, width, h))
	}
	blocks := []string{bold, strings.Join(plan, "\n")}
	if w.Say.Rehearsal {
		blocks = append(blocks, styled(t.Style(theme.You).Render, t, pretend, width))
	}
	found := w.found(t, width)
	last := ""
	if !w.Say.Rehearsal {
		last = wizardQuiet(t, "Without accounts: nixwright rehearse", width)
	}
	here := widget.Text(t, foundHere, width, 1)
	brief := []string{widget.Text(t, w.brief(), width, 4)}
	for _, rest := range [][]string{{here, found, last}, {here + "\n" + found}, brief} {
		if out := strings.TrimRight(strings.Join(slices.Concat(blocks, rest), "\n\n"), "\n"); lineCount(out) <= h {
			return out
		}
	}
	return widget.Fit(strings.Join(slices.Concat(blocks, brief), "\n"), width, h)
}

const (
	foundHere = "Found here (only looked, changed nothing):"
	pretend   = "A rehearsal: the world is a pretend one inside this program. No account is touched."
)

// plan says what will happen and what it takes.
func (w Welcome) plan() []string {
	questions := "No question"
	if w.Say.Questions == 1 {
		questions = "1 question"
	} else if w.Say.Questions > 1 {
		questions = fmt.Sprintf("%d questions", w.Say.Questions)
	}
	out := []string{
		questions + ", then the whole plan, then go. Nothing is written before.",
		"Needed: a NixOS host, a GitHub token, a Cloudflare token.",
	}
	if w.Say.Cost != (state.Cost{}) {
		out = append(out, "In the browser at most "+plain.Cost(w.Say.Cost)+".")
	}
	return append(out, "Stop any time; the next start goes on.")
}

// lines are what is here, or what is being looked at.
func (w Welcome) lines() []state.AroundLine {
	if w.around != nil {
		return w.around.Lines()
	}
	lines := state.Around{}.Lines()
	for i := range lines {
		lines[i].Sentence = "looking"
	}
	return lines
}

// found is what is here, line by line.
func (w Welcome) found(t theme.Theme, width int) string {
	table := widget.Table{Columns: []widget.Column{{Worth: 2}, {Worth: 1, Cut: widget.CutEnd}}, Cursor: -1}
	for _, l := range w.lines() {
		mark, role := theme.MarkOf(l.Status), theme.Plain
		if l.Status == "unknown" {
			role = theme.Quiet
		}
		mark.Word = ""
		table.Rows = append(table.Rows, []widget.Cell{{Mark: mark, Text: l.Name, Role: role}, {Text: l.Sentence, Role: role}})
	}
	return withoutTitles(table, t, width)
}

// brief is what is here in a sentence.
func (w Welcome) brief() string {
	if w.around == nil {
		return "Looking at what is here."
	}
	by := map[string][]string{}
	for _, l := range w.lines() {
		by[l.Status] = append(by[l.Status], l.Name)
	}
	var out []string
	for _, part := range []struct{ word, status string }{{"Found here: ", "ready"}, {"Missing: ", "missing"}, {"Not looked at: ", "unknown"}} {
		if names := by[part.status]; len(names) > 0 {
			out = append(out, part.word+strings.Join(names, ", ")+".")
		}
	}
	return strings.Join(out, " ")
}

// withoutTitles draws all rows of a table that needs no titles.
func withoutTitles(table widget.Table, t theme.Theme, w int) string {
	_, rows, _ := strings.Cut(table.View(t, w, len(table.Rows)+1), "\n")
	return rows
}

// wizardBold and wizardQuiet are a sentence from column 2 in a style.
func wizardBold(t theme.Theme, s string, w int) string { return styled(t.Bold().Render, t, s, w) }

func wizardQuiet(t theme.Theme, s string, w int) string {
	return styled(t.Style(theme.Quiet).Render, t, s, w)
}

// styledLines is the most lines that a sentence takes.
const styledLines = 6

func styled(render func(...string) string, t theme.Theme, s string, w int) string {
	lines := strings.Split(widget.Text(t, s, w, styledLines), "\n")
	for i, l := range lines {
		if text, ok := strings.CutPrefix(l, " "); ok && text != "" {
			lines[i] = " " + render(text)
		}
	}
	return strings.Join(lines, "\n")
}

// lineCount is how many lines a block has.
func lineCount(block string) int { return strings.Count(block, "\n") + 1 }
