package httpxtest

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Fault is one way in which a service, or the way to it, goes wrong.
type Fault struct {
	Name    string
	Kinds   []error       // of package state, or context.Canceled: what the error may be
	Reaches bool          // the service carried the request out
	Slow    bool          // nothing comes until the caller's time is over
	Asks    time.Duration // for how long the answer asks to be left alone
	answer  func(req *http.Request, way *way) (*http.Response, error)

	status int    // of an answer that is always the same; 0: it is another each time
	text   string // its body
}

// slowly is the fault with nothing coming until the caller's time is over.
func slowly(f Fault) Fault {
	f.Slow = true
	return f
}

// refuses says whether the fault's answer is a no.
func (f Fault) refuses() bool { return f.status >= http.StatusBadRequest }

// Faults is every way that is tried, always in the same order. Statuses come
// with the bodies that services give them: JSON, a page of a proxy, nothing.
//
//	no connection, no answer, slow body, answer lost, cut, truncated, garbled
//	replayed                 the first answer comes for every request that follows
//	cancelled, cancelled on the way
//	HTML, an empty answer, 201 empty, 204 empty
//	wrong type BODY          null, [], {}, "x", 7, [{"id":[]}]
//	wrong values, null values   the real answer with other types in it
//	STATUS, STATUS as HTML, STATUS empty
//	429 in seconds, 429 for an hour, 403 primary limit, 403 secondary limit
func Faults() []Fault {
	broken, offline, cancelled := []error{state.ErrService}, []error{state.ErrOffline}, []error{context.Canceled}
	all := []Fault{
		{Name: "no connection", Kinds: offline, answer: noConnection},
		{Name: "no answer", Kinds: offline, Slow: true, answer: noAnswer},
		slowly(altered("slow body", offline, stuck)),
		{Name: "answer lost", Kinds: offline, Reaches: true, answer: lost},
		altered("cut", []error{state.ErrOffline, state.ErrService}, cut),
		altered("truncated", broken, truncate),
		altered("garbled", broken, garble),
		{Name: "replayed", Kinds: kinds(), Reaches: true, answer: replay},
		{Name: cancelledBefore, Kinds: cancelled, answer: noAnswer},
		{Name: "cancelled on the way", Kinds: cancelled, answer: giveUp},
		says("HTML", state.ErrService, http.StatusOK, "text/html", "<!DOCTYPE html><title>Sign in</title>"),
		says("an empty answer", state.ErrService, http.StatusOK, jsonType, ""),
		says("201 empty", state.ErrService, http.StatusCreated, jsonType, ""),
		says("204 empty", state.ErrService, http.StatusNoContent, "", ""),
		altered("wrong values", broken, wrongValues),
		altered("null values", broken, nullValues),
	}
	for _, body := range []string{"null", "[]", "{}", `"x"`, "7", `[{"id":[]}]`} {
		all = append(all, says("wrong type "+body, state.ErrService, http.StatusOK, jsonType, body))
	}
	return append(append(all, refusals()...), limits()...)
}

const jsonType = "application/json"

// cancelledBefore is the fault that is there before the call is made.
const cancelledBefore = "cancelled"

// refusals are the statuses with which a service says no, each in three forms.
func refusals() []Fault {
	var all []Fault
	for _, s := range []struct {
		status int
		kind   error
	}{
		{http.StatusBadRequest, state.ErrInvalid},
		{http.StatusUnauthorized, state.ErrUnauthorized},
		{http.StatusForbidden, state.ErrDenied},
		{http.StatusNotFound, state.ErrNotFound},
		{http.StatusConflict, state.ErrExists},
		{http.StatusUnprocessableEntity, state.ErrInvalid},
		{http.StatusTooManyRequests, state.ErrLimited},
		{http.StatusInternalServerError, state.ErrService},
		{http.StatusBadGateway, state.ErrService},
		{http.StatusServiceUnavailable, state.ErrService},
	} {
		name := strconv.Itoa(s.status)
		all = append(all,
			says(name, s.kind, s.status, jsonType, `{"message":"no"}`),
			says(name+" as HTML", s.kind, s.status, "text/html", "<html><body>no</body></html>"),
			says(name+" empty", s.kind, s.status, "", ""))
	}
	return all
}

// limits are the rate limits, as their services say them: GitHub's "Rate
// limits for the REST API" and RFC 9110's Retry-After.
func limits() []Fault {
	const secondary = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`
	limited := func(asks time.Duration, name string, status int, body string, headers ...string) Fault {
		f := says(name, state.ErrLimited, status, jsonType, body, headers...)
		f.Asks = asks
		return f
	}
	return []Fault{
		limited(7*time.Second, "429 in seconds", http.StatusTooManyRequests, `{"message":"no"}`, "Retry-After", "7"),
		limited(time.Hour, "429 for an hour", http.StatusTooManyRequests, `{"message":"no"}`, "Retry-After", "3600"),
		limited(time.Hour, "403 primary limit", http.StatusForbidden, `{"message":"no"}`,
			"X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "32503680000"),
		limited(time.Minute, "403 secondary limit", http.StatusForbidden, secondary),
	}
}

// kinds are all that an error of an HTTP adapter may be.
func kinds() []error {
	return []error{
		state.ErrUnauthorized, state.ErrDenied, state.ErrNotFound, state.ErrExists,
		state.ErrInvalid, state.ErrLimited, state.ErrService, state.ErrOffline,
	}
}

func noConnection(*http.Request, *way) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func noAnswer(req *http.Request, _ *way) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// giveUp ends the caller's context while the request is on its way.
func giveUp(req *http.Request, w *way) (*http.Response, error) {
	w.cancel()
	return noAnswer(req, w)
}

func lost(req *http.Request, w *way) (*http.Response, error) {
	if _, _, err := w.carry(req); err != nil {
		return nil, err
	}
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

// replay gives the first answer to every request that follows.
func replay(req *http.Request, w *way) (*http.Response, error) {
	w.replaying.Lock()
	defer w.replaying.Unlock()
	if w.kept == nil {
		resp, body, err := w.carry(req)
		if err != nil {
			return nil, err
		}
		if body == nil {
			return resp, nil // a long answer: there is no such thing as the same again
		}
		w.kept, w.body = resp, body
	}
	again := *w.kept
	again.Header, again.Request = w.kept.Header.Clone(), req
	return held(&again, w.body), nil
}
