package logview

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// all are the lines of a text in chunks of the sizes that cut gives.
func all(raw []byte, cut func(left int) int) []Line {
	var c Cleaner
	var out []Line
	emit := func(l Line) { out = append(out, l) }
	for len(raw) > 0 {
		n := min(max(1, cut(len(raw))), len(raw))
		c.Write(raw[:n], emit)
		raw = raw[n:]
	}
	c.Close(emit)
	return out
}

func whole(left int) int { return left }

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":                  {"building 'x'", "building 'x'"},
		"colour":                 {"\x1b[31merror:\x1b[0m no", "\x1b[0;31merror:\x1b[0m no"},
		"colour to the end":      {"\x1b[1;31merror", "\x1b[0;1;31merror\x1b[0m"},
		"colour only":            {"\x1b[31m", ""},
		"empty numbers":          {"\x1b[1m\x1b[;32mx\x1b[my", "\x1b[0;32mx\x1b[0my"},
		"bright, 256, exact":     {"\x1b[91;48;5;200ma\x1b[38;2;1;2;3mb", "\x1b[0;91;48;5;200ma\x1b[0;38;2;1;2;3;48;5;200mb\x1b[0m"},
		"off again":              {"\x1b[1;4mx\x1b[22my\x1b[24mz", "\x1b[0;1;4mx\x1b[0;4my\x1b[0mz"},
		"blinks, hides":          {"\x1b[5;8mx", "x"},
		"underline's colour":     {"\x1b[58;5;1;31mx", "\x1b[0;31mx\x1b[0m"},
		"cut short":              {"\x1b[38;5mx\x1b[38;2;1;2mx", "xx"},
		"too large":              {"\x1b[31;999mx", "x"},
		"colons":                 {"\x1b[38:5:1mx", "x"},
		"private":                {"\x1b[>4;1mx\x1b[?31mx", "xx"},
		"too long":               {"\x1b[" + strings.Repeat("1;", 100) + "1mx", "x"},
		"cursor":                 {"a\x1b[2J\x1b[10;10Hb\x1b[A\x1b[1Kc", "abc"},
		"title":                  {"a\x1b]0;pwned\ab", "ab"},
		"clipboard":              {"a\x1b]52;c;cm0gLXJm\x1b\\b", "ab"},
		"link":                   {"\x1b]8;;http://evil\x1b\\text\x1b]8;;\x1b\\", "text"},
		"DCS, APC, PM, SOS":      {"\x1bPq#0\x1b\\1\x1b_G\x1b\\2\x1b^x\x1b\\3\x1bXx\x1b\\4", "1234"},
		"C1 as characters":       {"\u009b31mx\u009d52;c;x\u009cy\u0090q\u009cz", "\x1b[0;31mxyz\x1b[0m"},
		"C1 as bytes":            {"\x9b31mx\x9dy", "\ufffd31mx\ufffdy"},
		"charset":                {"\x1b(0lqqk\x1b(B\x1b%Gx", "lqqkx"},
		"reset, keypad":          {"\x1bcx\x1b=y\x1b7z", "xyz"},
		"sequence in a sequence": {"\x1b[3\x1b[31mx", "\x1b[0;31mx\x1b[0m"},
		"cancelled":              {"\x1b[31\x18mx\x1b]0;a\x1ab", "mxb"},
		"bidi, zero width":       {"a\u202eb\u2066c\u200bd\u200de\ufefff\u00adg\u034fh\u3164i", "abcdefghi"},
		"variation":              {"☺\ufe0f", "☺"},
		"private use":            {"a\ue000\U000f0000b", "ab"},
		"unassigned":             {"a\u0378b", "a\ufffdb"},
		"invalid":                {"a\xffb\xc3", "a\ufffdb\ufffd"},
		"surrogate":              {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		"blanks":                 {"a\u00a0b\u3000c\u2028d\u2800e", "a b c d e"},
		"controls":               {"a\x00b\x07c\x7fd\x0be", "abcde"},
		"tab":                    {"a\tb\t\tc", "a       b               c"},
		"tab behind wide":        {"\u4e16\u754c\tx", "\u4e16\u754c    x"},
		"progress":               {"10 %\r50 %\r100 %", "100 %"},
		"progress, shorter":      {"downloading\rdone", "done"},
		"progress, ended":        {"100 %\r", "100 %"},
		"progress, coloured":     {"\x1b[31m1\r\x1b[32m2\r", "\x1b[0;32m2\x1b[0m"},
		"backspace":              {"abc\b\bx", "axc"},
		"spinner":                {"|\b/\b-\b\\", "\\"},
		"backspace at the start": {"\b\bx", "x"},
		"marks":                  {"e\u0301\u0301\u0301\u0301x\u0301", "e\u0301\u0301x\u0301"},
		"mark at the start":      {"\u0301x", "x"},
		"emoji":                  {"👍🏽 ok 👨\u200d👩", "👍🏽 ok 👨👩"},
	} {
		if got := Clean(c.in); string(got) != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if again := Clean(string(Clean(c.in))); again != Clean(c.in) {
			t.Errorf("%s: cleaned again it is %q", name, again)
		}
	}
}

