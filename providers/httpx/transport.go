package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/nixwright/nixwright/state"
)

// drained is how much of an answer that is thrown away is read, so that its
// connection can be used again.
const drained = 64 << 10

// transport makes the attempts of a request.
type transport struct{ o Options }

// RoundTrip implements http.RoundTripper. The answer of the last attempt is
// returned as it came, a refusal included.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, m := req.Context(), marksOf(req.Context())
	for attempt := 1; ; attempt++ {
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

// attempt sends the request once, within the time of one attempt.
func (t *transport) attempt(req *http.Request, m marks, attempt int) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.o.Timeout)
	one := req.Clone(ctx)
	if attempt > 1 && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			cancel()
			return nil, fmt.Errorf("repeat body: %w", err)
		}
		one.Body = body
	}
	if t.o.UserAgent != "" {
		one.Header.Set("User-Agent", t.o.UserAgent)
	}
	line := Line{Method: req.Method, URL: m.shown(req.URL)}
	start := t.o.Now()
	resp, err := t.o.Base.RoundTrip(one)
	line.Took = t.o.Now().Sub(start)
	if err != nil {
		cancel()
		t.o.Log(line)
		return nil, err
	}
	line.Status, line.RequestID = resp.StatusCode, RequestID(resp.Header)
	t.o.Log(line)
	resp.Request = req
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// The connection is the caller's now and outlives the attempt's time.
		context.AfterFunc(ctx, cancel)
		return resp, nil
	}
	resp.Body = &body{rc: resp.Body, left: maxBody, cancel: cancel}
	return resp, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// next says whether there is another attempt, and after how long.
func (t *transport) next(req *http.Request, m marks, attempt int, resp *http.Response, err error) (time.Duration, bool) {
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

// body limits an answer's size, and ends its attempt's time when it is closed.
type body struct {
	rc     io.ReadCloser
	left   int64
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var one [1]byte
		if n, err := b.rc.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, fmt.Errorf("read answer: more than %d MiB: %w", maxBody>>20, state.ErrService)
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.rc.Read(p)
	b.left -= int64(n)
	return n, err
}

func (b *body) Close() error {
	err := b.rc.Close()
	b.cancel()
	return err
}
