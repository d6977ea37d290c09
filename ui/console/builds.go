package console

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// builds is the page of the evaluations with their builds, the newest first and
// in each the failures first. The cursor stands on a row: when others come, it
// stays there. Until somebody has moved it, the page begins with the newest all
// the same, and a cursor that is pushed out comes back; from then on its row
// stays where it is on the screen, and what is newer is counted.
type builds struct {
	at        line // the zero line: nothing was there to choose yet
	touched   bool // somebody chose it; else it is the likeliest one that is seen
	home      bool // somebody chose the newest
	place     int  // the line of the list where it stands, once it is touched
	folds     map[int64]fold
	filtering filtering
	doing     doing
}

func newBuilds() tab { return builds{} }

// fresh is how new a failure must be to be chosen at first.
const fresh = 24 * time.Hour

// settled is the page with a cursor that is seen, where nobody has moved it: on
// the newest failure, if it is not long ago, else on the newest evaluation.
func (p builds) settled(s scene, env tui.Env) builds {
	if p.touched {
		return p
	}
	rows, at, _ := p.seen(s, env)
	if at >= 0 && (p.home || p.at.build != 0) {
		return p
	}
	p.at = line{}
	if len(rows) > 0 {
		p.at = rows[0].line
	}
	if b := newestFailure(s); b != nil && !p.home && s.now.Sub(b.Started) < fresh && slices.ContainsFunc(rows, func(r buildRow) bool { return r.line == lineOf(b) }) {
		p.at = lineOf(b)
	}
	return p
}

// taken is the page whose cursor somebody moves: it stays where it stands.
func (p builds) taken(s scene, env tui.Env) builds {
	if !p.touched {
		_, at, _ := p.seen(s, env)
		p.touched, p.home, p.place = true, false, max(0, at)
	}
	return p
}

// newestFailure is the newest build that failed; nil: none is known.
func newestFailure(s scene) *live.Build {
	var out *live.Build
	for _, status := range []live.Status{live.Failed, live.Exception} {
		for b := range s.snap.ByStatus(status, 0) {
			if b.Kind == live.KindOther {
				continue
			}
			if out == nil || b.ID > out.ID {
				out = b
			}
			break
		}
	}
	return out
}

// lineOf is the row of a build.
func lineOf(b *live.Build) line {
	if b.Kind == live.KindEval || b.Parent == 0 {
		return line{eval: b.ID}
	}
	return line{eval: b.Parent, build: b.ID}
}

func (p builds) update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd) {
	p.doing = p.doing.hear(msg)
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		p, cmd = p.press(msg, s, env)
	case tea.PasteMsg:
		if p.filtering.typing {
			p.filtering = p.filtering.typed(p.filtering.input + strings.Join(strings.Fields(msg.Content), " "))
		}
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			p = p.scrolled(-1, s, env)
		} else {
			p = p.scrolled(+1, s, env)
		}
	case tea.MouseClickMsg:
		p, cmd = p.clicked(msg.Y, s, env)
	case found:
		p.filtering = p.filtering.take(msg)
	case Told:
		p.filtering.behind = true
	}
	p = p.settled(s, env)
	if _, told := msg.(Told); told && !p.filtering.filter.all() && p.filtering.run > 0 {
		return p, cmd // looked for anew with the next second
	}
	var search tea.Cmd
	p.filtering, search = p.filtering.search(s)
	return p, tea.Batch(cmd, search)
}

// clicked chooses a row, or opens the one that is chosen.
func (p builds) clicked(y int, s scene, env tui.Env) (builds, tea.Cmd) {
	rows, at, top := p.seen(s, env)
	i := y - top
	switch {
	case i < 0 || i >= len(rows):
		return p, nil
	case i == at:
		return p.enter(rows[i], s, env)
	}
	p = p.taken(s, env)
	p.at, p.place = rows[i].line, i
	return p, nil
}

