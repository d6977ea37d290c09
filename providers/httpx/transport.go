package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/nixwright/nixwright/state"
)

// drained is how much of an answer that is thrown away is read, so that its
// connection can be used again.
const drained = 64 << 10

// transport makes the attempts of a request.
type transport struct {
	o     Options
	turns *turnstile
	store *store
}

// RoundTrip implements http.RoundTripper. The answer of the last attempt is
// returned as it came, a refusal included.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, m := req.Context(), marksOf(req.Context())
	for attempt := 1; ; attempt++ {
		if err := t.turn(req); err != nil {
			closeBody(req)
			return nil, err
		}
		resp, err := t.attempt(req, m, attempt)
		wait, again := t.next(req, m, attempt, resp, err)
		if !again {
			return resp, err
		}
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, drained)
			_ = resp.Body.Close()
		}
		if err := t.o.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// turn waits until the request may go.
func (t *transport) turn(req *http.Request) error {
	now, longest := t.o.Now(), t.o.Max
	if end, ok := req.Context().Deadline(); ok {
		longest = max(0, min(longest, end.Sub(now)))
	}
	wait, err := t.turns.wait(req, now, longest)
	if err != nil || wait == 0 {
		return err
	}
	return t.o.Sleep(req.Context(), wait)
}

// attempt sends the request once, within the time of one attempt.
func (t *transport) attempt(req *http.Request, m marks, attempt int) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, over := context.WithCancelCause(req.Context())
	clock := time.AfterFunc(t.o.Timeout, func() { over(context.DeadlineExceeded) })
	end := func() { clock.Stop(); over(nil) }
	one := req.Clone(ctx)
	if attempt > 1 && req.GetBody != nil {
		again, err := req.GetBody()
		if err != nil {
			end()
			return nil, fmt.Errorf("repeat body: %w", err)
		}
		one.Body = again
	}
	if t.o.UserAgent != "" {
		one.Header.Set("User-Agent", t.o.UserAgent)
	}
	kept := t.store.ask(one, m)
	line := Line{Method: req.Method, URL: m.shown(req.URL)}
	start := t.o.Now()
	resp, err := t.o.Base.RoundTrip(one)
	line.Took = t.o.Now().Sub(start)
	if err != nil {
		t.o.Log(line)
		err = inTime(ctx, err)
		end()
		return nil, err
	}
	line.Status, line.RequestID = resp.StatusCode, RequestID(resp.Header)
	t.o.Log(line)
	resp.Request = req
	secondary(resp)
	good := resp.StatusCode/100 == 2
	if resp.StatusCode == http.StatusSwitchingProtocols || m.stream && good {
		clock.Stop() // an answer that has no end of its own
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		if both, ok := resp.Body.(io.ReadWriteCloser); ok {
			resp.Body = &switched{both, end} // the connection is the caller's now
		}
		return resp, nil
	}
	left := int64(maxBody)
	if m.stream && good {
		left = math.MaxInt64
	}
	resp.Body = &body{rc: resp.Body, left: left, end: end, why: func(err error) error { return inTime(ctx, err) }}
	return t.store.answer(kept, resp), nil
}

// inTime says of an attempt that ended because its time was over that it was
// so, and not that the caller gave up.
func inTime(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// next says whether there is another attempt, and after how long.
func (t *transport) next(req *http.Request, m marks, attempt int, resp *http.Response, err error) (time.Duration, bool) {
	if err == nil && limited(resp) {
		t.leaveAlone(req, resp)
	}
	if attempt >= t.o.Attempts || m.once || req.Context().Err() != nil {
		return 0, false
	}
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return 0, false
	}
	repeatable := m.idempotent || req.Method == http.MethodGet || req.Method == http.MethodHead
	wait := time.Second << (attempt - 1)
	switch {
	case err != nil:
		return wait, repeatable && errors.Is(Kind(nil, &url.Error{Err: err}), state.ErrOffline)
	case limited(resp):
		// A refused request was not carried out: a write may come again too.
		if asked, ok := askedWait(resp.Header, t.o.Now()); ok {
			wait = asked
		}
	case resp.StatusCode == http.StatusBadGateway, resp.StatusCode == http.StatusServiceUnavailable,
		resp.StatusCode == http.StatusGatewayTimeout:
		if !repeatable {
			return 0, false
		}
		if asked, ok := askedWait(resp.Header, t.o.Now()); ok {
			wait = asked
		}
	default:
		return 0, false
	}
	if end, ok := req.Context().Deadline(); ok && t.o.Now().Add(wait).After(end) {
		return 0, false
	}
	return wait, wait <= t.o.Max
}

// leaveAlone notes that the service wants no more requests for a while. One of
// GitHub's primary limits other than the usual one (search, manifests) is only
// that kind of request's own.
func (t *transport) leaveAlone(req *http.Request, resp *http.Response) {
	own := resp.Header.Get("X-Ratelimit-Resource")
	if resp.Header.Get("Retry-After") == "" && own != "" && own != "core" {
		return
	}
	now := t.o.Now()
	if d, ok := askedWait(resp.Header, now); ok {
		t.turns.close(req, now, d)
	}
}

// switched is a connection that now speaks something else; closing it ends
// its attempt.
type switched struct {
	io.ReadWriteCloser

	end func()
}

func (s *switched) Close() error {
	defer s.end()
	return s.ReadWriteCloser.Close()
}

// body limits an answer's size, and ends its attempt's time when it is closed.
type body struct {
	rc   io.ReadCloser
	left int64
	end  func()
	why  func(error) error // says of an end that the attempt's time was over
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var one [1]byte
		if n, err := b.rc.Read(one[:]); n == 0 {
			return 0, b.why(err)
		}
		return 0, fmt.Errorf("read answer: more than %d MiB: %w", maxBody>>20, state.ErrService)
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.rc.Read(p)
	b.left -= int64(n)
	return n, b.why(err)
}

func (b *body) Close() error {
	err := b.rc.Close()
	b.end()
	return err
}
