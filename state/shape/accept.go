package shape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nixwright/nixwright/state"
)

// refuse makes the error of a value that will not work, with the fix of the
// failure table. It is given no value to repeat.
func refuse(id, what, why string) error {
	f, found := state.FailureByID(id)
	if !found {
		return state.Problem{What: what, Why: why, Fix: "run nixwright secrets rotate for it, or seal the right value"}
	}
	return f.Problem(what, why)
}

// text refuses what no secret of one line may have: nothing, line ends, other
// control characters, blanks at the ends.
func text(v state.Secret) error {
	s := v.Reveal()
	switch {
	case s == "":
		return refuse("", "is empty", "nothing stands under its name")
	case !utf8.ValidString(s):
		return refuse("F37", "is not text", "it is not UTF-8")
	case strings.ContainsAny(s, "\r\n"):
		return refuse("F37", "has a line end", "the programs that read it take it as part of the value, or cut there")
	case strings.ContainsFunc(s, unicode.IsControl):
		return refuse("F37", "has a control character", "the programs that read it refuse it")
	case strings.TrimSpace(s) != s:
		return refuse("F37", "has a blank at its end or its start", "some of its readers strip it and some do not")
	}
	return nil
}

// spliced is text that stands between quotes in a file, or after a sign of
// equality.
func spliced(v state.Secret) error {
	if err := text(v); err != nil {
		return err
	}
	s := v.Reveal()
	if strings.ContainsAny(s, "\"'`\\") {
		return refuse("F37", "has a quote or a backslash", "it is spliced into a configuration file as it is")
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return refuse("F37", "has a blank", "it is spliced into a configuration file as it is")
	}
	return nil
}

// atLeast accepts text of a least length.
func atLeast(least int, id string) func(state.Secret, state.Config) error {
	return func(v state.Secret, _ state.Config) error {
		if err := text(v); err != nil {
			return err
		}
		return long(v, least, id)
	}
}

func long(v state.Secret, least int, id string) error {
	if n := len(v.Reveal()); n < least {
		return refuse(id, "is too short", fmt.Sprintf("it has %d characters of the %d that it needs", n, least))
	}
	return nil
}

func acceptBasicAuth(v state.Secret, _ state.Config) error {
	if err := spliced(v); err != nil {
		return err
	}
	if strings.Contains(v.Reveal(), ":") {
		return state.Problem{What: "the password holds a colon", Why: "buildbot-nix splits what the proxy sends at every colon", Fix: "make another one without it"}
	}
	return long(v, leastPassword, "F50")
}

func acceptClientSecret(v state.Secret, _ state.Config) error { return spliced(v) }