func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []Line
	}{
		"none":                      {"", nil},
		"one":                       {"a\n", []Line{"a"}},
		"not ended":                 {"a\nb", []Line{"a", "b"}},
		"empty ones":                {"\n\r\n\na", []Line{"", "", "", "a"}},
		"colours end":               {"\x1b[31ma\nb\x1b[31m\nc", []Line{"\x1b[0;31ma\x1b[0m", "b", "c"}},
		"sequences end":             {"a\x1b[3\nb\x1b]0;x\nc\x1b\nd", []Line{"a", "b", "c", "d"}},
		"a colour before plain one": {"\x1b[31mab\n", []Line{"\x1b[0;31mab\x1b[0m"}},
	} {
		got := all([]byte(c.in), whole)
		if strings.Join(texts(got), "|") != strings.Join(texts(c.want), "|") || len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func texts(lines []Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, string(l))
	}
	return out
}

// TestLongLine: a line of 100 MB costs what a short one costs.
func TestLongLine(t *testing.T) {
	var c Cleaner
	var got []Line
	emit := func(l Line) { got = append(got, l) }
	chunk := []byte(strings.Repeat("x\x1b[31my\x1b[32m", 100_000/12))
	for range 1000 {
		c.Write(chunk, emit)
	}
	if cap(c.cells) > 2*mostCells || cap(c.out) > 2*mostBytes || cap(c.args) > 2*mostArgs {
		t.Errorf("%d cells, %d bytes, %d of arguments", cap(c.cells), cap(c.out), cap(c.args))
	}
	c.Write([]byte("\nnext\n\x1b]0;"), emit)
	for range 100 {
		c.Write(chunk[:1000], emit)
	}
	c.Write([]byte("\n"+strings.Repeat("0", mostCells)+"\n"+strings.Repeat("0", mostCells+1)+"\n"), emit)
	if len(got) != 5 || got[1] != "next" || !strings.HasSuffix(string(got[0]), "…") || len(got[0]) > mostBytes+100 {
		t.Fatalf("%d lines, the first has %d bytes", len(got), len(got[0]))
	}
	if len(got[3]) != mostCells || string(got[4]) != string(got[3])+"…" {
		t.Errorf("%d and %d bytes", len(got[3]), len(got[4]))
	}
}

var lawful = regexp.MustCompile(`^(?:\x1b\[[0-9]+(?:;[0-9]+)*m|[^\x1b])*$`)

// judge is what holds for every line, whatever it came from.
func judge(t *testing.T, l Line) {
	t.Helper()
	s := string(l)
	if !utf8.ValidString(s) || !lawful.MatchString(s) || len(s) > mostBytes+100 {
		t.Fatalf("unlawful: %q", s)
	}
	for _, r := range plain(l) {
		if !unicode.IsPrint(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cc, unicode.Variation_Selector) {
			t.Fatalf("%U in %q", r, s)
		}
	}
	if i := strings.LastIndexByte(s, 0x1b); i >= 0 && !strings.HasPrefix(s[i:], "\x1b[0m") {
		t.Fatalf("colours do not end: %q", s)
	}
	if again := Clean(s); again != l {
		t.Fatalf("cleaned again %q is %q", l, again)
	}
}

