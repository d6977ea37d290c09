// Package runner runs other programs: the one seam through which ssh, nix,
// git, a browser and the deploy command are started.
//
// A program is an argument vector, never a line for a shell. It runs in a
// session of its own, without a terminal unless it is given one, so that it can
// neither ask a question that nobody sees nor be hit by a Ctrl-C meant for
// nixwright; when the context ends, its whole process group goes.
package runner

import (
	"context"
	"io"
	"os"
)

// Limit is how much of a program's standard output and of its standard error
// a Result keeps, in bytes; what comes after it is read and dropped.
const Limit = 1 << 20

// Cmd is a program to run.
type Cmd struct {
	Argv  []string     // the program and its arguments
	Stdin io.Reader    // one that ends, or a file; nil: empty
	Dir   string       // where it runs; empty: here
	Env   []string     // KEY=value pairs added to this process's own
	Line  func(string) // gets every line of both streams, cleaned, one at a time; may be nil

	// Stdout gets the standard output as it comes, in place of Result.Stdout
	// and of Line; nil: they do.
	Stdout io.Writer

	// Terminal leaves the program in this session and process group, so that it
	// can ask the user on the terminal, and is its standard error, which then
	// neither Result.Stderr nor Line has; nil: it can ask nobody. A Ctrl-C of
	// the user reaches the program too.
	Terminal *os.File

	// Detached starts a program that may outlive this one (a browser): its
	// output is discarded, the context does not end it, and Run returns with
	// Exit 0 once it has been running for a moment.
	Detached bool
}

// Result is what a program left behind.
type Result struct {
	Stdout string // at most Limit bytes, as they came
	Stderr string // at most Limit bytes, as they came
	Exit   int    // its exit status; 128 + the signal that ended it
}

// Runner runs a program to its end. A program that ran gives a nil error
// whatever its exit status. A program that is not there gives an error that is
// exec.ErrNotFound and a state.Problem saying what to install; one that was
// ended because the context was gives the context's error.
type Runner interface {
	Run(ctx context.Context, c Cmd) (Result, error)
}
