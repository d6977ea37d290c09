package state

import "context"

// Kind is how a question is answered.
type Kind string

// The kinds of questions.
const (
	KindText   Kind = "text"
	KindList   Kind = "list" // comma-separated where it is one string
	KindNumber Kind = "number"
	KindChoice Kind = "choice"
	KindSecret Kind = "secret" // never echoed, never on the command line
	KindYes    Kind = "yes"    // yes or no
	KindPage   Kind = "page"   // a page to open; the answer is the address it leads back to
	KindClick  Kind = "click"  // a page to open; the world shows that it was done
)

// Question is asked of flags, environment, file, plain prompt and form alike.
type Question struct {
	Key     string   `json:"key"` // as in the file: cache.r2.bucket
	Kind    Kind     `json:"kind,omitempty"`
	Ask     string   `json:"ask,omitempty"`
	Why     string   `json:"why,omitempty"`
	How     []string `json:"how,omitempty"` // what to press there, in order, in the page's own words
	Choices []string `json:"choices,omitempty"`
	Default string   `json:"default,omitempty"`
	URL     string   `json:"url,omitempty"`  // the page to open
	File    string   `json:"file,omitempty"` // the same page as a file, for another computer
	Then    string   `json:"then,omitempty"` // what to pass to the next run
	Cost    Cost     `json:"cost,omitzero"`
	// Asks is what the page will ask to be allowed, and why.
	Asks []Permission `json:"asks,omitempty"`
	Form *Form        `json:"-"` // the page is a form that is posted

	// Accept refuses an answer that is not for this question; nil takes all.
	Accept func(Answer) error `json:"-"`
	// Done says whether the world shows that the person has done it
	// (KindClick); it is polled.
	Done func(context.Context) (bool, error) `json:"-"`
}

// Answer is what was answered, secret or not.
type Answer struct {
	Value Secret
	From  string // "--set", "environment", "nixwright.toml", "default", "you", ...
}

// Form is a page's form that a browser posts: GitHub takes an App's manifest
// no other way.
type Form struct {
	Action string
	Fields map[string]string
	Button string
}

// Cost is what a question asks of a person.
type Cost struct {
	Pages  int `json:"pages,omitempty"`
	Clicks int `json:"clicks,omitempty"`
	Pastes int `json:"pastes,omitempty"`
	Typed  int `json:"typed,omitempty"`
}

// Plus adds two costs.
func (c Cost) Plus(o Cost) Cost {
	return Cost{c.Pages + o.Pages, c.Clicks + o.Clicks, c.Pastes + o.Pastes, c.Typed + o.Typed}
}
