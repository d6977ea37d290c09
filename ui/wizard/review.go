package wizard

import (
	"fmt"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
)

// Review is the page of all answers, said and derived, each with its reason.
// What is changed on it changes what follows from it at once.
type Review struct {
	Said state.Config // as it is wanted
	Give func(said state.Config, c guide.Choice) tea.Cmd

	cursor int
	before []state.Config // for undo
	gone   bool
}

// NewReview is the page of the answers that were said; the cursor is on the
// first that must be another.
func NewReview(said state.Config, give func(state.Config, guide.Choice) tea.Cmd) Review {
	r := Review{Said: said, Give: give}
	r.cursor = max(0, slices.IndexFunc(state.Review(said), r.wants))
	return r
}

var (
	reviewChange = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "change"))
	reviewMove   = key.NewBinding(key.WithKeys("up", "down", "k", "j", "pgup", "pgdown", "home", "end", "g", "G"), key.WithHelp("↑↓", "move"))
	reviewUndo   = key.NewBinding(key.WithKeys("u"), key.WithHelp("u", "undo"))
	reviewPlan   = key.NewBinding(key.WithKeys("p"), key.WithHelp("p", "plan"))
)

// Keys implements tui.Page.
func (r Review) Keys() []key.Binding {
	undo, plan := reviewUndo, reviewPlan
	undo.SetEnabled(len(r.before) > 0)
	plan.SetEnabled(r.problem() == "")
	return []key.Binding{reviewChange, reviewMove, undo, plan, keyBack}
}

// Why implements tui.Reasoner.
func (r Review) Why(pressed string) string {
	if pressed == "u" {
		return "nothing was changed here"
	}
	return r.problem()
}

// Title implements tui.Page.
func (r Review) Title() string {
	said, derived := 0, 0
	for _, row := range state.Review(r.Said) {
		switch {
		case row.Said:
			said++
		case row.Value != "":
			derived++
		}
	}
	answers := "answers"
	if said == 1 {
		answers = "answer"
	}
	return fmt.Sprintf("nixwright setup · Review · %d %s, %d derived", said, answers, derived)
}

// problem is why there can be no plan of these answers; empty: there can.
func (r Review) problem() string {
	if missing := state.Required(r.Said); len(missing) > 0 {
		return subject(missing[0].Key) + " has no answer"
	}
	if all := r.Said.Derive().Check(); len(all) > 0 {
		return all[0].What
	}
	return ""
}

// wants says whether an answer is missing or not legal.
func (r Review) wants(row state.Reviewed) bool {
	return len(r.Said.Derive().CheckKey(row.Key)) > 0 ||
		slices.ContainsFunc(state.Required(r.Said), func(q state.Question) bool { return q.Key == row.Key })
}

// amended is an answer that was changed over the review.
type amended struct {
	key    string
	choice guide.Choice
}

// Update implements tui.Page.
func (r Review) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case amended:
		return r.amend(msg)
	case tea.KeyPressMsg:
		if !r.gone {
			return r.press(msg, env)
		}
	}
	return r, nil
}

// press answers a key.
func (r Review) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	switch {
	case key.Matches(msg, reviewChange):
		return r, env.Open(r.change())
	case key.Matches(msg, reviewMove):
		r.cursor = r.moved(msg.String(), env.Height)
	case key.Matches(msg, reviewUndo) && len(r.before) > 0:
		last := len(r.before) - 1
		r.Said, r.before = r.before[last], r.before[:last:last]
		r.cursor = min(r.cursor, len(state.Review(r.Said))-1)
	case key.Matches(msg, reviewPlan) && r.problem() == "":
		r.gone = true
		return r, r.Give(r.Said, guide.Choice{Do: guide.Next})
	case key.Matches(msg, keyBack):
		r.gone = true
		return r, r.Give(r.Said, guide.Choice{Do: guide.Back})
	}
	return r, nil
}

// moved is where the cursor goes.
func (r Review) moved(pressed string, height int) int {
	last := len(state.Review(r.Said)) - 1
	by := map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -height / 2, "pgdown": height / 2,
		"home": -last, "g": -last, "end": last, "G": last,
	}
	return max(0, min(last, r.cursor+by[pressed]))
}

// row is the answer under the cursor.
func (r Review) row() state.Reviewed {
	all := state.Review(r.Said)
	return all[min(r.cursor, len(all)-1)]
}

// amend takes a changed answer; an empty one is derived again.
func (r Review) amend(a amended) (tui.Page, tea.Cmd) {
	if a.choice.Do != guide.Next {
		return r, nil
	}
	said := r.Said
	if err := said.SetAnswer(a.key, a.choice.Value); err != nil {
		return r, tui.Say(state.AsProblem(err).What)
	}
	was, _ := r.Said.Value(a.key)
	if now, _ := said.Value(a.key); now == was {
		return r, nil
	}
	r.before = append(slices.Clone(r.before), r.Said)
	r.Said = said
	return r, nil
}

// change is the page over the review on which the chosen answer is changed.
func (r Review) change() Ask {
	row := r.row()
	q, _ := state.QuestionFor(row.Key)
	took := r.follows(row.Key)
	q.Default = took
	said, _ := r.Said.Value(row.Key)
	a := Ask{
		Asking: guide.Asking{Question: q},
		title:  "nixwright setup · Review · " + row.Name,
		took:   took, over: true,
	}
	a.field = newEntry(q, said)
	a.Give = func(c guide.Choice) tea.Cmd { return func() tea.Msg { return amended{row.Key, c} } }
	return a
}

// follows is what the answer would be if nobody said it.
func (r Review) follows(key string) string {
	unsaid := r.Said
	if err := unsaid.Set(key, ""); err != nil {
		return ""
	}
	value, _ := unsaid.Derive().Value(key)
	return value
}
