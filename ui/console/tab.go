package console

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/tui"
)

// tab is one of the numbered pages: a value, drawn from the scene. Keys, mouse
// and pastes come only while it is shown; every other message comes always.
type tab interface {
	update(msg tea.Msg, s scene, env tui.Env) (tab, tea.Cmd)
	// view is the body below the header, at most env.Width x env.Height.
	view(s scene, env tui.Env) string
	// keys are its own keys, likeliest first; why says why a disabled one
	// cannot work.
	keys(s scene) []key.Binding
	why(pressed string, s scene) string
	// typing: letters are text.
	typing() bool
	// goTo puts the cursor on something of the page: live.Place.ID.
	goTo(id string, s scene) tab
}

// number is a page in the order of their numbers.
type number struct {
	page live.Page
	name string
	make func() tab // nil: it is not there yet
}

// numbers are the pages, 1 first.
func numbers() []number {
	return []number{
		{live.PageOverview, "Overview", newOverview},
		{live.PageBuilds, "Builds", newBuilds},
		{live.PageQueue, "Queue", nil},
		{live.PageCache, "Cache", newCache},
		{live.PageGC, "GC", newGC},
		{live.PageHooks, "Hooks", nil},
		{live.PageHost, "Host", newHost},
		{live.PageChecklist, "Checklist", newChecklist},
		{live.PageJournal, "Journal", nil},
	}
}

// goMsg leads to a place: another tab, or a build's page on top.
type goMsg struct{ to live.Place }

// lead is the command that leads to a place.
func lead(to live.Place) tea.Cmd { return func() tea.Msg { return goMsg{to} } }
