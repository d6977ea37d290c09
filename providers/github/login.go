package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// madeUpCode is a sign-in code that GitHub never gave out.
const madeUpCode = "nixwright-check"

// CheckLogin asks whether a client id and its secret belong together, by
// trading a made-up code for a token (POST /login/oauth/access_token of the
// site): GitHub refuses the credentials before the code. callback may be
// empty; else GitHub is asked whether it is one of the registered ones. Only
// the answer's error field counts: its status is not documented
// (docs.github.com, "Troubleshooting OAuth app access token request errors");
// "Not Found" is what an unknown client id gets.
func (c *Client) CheckLogin(ctx context.Context, clientID string, secret state.Secret, callback string) (state.LoginVerdict, error) {
	if c.bad != nil {
		return "", c.bad
	}
	e := &state.CallError{Service: service, Op: "check the sign-in of client " + clientID}
	form := url.Values{"client_id": {clientID}, "client_secret": {secret.Reveal()}, "code": {madeUpCode}}
	if callback != "" {
		form.Set("redirect_uri", callback)
	}
	req, err := http.NewRequestWithContext(httpx.Idempotent(ctx), http.MethodPost,
		c.web+"/login/oauth/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("%s: %w", e.Op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := c.open.Do(req)
	if err != nil {
		e.Kind, e.Text = httpx.Kind(nil, err), httpx.Cause(err)
		return "", e
	}
	defer func() { _ = resp.Body.Close() }()
	e.Status, e.Request = resp.StatusCode, httpx.RequestID(resp.Header)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		e.Kind, e.Text = httpx.Kind(resp, err), httpx.Cause(err)
		return "", e
	}
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Error == "" {
		e.Kind, e.Text = httpx.Kind(resp, nil), httpx.CleanBody(body)
		if e.Kind == nil {
			e.Kind, e.Text = state.ErrService, "the answer holds no verdict"
		}
		return "", e
	}
	switch said.Error {
	case "bad_verification_code":
		return state.LoginRight, nil
	case "incorrect_client_credentials", "Not Found":
		return state.LoginWrong, nil
	case "redirect_uri_mismatch":
		return state.LoginCallback, nil
	}
	e.Code, e.Text, e.Kind = clean(said.Error), httpx.CleanBody([]byte(said.Description)), httpx.Kind(resp, nil)
	if e.Kind == nil {
		e.Kind = state.ErrInvalid
	}
	return "", e
}
