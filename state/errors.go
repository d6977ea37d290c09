package state

import (
	"errors"
	"fmt"
)

// The kinds of a refused or unanswered call. A CallError unwraps to one.
var (
	ErrUnauthorized = errors.New("credential not accepted")       // HTTP 401
	ErrDenied       = errors.New("permission missing")            // HTTP 403 that is not a limit
	ErrNotFound     = errors.New("not found")                     // HTTP 404 where absence is an error
	ErrExists       = errors.New("exists already")                // HTTP 409
	ErrInvalid      = errors.New("refused as invalid")            // HTTP 400, 422
	ErrLimited      = errors.New("rate limit reached")            // HTTP 429, 403 with a limit's headers
	ErrService      = errors.New("the service failed")            // HTTP 5xx, or an answer that is not what it should be
	ErrOffline      = errors.New("no answer from the network")    // no DNS, refused, reset, timed out
	ErrNoAnswer     = errors.New("nobody answered")               // a question in a run without a person
	ErrNoIdentity   = errors.New("no identity opens the secrets") // sops: none of the keys here fits
)

// CallError is what a provider returns when a service refused or did not
// answer. Text is the service's own words, cleaned; it holds no secret.
type CallError struct {
	Service string // "GitHub", "Cloudflare", "R2", "niks3", ...
	Op      string // verb and thing: "create bucket phlip9-nix-cache"
	Status  int    // HTTP status; 0 where there was no answer
	Code    string // the service's own code: "10042"
	Text    string // the service's own words
	Request string // the service's request id, for its support
	Needs   string // the permission that the service says it wants, if it does
	Kind    error  // one of the Err… above
}

// Error implements error: "verb thing: cause".
func (e *CallError) Error() string {
	s := e.Op + ": " + e.Service
	if e.Status != 0 {
		s += fmt.Sprintf(" answered %d", e.Status)
	}
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.Kind != nil {
		s += ": " + e.Kind.Error()
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	if e.Request != "" {
		s += " [request " + e.Request + "]"
	}
	return s
}

// Unwrap returns the kind.
func (e *CallError) Unwrap() error { return e.Kind }
