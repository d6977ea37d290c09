package widget_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

const secretValue = "sesame-open-42"

// pieces are what texts are made of: words, wide and combining characters, and
// what a hostile name could carry.
var pieces = []string{
	"phlip9", "dotfiles", " ", "  ", "a", "checks.x86_64-linux.nixos-omnara1", "ｗｉｄｅ", "é", "e\u0301", "\u0301", "👩\u200d👩\u200d👧", "🇩🇪", "ﷺ", "…", "·", "/",
	"\x1b[2J", "\x1b[38;5;99m", "\x1b]8;;https://evil.example\x07", "\x9b2J", "\r", "\n", "\t", "\b", "\x00", "\u202e", "\u200b", "\xff", "https://example.org/a/b?c=d&e", "-",
}

type maker struct{ *rand.Rand }

func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(8) {
		b.WriteString(pieces[m.IntN(len(pieces))])
	}
	return b.String()
}

func (m maker) mark() theme.Mark {
	words := []string{"ready", "you", "running", "not-needed", "broken", m.text()}
	return theme.MarkOf(words[m.IntN(len(words))])
}

func (m maker) bool() bool { return m.IntN(2) == 0 }

func (m maker) duration() time.Duration { return time.Duration(m.Int64N(int64(time.Hour * 80))) }

// widgets makes one of each, with random texts.
func (m maker) widgets() []viewer {
	d := widget.Checklist{Wordless: m.bool()}
	for range m.IntN(4) {
		g := widget.Group{Title: m.text(), Done: m.IntN(3), Total: m.IntN(3), Folded: m.bool()}
		for range m.IntN(5) {
			g.Items = append(g.Items, widget.Item{Mark: m.mark(), Text: m.text(), Right: m.text()})
		}
		d.Groups = append(d.Groups, g)
	}
	d.Cursor = m.IntN(d.Rows()+1) - 1
	table := widget.Table{Cursor: m.IntN(6) - 1, Wordless: m.bool()}
	for range m.IntN(6) {
		table.Columns = append(table.Columns, widget.Column{Title: m.text(), Worth: m.IntN(9), Right: m.bool(), Cut: widget.Cut(m.IntN(3))})
	}
	for range m.IntN(6) {
		var row []widget.Cell
		for range m.IntN(7) {
			row = append(row, widget.Cell{Mark: m.mark(), Text: m.text()})
		}
		table.Rows = append(table.Rows, row)
	}
	var keys []key.Binding
	var parts []string
	choices := widget.Choices{Cursor: m.IntN(5) - 1, Many: m.bool()}
	var pairs widget.Pairs
	for range m.IntN(5) {
		keys, parts = append(keys, bind(m.text(), m.text()), bind("?", "help")), append(parts, m.text())
		choices.Options = append(choices.Options, widget.Option{Text: m.text(), Notes: []string{m.text(), m.text()}, More: m.text(), Chosen: m.bool(), Off: m.bool()})
		pairs.Pairs = append(pairs.Pairs, widget.Pair{Key: m.text(), Mark: m.mark(), Value: m.text()})
	}
	field := widget.Field{Value: m.text(), Position: m.IntN(12) - 2, Empty: m.text(), Note: m.text(), Focused: m.bool()}
	secret := widget.Field{Value: secretValue, Position: m.IntN(12), Note: m.text(), Focused: m.bool(), Secret: true}
	panel := widget.ErrorPanel{Mark: m.mark(), What: m.text(), Why: m.text(), Do: m.text(), Link: m.text(), Body: field.View(bare, 40, 1), IDs: parts}
	return []viewer{
		widget.Header{Parts: parts, Current: m.IntN(3)}, widget.Footer{Keys: keys}, d, table, choices, pairs, field, secret, panel,
		widget.Panel{Role: theme.Bad, Body: pairs.View(styled, 50, 9)}, widget.Link{URL: m.text()}, textView(m.text()), qrView{widget.QR{Text: m.text(), Tall: m.bool()}},
		widget.Split{Left: d.View(styled, 35, 20), Right: panel.View(styled, 90, 20), At: m.IntN(60)},
		widget.Progress{Done: m.Int64N(5), Total: m.Int64N(5), Elapsed: m.duration(), Usual: m.duration()},
	}
}

type qrView struct{ qr widget.QR }

func (v qrView) View(t theme.Theme, w, h int) string {
	block, _ := v.qr.View(t, w, h)
	return block
}

func TestEveryWidgetKeepsItsSizeAndCleansItsText(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(1, 2))}
	profiles := []colorprofile.Profile{colorprofile.NoTTY, colorprofile.ASCII, colorprofile.ANSI, colorprofile.TrueColor}
	for round := range 3000 {
		th := theme.New(theme.Options{Dark: m.bool(), ASCII: m.bool(), Profile: profiles[m.IntN(len(profiles))]})
		w, h := m.IntN(110), m.IntN(40)
		if m.bool() {
			w, h = m.IntN(24), m.IntN(5)
		}
		for _, v := range m.widgets() {
			if wrong := misdrawn(v.View(th, w, h), w, h); wrong != "" {
				t.Fatalf("round %d, %dx%d, %T: %s\n%#v\n%q", round, w, h, v, wrong, v, v.View(th, w, h))
			}
		}
	}
}

// misdrawn says what is wrong with a block, "" where nothing is.
func misdrawn(block string, w, h int) string {
	lines := strings.Split(block, "\n")
	if len(lines) > max(h, 1) || h <= 0 && block != "" {
		return "too tall"
	}
	for _, l := range lines {
		if ansi.StringWidth(l) > w {
			return fmt.Sprintf("%d cells", ansi.StringWidth(l))
		}
		if text := ansi.Strip(l); strings.ContainsAny(text, "\x1b\r\t\b\x00\u202e\u200b\u009b") || strings.Contains(text, secretValue) {
			return "not clean"
		}
		if strings.Contains(l, "\x1b[2J") || strings.Contains(l, "\x1b[38;5;99m") || strings.Contains(l, "\x1b]8;;https://evil") {
			return "a code from outside"
		}
	}
	return ""
}

// Whatever the window, the row with the cursor is in it.
func TestTheCursorIsVisible(t *testing.T) {
	for h := 1; h < 16; h++ {
		for at := range checklist(0).Rows() {
			d := checklist(at)
			if !strings.Contains(d.View(bare, 60, h), "\n ▸ ") && !strings.HasPrefix(d.View(bare, 60, h), " ▸ ") {
				t.Errorf("row %d of %d lines:\n%s", at, h, d.View(bare, 60, h))
			}
		}
	}
	for at := range 3 {
		table, choices := builds(), repositories(true)
		table.Cursor, choices.Cursor = at, at
		for h := 1; h < 6; h++ {
			if !strings.Contains(table.View(bare, 60, h), "▸") || !strings.Contains(choices.View(bare, 60, h), "▸") {
				t.Errorf("row %d of %d lines", at, h)
			}
		}
	}
}
