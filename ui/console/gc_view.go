package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// phase is a part of a collection, in the order in which niks3 goes through
// them (niks3 server/gc.go).
type phase struct {
	name   string
	text   func(state.GCPolicy) string
	result func(state.GCCounts) string // empty: niks3 does not count it
}

func gcPhases() []phase {
	age := func(p state.GCPolicy) string { return "closures older than " + cmp.Or(p.OlderThan, "the policy says") }
	plain := func(s string) func(state.GCPolicy) string { return func(state.GCPolicy) string { return s } }
	return []phase{
		{"cleanup_pending_uploads", plain("uploads that did not end"), func(c state.GCCounts) string { return widget.Count(c.Uploads) + " dropped" }},
		{"cleanup_old_closures", age, func(c state.GCCounts) string { return widget.Count(c.Closures) + " gone" }},
		// Of what it deletes niks3 counts attempts, not objects: not shown.
		{"cleanup_orphan_objects", plain("objects without a closure"), func(c state.GCCounts) string { return widget.Count(c.Marked) + " marked" }},
		{"vacuum_tables", plain("tidying of the database"), nil},
	}
}

// collected is the sentence: how the collection stands.
func collected(s scene) (theme.Mark, string) {
	status, known := s.snap.GC.Get()
	if !known {
		return theme.MarkOf("not checked"), asWords(unheard(s, fromNiks3))
	}
	mark, text := theme.MarkOf("queued"), "No collection ran since niks3 started."
	switch {
	case !status.Offered:
		mark, text = theme.MarkOf("not checked"), "What a collection does is "+state.Niks3Needs(state.Niks3GCStatus)+"."
	case status.State == state.GCRunning:
		mark, text = theme.MarkOf(theme.WordRunning), "A collection has run for "+coarse(s.now.Sub(status.Started))+starter(by(s, status))+"."
	case status.State == state.GCFailed:
		mark = theme.MarkOf("failed")
		text = "The last collection failed " + before(s, cmp.Or(status.Finished, status.Started)) + ": " + cmp.Or(status.Error, "niks3 does not say why")
	case status.State == state.GCSucceeded:
		mark = theme.MarkOf("up")
		text = "The last collection went well, " + before(s, status.Finished) + ", in " + widget.Duration(status.Finished.Sub(status.Started)) + "."
	}
	return unsure(s, s.snap.GC, mark, text)
}

// by is who started the last run: the timer where it ran out at that time, a
// person where it did not; empty: it is not known.
func by(s scene, last state.GCStatus) string {
	const late = 2 * time.Minute
	timer, known := s.timer(gcTimer)
	switch {
	case !known || timer.Last.IsZero():
		return ""
	case last.Started.Sub(timer.Last).Abs() < late:
		return "timer"
	}
	return "hand"
}

// starter is the end of the sentence that says who started it.
func starter(by string) string {
	switch by {
	case "timer":
		return ", started by " + gcTimer
	case "hand":
		return ", started by hand"
	}
	return ""
}

// timer is a timer of the host.
func (s scene) timer(name string) (state.Timer, bool) {
	timers, _ := s.snap.Timers.Get()
	i := slices.IndexFunc(timers, func(t state.Timer) bool { return t.Unit.Name == name })
	if i < 0 {
		return state.Timer{}, false
	}
	return timers[i], true
}

// phases are the parts of the last run: what is done, and what came of it so
// far. Where they have no room those that are over go first.
func phases(s scene, env tui.Env) widget.Block {
	status, known := s.snap.GC.Get()
	if !known || !status.Offered || status.Started.IsZero() {
		return widget.Block{}
	}
	all := gcPhases()
	at := slices.IndexFunc(all, func(p phase) bool { return p.name == status.Phase })
	draw := func(from int) string {
		facts := make([]widget.Fact, 0, len(all))
		for i := from; i < len(all); i++ {
			facts = append(facts, widget.Fact{Parts: []widget.Part{all[i].part(s, status, i-at)}})
		}
		facts[0].Name = "Phase"
		return widget.Facts{Facts: facts}.View(env.Theme, env.Width, env.Height)
	}
	block := widget.Of(draw(0), 1)
	block.Draw = func(h int) string {
		if h < block.Want {
			return draw(max(0, at))
		}
		return draw(0)
	}
	return block
}

