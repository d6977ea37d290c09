package console

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/tui"
)

// open is the command that opens an address in a browser.
func (s scene) open(url string) tea.Cmd {
	return action{
		id: "open " + url, title: "Open " + url,
		do: func(ctx context.Context) (string, error) { return "Opened in the browser.", s.opts.Desk.Open(ctx, url) },
	}.run()
}

// look is the command that looks at the checklist again; nothing is asked.
func (s scene) look() tea.Cmd {
	return action{
		id: looking, title: "Look again",
		do: func(ctx context.Context) (string, error) { return "Looked.", s.opts.Desk.Look(ctx) },
	}.run()
}

// check looks at the cache again.
func (s scene) check() tea.Cmd {
	return action{
		id: looking, title: "Check now",
		do: func(ctx context.Context) (string, error) { return "Asked.", s.opts.Desk.Check(ctx) },
	}.run()
}

// looking is the id of a look at the checklist.
const looking = "look"

// copied is the command that puts a text into the clipboard, cleaned line by
// line, and says so.
func copied(text, said string) tea.Cmd {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = state.CleanText(l, 0)
	}
	return tea.Batch(tea.SetClipboard(strings.Join(lines, "\n")), tui.Say(said))
}
