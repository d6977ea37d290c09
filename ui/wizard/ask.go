package wizard

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
)

// Ask is the page of one question that is typed or chosen: a text, a list, a
// number, a choice, a yes or no. The answer is judged while it is typed.
type Ask struct {
	reply

	Asking guide.Asking
	Give   func(guide.Choice) tea.Cmd

	title string
	field *entry
	took  string // the answer that follows by itself, which an empty one is taken back to
	over  bool   // it lies over the review: an answer closes it
}

// NewAsk is the page of a question. Secret ones are a Moment's.
func NewAsk(asking guide.Asking, give func(guide.Choice) tea.Cmd) Ask {
	return Ask{Asking: asking, Give: give, title: asked(asking), field: newEntry(asking.Question, "")}
}

// asked is the title of a question: its number, or what it is about.
func asked(a guide.Asking) string {
	if a.N > 0 {
		return fmt.Sprintf("nixwright setup · Question %d of %d", a.N, a.Of)
	}
	return "nixwright setup · " + subject(a.Question.Key)
}

// subject is what an answer is called for short.
func subject(key string) string {
	for _, r := range state.Review(state.Config{}) {
		if r.Key == key {
			return r.Name
		}
	}
	return key
}

var (
	askNext   = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "next"))
	askChange = key.NewBinding(key.WithKeys("tab"), key.WithHelp("tab", "edit the proposal"))
	askMove   = key.NewBinding(key.WithKeys("up", "down", "k", "j"), key.WithHelp("↑↓", "move"))
	askOffer  = key.NewBinding(key.WithKeys("up", "down"), key.WithHelp("↑↓", "take an offer"))
	askNumber = key.NewBinding(key.WithKeys("1", "2", "3", "4", "5", "6", "7", "8", "9"))
	askYesNo  = key.NewBinding(key.WithKeys("left", "right", "h", "l", "y", "n"), key.WithHelp("y n", "choose"))
)

// Keys implements tui.Page.
func (a Ask) Keys() []key.Binding {
	next := askNext
	next.SetEnabled(!a.looking && a.refusal() == nil)
	keys := []key.Binding{next}
	if !a.Asking.First {
		keys = append(keys, keyBack)
	}
	if a.Asking.Question.Kind == state.KindChoice {
		return append(keys, askMove, askNumber)
	}
	if !a.field.typed() {
		return append(keys, askYesNo)
	}
	if a.proposal() != "" && a.field.value() == "" {
		keys = append(keys, askChange)
	}
	if len(a.field.options) > 0 {
		keys = append(keys, askOffer)
	}
	return keys
}

// Why implements tui.Reasoner.
func (a Ask) Why(string) string {
	if p := a.refusal(); p != nil && !a.looking {
		return strings.TrimSuffix(p.What+"; "+p.Fix, "; ")
	}
	return "looking"
}

// Typing implements tui.Typist.
func (a Ask) Typing() bool { return a.field.typed() }

// Title implements tui.Page.
func (a Ask) Title() string { return a.title }

// Update implements tui.Page.
func (a Ask) Update(msg tea.Msg, env tui.Env) (tui.Page, tea.Cmd) {
	switch msg := msg.(type) {
	case verdict:
		var fits bool
		if a.reply, fits = a.judge(msg); fits {
			return a.answer(guide.Choice{Do: guide.Next, Value: msg.value}, env)
		}
	case tea.PasteMsg:
		if a.looking || a.gone {
			return a, nil
		}
		a.wrong = nil
		a.field.paste(msg.Content)
	case tea.KeyPressMsg:
		if a.gone {
			return a, nil
		}
		return a.press(msg, env)
	}
	return a, nil
}

// press answers a key. What is no key of the page goes into the field.
func (a Ask) press(msg tea.KeyPressMsg, env tui.Env) (tui.Page, tea.Cmd) {
	switch {
	case key.Matches(msg, keyBack):
		return a.back(env)
	case a.looking:
	case key.Matches(msg, askNext):
		return a.next(env)
	case key.Matches(msg, askChange):
		if a.field.typed() && a.field.value() == "" {
			a.field.set(a.proposal())
		}
	case a.field.typed() && key.Matches(msg, askOffer):
		a.wrong = nil
		a.field.offer(map[string]int{"up": -1, "down": 1}[msg.String()])
	default:
		a.wrong = nil
		a.field.press(msg)
	}
	return a, nil
}

