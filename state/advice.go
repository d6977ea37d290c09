package state

import (
	"errors"
	"io/fs"
	"syscall"
)

// advice is what to do about an error, by its kind.
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
	{syscall.ENOSPC, "the disk is full", "free some space and run this again; what is done stays done", false},
	{syscall.ENOTDIR, "a file stands where a folder should be", "move it away, or choose another path under [paths]", false},
	{syscall.EISDIR, "a folder stands where a file should be", "move it away, or choose another path under [paths]", false},
	{syscall.ELOOP, "a link stands where a file of ours should be", "remove the link and run this again", false},
	{syscall.EROFS, "the file system is read-only", "work on a copy that may be written", false},
	{fs.ErrPermission, "this user may not read or write it", "see that you may, and run this again; what is done stays done", false},
}

// Explain gives a refused or unanswered call, and a file that could not be
// read or written, its why and what to do. What a person can mend becomes a
// Problem, the rest a Trouble. Any other error stays as it is.
func Explain(err error) error {
	var p Problem
	var t *Trouble
	if err == nil || errors.As(err, &p) || errors.As(err, &t) {
		return err
	}
	var call *CallError
	isCall := errors.As(err, &call)
	for _, a := range advice {
		if !errors.Is(err, a.kind) {
			continue
		}
		p := Problem{What: err.Error(), Why: a.why, Fix: a.fix}
		if isCall {
			p.ID, p.What = call.Code, call.Error()
			if call.Needs != "" {
				p.Fix += ": " + call.Needs
			}
		}
		if a.mendable {
			return p
		}
		return &Trouble{Problem: p, Err: err}
	}
	return err
}
