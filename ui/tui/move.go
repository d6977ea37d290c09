package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
)

// grace is how long a thing that appeared by itself takes no key or click.
const grace = 500 * time.Millisecond

type action int

const (
	push action = iota
	pop
	replace
	open
	shut
	only
)

type moveMsg struct {
	act  action
	page Page
	hand bool
}

type graceMsg struct{}

// Appear is the message that lays a page on top from outside of all pages; it
// takes no key for half a second.
func Appear(p Page) tea.Msg { return moveMsg{act: push, page: p} }

// AppearOver is the message that opens an overlay from outside of all pages;
// it takes no key for half a second.
func AppearOver(overlay Page) tea.Msg { return moveMsg{act: open, page: overlay} }

// Show is the message that puts a page in the place of all others, from
// outside of all pages; it takes no key for half a second, but letters where it
// takes text.
func Show(p Page) tea.Msg { return moveMsg{act: only, page: p} }

// move changes the layers. What comes to light is started if it is new, and
// waits out the grace if no hand moved it.
func (r Root) move(msg moveMsg) (Root, tea.Cmd) {
	pages, overlays := slices.Clone(r.pages), slices.Clone(r.overlays)
	switch msg.act {
	case push:
		pages = append(pages, msg.page)
	case replace:
		left(pages[len(pages)-1:])
		pages[len(pages)-1] = msg.page
	case pop:
		if len(pages) == 1 {
			return r, tea.Quit
		}
		left(pages[len(pages)-1:])
		pages = pages[:len(pages)-1]
	case only:
		left(pages)
		left(overlays)
		pages, overlays = []Page{msg.page}, nil
	case open:
		if n := len(overlays); n > 0 && isDialog(overlays[n-1]) && isDialog(msg.page) {
			return r, nil // the key that opened it was pressed twice
		}
		overlays = append(overlays, msg.page)
	case shut:
		if len(overlays) == 0 {
			return r, nil
		}
		left(overlays[len(overlays)-1:])
		overlays = overlays[:len(overlays)-1]
	}
	r.pages, r.overlays, r.said = pages, overlays, ""

	var cmds []tea.Cmd
	if s, ok := msg.page.(Starter); ok {
		cmds = append(cmds, s.Start(r.env(msg.page, false)))
	}
	if !msg.hand {
		r.until = r.now.Add(grace)
		cmds = append(cmds, r.opts.Clock.Tick(grace, func(time.Time) tea.Msg { return graceMsg{} }))
	}
	return r, tea.Batch(cmds...)
}

// left tells pages that they were taken off.
func left(pages []Page) {
	for _, p := range pages {
		if l, ok := p.(Leaver); ok {
			l.Left()
		}
	}
}

func isDialog(p Page) bool {
	_, yes := p.(Dialog)
	return yes
}

// early says whether what is shown came up too recently to be answered.
func (r Root) early() bool { return r.now.Before(r.until) }
