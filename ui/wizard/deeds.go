package wizard

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui"
)

// deeds are what a person can do about one line, wherever it is shown.
type deeds struct {
	run    *guide.Run // nil: none has begun
	choose func(guide.Choice) tea.Cmd
}

// deedKeys are the keys of the deeds for one line.
type deedKeys struct{ again, skip, open, copy, change, explain, log key.Binding }

// keys are the keys, with those that work for the line.
func (d deeds) keys(l Line) deedKeys {
	k := deedKeys{
		again:   key.NewBinding(key.WithKeys("r"), key.WithHelp("r", "try again")),
		skip:    key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "skip for now")),
		open:    key.NewBinding(key.WithKeys("o"), key.WithHelp("o", "open")),
		copy:    key.NewBinding(key.WithKeys("y"), key.WithHelp("y", "copy link")),
		change:  key.NewBinding(key.WithKeys("e"), key.WithHelp("e", "change answer")),
		explain: key.NewBinding(key.WithKeys("x"), key.WithHelp("x", "explain")),
		log:     key.NewBinding(key.WithKeys("l"), key.WithHelp("l", "log")),
	}
	_, known := l.failure()
	k.again.SetEnabled(d.run != nil && (l.stuck() || l.PutOff != nil))
	k.skip.SetEnabled(d.run != nil && (l.stuck() || l.Question != nil))
	k.open.SetEnabled(l.link() != "" && d.run != nil && !d.run.Far)
	k.copy.SetEnabled(l.link() != "")
	k.change.SetEnabled(l.mendedBy() != "")
	k.explain.SetEnabled(known)
	k.log.SetEnabled(len(l.Log) > 0)
	return k
}

// why is why a key does not work for the line.
func (d deeds) why(pressed string, l Line) string {
	switch pressed {
	case "r":
		return "nothing is wrong with this line"
	case "s":
		return "this line keeps nobody waiting"
	case "o":
		switch {
		case l.link() == "":
			return "there is no page for this line"
		case d.run == nil:
			return "pages open once it runs; y copies the link"
		}
		return "the browser is on another computer; y copies the link"
	case "y":
		return "there is no page for this line"
	case "e":
		return "no answer of yours would change this line"
	case "x":
		return "this is no known failure"
	case "l":
		return "this line has said nothing yet"
	}
	return "not now"
}

// press does what a key asks for.
func (d deeds) press(msg tea.KeyPressMsg, k deedKeys, b Board, l Line, env tui.Env) tea.Cmd {
	switch {
	case key.Matches(msg, k.again):
		return d.again(l)
	case key.Matches(msg, k.skip):
		return env.Open(skipDialog(d.price(b, l), d.give(l)))
	case key.Matches(msg, k.open):
		return d.open(l.link())
	case key.Matches(msg, k.copy):
		return copied("the link", l.link())
	case key.Matches(msg, k.change):
		return d.choose(guide.Choice{Do: guide.Change, Key: l.mendedBy()})
	case key.Matches(msg, k.explain):
		f, _ := l.failure()
		return env.Push(NewExplain(f))
	case key.Matches(msg, k.log):
		return env.Push(NewLog(l))
	}
	return nil
}

// again has the step tried now.
func (d deeds) again(l Line) tea.Cmd {
	again := d.run.Again
	return func() tea.Msg {
		if !again(l.Info.ID) {
			return tui.Say("There is nothing to try at this moment.")()
		}
		return tui.Say("Tried again: " + l.Info.Title + ".")()
	}
}

// give gives the step up for now.
func (d deeds) give(l Line) tea.Cmd {
	skip := d.run.Skip
	return func() tea.Msg {
		if !skip(l.Info.ID) {
			return tui.Say("There is nothing to skip at this moment.")()
		}
		return tui.Say("Skipped for now: " + l.Info.Title + ". r there brings it back.")()
	}
}

// open shows a page in the browser.
func (d deeds) open(url string) tea.Cmd { return opening(d.run.Open, url) }

