package wizard

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
)

// listingTime is how long the list may take.
const listingTime = 30 * time.Second

// Repos is the page on which repositories are chosen: what is typed filters
// them, and a name that is not among them is added as it is typed.
type Repos struct {
	reply

	Asking guide.Asking
	Give   func(guide.Choice) tea.Cmd

	rows    []repoRow // by hand first, then the last pushed one
	shown   []int     // rows that the filter leaves
	wide    int       // the longest name of them, in cells
	chosen  []string
	filter  string
	cursor  int // in shown; behind its end: what is typed, as a name
	loading bool
	failed  *state.Problem // why there is no list
}

// NewRepos is the page of the repositories, with those of the question's
// default chosen.
func NewRepos(asking guide.Asking, give func(guide.Choice) tea.Cmd) Repos {
	r := Repos{Asking: asking, Give: give, loading: true}
	for _, name := range repoNames(asking.Question.Default) {
		r.rows = append(r.rows, repoRow{RepoListing: state.RepoListing{Name: name}, byHand: true})
		r.chosen = append(r.chosen, name)
	}
	return r.filtered("")
}

// repoNames are the names in a text: owner/name or addresses on GitHub, with
// commas or blanks between them.
func repoNames(s string) []string {
	names := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	for i, n := range names {
		n = strings.TrimPrefix(strings.TrimPrefix(n, "https://"), "github.com/")
		names[i] = strings.TrimSuffix(strings.TrimSuffix(n, "/"), ".git")
	}
	return names
}

// listed is the list, or why there is none.
type listed struct {
	repos []state.RepoListing
	err   error
}

// Start implements tui.Starter: it asks for the list.
func (r Repos) Start(tui.Env) tea.Cmd {
	list := r.Asking.Repos
	if list == nil {
		return func() tea.Msg { return listed{} }
	}
	return func() tea.Msg {
		ctx, stop := context.WithTimeout(context.Background(), listingTime)
		defer stop()
		repos, err := list(ctx)
		return listed{repos, err}
	}
}

var (
	reposChoose = key.NewBinding(key.WithKeys("space"), key.WithHelp("space", "choose"))
	reposAll    = key.NewBinding(key.WithKeys("ctrl+a"), key.WithHelp("ctrl+a", "all shown"))
	reposAgain  = key.NewBinding(key.WithKeys("ctrl+r"), key.WithHelp("ctrl+r", "ask again"))
	reposMove   = key.NewBinding(key.WithKeys("up", "down", "pgup", "pgdown", "home", "end"), key.WithHelp("↑↓", "move"))
)

// Keys implements tui.Page.
func (r Repos) Keys() []key.Binding {
	next, back := askNext, keyBack
	next.SetEnabled(!r.looking && (r.onTyped() || r.refusal() == ""))
	if r.onTyped() {
		next.SetHelp("enter", "add")
	}
	keys := []key.Binding{reposChoose, next}
	if r.filter != "" {
		back.SetHelp("esc", "clear")
	}
	if !r.Asking.First || r.filter != "" {
		keys = append(keys, back)
	}
	if r.failed != nil {
		keys = append(keys, reposAgain)
	}
	return append(keys, reposAll, reposMove)
}

// Why implements tui.Reasoner.
func (r Repos) Why(string) string {
	if r.looking {
		return "looking"
	}
	return r.refusal()
}

// Typing implements tui.Typist.
func (r Repos) Typing() bool { return true }

// Title implements tui.Page.
func (r Repos) Title() string { return asked(r.Asking) }

// Update implements tui.Page.
func (r Repos) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case listed:
		return r.heard(msg), nil
	case verdict:
		var fits bool
		if r.reply, fits = r.judge(msg); fits {
			return r.answer(guide.Choice{Do: guide.Next, Value: msg.value})
		}
	case tea.PasteMsg:
		if !r.looking {
			return r.filtered(r.filter + state.CleanText(msg.Content, 0)), nil
		}
	case tea.KeyPressMsg:
		if !r.gone {
			return r.press(msg, env)
		}
	}
	return r, nil
}

