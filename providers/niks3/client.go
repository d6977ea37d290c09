// Package niks3 asks the cache server how it is: its configuration, its garbage
// collection, its size, its pins, its metrics. It starts a collection too.
//
// What a niks3 offers depends on its version. What one lacks is found=false, or
// Offered=false, and no error; state.Niks3Needs says what it would need.
package niks3

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// noRoute is the body with which Go's router answers a path that it does not
// know. A proxy's 404 is another.
const noRoute = "404 page not found"

// The limits of what is kept of niks3's texts, in runes.
const (
	wordLimit = 40
	textLimit = 300
)

// Client is one niks3 server.
type Client struct {
	hc   *http.Client
	base string
}

// New returns the server at base ("http://[::1]:5751").
func New(hc *http.Client, base string) *Client {
	return &Client{hc: hc, base: strings.TrimRight(base, "/")}
}

// Health asks whether niks3 answers (GET /health). It says nothing of the
// database or of S3: niks3 answers the same without them.
func (c *Client) Health(ctx context.Context) error {
	const op = "look for niks3"
	a, err := c.do(ctx, op, http.MethodGet, "/health", state.Secret{})
	if err != nil {
		return err
	}
	if a.status != http.StatusOK || strings.TrimSpace(string(a.body)) != "OK" {
		return a.refused()
	}
	return nil
}

// answer is what came back, read to its end.
type answer struct {
	op     string
	resp   *http.Response
	status int
	body   []byte
}

// do makes one request. An empty token sends none.
func (c *Client) do(ctx context.Context, op, method, path string, token state.Secret) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", op, err)
	}
	if !token.Empty() {
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	resp, err := c.hc.Do(req)
	if err != nil {
		return answer{}, &state.CallError{Service: "niks3", Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{op: op, resp: resp, status: resp.StatusCode}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return answer{}, &state.CallError{Service: "niks3", Op: op, Status: a.status, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	return a, nil
}

// says tells whether it is this text of niks3's own, with this status.
func (a answer) says(status int, text string) bool {
	return a.status == status && a.plain() && strings.TrimSpace(string(a.body)) == text
}

// plain tells whether the answer is a text, as all refusals of niks3 are.
func (a answer) plain() bool {
	return strings.HasPrefix(a.resp.Header.Get("Content-Type"), "text/plain")
}

// unknown tells whether this niks3 does not know the path.
func (a answer) unknown() bool { return a.says(http.StatusNotFound, noRoute) }

// decode reads an answer with this status as JSON.
func (a answer) decode(status int, into any) error {
	if a.status != status {
		return a.refused()
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return a.wrong("it is not the JSON that niks3 writes")
	}
	return nil
}

// refused is the error of an answer with a status that is not wanted.
func (a answer) refused() error {
	kind := httpx.Kind(a.resp, nil)
	if kind == nil || errors.Is(kind, state.ErrNotFound) && a.plain() { // a text that niks3 does not say there
		kind = state.ErrService
	}
	return &state.CallError{Service: "niks3", Op: a.op, Status: a.status, Kind: kind, Text: httpx.CleanBody(a.body)}
}

// wrong is the error of an answer that is not what it should be.
func (a answer) wrong(why string) error {
	return &state.CallError{Service: "niks3", Op: a.op, Status: a.status, Kind: state.ErrService, Text: why}
}
