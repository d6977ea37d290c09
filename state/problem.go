package state

import (
	"errors"
	"strings"
)

// Problem is a thing that is wrong, in the words of the user: what failed,
// why, what to do. ID is its row in the failure table (F17), or the service's
// own code, or empty.
type Problem struct {
	ID   string `json:"id,omitempty"`
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
	Fix  string `json:"fix,omitempty"`
	URL  string `json:"url,omitempty"` // the page on which it is mended
	// Key is the answer that mends it: a key of the file, github.token or
	// cloudflare.token. Empty: no answer alone does.
	Key string `json:"key,omitempty"`
	// Choices are the values that the answer may have, where they are known:
	// one a line, the value, and after a blank what it is. (One text, so that
	// problems can be compared.)
	Choices string `json:"choices,omitempty"`
}

// Offers are the Choices, to choose from.
func (p Problem) Offers() []Choice {
	var out []Choice
	for line := range strings.Lines(p.Choices) {
		value, means, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		out = append(out, Choice{Value: value, Means: means})
	}
	return out
}

// Error makes a Problem an error, so that a provider can return one and the
// engine can show its three parts.
func (p Problem) Error() string {
	s := p.What
	if p.ID != "" {
		s = p.ID + ": " + s
	}
	if p.Why != "" {
		s += ": " + p.Why
	}
	return s
}

// Trouble is an error with its explanation: the run could not do its work, and
// nobody has to change anything but to run it again.
type Trouble struct {
	Problem Problem
	Err     error
}

// Error is the cause's.
func (t *Trouble) Error() string { return t.Err.Error() }

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// AsProblem finds the Problem in an error's chain; where there is none it
// makes one of the error's text, split at the first colon into what and why.
func AsProblem(err error) Problem {
	if p, ok := errors.AsType[Problem](err); ok {
		return p
	}
	if t, ok := errors.AsType[*Trouble](err); ok {
		return t.Problem
	}
	what, why, _ := strings.Cut(err.Error(), ": ")
	return Problem{What: what, Why: why}
}
