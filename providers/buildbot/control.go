package buildbot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// cookie is the name of the session's, where buildbot itself has no TLS.
const cookie = "TWISTED_SESSION"

// Session lets somebody control. It holds for a week. The zero value is nobody,
// whom a master of buildbot-nix lets read only.
type Session struct{ token state.Secret }

// Login begins a session with the password that the master shares with the
// proxy in front of it (buildbot-nix: authBackend = httpbasicauth). Any name is
// let in; only one of ci.admins may control. The error is a state.Problem
// where the master's login is a page that only a browser can pass.
func (c *Client) Login(ctx context.Context, name string, password state.Secret) (Session, error) {
	const op = "sign in"
	req, err := c.request(ctx, op, http.MethodGet, "/", nil)
	if err != nil {
		return Session{}, err
	}
	req.SetBasicAuth(name, password.Reveal())
	head, _, err := c.do(req, op)
	if err != nil {
		return Session{}, err
	}
	var user user
	var token string
	for _, set := range (&http.Response{Header: head}).Cookies() {
		if set.Name == cookie {
			token, user = set.Value, userOf(set.Value)
		}
	}
	switch {
	case token == "":
		return Session{}, odd(op, "no session")
	case user.Name == name:
		return Session{state.NewSecret(token)}, nil
	}
	if err := c.Controllable(ctx); err != nil {
		return Session{}, err
	}
	return Session{}, &state.CallError{
		Service: "buildbot", Op: op, Status: http.StatusOK, Kind: state.ErrUnauthorized, Text: "the name and the password are not accepted",
	}
}

// Controllable says whether builds can be started and stopped from here: nil
// where Login can begin a session (fully-private); a state.Problem where only a
// person in a browser can sign in (two-logins; buildbot's docs, "REST API":
// there is none with OAuth2); else why the master did not answer (GET /config).
func (c *Client) Controllable(ctx context.Context) error {
	kind, err := c.loginKind(ctx)
	if err != nil {
		return err
	}
	if !kind.OAuth2 {
		return nil
	}
	return state.Problem{
		What: "Here buildbot takes restarts only from a browser",
		Why:  "its login is " + line(kind.Name) + "'s page, which only a person in a browser can pass (two-logins)",
		Fix:  "open it in the browser (o); fully-private (ci.access) allows them",
		URL:  c.base,
	}
}

// user is who a session is of.
type user struct {
	Name string `json:"username"`
}

// userOf reads what a session's token says; its signature is the master's
// matter (www/auth.py).
func userOf(token string) user {
	var claims struct {
		User user `json:"user_info"`
	}
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(raw, &claims) == nil {
			return claims.User
		}
	}
	return user{}
}

// login is how people sign in (GET /config).
type login struct {
	Name   string `json:"name"`
	OAuth2 bool   `json:"oauth2"`
}

func (c *Client) loginKind(ctx context.Context) (login, error) {
	const op = "ask how people sign in"
	req, err := c.request(ctx, op, http.MethodGet, "/config", nil)
	if err != nil {
		return login{}, err
	}
	_, body, err := c.do(req, op)
	if err != nil {
		return login{}, err
	}
	var config struct {
		Auth *login `json:"auth"`
	}
	if err := json.Unmarshal(body, &config); err != nil || config.Auth == nil {
		return login{}, odd(op, httpx.CleanBody(body))
	}
	return *config.Auth, nil
}

// Force asks for a build by a force scheduler and returns the request's
// number; it becomes a build when a worker is free.
func (c *Client) Force(ctx context.Context, s Session, scheduler, reason string) (request int64, err error) {
	op := "force build with " + scheduler
	path := "/forceschedulers/" + url.PathEscape(scheduler)
	found, err := rows[wireScheduler](ctx, c, ask{op, path, "forceschedulers", nil})
	if err != nil {
		return 0, err
	}
	if len(found) != 1 || found[0].Name != scheduler {
		return 0, odd(op, "another scheduler")
	}
	return c.made(ctx, s, op, path, "force", map[string]any{"reason": reason})
}

// Rebuild asks for a build like this one and returns the request's number.
func (c *Client) Rebuild(ctx context.Context, s Session, build int64) (request int64, err error) {
	op := number("rebuild build", build)
	if _, err := row[wireBuild](ctx, c, ask{op, number("/builds/", build), "builds", nil}, build); err != nil {
		return 0, err
	}
	return c.made(ctx, s, op, number("/builds/", build), "rebuild", map[string]any{})
}

// Stop stops a build, whose verdict will be cancelled; one that is complete
// stays as it is.
func (c *Client) Stop(ctx context.Context, s Session, build int64, reason string) error {
	op := number("stop build", build)
	// To the stop of a build that does not exist the master says yes.
	if _, err := row[wireBuild](ctx, c, ask{op, number("/builds/", build), "builds", nil}, build); err != nil {
		return err
	}
	return c.call(ctx, s, op, number("/builds/", build), "stop", map[string]any{"reason": reason}, nil)
}

// Cancel takes a request out of the queue; one that has become a build is
// stopped.
func (c *Client) Cancel(ctx context.Context, s Session, request int64, reason string) error {
	op := number("cancel request", request)
	if _, err := row[wireRequest](ctx, c, ask{op, number("/buildrequests/", request), "buildrequests", nil}, request); err != nil {
		return err
	}
	return c.call(ctx, s, op, number("/buildrequests/", request), "cancel", map[string]any{"reason": reason}, nil)
}

// Pause keeps a worker from taking more builds, or lets it take them again.
func (c *Client) Pause(ctx context.Context, s Session, worker int64, paused bool, reason string) error {
	op, verb := number("pause worker", worker), "pause"
	if !paused {
		op, verb = number("unpause worker", worker), "unpause"
	}
	if _, err := row[wireWorker](ctx, c, ask{op, number("/workers/", worker), "workers", nil}, worker); err != nil {
		return err
	}
	return c.call(ctx, s, op, number("/workers/", worker), verb, map[string]any{"reason": reason}, nil)
}

// made is a call whose result is [buildset, {builder: request}].
func (c *Client) made(ctx context.Context, s Session, op, path, method string, params map[string]any) (int64, error) {
	var result []json.RawMessage
	if err := c.call(ctx, s, op, path, method, params, &result); err != nil {
		return 0, err
	}
	var requests map[string]int64
	if len(result) == 2 && json.Unmarshal(result[1], &requests) == nil {
		for _, id := range requests {
			return id, nil
		}
	}
	return 0, odd(op, "no request")
}

// call posts JSON-RPC to the object (www/rest.py).
func (c *Client) call(ctx context.Context, s Session, op, path, method string, params map[string]any, into any) error {
	raw, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return odd(op, err.Error())
	}
	req, err := c.request(ctx, op, http.MethodPost, "/api/v2"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if !s.token.Empty() {
		req.Header.Set("Cookie", cookie+"="+s.token.Reveal())
	}
	_, body, err := c.do(req, op)
	if err != nil {
		return err
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil || string(answer["jsonrpc"]) != `"2.0"` || answer["result"] == nil {
		return odd(op, httpx.CleanBody(body))
	}
	if into != nil && json.Unmarshal(answer["result"], into) != nil {
		return odd(op, httpx.CleanBody(body))
	}
	return nil
}
