package github

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// refusal is the error of a call, and whether it is GitHub's own words: a page
// of something in between says nothing of what GitHub has. go-github has
// errors of several types; all are told apart here by status and headers,
// since it takes a 429 for no limit.
func refusal(op string, resp *github.Response, err error) (e *state.CallError, own bool) {
	e = &state.CallError{Service: service, Op: op, Text: httpx.Cause(err)}
	if resp == nil || resp.Response == nil {
		e.Kind = httpx.Kind(nil, err)
		return e, false
	}
	e.Kind = httpx.Kind(resp.Response, err)
	e.Status = resp.StatusCode
	e.Request = httpx.RequestID(resp.Header)
	e.Needs = needs(resp.Header)
	if resp.StatusCode/100 == 2 {
		return e, false
	}
	e.Text, own = words(resp.Response)
	return e, own
}

// needs is the permission that GitHub says the call wants: of a fine-grained
// token or an App (X-Accepted-GitHub-Permissions), else the scopes of a
// classic token, any one of which will do.
func needs(h http.Header) string {
	if v := h.Get("X-Accepted-Github-Permissions"); v != "" {
		return clean(v)
	}
	if v := h.Get("X-Accepted-Oauth-Scopes"); v != "" {
		return "scope " + clean(v)
	}
	return ""
}

// words is what GitHub says in a refusal: the message and those of its
// details (schema validation-error); else what the body looks like, and false.
func words(resp *http.Response) (text string, own bool) {
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return httpx.Cause(err), false
	}
	var said github.ErrorResponse
	if err := json.Unmarshal(b, &said); err != nil || said.Message == "" {
		return httpx.CleanBody(b), false
	}
	all := []string{said.Message}
	for _, d := range said.Errors {
		if d.Message != "" {
			all = append(all, d.Message)
		} else if d.Field != "" {
			all = append(all, d.Field+" "+d.Code)
		}
	}
	return httpx.CleanBody([]byte(strings.Join(all, "; "))), true
}

// nonsense is the error for an answer that lacks what it must have.
func nonsense(op string, resp *github.Response, text string) *state.CallError {
	return &state.CallError{
		Service: service, Op: op, Status: resp.StatusCode, Text: text,
		Request: httpx.RequestID(resp.Header), Kind: state.ErrService,
	}
}
