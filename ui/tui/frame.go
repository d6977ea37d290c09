package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
)

// Under this size there is no frame, only the first line of the header, and no
// key but ctrl+c: nobody confirms what cannot be read.
const (
	minWidth  = 40
	minHeight = 10
)

// windowTitle is the longest title that is set, in runes.
const windowTitle = 80

// View draws the frame: header, blank, body, message line, footer.
func (r Root) View() (v tea.View) {
	v.AltScreen = true
	if r.crash.happened() {
		return v
	}
	defer r.crash.catch()
	v.SetContent(r.frame())
	v.ReportFocus = true
	if r.opts.Mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = r.windowTitle()
	v.ProgressBar = r.progress()
	return v
}

func (r Root) small() bool { return r.width < minWidth || r.height < minHeight }

// env is what a page sees; hand says that the user's input is being answered.
func (r Root) env(p Page, hand bool) Env {
	head := len(lines(p.Title(), 2))
	if p.Title() == "" {
		head = len(r.header())
	}
	return Env{
		Width: max(r.width, 0), Height: max(r.height-head-3, 0),
		Theme: r.theme, Now: r.now, clock: r.opts.Clock, hand: hand,
	}
}

// header is the title of the uppermost layer that has one.
func (r Root) header() []string {
	for _, layers := range [][]Page{r.overlays, r.pages} {
		for _, p := range slices.Backward(layers) {
			if t := p.Title(); t != "" {
				return lines(t, 2)
			}
		}
	}
	return []string{""}
}

func (r Root) frame() string {
	head := r.header()
	if r.small() {
		return r.fit(" "+r.theme.Signs(head[0]), theme.More)
	}
	rows := make([]string, 0, r.height)
	for _, line := range head {
		rows = append(rows, r.fit(" "+r.theme.Signs(line), theme.More))
	}
	rows = append(rows, "")
	env := r.env(r.top(), false)
	body := lines(r.top().View(env), env.Height)
	for i := range env.Height {
		row := ""
		if i < len(body) {
			row = r.fit(body[i], "")
		}
		rows = append(rows, row)
	}
	rows = append(rows, r.fit(" "+r.theme.Signs(r.said), theme.More), r.footer())
	return strings.Join(rows, "\n")
}

// fit cuts one line at the window's edge.
func (r Root) fit(line, tail string) string {
	line = strings.ReplaceAll(strings.ReplaceAll(line, "\t", " "), "\r", "")
	return strings.TrimRight(ansi.Truncate(line, max(r.width, 0), r.theme.Signs(tail)), " ")
}

// lines are the first limit lines of a text.
func lines(text string, limit int) []string {
	all := strings.SplitN(text, "\n", limit+1)
	return all[:min(len(all), limit)]
}

func (r Root) windowTitle() string {
	for _, p := range slices.Backward(r.pages) {
		if t, ok := p.(Titled); ok {
			return state.CleanText(ansi.Strip(t.WindowTitle()), windowTitle)
		}
	}
	return state.CleanText(ansi.Strip(r.header()[0]), windowTitle)
}

func (r Root) progress() *tea.ProgressBar {
	for _, p := range slices.Backward(r.pages) {
		if bar, ok := p.(Progresser); ok {
			b := bar.Progress()
			return tea.NewProgressBar(b.State, b.Value)
		}
	}
	return nil
}
