package httpxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

const secret = "never-to-be-seen"

// shop is a service with one thing, which counts its writes.
type shop struct{ writes atomic.Int32 }

func (s *shop) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	rec.Header().Set("X-Github-Request-Id", "A1")
	switch req.Method + " " + req.URL.Path {
	case "GET /thing":
		_, _ = rec.WriteString(`{"name":"x","size":3}`)
	case "GET /none":
		rec.WriteHeader(http.StatusNotFound)
		_, _ = rec.WriteString(`{"message":"none"}`)
	case "POST /thing", "PUT /thing":
		s.writes.Add(1)
		rec.WriteHeader(http.StatusCreated)
		_, _ = rec.WriteString(`{"name":"x"}`)
	case "DELETE /thing":
		s.writes.Add(1)
		rec.WriteHeader(http.StatusNoContent)
	default:
		rec.WriteHeader(http.StatusBadRequest)
	}
	return rec.Result(), nil
}

// send makes one request as an adapter should, and reads the thing of the answer.
func send(ctx context.Context, hc *http.Client, op, method, path string) (map[string]any, error) {
	fail := func(resp *http.Response, err error) error {
		e := &state.CallError{Service: "shop", Op: op, Kind: httpx.Kind(resp, err), Text: httpx.Cause(err)}
		if resp != nil {
			e.Status, e.Request = resp.StatusCode, httpx.RequestID(resp.Header)
		}
		return e
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://shop"+path, nil)
	if err != nil {
		return nil, fail(nil, err)
	}
	resp, err := hc.Do(req)
	if err != nil {
		return nil, fail(nil, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return nil, fail(resp, nil)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fail(resp, err)
	}
	if method == http.MethodDelete {
		if resp.StatusCode != http.StatusNoContent {
			return nil, fail(resp, state.ErrService)
		}
		return map[string]any{}, nil
	}
	var thing struct {
		Name string
		Size int
	}
	if err := json.Unmarshal(raw, &thing); err != nil {
		return nil, fail(resp, err)
	}
	if thing.Name == "" {
		return nil, fail(resp, state.ErrService)
	}
	return map[string]any{"name": thing.Name, "size": thing.Size}, nil
}

// plain is an operation that sends one request, with what is changed about it.
func plain(name, method, path string, change ...func(hc *http.Client, got any, err error) (any, error)) Operation {
	return Operation{Name: name, Call: func(ctx context.Context, hc *http.Client) (any, error) {
		got, err := send(ctx, hc, name, method, path)
		for _, c := range change {
			return c(hc, got, err)
		}
		return got, err
	}}
}

func tryOne(t *testing.T, op Operation, wait time.Duration) []string {
	t.Helper()
	s := storm{patience: wait, open: func() (World, Operation) {
		w := &shop{}
		return World{Base: w, Writes: func() int { return int(w.writes.Load()) }, Hidden: []string{secret}}, op
	}}
	return s.findings(t.Context())
}

// TestGoodAdapters: what is as it should be passes.
func TestGoodAdapters(t *testing.T) {
	absent := plain("look at none", "GET", "/none", func(_ *http.Client, _ any, err error) (any, error) {
		if errors.Is(err, state.ErrNotFound) {
			return false, nil
		}
		return nil, err
	})
	two := Operation{Name: "make thing", Call: func(ctx context.Context, hc *http.Client) (any, error) {
		if _, err := send(ctx, hc, "make thing", "GET", "/thing"); err != nil {
			return nil, err
		}
		return send(ctx, hc, "make thing", "POST", "/thing")
	}, Fine: []string{"replayed"}}
	again := Operation{Name: "put thing", Call: func(ctx context.Context, hc *http.Client) (any, error) {
		return send(httpx.Idempotent(ctx), hc, "put thing", "PUT", "/thing")
	}}
	found := plain("look at thing", "GET", "/thing", func(_ *http.Client, got any, err error) (any, error) {
		if errors.Is(err, state.ErrNotFound) {
			return false, nil
		}
		if errors.Is(err, state.ErrDenied) {
			return nil, state.Problem{What: "the thing is not for you", Fix: "ask for it"}
		}
		return got, err
	})
	found.Fine = []string{"404"}
	for _, op := range []Operation{
		plain("look at thing", "GET", "/thing"), absent, found, two, again,
		plain("create thing", "POST", "/thing"), plain("delete thing", "DELETE", "/thing"),
	} {
		for _, f := range tryOne(t, op, patience) {
			t.Errorf("%s: %s", op.Name, f)
		}
	}
}

// TestBadAdapters: each thing that Storm looks for is found.
func TestBadAdapters(t *testing.T) {
	call := func(name string, f func(ctx context.Context, hc *http.Client) (any, error)) Operation {
		return Operation{Name: name, Call: f}
	}
	edit := func(f func(e *state.CallError)) func(*http.Client, any, error) (any, error) {
		return func(_ *http.Client, got any, err error) (any, error) {
			if e, ok := errors.AsType[*state.CallError](err); ok {
				f(e)
			}
			return got, err
		}
	}
	cases := []struct {
		name string
		op   Operation
		want string
	}{
		{"panics", plain("look", "GET", "/thing", func(_ *http.Client, got any, err error) (any, error) {
			if err != nil && strings.Contains(err.Error(), "500") {
				panic("oh")
			}
			return got, err
		}), "500 at request 1: panic: oh"},
		{"has no end", call("look", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := send(ctx, hc, "look", "GET", "/thing")
			for errors.Is(err, state.ErrOffline) && ctx.Err() == nil {
				got, err = send(ctx, hc, "look", "GET", "/thing")
			}
			return got, err
		}), "no connection at request 1: no end within"},
		{"does not hear of the end", call("look", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := send(ctx, hc, "look", "GET", "/thing")
			if errors.Is(err, state.ErrDenied) {
				select {}
			}
			return got, err
		}), "403 at request 1: no end within 300ms, though its context ended"},
		{"makes no request", call("look", func(context.Context, *http.Client) (any, error) { return 1, nil }), "no request went through"},
		{"fails in good weather", plain("look", "GET", "/none"), "in good weather: look"},
		{"takes what is broken", call("look", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := send(ctx, hc, "look", "GET", "/thing")
			if errors.Is(err, state.ErrService) {
				return got, nil
			}
			return got, err
		}), "HTML at request 1: taken for a good answer"},
		{"takes what is not found", plain("look", "GET", "/thing", func(_ *http.Client, got any, err error) (any, error) {
			if errors.Is(err, state.ErrNotFound) {
				return false, nil
			}
			return got, err
		}), "404 empty at request 1: taken for a good answer"},
		{"believes that it wrote", call("delete", func(ctx context.Context, hc *http.Client) (any, error) {
			_, err := send(ctx, hc, "delete", "DELETE", "/thing")
			if errors.Is(err, state.ErrService) {
				err = nil
			}
			return nil, err
		}), "HTML at request 1: it says that it is done, and 0 of 1 writes were made"},
		{"repeats a POST", call("create", func(ctx context.Context, hc *http.Client) (any, error) {
			return send(httpx.Idempotent(ctx), hc, "create", "POST", "/thing")
		}), "answer lost at request 1: 4 writes, want at most 1"},
		{"asks too soon", call("look", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := send(httpx.Once(ctx), hc, "look", "GET", "/thing")
			if errors.Is(err, state.ErrLimited) { // as somebody else, since httpx knows better
				other := &http.Client{Transport: httpx.WithToken(hc.Transport, "shop", state.NewSecret("other"))}
				got, err = send(httpx.Once(ctx), other, "look", "GET", "/thing")
			}
			return got, err
		}), "429 for an hour at request 1: asked again 1 times without the wait of 1h0m0s"},
		{"wrong kind", plain("look", "GET", "/thing", edit(func(e *state.CallError) {
			if e.Status == http.StatusUnprocessableEntity {
				e.Kind = state.ErrDenied
			}
		})), "422 at request 1: look: shop answered 422: permission missing [request request-of-the-storm] is of another kind"},
		{"a cancellation of another kind", plain("look", "GET", "/thing", edit(func(e *state.CallError) {
			if errors.Is(e, context.Canceled) {
				e.Kind = state.ErrOffline
			}
		})), "cancelled on the way at request 1: look: shop: no answer from the network: context canceled is of another kind"},
		{"no name", plain("look", "GET", "/thing", edit(func(e *state.CallError) { e.Op = "" })), `the error does not name "look"`},
		{"a problem of nothing", plain("look at thing", "GET", "/thing", func(_ *http.Client, got any, err error) (any, error) {
			if errors.Is(err, state.ErrDenied) {
				return nil, state.Problem{What: "no"}
			}
			return got, err
		}), `403 at request 1: the error does not name "look at thing": no`},
		{"no request id", plain("look", "GET", "/thing", edit(func(e *state.CallError) { e.Request = "" })), "500 at request 1: the error does not hold the request id"},
		{"a secret in an error", plain("look", "GET", "/thing", edit(func(e *state.CallError) { e.Text = secret })), "the error holds a secret"},
		{"a secret in a log line", call("look", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := send(ctx, hc, "look", "GET", "/thing")
			if errors.Is(err, state.ErrNotFound) {
				_, _ = send(ctx, hc, "look", "GET", "/"+secret)
			}
			return got, err
		}), "404 at request 1: a log line holds a secret"},
		{"the second request", call("make", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := send(ctx, hc, "make", "GET", "/thing")
			if err == nil {
				got, err = send(ctx, hc, "other", "POST", "/thing")
			}
			return got, err
		}), `500 at request 2: the error does not name "make"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(tryOne(t, c.op, 300*time.Millisecond), "\n")
			if !strings.Contains(got, c.want) {
				t.Errorf("not found: %s\nfound:\n%s", c.want, got)
			}
		})
	}
}

// TestSlowToCancel: a call that goes on for a while after it was cancelled.
func TestSlowToCancel(t *testing.T) {
	good := outcome{way: &way{passed: []exchange{{method: "GET"}}}}
	late := try{good: good, op: Operation{Name: "look"}, outcome: outcome{
		way: &way{fault: Faults()[9], hit: []string{"GET /"}}, took: promptly + time.Second,
		err: &state.CallError{Op: "look", Kind: context.Canceled},
	}}
	if got := fmt.Sprint(late.findings()); !strings.Contains(got, "after it was cancelled") {
		t.Error(got)
	}
}

// TestStorm: the tests that Storm makes are the operations'.
func TestStorm(t *testing.T) {
	Storm(t, func(*testing.T) (World, []Operation) {
		w := &shop{}
		return World{Base: w, Writes: func() int { return int(w.writes.Load()) }}, []Operation{
			plain("look at thing", "GET", "/thing"), plain("create thing", "POST", "/thing"),
		}
	})
}

// TestAltered: each alteration gives what its name says.
func TestAltered(t *testing.T) {
	body := []byte(`{"ok":true,"n":[1,"a"]}`)
	read := func(r io.Reader) string {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r)
		return b.String()
	}
	if got := read(wrongValues(t.Context(), body)); got != `{"n":["x",7],"ok":true}` {
		t.Error(got)
	}
	if got := read(nullValues(t.Context(), body)); got != `{"n":[null,null],"ok":true}` {
		t.Error(got)
	}
}
