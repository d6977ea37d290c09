package widget_test

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"rsc.io/qr"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

func TestRowsOfAChecklist(t *testing.T) {
	d := checklist(0)
	if d.Rows() != 12 {
		t.Errorf("%d rows", d.Rows())
	}
	for row, want := range map[int][2]int{0: {0, -1}, 1: {1, -1}, 2: {1, 0}, 10: {1, 8}, 11: {2, -1}, 12: {-1, -1}, -1: {-1, -1}} {
		if g, i := d.At(row); g != want[0] || i != want[1] {
			t.Errorf("row %d: group %d, item %d", row, g, i)
		}
	}
}

func TestMeasures(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		-time.Second: {"0s", "0s"}, 8 * time.Second: {"8s", "8s"}, 252 * time.Second: {"4m12s", "4m"},
		185 * time.Minute: {"3h05m", "3h"}, 47 * time.Hour: {"47h00m", "47h"}, 12 * 24 * time.Hour: {"12d", "12d"},
	} {
		if got := [2]string{widget.Duration(d), widget.Age(d)}; got != want {
			t.Errorf("%v: %v", d, got)
		}
	}
	for n, want := range map[int64]string{
		0: "0 B", 512: "512 B", 34_000: "34 kB", 999_960: "1 MB", 212_000_000: "212 MB", 48_234_000_000: "48.2 GB", 1_100_000_000: "1.1 GB", 171e9: "171 GB",
	} {
		if got := widget.Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 31204: "31,204", -1234567: "-1,234,567", 1000: "1,000"} {
		if got := widget.Count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

// Every module of a QR code is drawn where it belongs, with two quiet ones
// around, on a dark and on a light terminal, with and without colours.
func TestQR(t *testing.T) {
	const text = "https://github.com/apps/phlip9-buildbot-ci/installations/new"
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options  theme.Options
		inverted bool
	}{
		"colours":          {theme.Options{Dark: true, Profile: colorprofile.ANSI}, false},
		"no colour, dark":  {theme.Options{Dark: true, Profile: colorprofile.ASCII}, true},
		"no colour, light": {theme.Options{Profile: colorprofile.ASCII}, false},
	} {
		block, ok := widget.QR{Text: text}.View(theme.New(c.options), 80, 20)
		lines := strings.Split(ansi.Strip(block), "\n")
		if !ok || len(lines) != 19 || ansi.StringWidth(lines[0]) != 37 {
			t.Fatalf("%s: %v\n%s", name, ok, block)
		}
		for y := range 37 {
			cells := []rune(lines[y/2])
			for x := range 37 {
				on := cells[x] == '█' || cells[x] == '▀' && y%2 == 0 || cells[x] == '▄' && y%2 == 1
				if on != (code.Black(x-2, y-2) != c.inverted) {
					t.Fatalf("%s: module %d, %d", name, x, y)
				}
			}
		}
		if white := strings.Contains(block, "\x1b[30;107m"); white != (name == "colours") {
			t.Errorf("%s: white field %v", name, white)
		}
	}
}

func TestQRHasLimits(t *testing.T) {
	dark := theme.New(theme.Options{Dark: true, Profile: colorprofile.TrueColor})
	for name, c := range map[string]struct {
		theme       theme.Theme
		bytes, w, h int
		tall, ok    bool
	}{
		"78 bytes at 80x24":  {dark, 78, 80, 19, false, true},
		"79 bytes at 80x24":  {dark, 79, 80, 40, false, false},
		"321 bytes, tall":    {dark, 321, 65, 33, true, true},
		"322 bytes, tall":    {dark, 322, 120, 60, true, false},
		"one line too small": {dark, 78, 80, 18, false, false},
		"one column too few": {dark, 78, 36, 19, false, false},
		"ASCII":              {ascii, 10, 80, 40, false, false},
	} {
		block, ok := widget.QR{Text: strings.Repeat("a", c.bytes), Tall: c.tall}.View(c.theme, c.w, c.h)
		if ok != c.ok || ok == (block == "") {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

func TestLinks(t *testing.T) {
	for name, c := range map[string]struct {
		theme theme.Theme
		url   string
		want  bool
	}{
		"a page":            {styled, "https://github.com/x", true},
		"the page here":     {styled, "http://localhost:8976/", true},
		"no colours":        {bare, "https://github.com/x", false},
		"a file":            {styled, "file:///etc/passwd", false},
		"a script":          {styled, "javascript:alert(1)", false},
		"with a password":   {styled, "https://me:secret@github.com/x", false},
		"codes in the text": {styled, "https://github.com/\x1b]8;;evil\x07x", true},
	} {
		got := widget.Link{URL: c.url}.View(c.theme, 80, 1)
		if strings.Contains(got, "\x1b]8;") != c.want {
			t.Errorf("%s: %q", name, got)
		}
		if strings.Contains(got, "\x1b]8;;evil") {
			t.Errorf("%s: a code from outside: %q", name, got)
		}
	}
	if got := (widget.Link{URL: "https://github.com/apps/x/installations/new"}).View(styled, 30, 4); strings.Count(got, "\x1b]8;;https://github.com/apps/x/installations/new") != strings.Count(got, "\n")+1 {
		t.Errorf("each line leads to the whole address: %q", got)
	}
}
