package state

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanText makes text from outside safe to print on one line of a terminal:
// control characters, escape sequences' introducers, bidi and zero-width
// characters and invalid UTF-8 go, white space becomes one blank, and more
// than limit runes are cut with an ellipsis (limit 0: no limit).
func CleanText(s string, limit int) string {
	if tidy(s) && (limit <= 0 || len(s) <= limit) {
		return s
	}
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = n > 0
			continue
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			continue
		}
		width := 1
		if space {
			width = 2
		}
		if limit > 0 && n+width > limit {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		n, space = n+width, false
	}
	return b.String()
}

// tidy says whether a text is of visible ASCII with single blanks inside, as
// most are: nothing of it has to be cleaned.
func tidy(s string) bool {
	for i := range len(s) {
		edge := i == 0 || i == len(s)-1 || s[i-1] == ' '
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && edge {
			return false
		}
	}
	return true
}
