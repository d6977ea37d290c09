package console

import (
	"strings"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

func (p cache) view(s scene, env tui.Env) string {
	blocks, _ := p.blocks(s, env)
	return blocks.View(env.Width, env.Height)
}

// blocks are the parts of the page; the table is the last, where it has rows.
func (p cache) blocks(s scene, env tui.Env) (widget.Stack, widget.Table) {
	blocks := widget.Stack{}
	if all := s.alertsOf(live.PageCache); len(all) > 0 {
		for i, a := range all { // a whole path has no room
			if strings.HasPrefix(a.To.ID, "/") {
				all[i].What = strings.ReplaceAll(a.What, a.To.ID, shortPath(a.To.ID))
			}
		}
		blocks = append(blocks, alertBlock(all, env))
	} else {
		mark, text := served(s)
		blocks = append(blocks, sentence(env, mark, text))
	}
	const leastFacts, leastRows = 3, 2
	table := p.table(s, env)
	blocks = append(blocks, facts(env, leastFacts,
		sizeFact(s), growthFact(s, env), uploadsFact(s), signatureFact(s), edgeFact(s), requestsFact(s), costFact(s), pinsFact(s),
	))
	if len(table.Rows) > 0 {
		// Some paths less, so that there are blank lines.
		const some = 5
		want := len(table.Rows) + 1
		if spare := env.Height - blocks[0].Want - blocks[1].Want - 2; spare < want {
			want = min(want, max(spare, some))
		}
		blocks = append(blocks, widget.Block{
			Want: want, Least: leastRows,
			Draw: func(h int) string { return table.View(env.Theme, env.Width, h) },
		})
	}
	return blocks, table
}

// served is the sentence: whether clients get what is built.
func served(s scene) (theme.Mark, string) {
	name := "The cache"
	if config, _ := s.snap.Config.Get(); config.Substituter != "" {
		name = strings.TrimPrefix(config.Substituter, "https://")
	}
	paths, known := s.snap.Paths.Get()
	health, told := s.snap.Health.Get()
	switch {
	case told && !health.OK:
		return unsure(s, s.snap.Health, theme.MarkOf("broken"), "niks3 does not answer: nothing new gets into the cache. What is there is served.")
	case !known:
		return theme.MarkOf("not checked"), "What " + strings.Replace(name, "The", "the", 1) + " serves is " + unheard(s, fromCache) + "."
	case len(paths) == 0:
		return theme.MarkOf("queued"), name + " was not read back: nothing was built yet."
	case !paths[0].Found:
		return unsure(s, s.snap.Paths, theme.MarkOf("risk"), name+" does not have the newest path, looked "+before(s, paths[0].At)+".")
	}
	return unsure(s, s.snap.Paths, theme.MarkOf("up"), name+" serves what "+s.opts.Host+" builds. Read back and checked "+before(s, paths[0].At)+".")
}

// table is the newest paths.
func (p cache) table(s scene, env tui.Env) widget.Table {
	const name, size, age, check = 9, 2, 5, 8
	t := widget.Table{
		Columns: []widget.Column{
			{Title: "NEWEST PATHS", Worth: name, Cut: widget.CutMiddle}, {Title: "SIZE", Worth: size, Right: true},
			{Title: "AGE", Worth: age, Right: true}, {Title: "CHECK", Worth: check, Cut: widget.CutEnd},
		},
		Cursor: p.cursor(s), Wordless: wordless(env),
	}
	role := theme.Plain
	if part := s.snap.Paths; part != nil {
		if _, stale := s.old(part.Source, part.At); stale {
			role = theme.Quiet
		}
	}
	for _, c := range p.paths(s) {
		bytes := ""
		if c.Bytes > 0 {
			bytes = widget.Size(c.Bytes)
		}
		t.Rows = append(t.Rows, []widget.Cell{
			{Text: shortPath(c.Path), Role: role}, {Text: bytes, Role: role}, {Text: since(s, c.At), Role: theme.Quiet}, checkCell(c),
		})
	}
	return t
}

// shortPath is a store path without the store, its hash cut.
func shortPath(path string) string {
	const kept = 4
	hash, name, found := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "-")
	if !found || len(hash) <= kept {
		return path
	}
	return hash[:kept] + theme.More + "-" + name
}

// checkCell is what the look for a path found.
func checkCell(c live.PathCheck) widget.Cell {
	switch {
	case !c.Found:
		return widget.Cell{Mark: glyph("broken"), Text: "not cached"}
	case c.Narinfo == nil:
		return widget.Cell{Mark: glyph("not checked"), Text: "served, signature not read"}
	case !c.Narinfo.Verified:
		return widget.Cell{Mark: glyph("broken"), Text: "served, not signed by the trusted key"}
	}
	return widget.Cell{Mark: glyph("up"), Text: "signed, served"}
}
