package cloudflare

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// graphAnswer is what POST /graphql answers: errors come with status 200 as
// well as with others, and then there is no data, not even of the nodes that
// had none (developers.cloudflare.com/analytics/graphql-api/errors). A token
// that is not taken is refused in the form of all of Cloudflare's API.
type graphAnswer struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

// graphql asks the analytics and reads the data into the value. It only asks,
// and so is tried again as a GET is. Refusals are state.ErrDenied.
func (c *Client) graphql(ctx context.Context, op, query string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nonsense(op, "the question is no JSON")
	}
	req, err := http.NewRequestWithContext(httpx.Idempotent(ctx), http.MethodPost, c.at+"graphql", bytes.NewReader(body))
	if err != nil {
		return nonsense(op, "the address of the API is none")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.signed.Do(req)
	if err != nil {
		return &state.CallError{Service: service, Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	e := &state.CallError{Service: service, Op: op, Status: resp.StatusCode, Request: httpx.RequestID(resp.Header), Kind: httpx.Kind(resp, err)}
	var got graphAnswer
	switch badJSON := json.Unmarshal(text, &got); {
	case err != nil:
		e.Text = httpx.Cause(err)
	case badJSON != nil:
		e.Text = httpx.CleanBody(text)
	case len(got.Errors) > 0:
		said := make([]string, 0, len(got.Errors))
		for _, one := range got.Errors {
			said = append(said, one.Message)
		}
		e.Text = httpx.CleanBody([]byte(strings.Join(said, "; ")))
		if e.Kind == nil {
			e.Kind = graphKind(said[0])
		}
	case e.Kind == nil && json.Unmarshal(got.Data, into) == nil:
		return nil
	}
	if e.Kind == nil {
		e.Kind, e.Text = state.ErrService, "the answer is not the JSON that it should be"
	}
	return e
}

// graphKind reads what kind of error it is from the words: GraphQL's errors
// have no code (developers.cloudflare.com/analytics/graphql-api/errors, Common
// error types).
func graphKind(said string) error {
	said = strings.ToLower(said)
	for _, one := range []struct {
		words string
		kind  error
	}{
		{"not authorized", state.ErrDenied},
		{"does not have access", state.ErrDenied},
		{"unauthorized", state.ErrUnauthorized},
		{"authentication error", state.ErrUnauthorized},
		{"rate limiter", state.ErrLimited},
		{"too many", state.ErrLimited},
		{"cannot request", state.ErrInvalid},
		{"range is too large", state.ErrInvalid},
		{"unknown field", state.ErrInvalid},
	} {
		if strings.Contains(said, one.words) {
			return one.kind
		}
	}
	return state.ErrService
}
