package plain

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nixwright/nixwright/state"
)

// stop ends a sentence with a stop where it has no end of its own.
func stop(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!:") {
		return s
	}
	return s + "."
}

// sentence is stop, with a capital in front.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return stop(s)
	}
	return stop(string(unicode.ToUpper(r)) + s[n:])
}

// called is a sentence about a thing: "R2 bucket: ready, phlip9-nix-cache".
func called(name string, parts ...string) string {
	var said []string
	for _, p := range parts {
		if p = strings.TrimRight(strings.TrimSpace(p), "."); p != "" {
			said = append(said, p)
		}
	}
	return stop(name + ": " + strings.Join(said, ", "))
}

// counted is a number of things: "1 line", "2 lines".
func counted(n int, word string) string {
	return fmt.Sprintf("%d %s", n, verb(n, word, word+"s"))
}

// verb is the one form or the other, by number.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func areTrue(n int) string { return counted(n, "line") + verb(n, " is true", " are true") }

// problemLines are a problem's sentences. lead is put before the first.
func problemLines(lead string, p state.Problem) []string {
	what := p.What
	if p.ID != "" {
		what = p.ID + ", " + what
	}
	out := []string{stop(lead + what)}
	for _, part := range [][2]string{{"Why: ", p.Why}, {"Do: ", p.Fix}} {
		if part[1] != "" {
			out = append(out, stop(part[0]+part[1]))
		}
	}
	if p.URL != "" {
		out = append(out, "Page: "+p.URL)
	}
	return out
}

// refusal are the sentences about an answer that was not taken: every problem
// of it. Nothing of a hidden answer is repeated.
func refusal(err error, typed string, hidden bool) []string {
	var out []string
	for _, one := range parts(err) {
		out = append(out, problemLines("Not taken: ", state.AsProblem(one))...)
	}
	if !hidden {
		return out
	}
	words := append([]string{typed}, strings.FieldsFunc(typed, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`=&?"'`, r)
	})...)
	for i := range out {
		for _, w := range words {
			if len(w) >= 6 {
				out[i] = strings.ReplaceAll(out[i], w, state.NewSecret(w).String())
			}
		}
	}
	return out
}

// parts are the errors that were joined to one.
func parts(err error) []error {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return []error{err}
	}
	var out []error
	for _, one := range many.Unwrap() {
		out = append(out, parts(one)...)
	}
	return out
}

// command is what was typed as a command and what it is about. Commands of
// alone stand alone; those of about may have a word behind them.
func command(text string, alone, about []string) (name, rest string) {
	name, rest, _ = strings.Cut(text, " ")
	name, rest = strings.ToLower(name), strings.TrimSpace(rest)
	if slices.Contains(about, name) || rest == "" && slices.Contains(alone, name) {
		return name, rest
	}
	return "", ""
}

// numberOf is a number from 1 to n as a person types it; 0: it is none.
func numberOf(text string, n int) int {
	i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(text), "."))
	if err != nil || i < 1 || i > n {
		return 0
	}
	return i
}

// pick finds what is meant among things with several names each: by number, by
// a whole name, or by a beginning or a part that only one has. -1: nothing, or
// not one alone.
func pick(text string, names [][]string) int {
	if n := numberOf(text, len(names)); n > 0 {
		return n - 1
	}
	for _, fits := range []func(name, text string) bool{strings.EqualFold, beginsWith, has} {
		found := -1
		for i, all := range names {
			for _, name := range all {
				if text == "" || !fits(name, text) || found == i {
					continue
				}
				if found >= 0 {
					return -1
				}
				found = i
			}
		}
		if found >= 0 {
			return found
		}
	}
	return -1
}

func beginsWith(name, text string) bool {
	return strings.HasPrefix(strings.ToLower(name), strings.ToLower(text))
}

func has(name, text string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(text))
}