// opening shows a page in the browser, and says where that failed.
func opening(open func(context.Context, string) error, url string) tea.Cmd {
	return func() tea.Msg {
		if err := open(context.Background(), url); err != nil {
			return tui.Say("It did not open: " + state.AsProblem(err).What + ". y copies the link.")()
		}
		return nil
	}
}

// copied has the terminal take a text into the clipboard.
func copied(what, text string) tea.Cmd {
	return tea.Batch(tea.SetClipboard(text), tui.Say("Copied: "+what+", where the terminal allows it."))
}

// price is what it costs to skip a line.
func (d deeds) price(b Board, l Line) []string {
	out := []string{"Skip " + state.CleanText(l.Info.Title, 0) + " for now"}
	var names []string
	for _, o := range b.Behind(l.Info.ID) {
		names = append(names, o.Info.Title)
	}
	stays := "only this line; no other needs it"
	if n := len(names); n > 0 {
		stays = fmt.Sprintf("this line, and %s that %s it:", counted(n, "line"), verb(n, "needs", "need"))
	}
	out = append(out, "Open   "+stays)
	for _, row := range wrapNames(names, priceWidth) {
		out = append(out, "       "+row)
	}
	return append(out, "Stays  what is true; the other lines go on", "       r brings it back, and so does the next run")
}

// priceWidth is how wide the names in a dialog may be.
const priceWidth = 48

// wrapNames joins names with commas, in rows.
func wrapNames(names []string, w int) []string {
	var rows []string
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if n := len(rows); n > 0 && len(rows[n-1])+1+len(name) <= w {
			rows[n-1] += " " + name
			continue
		}
		rows = append(rows, name)
	}
	return rows
}

// skipDialog asks whether a line is to be skipped, with its price.
func skipDialog(price []string, do tea.Cmd) tui.Dialog {
	return tui.Dialog{
		Lines: price, Do: do,
		Yes: key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "skip for now")),
		No:  key.NewBinding(key.WithKeys("esc", "q"), key.WithHelp("esc", "keep")),
	}
}

// counted is a number of things: "1 line", "3 lines".
func counted(n int, word string) string { return fmt.Sprintf("%d %s", n, verb(n, word, word+"s")) }

// verb is one word for one, another for many.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// stuck says whether something is wrong with the line.
func (l Line) stuck() bool {
	return !l.Running && l.Question == nil && (l.Status == steps.Blocked || l.Status == steps.Failed)
}

// link is the page on which the line goes on; empty: there is none.
func (l Line) link() string {
	for _, q := range []*state.Question{l.Question, l.PutOff} {
		if q != nil && q.URL != "" {
			return q.URL
		}
	}
	for _, p := range l.Problems {
		if p.URL != "" {
			return p.URL
		}
	}
	return ""
}

// mendedBy is the answer that would mend the line; empty: none would.
func (l Line) mendedBy() string {
	for _, p := range l.Problems {
		if k := p.Key; k != "" {
			return k
		}
	}
	return ""
}

// failure is the row of the failure table that the line suffers.
func (l Line) failure() (state.Failure, bool) {
	for _, p := range l.Problems {
		if f, ok := state.FailureByID(p.ID); ok && p.ID != "" {
			return f, true
		}
	}
	return state.Failure{}, false
}

// costOf is what was asked of a person, of what will be: "1 of 4 pages, 3 of 8
// clicks".
func costOf(have, all state.Cost) string {
	var out []string
	for _, part := range []struct {
		n, of int
		word  string
	}{{have.Pages, all.Pages, "page"}, {have.Clicks, all.Clicks, "click"}, {have.Pastes, all.Pastes, "paste"}} {
		if of := max(part.n, part.of); of > 0 {
			out = append(out, fmt.Sprintf("%d of %s", part.n, counted(of, part.word)))
		}
	}
	return strings.Join(out, ", ")
}
