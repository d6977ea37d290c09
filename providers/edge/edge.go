// Package edge probes the public URLs of the CI as anybody sees them: without
// a login, without cookies, following no redirect.
//
// What an answer means (a login page, buildbot's own 400, a leak) is for the
// caller; here an answer of any status is a state.Page, and only silence is an
// error.
package edge

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // GitHub signs with it too
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// bodyLimit is how much of a body is read, in bytes.
const bodyLimit = 64 << 10

// ping is the body of GitHub's ping event, cut to what is always in it
// (docs.github.com, webhook-events-and-payloads, ping).
const ping = `{"zen":"Keep it logically awesome.","hook_id":1,"hook":{"type":"Repository","id":1,"active":true,"events":["push","pull_request"]}}`

// Edge is the public side of one CI.
type Edge struct {
	hc   *http.Client
	base string
}

// New returns the edge at base ("https://ci.example"). Of the client it takes
// transport and timeout, but neither cookies nor redirects.
func New(hc *http.Client, base string) *Edge {
	plain := &http.Client{
		Transport:     hc.Transport,
		Timeout:       hc.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Edge{hc: plain, base: strings.TrimRight(base, "/")}
}

// Get fetches a path ("/oauth2/start?rd=/"). A stream of events is a page
// without a body.
func (e *Edge) Get(ctx context.Context, path string) (state.Page, error) {
	return e.ask(ctx, http.MethodGet, path, nil, nil)
}

// Upgrade asks a path for a WebSocket, as a browser does (RFC 6455); status
// 101 means that it would open one. The connection is closed at once.
func (e *Edge) Upgrade(ctx context.Context, path string) (state.Page, error) {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // it never fails
	return e.ask(ctx, http.MethodGet, path, nil, http.Header{
		"Connection":            {"Upgrade"},
		"Upgrade":               {"websocket"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {base64.StdEncoding.EncodeToString(key)},
		"Origin":                {e.base},
	})
}

// Hook posts a ping as GitHub does, signed with a webhook secret in both of
// GitHub's headers, or without any signature where sign is nil.
func (e *Edge) Hook(ctx context.Context, path string, sign *state.Secret) (state.Page, error) {
	h := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"ping"}}
	if sign != nil {
		h.Set("X-Hub-Signature", "sha1="+signature(sha1.New, *sign))
		h.Set("X-Hub-Signature-256", "sha256="+signature(sha256.New, *sign))
	}
	return e.ask(ctx, http.MethodPost, path, []byte(ping), h)
}

// ask makes one request and reads the page that answers it.
func (e *Edge) ask(ctx context.Context, method, path string, body []byte, h http.Header) (state.Page, error) {
	op := strings.ToLower(method) + " " + e.base + path
	req, err := http.NewRequestWithContext(ctx, method, e.base+path, bytes.NewReader(body))
	if err != nil {
		return state.Page{}, &state.CallError{Service: e.base, Op: op, Kind: state.ErrInvalid, Text: httpx.Cause(err)}
	}
	maps.Copy(req.Header, h)
	resp, err := e.hc.Do(req)
	if err != nil {
		return state.Page{}, &state.CallError{Service: req.URL.Host, Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	p := state.Page{
		Status:   resp.StatusCode,
		Location: resp.Header.Get("Location"),
		Type:     resp.Header.Get("Content-Type"),
		Cookies:  resp.Header.Values("Set-Cookie"),
		Leaks:    resp.Header.Get("Authorization") != "",
	}
	if resp.StatusCode == http.StatusSwitchingProtocols || strings.HasPrefix(p.Type, "text/event-stream") {
		return p, nil // a socket, or a stream: neither has an end
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	if err != nil {
		return state.Page{}, &state.CallError{Service: req.URL.Host, Op: op, Status: resp.StatusCode, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	p.Body = string(text)
	return p, nil
}

// signature is the HMAC of the ping, in hexadecimal.
func signature(with func() hash.Hash, key state.Secret) string {
	mac := hmac.New(with, []byte(key.Reveal()))
	_, _ = mac.Write([]byte(ping))
	return hex.EncodeToString(mac.Sum(nil))
}
