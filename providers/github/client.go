package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
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
	user   bool // there is a token
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
	c := &Client{Now: time.Now, api: u, web: strings.TrimRight(web, "/"), open: hc, user: !token.Empty()}
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
	out    any    // what the answer is decoded into; nil: it has no body
	done   int    // the status of a good answer that has no body
	none   []int  // statuses that say, in GitHub's own form, that there is no such thing
}

// errNone is the error of a call to which there is no such thing, where the
// call says that this is an answer.
var errNone = errors.New("there is none")

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
	if accepted := (*github.AcceptedError)(nil); errors.As(err, &accepted) { // 202, which is no error
		err = nil
	}
	if err != nil {
		e, own := refusal(k.op, resp, err)
		if own && slices.Contains(k.none, e.Status) {
			return resp, errNone
		}
		return resp, e
	}
	defer func() { _ = resp.Body.Close() }()
	if k.out == nil {
		if resp.StatusCode != k.done {
			return resp, nonsense(k.op, resp, fmt.Sprintf("the answer should be %d", k.done))
		}
		return resp, nil
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		e, _ := refusal(k.op, resp, err)
		return resp, e
	}
	if json.Unmarshal(b, k.out) != nil || string(bytes.TrimSpace(b)) == "null" {
		return resp, nonsense(k.op, resp, "the answer is not the JSON that it should be")
	}
	return resp, nil
}

// maxPages is how many pages of 100 a list may have: GitHub lets no list that
// is read here grow so long.
const maxPages = 50

// errEnough ends a list before its last page.
var errEnough = errors.New("enough was read")

// pages makes the call for each page of a list; its path may have a query.
// take takes what was decoded into k.out, and empties it for the next page;
// its error says what is wrong, or errEnough.
func (c *Client) pages(ctx context.Context, k call, take func() error) error {
	path := k.path + "?"
	if strings.Contains(k.path, "?") {
		path = k.path + "&"
	}
	for page := 1; page != 0; {
		k.path = fmt.Sprintf("%sper_page=100&page=%d", path, page)
		resp, err := c.do(ctx, k)
		if err != nil {
			return err
		}
		err = take()
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return nonsense(k.op, resp, err.Error())
		}
		if next := resp.NextPage; next != 0 && next != page+1 || page == maxPages {
			return nonsense(k.op, resp, "its pages do not end")
		}
		page = resp.NextPage
	}
	return nil
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
