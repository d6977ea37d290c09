package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
)

// Look is how a Root draws and where its time comes from.
type Look struct {
	// Theme is the first guess; the terminal's answers about its background
	// and its colours correct it.
	Theme theme.Options
	// NoColor keeps the colour profile of Theme, whatever the terminal can.
	NoColor bool
	// Mouse reports clicks and the wheel, and takes the selection of text
	// away from the terminal (shift gives it back).
	Mouse bool
	// Clock is the system's if nil.
	Clock Clock
}

// Root is the program's only tea.Model.
type Root struct {
	opts          Look
	theme         theme.Theme
	width, height int
	now           time.Time
	until         time.Time // the end of the grace
	pages         []Page    // the last is uppermost; never empty
	overlays      []Page    // above all pages
	said          string    // the message line
	crash         *crash    // nil: panics pass through
}

// NewRoot is a program that begins with one page.
func NewRoot(first Page, look Look) Root {
	if look.Clock == nil {
		look.Clock = systemClock{}
	}
	return Root{
		opts: look, theme: theme.New(look.Theme), now: look.Clock.Now(),
		pages: []Page{first}, width: 80, height: 24,
	}
}

type sayMsg string

// Say shows a sentence in the message line until the next key.
func Say(text string) tea.Cmd { return func() tea.Msg { return sayMsg(text) } }

// Init asks the terminal for its background and starts the first page.
func (r Root) Init() tea.Cmd {
	defer r.crash.catch()
	cmds := []tea.Cmd{tea.RequestBackgroundColor}
	if s, ok := r.pages[0].(Starter); ok {
		cmds = append(cmds, s.Start(r.env(r.pages[0], false)))
	}
	return r.crash.guard(tea.Batch(cmds...))
}

// Update routes one message; a panic leaves everything as it was.
func (r Root) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if r.crash.happened() {
		return r, nil
	}
	r.now = r.opts.Clock.Now()
	next, cmd := r, tea.Cmd(nil)
	func() {
		defer r.crash.catch()
		next, cmd = r.route(msg)
	}()
	return next, r.crash.guard(cmd)
}

func (r Root) route(msg tea.Msg) (Root, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return r.press(msg)
	case tea.KeyReleaseMsg:
		return r, nil
	case tea.MouseMsg:
		return r.mouse(msg)
	case tea.PasteMsg:
		if r.small() {
			return r, nil
		}
		return r.give(msg)
	case moveMsg:
		return r.move(msg)
	case graceMsg: // only to draw the footer anew
		return r, nil
	case sayMsg:
		r.said = state.CleanText(string(msg), 0)
		return r, nil
	case tea.BackgroundColorMsg:
		r.opts.Theme.Dark = msg.IsDark()
		r.theme = theme.New(r.opts.Theme)
		return r, nil
	case tea.ColorProfileMsg:
		if !r.opts.NoColor {
			r.opts.Theme.Profile = msg.Profile
			r.theme = theme.New(r.opts.Theme)
		}
		return r, nil
	case tea.WindowSizeMsg:
		r.width, r.height = msg.Width, msg.Height
	}
	return r.tell(msg)
}

// top is the layer that input goes to.
func (r Root) top() Page {
	if n := len(r.overlays); n > 0 {
		return r.overlays[n-1]
	}
	return r.pages[len(r.pages)-1]
}

// give hands the user's input to the uppermost layer.
func (r Root) give(msg tea.Msg) (Root, tea.Cmd) {
	layers := &r.pages
	if len(r.overlays) > 0 {
		layers = &r.overlays
	}
	*layers = slices.Clone(*layers)
	last := len(*layers) - 1
	env, moves := r.env((*layers)[last], true), []moveMsg(nil)
	env.moves = &moves
	page, cmd := (*layers)[last].Update(msg, env)
	(*layers)[last] = page
	return r.moved(moves, cmd)
}

// moved makes the moves that pages asked for.
func (r Root) moved(moves []moveMsg, cmds ...tea.Cmd) (Root, tea.Cmd) {
	for _, msg := range moves {
		var cmd tea.Cmd
		r, cmd = r.move(msg)
		cmds = append(cmds, cmd)
	}
	return r, tea.Batch(cmds...)
}

// tell hands a message to every layer.
func (r Root) tell(msg tea.Msg) (Root, tea.Cmd) {
	r.pages, r.overlays = slices.Clone(r.pages), slices.Clone(r.overlays)
	var cmds []tea.Cmd
	var moves []moveMsg
	for _, layers := range [][]Page{r.pages, r.overlays} {
		for i, p := range layers {
			env := r.env(p, false)
			env.moves = &moves
			page, cmd := p.Update(msg, env)
			layers[i] = page
			cmds = append(cmds, cmd)
		}
	}
	return r.moved(moves, cmds...)
}

// leave asks the uppermost owner; without one the program quits.
func (r Root) leave() (Root, tea.Cmd) {
	for i, p := range slices.Backward(r.pages) {
		owner, ok := p.(Owner)
		if !ok {
			continue
		}
		page, cmd := owner.Leave(r.env(p, true))
		r.pages = slices.Clone(r.pages)
		r.pages[i] = page
		return r, cmd
	}
	return r, tea.Quit
}
