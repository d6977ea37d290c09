package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Page is one screen, a value. A page that is covered by another still gets
// every message but keys, mouse and pastes.
type Page interface {
	// Update answers a message with the page that follows from it, and with a
	// command or nil. A page leaves with env.Push, env.Pop and their like, and
	// ends the program with tea.Quit.
	Update(msg tea.Msg, env Env) (Page, tea.Cmd)
	// View is the body alone, at most env.Width x env.Height cells; what is
	// larger is cut.
	View(env Env) string
	// Keys are the keys of the page and of the widget that has the focus in
	// it, likeliest first. The footer and the help show those with a help
	// text. A disabled one is quiet; pressed, the message line says why.
	Keys() []key.Binding
	// Title is the header: one line, or two with a line break. Text from
	// outside in it is cleaned. An overlay without a title keeps the one of
	// the page below it.
	Title() string
}

// Starter is a page with something to begin when it comes onto the stack.
type Starter interface {
	Start(env Env) tea.Cmd
}

// Typist is a page that may be taking text: while Typing, letters are letters
// and go to it, not to the Root's keys.
type Typist interface {
	Typing() bool
}

// Reasoner is a page that knows why its disabled keys cannot work. Why gets
// the key as pressed ("r", "ctrl+a") and answers a few words ("actions are off"), shown behind the
// verb of the key.
type Reasoner interface {
	Why(pressed string) string
}

// Headed is a page whose header can be clicked: HeadKey is the key that a click
// there presses, counted from the title's first cell; empty: none.
type Headed interface {
	HeadKey(x, y int) string
}

// Owner is a page that is asked before the program ends: q and ctrl+c call
// Leave of the uppermost owner. Without an owner the program quits at once.
type Owner interface {
	Leave(env Env) (Page, tea.Cmd)
}

// Leaver is a page with something going on that ends with it: Left is called
// when the page has been taken off, and when the program has ended.
type Leaver interface {
	Left()
}

// Progresser is a page whose work the terminal may show in its own bar
// (OSC 9;4); the uppermost one counts, covered or not.
type Progresser interface {
	Progress() tea.ProgressBar
}

// Titled is a page with a window title of its own. Without it the window is
// called by the first line of the header. A title is cleaned before it is set.
type Titled interface {
	WindowTitle() string
}
