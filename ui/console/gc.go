package console

import (
	"cmp"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// gc is page 5: the collection of garbage, what it does and what it did.
type gc struct {
	runs  []run // that were told of, the newest first
	doing doing
}

// collecting is the id of a collection that is asked for here.
const collecting = "collect"

// The units of niks3's module that collect.
const (
	gcTimer   = "niks3-gc.timer"
	gcService = "niks3-gc.service"
)

func newGC() tab { return gc{} }

func (p gc) update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd) {
	p.doing, p.runs = p.doing.hear(msg), p.seen(s)
	if press, ok := msg.(tea.KeyPressMsg); ok {
		return p, p.press(press.String(), s, env)
	}
	return p, nil
}

func (p gc) press(pressed string, s scene, env tui.Env) tea.Cmd {
	switch pressed {
	case "R":
		return confirm(p.collect(s))
	case "l", "enter":
		return env.Push(newUnit(gcService, s))
	case "x":
		if all := s.alertsOf(live.PageGC); len(all) > 0 {
			return env.Open(newExplain(all[0], s))
		}
	}
	return nil
}

// collect is a run that is asked for here.
func (gc) collect(s scene) action {
	return action{
		id: collecting, verb: "run", title: "Run garbage collection on " + s.opts.Host, name: s.opts.Forced,
		lines: []string{
			"Does   " + cmp.Or(s.opts.Collecting, "what its policy says; niks3 cannot say beforehand what goes"),
			"Price  clients build or fetch again what goes; builds go on meanwhile",
		},
		do: s.opts.Desk.Collect,
	}
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return widget.Count(int64(n)) + " " + thing
}

// run is a run and who started it, as far as that is known.
type run struct {
	state.GCStatus

	by string
}

// seen are the runs that were told of up to now: niks3 tells the last one only.
func (p gc) seen(s scene) []run {
	const most = 20
	status, _ := s.snap.GC.Get()
	if status.Started.IsZero() {
		return p.runs
	}
	last, before := run{status, by(s, status)}, p.runs
	if len(before) > 0 && before[0].Started.Equal(last.Started) {
		if last.by = cmp.Or(before[0].by, last.by); last == before[0] {
			return before
		}
		before = before[1:]
	}
	return slices.Concat([]run{last}, before[:min(len(before), most-1)])
}

func (p gc) keys(s scene) []key.Binding {
	return []key.Binding{
		bind(p.off(s) == "", "R", "run now", "R"),
		bind(true, "l", "journal of its unit", "l", "enter"),
		bind(len(s.alertsOf(live.PageGC)) > 0, "x", "explain", "x"),
	}
}

// off is why no run can be asked for; empty: it can.
func (p gc) off(s scene) string {
	last, _ := s.snap.GC.Get()
	switch {
	case s.opts.Off != "":
		return s.opts.Off
	case last.State == state.GCRunning:
		return "a run is under way; niks3 would refuse a second one (409)"
	case p.doing.has(collecting):
		return underWay
	}
	return ""
}

func (p gc) why(pressed string, s scene) string {
	if pressed == "R" {
		return p.off(s)
	}
	return "nothing is wrong with the collection"
}

func (gc) typing() bool { return false }

func (p gc) goTo(string, scene) tab { return p }

func (p gc) view(s scene, env tui.Env) string {
	mark, text := collected(s)
	const leastFacts = 1
	blocks := widget.Stack{
		alertBlock(s.alertsOf(live.PageGC), env), sentence(env, mark, text), phases(s, env), facts(env, leastFacts, policyFact(s), nextFact(s), countFact(s)),
	}
	if table := gcTable(p.seen(s), s, env); len(table.Rows) > 0 {
		blocks = append(blocks, widget.Block{
			Want: len(table.Rows) + 1,
			Draw: func(h int) string { return table.View(env.Theme, env.Width, h) },
		})
	}
	if off := p.off(s); off != "" && s.opts.Off == "" {
		blocks = append(blocks, widget.Of(oneFact(env, widget.Part{Text: "R is off: " + off + ".", Role: theme.Quiet}), 0))
	}
	return blocks.View(env.Width, env.Height)
}