// part is a phase; by is how many phases it is after the one that runs.
func (p phase) part(s scene, status state.GCStatus, by int) widget.Part {
	out, begun := widget.Part{Mark: glyph("queued"), Text: p.text(status.Policy)}, true
	running := by == 0 && status.State == state.GCRunning
	switch {
	case status.State == state.GCSucceeded || by < 0:
		out.Mark = glyph("success")
	case running:
		out.Mark = glyph(theme.WordRunning)
	case by == 0:
		out.Mark = glyph("failed")
	default:
		begun, out.Role = false, theme.Quiet
	}
	if begun && p.result != nil && !status.Policy.Force {
		if out.Text += ", " + p.result(status.Counts); running {
			out.Text += " so far"
		}
	}
	if _, stale := s.old(s.snap.GC.Source, s.snap.GC.At); stale {
		out.Role, out.Mark = theme.Quiet, glyph("not checked")
	}
	return out
}

func policyFact(s scene) widget.Fact {
	f, status := of(s, s.snap.GC, fromNiks3)
	switch {
	case status.Policy.OlderThan == "":
		f.add(theme.Mark{}, "not known before a run")
	case status.Policy.Force:
		f.add(glyph("risk"), "older than "+status.Policy.OlderThan+", forced: what is being pushed may go too")
	default:
		f.add(theme.Mark{}, "older than "+status.Policy.OlderThan)
	}
	if pins, known := s.snap.Pins.Get(); known {
		f.add(theme.Mark{}, counted(len(pins), "pin")+" kept")
	}
	return f.row("Policy")
}

func nextFact(s scene) widget.Fact {
	f, _ := of(s, s.snap.Timers, fromSystemd)
	t, found := s.timer(gcTimer)
	switch {
	case !found:
		f.add(glyph("risk"), "none: there is no "+gcTimer)
	case t.Unit.Active != "active":
		f.add(glyph("risk"), "none: "+gcTimer+" is "+t.Unit.Active)
	case t.Next.IsZero() && t.Unit.Sub == "running":
		f.add(theme.Mark{}, "planned when this run has ended")
	case t.Next.IsZero():
		f.add(theme.Mark{}, "none is planned")
	case t.Next.Before(s.now):
		f.add(theme.Mark{}, stamp(s, t.Next)+", due since "+coarse(s.now.Sub(t.Next)))
	default:
		f.add(theme.Mark{}, stamp(s, t.Next)+", in "+widget.Age(t.Next.Sub(s.now)))
	}
	if found && !t.Last.IsZero() {
		f.add(theme.Mark{}, "last "+stamp(s, t.Last))
	}
	return f.row("Next")
}

// countFact is how often it ran since niks3 started; nothing where this niks3
// does not count.
func countFact(s scene) widget.Fact {
	f, m := of(s, s.snap.Metrics, fromNiks3)
	if _, heard := s.snap.Source(fromNiks3); heard && !f.known {
		return widget.Fact{Name: "Runs", Parts: []widget.Part{{Text: state.Niks3Needs(state.Niks3Measures), Role: theme.Quiet}}}
	}
	f.add(theme.Mark{}, widget.Count(m.GCSucceeded)+" went well")
	f.add(theme.Mark{}, widget.Count(m.GCFailed)+" failed since niks3 started")
	return f.row("Runs")
}

// gcTable is the runs that are known.
func gcTable(runs []run, s scene, env tui.Env) widget.Table {
	const when, took, result, who = 9, 3, 8, 1
	t := widget.Table{
		Columns: []widget.Column{
			{Title: "LAST RUNS", Worth: when}, {Title: "TOOK", Worth: took, Right: true},
			{Title: "RESULT", Worth: result, Cut: widget.CutEnd}, {Title: "BY", Worth: who},
		},
		Cursor: -1, Wordless: wordless(env),
	}
	for _, r := range runs {
		long := widget.Duration(r.Finished.Sub(r.Started))
		cell := widget.Cell{Mark: theme.MarkOf("success"), Text: counted(int(r.Counts.Closures), "closure")}
		switch r.State {
		case state.GCRunning:
			long, cell = coarse(s.now.Sub(r.Started)), widget.Cell{Mark: theme.MarkOf(theme.WordRunning)}
		case state.GCFailed:
			cell = widget.Cell{Mark: theme.MarkOf("failed"), Text: r.Error}
		}
		t.Rows = append(t.Rows, []widget.Cell{{Text: r.Started.In(s.now.Location()).Format("Mon 02 15:04")}, {Text: long}, cell, {Text: r.by, Role: theme.Quiet}})
	}
	return t
}