func (p builds) press(msg tea.KeyPressMsg, s scene, env tui.Env) (builds, tea.Cmd) {
	if p.filtering.typing {
		p.filtering = p.filtering.press(msg)
		return p, nil
	}
	page := max(1, p.height(env)-1)
	switch msg.String() {
	case "up", "k":
		return p.moved(-1, s, env), nil
	case "down", "j":
		return p.moved(+1, s, env), nil
	case "pgup":
		return p.scrolled(-page, s, env), nil
	case "pgdown":
		return p.scrolled(+page, s, env), nil
	case "home", "g":
		p.touched, p.home, p.at = false, true, line{}
		return p, nil
	case "end", "G":
		p = p.taken(s, env)
		for e := range p.newer(s, 0) {
			rows, _ := p.rows(s, e, line{}, 1, 0)
			p.at = rows[len(rows)-1].line
			break
		}
		return p, nil
	case "/":
		p.filtering = p.filtering.opened()
		return p, nil
	case "esc":
		p.filtering = filtering{run: p.filtering.run}
		return p, nil
	case "e":
		return p, p.failing(s, env)
	}
	row, some := p.row(s)
	if !some {
		return p, nil
	}
	p = p.taken(s, env)
	switch msg.String() {
	case "enter":
		return p.enter(row, s, env)
	case "right", "l":
		return p.unfold(row), nil
	case "left", "h":
		return p.fold(row), nil
	}
	return p, p.ask(msg.String(), row, s, env)
}

// ask is what a key does with the build of a row.
func (p builds) ask(pressed string, row buildRow, s scene, env tui.Env) tea.Cmd {
	b := row.target()
	if b == nil {
		return nil
	}
	switch pressed {
	case "o":
		return s.open(s.opts.Desk.BuildURL(b.ID))
	case "y":
		return copied(s.opts.Desk.BuildURL(b.ID), "Copied: the link to the build.")
	case "z":
		return env.Open(newAbout(b.ID, s))
	case "r":
		return confirm(restart(b, s))
	case "s":
		return confirm(stop(b, s))
	}
	return nil
}

// failing opens the chosen build, if it failed, else the newest that did.
func (p builds) failing(s scene, env tui.Env) tea.Cmd {
	row, some := p.row(s)
	b := newestFailure(s)
	if chosen := culprit(s, row.target()); some && chosen != nil {
		b = chosen
	}
	if b == nil {
		return nil
	}
	return env.Push(newBuild(b.ID, true, s))
}

// enter opens the log of a row's build, or unfolds what is many.
func (p builds) enter(row buildRow, s scene, env tui.Env) (builds, tea.Cmd) {
	b := row.target()
	if b == nil {
		return p.unfold(row), nil
	}
	return p, env.Push(newBuild(b.ID, b.Status().Red(), s))
}

// unfold shows more of a row, fold less: of a build its evaluation's.
func (p builds) unfold(row buildRow) builds {
	switch {
	case row.many, row.build == 0 && row.open:
		return p.folding(row.eval, whole)
	case row.build == 0:
		return p.folding(row.eval, open)
	}
	return p
}

func (p builds) fold(row buildRow) builds {
	if row.build != 0 || row.many {
		p.at = line{eval: row.eval}
		return p
	}
	return p.folding(row.eval, folded)
}

func (p builds) folding(eval int64, f fold) builds {
	p.folds = maps.Clone(p.folds)
	if p.folds == nil {
		p.folds = map[int64]fold{}
	}
	p.folds[eval] = f
	return p
}

// row is the chosen row.
func (p builds) row(s scene) (buildRow, bool) {
	if row, some := p.chosen(s); some {
		return row, true
	}
	rows, at := p.around(s, 0, 0)
	if at < 0 {
		return buildRow{}, false
	}
	return rows[at], true
}

// moved is the page with the cursor further down, or up.
func (p builds) moved(by int, s scene, env tui.Env) builds {
	p = p.scrolled(by, s, env)
	h := p.height(env)
	edge := min(edgeRows, (h-1)/2)
	p.place = min(max(p.place+by, edge), h-1-edge)
	return p
}

// scrolled is the page with what is further down, or up, where the cursor is.
func (p builds) scrolled(by int, s scene, env tui.Env) builds {
	p = p.taken(s, env)
	rows, at := p.around(s, max(0, -by), max(0, by))
	if at >= 0 {
		p.at = rows[min(max(at+by, 0), len(rows)-1)].line
	}
	return p
}

// target is the build that a row stands for; nil: it is many.
func (r buildRow) target() *live.Build {
	switch {
	case r.many:
		return nil
	case r.b != nil:
		return r.b
	}
	return r.e.Head
}

func (p builds) typing() bool { return p.filtering.typing }

func (p builds) goTo(id string, s scene) tab {
	if id == filterKey {
		p.filtering = p.filtering.opened()
		return p
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return p
	}
	if b := s.snap.Build(n); b != nil {
		p.filtering = filtering{run: p.filtering.run}
		p.at, p.touched, p.home, p.place = lineOf(b), true, false, edgeRows
	}
	return p
}
