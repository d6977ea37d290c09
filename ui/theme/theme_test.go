package theme_test

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/theme"
)

var coloured = []theme.Role{theme.OK, theme.Warn, theme.Bad, theme.Run, theme.You, theme.Quiet}

// luminance is WCAG's relative luminance.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func contrast(a, b color.Color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestEveryColourCanBeRead(t *testing.T) {
	for _, dark := range []bool{true, false} {
		grounds := []string{"#FFFFFF", "#FDF6E3"}
		if dark {
			grounds = []string{"#000000", "#1E1E1E", "#282C34"}
		}
		for _, profile := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256} {
			th := theme.New(theme.Options{Dark: dark, Profile: profile})
			for _, role := range coloured {
				for _, ground := range grounds {
					if got := contrast(th.Style(role).GetForeground(), lipgloss.Color(ground)); got < 4.5 {
						t.Errorf("%v: role %d, dark %v on %s: %.2f", profile, role, dark, ground, got)
					}
				}
				chosen := th.Chosen().Style(role)
				if got := contrast(chosen.GetForeground(), chosen.GetBackground()); got < 4.5 {
					t.Errorf("%v: role %d, dark %v on the chosen row: %.2f", profile, role, dark, got)
				}
			}
		}
	}
}

// What a role is drawn with, by terminal; the SGR codes are the table's.
func TestRolesByTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		options theme.Options
		role    theme.Role
		want    string
	}{
		"exact, dark":      {theme.Options{Dark: true, Profile: colorprofile.TrueColor}, theme.OK, "\x1b[38;2;123;194;117mx\x1b[m"},
		"exact, light":     {theme.Options{Profile: colorprofile.TrueColor}, theme.Bad, "\x1b[38;2;196;35;44mx\x1b[m"},
		"exact, select":    {theme.Options{Dark: true, Profile: colorprofile.TrueColor}, theme.Select, "\x1b[48;2;47;55;66mx\x1b[m"},
		"256, select":      {theme.Options{Dark: true, Profile: colorprofile.ANSI256}, theme.Select, "\x1b[48;5;236mx\x1b[m"},
		"256, light, run":  {theme.Options{Profile: colorprofile.ANSI256}, theme.Run, "\x1b[38;5;25mx\x1b[m"},
		"16, dark, bad":    {theme.Options{Dark: true, Profile: colorprofile.ANSI}, theme.Bad, "\x1b[91mx\x1b[m"},
		"16, light, bad":   {theme.Options{Profile: colorprofile.ANSI}, theme.Bad, "\x1b[31mx\x1b[m"},
		"16, dark, run":    {theme.Options{Dark: true, Profile: colorprofile.ANSI}, theme.Run, "\x1b[36mx\x1b[m"},
		"16, light, run":   {theme.Options{Profile: colorprofile.ANSI}, theme.Run, "\x1b[34mx\x1b[m"},
		"16, quiet":        {theme.Options{Profile: colorprofile.ANSI}, theme.Quiet, "\x1b[2mx\x1b[m"},
		"16, select":       {theme.Options{Profile: colorprofile.ANSI}, theme.Select, "\x1b[7mx\x1b[m"},
		"none, bad":        {theme.Options{Profile: colorprofile.ASCII}, theme.Bad, "\x1b[1mx\x1b[m"},
		"none, you":        {theme.Options{Profile: colorprofile.ASCII}, theme.You, "\x1b[1mx\x1b[m"},
		"none, ok":         {theme.Options{Profile: colorprofile.ASCII}, theme.OK, "x"},
		"none, quiet":      {theme.Options{Profile: colorprofile.ASCII}, theme.Quiet, "x"},
		"none, select":     {theme.Options{Profile: colorprofile.ASCII}, theme.Select, "\x1b[7mx\x1b[m"},
		"no terminal, bad": {theme.Options{Profile: colorprofile.NoTTY}, theme.Bad, "x"},
	} {
		if got := theme.New(c.options).Style(c.role).Render("x"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNoColour(t *testing.T) {
	for _, profile := range []colorprofile.Profile{colorprofile.NoTTY, colorprofile.ASCII} {
		th := theme.New(theme.Options{Dark: true, Profile: profile})
		if th.Colours() {
			t.Error("colours")
		}
		for _, th := range []theme.Theme{th, th.Chosen()} {
			for _, role := range append([]theme.Role{theme.Plain, theme.Select}, coloured...) {
				got := th.Style(role).Render("x") + th.Bold().Render("x") + th.Link().Render("x")
				if strings.Contains(got, "\x1b[3") || strings.Contains(got, "\x1b[4m") && profile == colorprofile.NoTTY {
					t.Errorf("profile %v, role %d: %q", profile, role, got)
				}
			}
		}
	}
}

func TestMarks(t *testing.T) {
	words := []string{
		theme.WordRunning, theme.WordYou, theme.WordSkipped, "success", "cached", "up", "queued", "later",
		"uploading", "cancelled", "retry", "exception", "broken", "warnings", "risk", "note", "not checked",
	}
	for _, s := range []steps.Status{
		steps.Ready, steps.Missing, steps.Drifted, steps.Blocked, steps.Waiting, steps.Unknown, steps.NotNeeded, steps.Failed,
	} {
		words = append(words, string(s))
		if theme.StepMark(s).Glyph(false) == "?" {
			t.Errorf("%s has no mark", s)
		}
	}
	for _, word := range words {
		m := theme.MarkOf(word)
		for _, ascii := range []bool{false, true} {
			if ansi.StringWidth(m.Glyph(ascii)) != 1 || ansi.StringWidthWc(m.Glyph(ascii)) != 1 {
				t.Errorf("%s: %q is not one cell", word, m.Glyph(ascii))
			}
		}
		if m.Word == "" || m.Glyph(true)[0] > 126 || len(m.Glyph(true)) != 1 {
			t.Errorf("%s: %+v", word, m)
		}
	}
	if got := theme.MarkOf("odd"); got.Word != "odd" || got.Glyph(false) != "?" {
		t.Errorf("a word that is not known: %+v", got)
	}
}

func TestSigns(t *testing.T) {
	utf, ascii := theme.New(theme.Options{}), theme.New(theme.Options{ASCII: true})
	for _, sign := range []string{theme.Cursor, theme.More, theme.Dot, theme.Rule, theme.Bar, theme.Caret, theme.Full, theme.Empty} {
		if ansi.StringWidth(utf.Signs(sign)) != 1 {
			t.Errorf("%s is not one cell", sign)
		}
		if got := ascii.Signs(sign); got != ".." && len(got) != 1 {
			t.Errorf("%s is %q", sign, got)
		}
	}
	if got := ascii.Signs("↑↓ look · esc"); got != "up/down look - esc" {
		t.Errorf("%q", got)
	}
}

func TestASCIIByLocale(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"UTF-8":                  {map[string]string{"LANG": "en_US.UTF-8"}, false},
		"utf8":                   {map[string]string{"LANG": "C.utf8"}, false},
		"nothing set":            {nil, true},
		"another encoding":       {map[string]string{"LANG": "de_DE.ISO-8859-1"}, true},
		"LC_ALL first":           {map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, true},
		"LC_CTYPE before LANG":   {map[string]string{"LC_CTYPE": "UTF-8", "LANG": "C"}, false},
		"ambiguous drawn wide":   {map[string]string{"LANG": "ja_JP.UTF-8"}, true},
		"ambiguous drawn narrow": {map[string]string{"LANG": "ja_JP.UTF-8@cjk_narrow"}, false},
	} {
		if got := theme.ASCII(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
