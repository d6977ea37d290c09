package state

import "errors"

// advice is what to do about a refused or unanswered call, by its kind.
var advice = []struct {
	kind     error
	why, fix string
	mendable bool // a person can mend it: the step is blocked, not failed
}{
	{ErrUnauthorized, "the token is wrong, expired or revoked", "use another token", true},
	{ErrDenied, "the token may not do this", "give the token the permission that the answer names", true},
	{ErrLimited, "too many requests in a short time", "wait some minutes and run this again; what is done stays done", false},
	{ErrService, "the service failed; nothing here is wrong", "run this again in a while; what is done stays done", false},
	{ErrOffline, "there is no network, or something in between refuses", "check the connection and run this again; what is done stays done", false},
}

// Explain gives a call's error its why and what to do. An error that is a
// Problem already, and one that is no call's, stays as it is.
func Explain(err error) error {
	var p Problem
	var call *CallError
	if err == nil || errors.As(err, &p) || !errors.As(err, &call) {
		return err
	}
	for _, a := range advice {
		if !errors.Is(call, a.kind) {
			continue
		}
		p := Problem{ID: call.Code, What: call.Error(), Why: a.why, Fix: a.fix}
		if call.Needs != "" {
			p.Fix += ": " + call.Needs
		}
		if a.mendable {
			return p
		}
		return &Trouble{Problem: p, Err: err}
	}
	return err
}
