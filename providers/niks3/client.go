// Package niks3 asks the cache server about its garbage collection. What it
// offers depends on its version: what one lacks is told as not offered.
package niks3

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// noRoute is the body with which Go's router answers a path that it does not
// know; a niks3 that knows the path says in its own words that nothing ran.
const noRoute = "404 page not found"

// Client is one niks3 server.
type Client struct {
	hc   *http.Client
	base string
}

// New returns the server at base ("http://[::1]:5751").
func New(hc *http.Client, base string) *Client {
	return &Client{hc: hc, base: strings.TrimRight(base, "/")}
}

// GC asks for the last garbage collection (GET /api/gc/status, since v1.6.1).
// The server remembers it only until it is started again. A token that it does
// not take gives state.ErrUnauthorized.
func (c *Client) GC(ctx context.Context, token state.Secret) (state.GCStatus, error) {
	const op = "read GC status"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/api/gc/status", nil)
	if err != nil {
		return state.GCStatus{}, fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	resp, err := c.hc.Do(req)
	if err != nil {
		return state.GCStatus{}, &state.CallError{Service: "niks3", Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	failed := &state.CallError{Service: "niks3", Op: op, Status: resp.StatusCode, Text: httpx.CleanBody(body), Kind: state.ErrService}
	switch {
	case err != nil:
		failed.Kind, failed.Text = httpx.Kind(nil, err), httpx.Cause(err)
		return state.GCStatus{}, failed
	case resp.StatusCode == http.StatusNotFound && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain"):
		return state.GCStatus{Offered: strings.TrimSpace(string(body)) != noRoute}, nil
	case resp.StatusCode != http.StatusOK:
		if kind := httpx.Kind(resp, nil); kind != nil {
			failed.Kind = kind
		}
		return state.GCStatus{}, failed
	}
	var answer struct {
		State string `json:"state"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.State == "" {
		return state.GCStatus{}, failed
	}
	return state.GCStatus{Offered: true, State: state.CleanText(answer.State, 40), Error: state.CleanText(answer.Error, 300)}, nil
}
