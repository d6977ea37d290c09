package httpxtest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
)

// way is the transport of one call: well until its request number from, and
// under its fault from there on.
type way struct {
	fault    Fault
	from     int
	base     http.RoundTripper
	writes   func() int
	cancel   func()
	idHeader string // in which the service gives request ids; empty: it gives none

	mu     sync.Mutex
	count  int             // of requests
	passed []exchange      // what reached the service, in order
	hit    []string        // what met the fault: method and URL
	waits  []time.Duration // between attempts
	logged []httpx.Line

	replaying sync.Mutex
	kept      *http.Response // the first answer, for those that follow
	body      []byte
}

// exchange is one request that the service answered.
type exchange struct {
	method   string
	resp     *http.Response
	body     []byte // nil: a long answer
	idHeader string
	before   int // writes that were made before it
}

// RoundTrip implements http.RoundTripper.
func (w *way) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	n := w.count
	w.count++
	hit := w.fault.answer != nil && n >= w.from
	if hit {
		w.hit = append(w.hit, req.Method+" "+req.URL.String())
	}
	w.mu.Unlock()
	if hit {
		return w.fault.answer(req, w)
	}
	resp, _, err := w.carry(req)
	return resp, err
}

// carry has the service answer, and reads the whole of it but for a long
// answer, whose body is returned as nil. Whoever gives up meanwhile, the service
// has answered when it returns: what it writes counts to this call.
func (w *way) carry(req *http.Request) (*http.Response, []byte, error) {
	x := exchange{method: req.Method, before: w.writes()}
	ctx, end := context.WithCancel(context.WithoutCancel(req.Context()))
	resp, err := w.base.RoundTrip(req.WithContext(ctx))
	if err == nil && long(resp) {
		context.AfterFunc(req.Context(), end)
	} else {
		if err == nil {
			x.body, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			resp = held(resp, x.body)
		}
		end()
	}
	if err == nil {
		x.resp, x.idHeader = resp, idHeader(resp.Header)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed = append(w.passed, x)
	if err != nil {
		return nil, nil, err
	}
	return resp, x.body, nil
}

// long says whether an answer has no end of its own.
func long(resp *http.Response) bool {
	return resp.StatusCode == http.StatusSwitchingProtocols ||
		strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
}

// idHeader is the header in which httpx finds the answer's request id.
func idHeader(h http.Header) string {
	for name, values := range h {
		if len(values) > 0 && values[0] != "" && httpx.RequestID(http.Header{name: values}) != "" {
			return name
		}
	}
	return ""
}

// repeatable counts the requests that reached the service and may do so twice.
func repeatable(all []exchange) int {
	n := 0
	for _, x := range all {
		if x.method == http.MethodPut || x.method == http.MethodDelete {
			n++
		}
	}
	return n
}
