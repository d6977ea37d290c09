package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

func TestKind(t *testing.T) {
	cases := []struct {
		name string
		resp *http.Response
		err  error
		want error
	}{
		{"fine", answer(204), nil, nil},
		{"unauthorized", answer(401), nil, state.ErrUnauthorized},
		{"denied", answer(403), nil, state.ErrDenied},
		{"denied with some left", answer(403, "X-Ratelimit-Remaining", "12"), nil, state.ErrDenied},
		{"limit, primary", answer(403, "X-Ratelimit-Remaining", "0"), nil, state.ErrLimited},
		{"limit, secondary", answer(403, "Retry-After", "60"), nil, state.ErrLimited},
		{"429", answer(429), errors.New("x"), state.ErrLimited},
		{"not found", answer(404), nil, state.ErrNotFound},
		{"exists", answer(409), nil, state.ErrExists},
		{"invalid", answer(422), nil, state.ErrInvalid},
		{"gone", answer(410), nil, state.ErrInvalid},
		{"service", answer(500), nil, state.ErrService},
		{"redirect", answer(302), nil, state.ErrService},
		{"not json", answer(200), &json.SyntaxError{}, state.ErrService},
		{"truncated", answer(200), io.ErrUnexpectedEOF, state.ErrService},
		{"broken", nil, &url.Error{Op: "Get", Err: io.EOF}, state.ErrOffline},
		{"timed out", nil, context.DeadlineExceeded, state.ErrOffline},
		{"cancelled", nil, &url.Error{Op: "Get", Err: context.Canceled}, context.Canceled},
		{"a call's", nil, &state.CallError{Kind: state.ErrExists}, state.ErrExists},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := httpx.Kind(c.resp, c.err); !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	n := 0
	_, err := get(t.Context(), httpx.New(httpx.Options{Log: func(httpx.Line) { n++ }}), srv.URL)
	if !errors.Is(httpx.Kind(nil, err), state.ErrService) || n != 1 {
		t.Errorf("%v after %d attempts", err, n)
	}
}

func TestCause(t *testing.T) {
	err := &url.Error{Op: "Get", URL: "https://x/secret", Err: errors.New("dial tcp:\n refused")}
	if got := httpx.Cause(err); got != "dial tcp: refused" {
		t.Errorf("got %q", got)
	}
	if httpx.Cause(nil) != "" {
		t.Error("a cause of nothing")
	}
}

func TestCleanBody(t *testing.T) {
	cases := map[string]string{
		"":                  "",
		" no \x1b[31mway\n": "no [31mway",
		"<html><p>hello":    "a page in place of an answer",
		"<!doctype html><HTML><head><TITLE>502 Bad\nGateway</title>": "a page in place of an answer: 502 Bad Gateway",
	}
	for in, want := range cases {
		if got := httpx.CleanBody([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	seen := map[string]string{}
	record := func(name string, to string) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			seen[name+r.URL.Path] = r.Header.Get("Authorization") + string(b)
			if to != "" && r.URL.Path != "/end" {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			}
		}))
	}
	other := record("other", "")
	defer other.Close()
	away := record("away", other.URL+"/end")
	defer away.Close()
	near := record("near", "/end")
	defer near.Close()

	u, err := url.Parse(near.URL)
	if err != nil {
		t.Fatal(err)
	}
	hc := httpx.New(httpx.Options{})
	hc.Transport = httpx.WithToken(hc.Transport, u.Host, state.NewSecret("tok"))
	for _, to := range []string{near.URL, away.URL, other.URL} {
		resp, err := hc.Post(to+"/start", "text/plain", strings.NewReader("secret"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Request.Header.Get("Authorization") != "" {
			t.Error("the token is left in the answer's request")
		}
	}
	if seen["near/start"] != "Bearer toksecret" || seen["near/end"] != "Bearer toksecret" {
		t.Errorf("its own host: %v", seen)
	}
	if seen["away/start"] != "secret" || seen["other/start"] != "secret" {
		t.Errorf("other hosts: %v", seen)
	}
	if _, followed := seen["other/end"]; followed {
		t.Error("followed to another host with the body")
	}
	// Somebody else's Authorization stays as it is.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, near.URL+"/end", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Basic abc")
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if seen["near/end"] != "Basic abc" {
		t.Errorf("got %q", seen["near/end"])
	}
}
