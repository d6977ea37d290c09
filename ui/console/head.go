package console

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/theme"
)

// narrow is the width below which there is no room for words.
const narrow = 60

// head is the first line of the header: the host, how it stands, whether
// actions are on, the time. The time has no seconds, so that a screen at rest
// stays as it is.
func head(s scene) string {
	p := pen{Theme: s.theme}
	out := p.Bold().Render(p.clean(s.opts.Host)) + " " + standing(s, p)
	actions := "read-only"
	if s.opts.Off == "" {
		actions = "actions"
	}
	clock := "Mon 15:04"
	if s.width < narrow { // the time is never cut
		clock = "15:04"
	}
	return out + p.dot() + actions + p.dot() + s.now.Format(clock)
}

// standing is how the host stands, with glyphs.
func standing(s scene, p pen) string {
	count := func(word string, n int) string {
		m := theme.MarkOf(word)
		if s.width < narrow {
			return p.raw(m.Role, fmt.Sprintf("%s %d", m.Glyph(p.ASCII()), n))
		}
		return p.raw(m.Role, fmt.Sprintf("%s %d %s", m.Glyph(p.ASCII()), n, word))
	}
	var out string
	if s.truth.Broken > 0 {
		out = count(string(state.Broken), s.truth.Broken)
	}
	if s.truth.Risks > 0 {
		if out != "" {
			out += " "
		}
		out += count(string(state.Risk), s.truth.Risks)
	}
	switch {
	case out != "":
		return out
	case !s.truth.Known:
		return p.raw(theme.Quiet, theme.MarkOf("not checked").Glyph(p.ASCII())+" not known")
	}
	return p.raw(theme.OK, theme.MarkOf("success").Glyph(p.ASCII())+" all green")
}

// verdict is how the host stands, in a few words.
func verdict(s scene) string {
	switch {
	case s.truth.Broken > 0:
		return strconv.Itoa(s.truth.Broken) + " broken"
	case s.truth.Risks > 0:
		return strconv.Itoa(s.truth.Risks) + " at risk"
	case !s.truth.Known:
		return "not known"
	}
	return "all green"
}

// bar is the second line of the header: the pages, by name where there is room,
// else by number.
func (c Console) bar() string {
	p := pen{Theme: c.scene.theme}
	out := c.labels()
	for i, label := range out {
		switch {
		case i == c.shown:
			out[i] = p.Bold().Render(label)
		case c.tabs[i] == nil:
			out[i] = p.raw(theme.Quiet, label)
		}
	}
	return strings.Join(out, " ")
}

// labels are how the pages are called in the bar.
func (c Console) labels() []string {
	all := func(names bool) (out []string) {
		for i, n := range numbers() {
			label := strconv.Itoa(i + 1)
			if names || i == c.shown {
				label += " " + n.name
			}
			out = append(out, label)
		}
		return out
	}
	if out := all(true); cells(strings.Join(out, " ")) < c.scene.width {
		return out
	}
	return all(false)
}

// HeadKey implements tui.Headed: a click on a page's name opens it.
func (c Console) HeadKey(x, y int) string {
	if y != 1 {
		return ""
	}
	at := 0
	for i, label := range c.labels() {
		if x >= at && x < at+cells(label) {
			return strconv.Itoa(i + 1)
		}
		at += cells(label) + 1
	}
	return ""
}