func FuzzCleaner(f *testing.F) {
	for _, seed := range []string{
		"a\n\x1b[31mb\x1b]52;c;x\x1b\\c\r\nd\be\tf", "\u009b31m\xe4\xb8\x96\u0301\x9b\xff", "\x1b[38;2;1;2;3;48;5;9mx\x1b(0", "1 %\r2 %\r",
		strings.Repeat("\x1b[38;2;255;255;255mx\x1b[39my", 800),
	} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		want := all(raw, whole)
		dice := rand.New(rand.NewPCG(seed, 1))
		for _, cut := range []func(int) int{
			func(int) int { return 1 },
			func(int) int { return 1 + dice.IntN(7) },
			func(left int) int { return 1 + dice.IntN(left) },
		} {
			got := all(raw, cut)
			if len(got) != len(want) || strings.Join(texts(got), "\n") != strings.Join(texts(want), "\n") {
				t.Fatalf("in chunks %q, whole %q", got, want)
			}
		}
		for _, l := range want {
			judge(t, l)
			drawn(t, l)
		}
	})
}

// drawn checks that rows keep to their width, show all, and bring nothing in.
func drawn(t *testing.T, l Line) {
	t.Helper()
	for _, width := range []int{2, 17} {
		var got strings.Builder
		starts := breaks(l, width)
		for _, begin := range starts {
			var b strings.Builder
			pen{colours: true, reverse: true}.draw(&b, l, begin, begin.col, width, []span{{1, 3}})
			if !lawful.MatchString(b.String()) {
				t.Fatalf("unlawful: %q", b.String())
			}
			text := plain(Line(b.String()))
			if cells(text) > width {
				t.Fatalf("%d cells in %d: %q of %q", cells(text), width, text, l)
			}
			got.WriteString(text)
		}
		if got.String() != plain(l) {
			t.Fatalf("rows %v of %q show %q", starts, l, got.String())
		}
	}
}

// TestHostile: what is drawn at random of the worst there is.
func TestHostile(t *testing.T) {
	pieces := []string{
		"\x1b", "[", "]", "P", "_", "^", "X", "(", "0", "m", "31", ";", ":", "?", "52;c;", "8;;", "\a", "\\", "\r", "\b", "\t", "\n", "\x18",
		"\u009b", "\u009d", "\u009c", "\x9b", "\xe4", "\xb8", "\x96", "\u4e16", "\u0301", "\u202e", "\u200d", "\ufe0f", "🇩", "🇪", "👍🏽", "x", " ", "\x00", "\x7f",
		"한", "ᄒ", "ᅡ", "ᆫ", "क", "्", "ष", "ि", "\u0e33", "\u0600", "ﷺ",
	}
	dice := rand.New(rand.NewPCG(7, 7))
	for range 4000 {
		var b strings.Builder
		for range dice.IntN(60) {
			b.WriteString(pieces[dice.IntN(len(pieces))])
		}
		raw := []byte(b.String())
		want := all(raw, whole)
		got := all(raw, func(int) int { return 1 + dice.IntN(3) })
		if strings.Join(texts(got), "\n") != strings.Join(texts(want), "\n") {
			t.Fatalf("%q: in chunks %q, whole %q", raw, got, want)
		}
		for _, l := range want {
			judge(t, l)
			drawn(t, l)
		}
	}
}

func BenchmarkCleaner(b *testing.B) {
	for name, line := range map[string]string{
		"plain":    "building '/nix/store/0c0kvhxr1v6rnl3rl2i3bkzs3mdwzlzd-nixos-system-omnara1-26.05.drv'...\n",
		"coloured": "\x1b[31;1merror:\x1b[0m builder for '\x1b[35;1m/nix/store/x.drv\x1b[0m' failed with exit code 1;\n",
		"utf-8":    "évaluation « \u4e16\u754c » → 'map' builtin … while calling the option `environment.systemPackages'\n",
		"hostile":  "\x1b]8;;http://x\x1b\\a\x1b]8;;\x1b\\\x1b[2J\x1b[10;10H\x1b[38;2;1;2;3mx\r\u202e\xff\xfe\b\b\tx\n",
	} {
		raw := []byte(strings.Repeat(line, 1_000_000/len(line)))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				var c Cleaner
				c.Write(raw, func(Line) {})
			}
		})
	}
}