// heard takes the list. What was chosen by hand and is in it is chosen there.
func (r Repos) heard(l listed) Repos {
	r.loading, r.failed = false, nil
	if l.err != nil {
		p := state.AsProblem(state.Explain(l.err))
		r.failed = &p
		return r
	}
	repos := slices.Clone(l.repos)
	slices.SortStableFunc(repos, func(a, b state.RepoListing) int {
		if c := b.Pushed.Compare(a.Pushed); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	var known []repoRow
	there := map[string]bool{}
	for _, repo := range repos {
		there[repo.Name] = true
		row := repoRow{RepoListing: repo}
		known = append(known, row)
		if row.closed() != "" {
			r.chosen = slices.DeleteFunc(slices.Clone(r.chosen), func(n string) bool { return n == repo.Name })
		}
	}
	rows := slices.DeleteFunc(slices.Clone(r.rows), func(row repoRow) bool { return !row.byHand || there[row.Name] })
	r.rows = slices.Concat(rows, known)
	r = r.filtered(r.filter)
	if r.cursor == 0 { // nothing is pointed at yet: the first that can be chosen is
		r.cursor = max(0, slices.IndexFunc(r.shown, func(i int) bool { return r.off(r.rows[i]) == "" }))
	}
	return r
}

// press answers a key; a letter goes to the filter.
func (r Repos) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	switch {
	case key.Matches(msg, keyBack):
		return r.back()
	case r.looking:
	case key.Matches(msg, askNext):
		return r.next()
	case key.Matches(msg, reposChoose):
		return r.choose()
	case key.Matches(msg, reposAll):
		return r.all(), nil
	case key.Matches(msg, reposAgain) && r.failed != nil:
		r.loading, r.failed = true, nil
		return r, r.Start(env)
	case key.Matches(msg, reposMove):
		return r.move(msg.String(), env.Height), nil
	case msg.String() == "backspace" && r.filter != "":
		runes := []rune(r.filter)
		return r.filtered(string(runes[:len(runes)-1])), nil
	case msg.String() == "ctrl+u":
		return r.filtered(""), nil
	case msg.Text != "":
		return r.filtered(r.filter + state.CleanText(msg.Text, 0)), nil
	}
	return r, nil
}

// back stops a look-up, clears the filter, or goes to what was before.
func (r Repos) back() (tui.Page, tea.Cmd) {
	switch {
	case r.looking:
		r.reply = r.halt()
	case r.filter != "":
		return r.filtered(""), nil
	case !r.Asking.First:
		return r.answer(guide.Choice{Do: guide.Back})
	}
	return r, nil
}

// next adds what is typed where the cursor is on it; else it is the answer.
func (r Repos) next() (tui.Page, tea.Cmd) {
	if r.onTyped() {
		return r.add()
	}
	if r.refusal() != "" {
		return r, nil
	}
	value := state.NewSecret(strings.Join(r.chosen, ","))
	if r.Asking.Check == nil {
		return r.answer(guide.Choice{Do: guide.Next, Value: value})
	}
	var cmd tea.Cmd
	r.reply, cmd = r.look(r.Asking.Question.Key, r.Asking.Check, value)
	return r, cmd
}

func (r Repos) answer(c guide.Choice) (tui.Page, tea.Cmd) {
	r.gone = true
	return r, r.Give(c)
}

// choose chooses the row under the cursor, or takes it back.
func (r Repos) choose() (tui.Page, tea.Cmd) {
	if r.onTyped() {
		return r.add()
	}
	row, ok := r.row()
	if !ok {
		return r, nil
	}
	r.wrong = nil
	if i := slices.Index(r.chosen, row.Name); i >= 0 {
		r.chosen = slices.Delete(slices.Clone(r.chosen), i, i+1)
		return r, nil
	}
	if reason := r.off(row); reason != "" {
		return r, tui.Say(row.Name + ": " + reason)
	}
	r.chosen = append(slices.Clone(r.chosen), row.Name)
	return r, nil
}

// add chooses what is typed.
func (r Repos) add() (tui.Page, tea.Cmd) {
	for _, name := range repoNames(r.filter) {
		at := slices.IndexFunc(r.rows, func(row repoRow) bool { return strings.EqualFold(row.Name, name) })
		row := repoRow{RepoListing: state.RepoListing{Name: name}, byHand: true}
		if at >= 0 {
			row = r.rows[at]
		}
		if reason := r.off(row); reason != "" {
			return r, tui.Say(name + ": " + reason)
		}
		if at < 0 {
			r.rows = append([]repoRow{row}, r.rows...)
		}
		if !slices.Contains(r.chosen, row.Name) {
			r.chosen = append(slices.Clone(r.chosen), row.Name)
		}
	}
	r.wrong = nil
	return r.filtered(""), nil
}

// all chooses every row that is shown and can be chosen, or takes all of them
// back where they are chosen.
func (r Repos) all() Repos {
	before := r.chosen
	r.wrong = nil
	for _, i := range r.shown {
		if row := r.rows[i]; r.off(row) == "" && !slices.Contains(r.chosen, row.Name) {
			r.chosen = append(slices.Clone(r.chosen), row.Name)
		}
	}
	if len(r.chosen) > len(before) {
		return r
	}
	r.chosen = slices.DeleteFunc(slices.Clone(r.chosen), func(name string) bool {
		return slices.ContainsFunc(r.shown, func(i int) bool { return r.rows[i].Name == name })
	})
	return r
}

// move moves the cursor.
func (r Repos) move(pressed string, height int) Repos {
	last := len(r.shown) - 1
	if len(r.typed()) > 0 {
		last++
	}
	by := map[string]int{"up": -1, "down": 1, "pgup": -height / 2, "pgdown": height / 2, "home": -last, "end": last}
	r.cursor = max(0, min(last, r.cursor+by[pressed]))
	return r
}

// filtered leaves the rows that have the text in their names.
func (r Repos) filtered(text string) Repos {
	if text != r.filter {
		r.cursor = 0
	}
	r.filter, r.shown, r.wide = text, nil, 0
	low := strings.ToLower(text)
	for i, row := range r.rows {
		if strings.Contains(strings.ToLower(row.Name), low) {
			r.shown = append(r.shown, i)
			r.wide = max(r.wide, ansi.StringWidth(row.Name))
		}
	}
	return r
}

// row is the repository under the cursor.
func (r Repos) row() (repoRow, bool) {
	if r.cursor >= len(r.shown) {
		return repoRow{}, false
	}
	return r.rows[r.shown[r.cursor]], true
}
