package httpxtest

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// patience is how long a call may take whatever happens.
const patience = 20 * time.Second

// Operation is one call of an adapter.
type Operation struct {
	// Name is what an error of it says: "create bucket".
	Name string
	// Call makes the call with this client and returns what it learned.
	Call func(ctx context.Context, hc *http.Client) (any, error)
	// Fine are the faults (by name, or its beginning up to a space) under
	// which another result than the good one is right, as "404" where that
	// reads as not found, and another kind of error too. A slow fault that is
	// fine is not tried: a call that follows something has no end of its own.
	Fine []string
}

// World is the service that the operations are tried on.
type World struct {
	Base   http.RoundTripper // the way to it; nil: the ordinary one
	Writes func() int        // how many writes it has carried out; nil: it cannot be written to
	Hidden []string          // what no error and no log line may hold
}

// Storm tries every operation under every fault, at each of its requests in
// turn, and fails the test where one
//
//   - panics, does not end, or ends late after it was cancelled,
//   - takes a broken answer for a good one: returns another result than in good
//     weather, or says that it wrote what was not written,
//   - writes more often than in good weather (a PUT and a DELETE may come
//     again), or where no request can have arrived,
//   - asks again sooner than it was told to,
//   - returns an error of the wrong kind, one that does not name the operation,
//     one without the request id of the answer that refused, or one with a
//     secret; a state.Problem has no kind and no request id, and names the
//     operation or its thing,
//   - writes a secret into a log line.
//
// open makes a world of its own for each try; where no request got through, the
// next try uses it again.
func Storm(t *testing.T, open func(t *testing.T) (World, []Operation)) {
	t.Helper()
	_, all := open(t)
	for i, op := range all {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			s := storm{open: func() (World, Operation) {
				w, ops := open(t)
				return w, ops[i]
			}, patience: patience}
			for _, f := range s.findings(t.Context()) {
				t.Error(f)
			}
		})
	}
}
