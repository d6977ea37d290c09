package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// service is how errors name whom they are from.
const service = "GitHub"

// The addresses of github.com.
const (
	publicAPI = "https://api.github.com"
	publicWeb = "https://github.com"
)

// Client asks one GitHub.
type Client struct {
	// Now is the clock by which Apps sign in; New sets time.Now.
	Now func() time.Time

	api    *url.URL // with a trailing slash
	web    string   // without one
	bad    error    // the address could not be read; every call returns it
	open   *http.Client
	signed *http.Client
}

// New returns a client. api and web are the addresses of the REST API and of
// the site (GitHub Enterprise Server: https://HOST/api/v3 and https://HOST);
// empty: those of github.com. The token goes to the API's host alone; an empty
// one asks anonymously. hc comes from httpx.New.
func New(hc *http.Client, api, web string, token state.Secret) *Client {
	if api == "" {
		api = publicAPI
	}
	if web == "" {
		web = publicWeb
	}
	u, err := url.Parse(strings.TrimRight(api, "/") + "/")
	if err != nil {
		return &Client{bad: fmt.Errorf("read GitHub's address: %w", err)}
	}
	c := &Client{Now: time.Now, api: u, web: strings.TrimRight(web, "/"), open: hc}
	c.signed = c.with(token)
	return c
}

// with returns an HTTP client that signs in to the API with the token.
func (c *Client) with(token state.Secret) *http.Client {
	hc := *c.open
	hc.Transport = httpx.WithToken(hc.Transport, c.api.Host, token)
	return &hc
}

// call is one request to the API.
type call struct {
	op     string // verb and thing, for the error
	method string
	path   string // below the API's address, without a leading slash
	in     any    // body; nil: none
	out    any    // what the answer is decoded into; nil: the answer has no body
}

// do makes the call as the token's user.
func (c *Client) do(ctx context.Context, k call) (*github.Response, error) {
	return c.as(ctx, c.signed, k)
}

// as makes the call with an HTTP client that carries the credential. go-github
// remembers a limit and then refuses without asking, so it gets a new client
// each time: waiting is httpx's business.
func (c *Client) as(ctx context.Context, hc *http.Client, k call) (*github.Response, error) {
	if c.bad != nil {
		return nil, c.bad
	}
	gh := github.NewClient(hc)
	gh.BaseURL = c.api
	req, err := gh.NewRequest(k.method, k.path, k.in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.op, err)
	}
	resp, err := gh.BareDo(ctx, req)
	if err != nil {
		return resp, refusal(k.op, resp, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if k.out == nil {
		return resp, nil
	}
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(b, k.out)
	}
	if err != nil {
		return resp, refusal(k.op, resp, err)
	}
	return resp, nil
}

// repoPath is the API's path of a repository, "owner/name".
func repoPath(repo string) (string, error) {
	owner, name, ok := strings.Cut(repo, "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return "", fmt.Errorf("repository %q: not owner/name", repo)
	}
	return "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name), nil
}

// clean is text from outside as it enters: names, logins, addresses.
func clean(s string) string { return state.CleanText(s, 0) }

func cleanAll(all []string) []string {
	for i := range all {
		all[i] = clean(all[i])
	}
	return all
}

func cleanMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[clean(k)] = clean(v)
	}
	return out
}
