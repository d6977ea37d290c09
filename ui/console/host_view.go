package console

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

func (p host) view(s scene, env tui.Env) string {
	blocks, _ := p.blocks(s, env)
	return blocks.View(env.Width, env.Height)
}

// blocks are the parts of the page; the table is the first.
func (p host) blocks(s scene, env tui.Env) (widget.Stack, widget.Table) {
	table := p.table(s, env)
	const leastRows, mostPanel, leastPanel, leastFacts = 3, 6, 3, 0
	blocks := widget.Stack{}
	if len(table.Rows) > 0 {
		blocks = append(blocks, widget.Block{
			Want: len(table.Rows) + 1, Least: min(leastRows, len(table.Rows)+1),
			Draw: func(h int) string { return table.View(env.Theme, env.Width, h) },
		})
	} else {
		blocks = append(blocks, sentence(env, theme.MarkOf("not checked"), "The units are "+unheard(s, fromSystemd)+"."))
	}
	if a, found := p.alert(s); found {
		blocks = append(blocks, clipped(env, unitPanel(a, cmp.Or(p.lastError(s), cause(a)), env), mostPanel, leastPanel))
	}
	blocks = append(blocks, facts(env, leastFacts, append(diskFacts(s), memoryFact(s), socketsFact(s), expiryFact(s), bootFact(s))...))
	return blocks, table
}

// unitPanel is what is wrong and what to do, in few lines; x says all of it.
func unitPanel(a live.Alert, last string, env tui.Env) string {
	what := strings.TrimSpace(a.ID + " " + a.What)
	drawn := []string{oneFact(env, widget.Part{Mark: theme.MarkOf(string(a.Severity)), Text: what})}
	if last != "" && !strings.Contains(what, last) {
		drawn = append(drawn, below(env, last, theme.Plain))
	}
	if a.Fix != "" {
		drawn = append(drawn, below(env, a.Fix, theme.Quiet))
	}
	return strings.Join(drawn, "\n")
}

// table is the units and timers.
func (p host) table(s scene, env tui.Env) widget.Table {
	const name, status, age, restarts, result = 9, 8, 5, 6, 2
	t := widget.Table{
		Columns: []widget.Column{
			{Title: "UNIT", Worth: name, Cut: widget.CutMiddle, Least: len("buildbot-worker")}, {Title: "STATE", Worth: status}, {Title: "SINCE", Worth: age, Right: true},
			{Title: "RESTARTS", Worth: restarts, Right: true}, {Title: "LAST RESULT", Worth: result, Cut: widget.CutEnd},
		},
		Cursor: p.cursor(s), Wordless: wordless(env),
	}
	for _, r := range unitRows(s) {
		if r.timer != nil {
			t.Rows = append(t.Rows, timerCells(s, *r.timer))
			continue
		}
		t.Rows = append(t.Rows, unitCells(s, r.unit))
	}
	if part := s.snap.Units; part != nil {
		if note, stale := s.old(part.Source, part.At); stale {
			greyed(t, "UNIT ("+note+")")
		}
	}
	return t
}

// greyed makes a table one whose values are old, which its first title says.
func greyed(t widget.Table, title string) {
	t.Columns[0].Title = title
	for _, row := range t.Rows {
		for i := range row {
			row[i].Role, row[i].Mark.Role = theme.Quiet, theme.Quiet
		}
	}
}

// unitMark is how a unit stands.
func unitMark(s scene, u live.Unit) theme.Mark {
	called := func(of, word string) theme.Mark {
		m := theme.MarkOf(of)
		m.Word = word
		return m
	}
	for _, a := range s.alerts {
		switch {
		case a.To.Page != live.PageHost || a.To.ID != u.Name || u.Streak == 0:
		case a.Severity == state.Broken:
			return called("broken", "restarting")
		case u.Active == "active":
			return called("risk", "active")
		}
	}
	switch {
	case u.Load == "not-found":
		return called("broken", "not there")
	case u.Active == "failed":
		return called("broken", "failed")
	case u.Active == "active":
		return called("up", "active")
	case u.Active == "activating" && u.Sub == "auto-restart":
		return called("broken", "restarting")
	case u.Active == "activating", u.Active == "reloading", u.Active == "deactivating":
		return called("running", u.Active)
	}
	return called("queued", cmp.Or(u.Active, "not known"))
}

func unitCells(s scene, u live.Unit) []widget.Cell {
	age := ""
	if !u.Since.IsZero() {
		age = since(s, u.Since)
	}
	result := widget.Cell{Text: u.Result, Role: theme.Quiet}
	if u.Result != "" && u.Result != "success" {
		result.Role = theme.Plain
	}
	return []widget.Cell{
		{Text: strings.TrimSuffix(u.Name, ".service")}, {Mark: unitMark(s, u)}, {Text: age, Role: theme.Quiet}, {Text: fmt.Sprint(u.Restarts)}, result,
	}
}

