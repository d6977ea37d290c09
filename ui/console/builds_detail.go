package console

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/logview"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
)

// detailLines is how tall it is what stands below the list: a blank, the build,
// and what its log says.
const detailLines = 2 + glimpseLines

// below is how many lines stand below the list: those of the chosen build.
func (p builds) below(env tui.Env) int {
	const tall = 30
	if env.Height >= tall && env.Width >= wideFrom {
		return detailLines
	}
	return 0
}

// glances is the failed build that is chosen, where its lines are shown.
func (p builds) glances(s scene, env tui.Env) []int64 {
	if p.below(env) == 0 || p.filtering.typing {
		return nil
	}
	row, some := p.row(s)
	if b := culprit(s, row.target()); some && b != nil && b.Done {
		return []int64{b.ID}
	}
	return nil
}

// detail is what is known of the chosen build besides, below the list: of one
// that failed the lines that say why.
func (p builds) detail(r buildRow, s scene, ink pen, w int) []string {
	b := r.target()
	if b == nil {
		return []string{"", " " + ink.raw(theme.Quiet, "enter unfolds them")}
	}
	red := culprit(s, b)
	if red != nil {
		b = red
	}
	out := []string{"", p.steps(b, s, ink, w)}
	if red != nil {
		return append(out, s.failing(red, ink, w)...)
	}
	path := b.OutPath
	if path == "" {
		path = "build " + strconv.FormatInt(b.ID, 10)
	}
	return append(out, " "+ink.raw(theme.Plain, ink.cut(b.State, w-2)), " "+ink.raw(theme.Quiet, ink.cut(path, w-2)))
}

// steps is a build and how its steps went.
func (p builds) steps(b *live.Build, s scene, ink pen, w int) string {
	line := " " + ink.Bold().Render(ink.cut(labelOf(b), w/3))
	for _, step := range s.snap.Steps(b.ID) {
		if step.Hidden {
			continue
		}
		part := ink.dot() + ink.glyph(stepMark(step)) + " " + ink.cut(step.Name, w/4)
		if took := stepTook(step, s); took != "" {
			part += ink.raw(theme.Quiet, " "+took)
		}
		if cells(line+part) > w {
			break
		}
		line += part
	}
	if one := s.red.known[b.ID]; len(s.snap.Steps(b.ID)) == 0 && one.step != "" {
		line += ink.dot() + ink.glyph(theme.MarkOf("failed")) + " " + ink.cut(one.step, w/2)
	}
	return line
}

// failing are the lines that say why a build failed, or why they are not here.
func (s scene) failing(b *live.Build, ink pen, w int) []string {
	one, known := s.red.known[b.ID]
	switch {
	case !known:
		return []string{" " + ink.raw(theme.Quiet, ink.cut("Reading where it failed …", w-2))}
	case one.err != "":
		return []string{" " + ink.raw(theme.Quiet, ink.cut("Where it failed is not known: "+one.err, w-2))}
	case len(one.Lines) == 0:
		return []string{" " + ink.raw(theme.Quiet, "The log is empty.")}
	}
	digits := len(strconv.Itoa(one.From + len(one.Lines)))
	var out []string
	for i, l := range one.Lines {
		cursor := "   "
		if i == 0 && one.Failing {
			cursor = " " + ink.Signs(theme.Cursor) + " "
		}
		number := ink.right(strconv.Itoa(one.From+i+1), digits)
		text := ansi.Truncate(ink.Signs(logview.Plain(l)), w-cells(cursor)-digits-2, ink.Signs(theme.More))
		out = append(out, cursor+ink.raw(theme.Quiet, number)+" "+ink.raw(theme.Plain, text))
	}
	return out
}
