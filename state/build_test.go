package state

import (
	"strings"
	"testing"
	"unicode"
)

func TestCleanLogLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, out string
		limit         int
	}{
		{"plain", "copying path '/nix/store/x'", "copying path '/nix/store/x'", 0},
		{"colour", "\x1b[31;1merror:\x1b[0m no", "\x1b[31;1merror:\x1b[0m no", 0},
		{"colour of 24 bits", "\x1b[38:2::1:2:3mx", "\x1b[38:2::1:2:3mx", 0},
		{"colour, one byte", "\u009b32mok", "\x1b[32mok", 0},
		{"cursor", "a\x1b[2J\x1b[H\x1b[?25lb", "ab", 0},
		{"private sequence that ends in m", "a\x1b[>4;2mb", "ab", 0},
		{"title", "a\x1b]0;owned\ab", "ab", 0},
		{"link", "\x1b]8;;https://x\x1b\\text\x1b]8;;\x1b\\", "text", 0},
		{"clipboard, one byte", "a\u009d52;c;eA==\u009cb", "ab", 0},
		{"device control", "a\x1bPq#0\x1b\\b", "ab", 0},
		{"no end", "a\x1b]0;owned", "a", 0},
		{"cut sequence", "a\x1b[31", "a", 0},
		{"lone escape", "a\x1b", "a", 0},
		{"two bytes", "a\x1bcb", "ab", 0},
		{"character set", "a\x1b(B\x1b[mb", "a\x1b[mb", 0},
		{"escape before a word of others", "a\x1bñb\x1b(ñ", "añbñ", 0},
		{"control", "a\r\b\x00b\tc", "ab c", 0},
		{"bidi and zero width", "a\u202eb\u200bc\ufeffd\u2028e", "abcde", 0},
		{"invalid", "a\xff\xfeb", "ab", 0},
		{"words of others", "größer ✓ ñandú", "größer ✓ ñandú", 0},
		{"limit", strings.Repeat("x", 10), "xxxxx", 5},
		{"limit after a colour", "\x1b[31m" + strings.Repeat("ä", 10), "\x1b[31määä", 3},
	} {
		if got := CleanLogLine(c.in, c.limit); got != c.out {
			t.Errorf("%s: %q, want %q", c.name, got, c.out)
		}
	}
}

func FuzzCleanLogLine(f *testing.F) {
	f.Add("\x1b[31mx\x1b]8;;u\a\u009b1m\x1b[\x1b[")
	f.Fuzz(func(t *testing.T, in string) {
		out := CleanLogLine(in, 100)
		if again := CleanLogLine(out, 100); again != out {
			t.Errorf("%q: %q, then %q", in, out, again)
		}
		for rest := out; rest != ""; {
			if i := strings.IndexByte(rest, '\x1b'); i >= 0 {
				end := strings.IndexByte(rest[i:], 'm')
				if end < 0 || !strings.HasPrefix(rest[i:], "\x1b[") || strings.Trim(rest[i+2:i+end], "0123456789;:") != "" {
					t.Fatalf("%q: %q holds an escape", in, out)
				}
				rest = rest[:i] + rest[i+end+1:]
				continue
			}
			if strings.ContainsFunc(rest, unicode.IsControl) {
				t.Fatalf("%q: %q holds a control character", in, out)
			}
			return
		}
	})
}

func TestBuildResult(t *testing.T) {
	t.Parallel()
	for r, want := range map[BuildResult]string{ResultNone: "none", ResultSuccess: "success", ResultCancelled: "cancelled", 17: "17", -5: "-5"} {
		if r.String() != want {
			t.Errorf("%d is %q", int(r), r.String())
		}
	}
	if !ResultWarnings.Green() || ResultFailure.Green() || ResultNone.Green() {
		t.Error("what is green")
	}
	e := BuildEvent{Key: "builds/12/started-nix-eval"}
	if e.Kind() != "builds" || e.What() != "started-nix-eval" {
		t.Errorf("%s is %s of %s", e.Key, e.What(), e.Kind())
	}
}