func timerCells(s scene, t state.Timer) []widget.Cell {
	mark := theme.MarkOf("up")
	switch {
	case t.Unit.Load == "not-found":
		mark = theme.MarkOf("risk")
		mark.Word = "not there"
	case t.Unit.Active != "active":
		mark = theme.MarkOf("risk")
		mark.Word = cmp.Or(t.Unit.Active, "not known")
	case t.Next.IsZero():
		mark.Word = "active"
	default:
		mark.Word = "next " + t.Next.In(s.now.Location()).Format("15:04")
	}
	last := ""
	if !t.Last.IsZero() {
		last = widget.Age(s.now.Sub(t.Last))
	}
	return []widget.Cell{{Text: t.Unit.Name}, {Mark: mark}, {Text: last, Role: theme.Quiet}, {Text: "–", Role: theme.Quiet}, {Text: t.Unit.Result, Role: theme.Quiet}}
}

// alertMark is the mark of the page's alert of a thing; none where it has none.
func alertMark(s scene, id string) theme.Mark {
	for _, a := range s.alerts {
		if a.To.Page == live.PageHost && a.To.ID == id {
			return glyph(string(a.Severity))
		}
	}
	return theme.Mark{}
}

func diskFacts(s scene) []widget.Fact {
	head, disks := of(s, s.snap.Disks, fromSystemd)
	if !head.known || len(disks) == 0 {
		head.known = false
		return []widget.Fact{head.row("Disk")}
	}
	machine, _ := s.snap.Host.Get()
	const week, most = 7, 4
	var out []widget.Fact
	for i, d := range disks[:min(len(disks), most)] {
		f := head
		f.parts = nil
		f.add(alertMark(s, d.Mount), d.Mount+" "+percent(d.Used, max(d.Bytes, 1))+" of "+widget.Size(d.Bytes))
		if d.Inodes > 0 {
			f.add(theme.Mark{}, "inodes "+percent(d.InodesUsed, d.Inodes))
		}
		if i == 0 && machine.Store > 0 {
			store := "store " + widget.Size(machine.Store)
			if per, known := s.snap.StoreBytes.Growth(s.now, week); known {
				store += ", " + signed(int64(per)) + "/day"
			}
			f.add(theme.Mark{}, store)
		}
		name := ""
		if i == 0 {
			name = "Disk"
		}
		out = append(out, f.row(name))
	}
	return out
}

func memoryFact(s scene) widget.Fact {
	f, m := of(s, s.snap.Memory, fromSystemd)
	const gib = 1 << 30
	f.add(alertMark(s, "memory"), fmt.Sprintf("%.1f of %.1f GiB", float64(m.Used)/gib, float64(m.Bytes)/gib))
	switch {
	case m.Kills == 0:
		f.add(theme.Mark{}, "nothing killed for memory in 30d")
	case m.LastKill.IsZero():
		f.add(theme.Mark{}, counted(m.Kills, "process")+" killed for memory in 30d")
	default:
		f.add(theme.Mark{}, fmt.Sprintf("%s killed for memory %s, %s in 30d", cmp.Or(m.Killed, "a process"), before(s, m.LastKill), widget.Count(int64(m.Kills))))
	}
	return f.row("Memory")
}

func socketsFact(s scene) widget.Fact {
	f, sockets := of(s, s.snap.Sockets, fromSystemd)
	const most = 8
	var order []string
	at := map[string][]string{}
	for _, one := range sockets {
		if _, seen := at[one.Program]; !seen {
			order = append(order, one.Program)
		}
		at[one.Program] = append(at[one.Program], one.Address)
	}
	for _, program := range order[:min(len(order), most)] {
		f.add(theme.Mark{}, strings.TrimSpace(strings.Join(at[program], " ")+" "+program))
	}
	if len(order) > most {
		f.add(theme.Mark{}, fmt.Sprintf("%d more", len(order)-most))
	}
	if len(order) == 0 {
		f.add(theme.Mark{}, "nothing")
	}
	return f.row("Listens")
}

func expiryFact(s scene) widget.Fact {
	f, all := of(s, s.snap.Certificates, fromCerts)
	for _, c := range all {
		left := c.Ends.Sub(s.now)
		text := c.Name + " " + widget.Age(left)
		if left <= 0 {
			text = c.Name + " ended"
		}
		f.add(alertMark(s, c.Name), text)
	}
	if len(all) == 0 {
		f.add(theme.Mark{}, "no certificate was seen")
	}
	return f.row("Expiry")
}

func bootFact(s scene) widget.Fact {
	f, h := of(s, s.snap.Host, fromSystemd)
	if h.Boot.IsZero() {
		f.known = false
		return f.row("Boot")
	}
	f.add(theme.Mark{}, stamp(s, h.Boot)+", "+widget.Age(max(0, s.now.Sub(h.Boot)).Truncate(time.Minute))+" ago")
	return f.row("Boot")
}
