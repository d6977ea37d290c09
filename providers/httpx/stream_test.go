package httpx_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// slow answers with a head after a time, and then with a body that says one
// line an hour, lines times.
type slow struct {
	status int
	head   time.Duration
	lines  int
}

func (s slow) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := pause(req.Context(), s.head); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: &drip{pause: func() error { return pause(req.Context(), time.Hour) }, left: s.lines}}, nil
}

type drip struct {
	pause func() error
	left  int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	d.left--
	if err := d.pause(); err != nil {
		return 0, err
	}
	return copy(p, "x"), nil
}

func (d *drip) Close() error { return nil }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func TestStream(t *testing.T) {
	cases := []struct {
		name   string
		mark   func(context.Context) context.Context
		from   slow
		end    time.Duration // when the caller gives up; 0: never
		read   int
		kind   error
		passed time.Duration
	}{
		{"an ordinary answer has an end", nil, slow{200, time.Second, 5}, 0, 0, state.ErrOffline, 20 * time.Second},
		{"a long answer has none", httpx.Stream, slow{200, time.Second, 5}, 0, 5, nil, time.Second + 5*time.Hour},
		{"its head has", httpx.Stream, slow{200, time.Minute, 5}, 0, 0, state.ErrOffline, 20 * time.Second},
		{"a refusal has", httpx.Stream, slow{404, time.Second, 5}, 0, 0, state.ErrOffline, 20 * time.Second},
		{"the caller ends it", httpx.Stream, slow{200, time.Second, 5}, 90 * time.Minute, 1, context.Canceled, 90 * time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.end != 0 {
					time.AfterFunc(c.end, cancel)
				}
				if c.mark != nil {
					ctx = c.mark(ctx)
				}
				start := time.Now()
				got, err := whole(ctx, httpx.New(httpx.Options{Base: c.from, Attempts: 1}))
				if kind := httpx.Kind(nil, err); !errors.Is(kind, c.kind) || len(got) != c.read || time.Since(start) != c.passed {
					t.Errorf("read %d, %v after %v, want %d, %v after %v", len(got), err, time.Since(start), c.read, c.kind, c.passed)
				}
			})
		})
	}
}

func whole(ctx context.Context, hc *http.Client) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example/x", strings.NewReader(""))
	if err != nil {
		return nil, err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}

// TestStreamHasNoSize: what is followed may be longer than an answer may be.
func TestStreamHasNoSize(t *testing.T) {
	resp := answer(200)
	resp.Body = io.NopCloser(bytes.NewReader(make([]byte, 16<<20+1)))
	got, err := whole(httpx.Stream(t.Context()), httpx.New(httpx.Options{Base: &script{answers: []*http.Response{resp}}}))
	if err != nil || len(got) != 16<<20+1 {
		t.Errorf("read %d, %v", len(got), err)
	}
}