// back stops a look-up, or goes to what was before.
func (a Ask) back(env tui.Env) (tui.Page, tea.Cmd) {
	switch {
	case a.looking:
		a.reply = a.halt()
		return a, nil
	case a.Asking.First:
		return a, nil
	}
	return a.answer(guide.Choice{Do: guide.Back}, env)
}

// next has a legal answer looked up where it must be, and gives it.
func (a Ask) next(env tui.Env) (tui.Page, tea.Cmd) {
	if a.refusal() != nil {
		return a, nil
	}
	value := state.NewSecret(a.value())
	if a.Asking.Check == nil {
		return a.answer(guide.Choice{Do: guide.Next, Value: value}, env)
	}
	var cmd tea.Cmd
	a.reply, cmd = a.look(a.Asking.Question.Key, a.Asking.Check, value)
	return a, cmd
}

// answer gives the choice, once.
func (a Ask) answer(c guide.Choice, env tui.Env) (tui.Page, tea.Cmd) {
	a.gone = true
	if a.over {
		return a, tea.Sequence(env.Close(), a.Give(c))
	}
	return a, a.Give(c)
}

// proposal is what an empty field stands for.
func (a Ask) proposal() string {
	if a.over {
		return a.took
	}
	return a.Asking.Question.Default
}

// value is the answer as it stands. Over the review an empty one, and the
// choice that follows by itself, take the answer back.
func (a Ask) value() string {
	v := a.field.value()
	switch {
	case a.over && a.Asking.Question.Kind == state.KindChoice && v == a.took:
		return ""
	case v == "" && !a.over:
		return a.Asking.Question.Default
	}
	return v
}

// refusal is why the answer as it stands cannot be given; nil: it can.
func (a Ask) refusal() *state.Problem {
	v := a.value()
	left := slices.ContainsFunc(a.field.options, func(o option) bool { return o.value == "" })
	switch {
	case v == "" && (a.over || left):
		return nil
	case v == "":
		return &state.Problem{What: "there is no answer yet"}
	case a.Asking.Question.Accept == nil:
		return nil
	}
	if err := a.Asking.Question.Accept(state.Answer{Value: state.NewSecret(v), From: "you"}); err != nil {
		p := state.AsProblem(err)
		return &p
	}
	return nil
}

// reply is how far an answer is: being looked up, refused, given.
type reply struct {
	key     string // of the question that is looked up
	try     int
	stop    context.CancelFunc
	looking bool
	gone    bool           // a choice is given: nothing more is taken
	wrong   *state.Problem // with the answer that was looked up last
}

// verdict is what a look-up said of an answer.
type verdict struct {
	key   string
	try   int
	value state.Secret
	err   error
}

// look has a command look an answer up.
func (r reply) look(key string, check func(context.Context, state.Secret) error, value state.Secret) (reply, tea.Cmd) {
	ctx, stop := context.WithCancel(context.Background())
	r.try++
	r.key, r.looking, r.stop, r.wrong = key, true, stop, nil
	out := verdict{key: key, try: r.try, value: value}
	return r, func() tea.Msg {
		defer stop()
		out.err = check(ctx, value)
		return out
	}
}

// halt gives a look-up up; what it says is not heard any more.
func (r reply) halt() reply {
	r.stop()
	r.try++
	r.looking = false
	return r
}

// judge hears a look-up, and says whether its answer will do.
func (r reply) judge(v verdict) (reply, bool) {
	if !r.looking || v.key != r.key || v.try != r.try {
		return r, false
	}
	r.looking = false
	if v.err != nil {
		p := state.AsProblem(state.Explain(v.err))
		r.wrong = &p
	}
	return r, v.err == nil
}
