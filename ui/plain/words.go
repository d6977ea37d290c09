package plain

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nixwright/nixwright/state"
)

// Cost is what is asked of a person, in words: "1 page, 3 clicks".
func Cost(c state.Cost) string {
	var out []string
	for _, part := range []struct {
		n    int
		word string
	}{{c.Pages, "page"}, {c.Clicks, "click"}, {c.Pastes, "paste"}} {
		if part.n == 1 {
			out = append(out, "1 "+part.word)
		} else if part.n > 1 {
			out = append(out, fmt.Sprintf("%d %ss", part.n, part.word))
		}
	}
	if c.Typed > 0 {
		out = append(out, fmt.Sprintf("%d typed", c.Typed))
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// Took is a duration as people say it: 0.4s, 8s, 4m12s, 3h05m.
func Took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(time.Second/10).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// columns is how wide a line may be before its second sentence gets a line of
// its own. A sentence is never broken: the terminal does that better.
const columns = 80

// joined puts two sentences behind the start of a line, the second on a line
// of its own below, indented, where both do not fit.
func joined(start, first, second, indent string) string {
	line := strings.TrimRight(start+first, " ")
	switch {
	case second == "":
		return line
	case first == "":
		return start + second
	case utf8.RuneCountInString(line)+2+utf8.RuneCountInString(second) <= columns:
		return line + ": " + second
	}
	return line + "\n" + indent + second
}
