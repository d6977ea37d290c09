package buildbot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// textLimit is how many runes of a text that has one line are kept.
const textLimit = 300

// Client is one buildbot master.
type Client struct {
	hc   *http.Client
	base string
}

// New returns the master at base ("http://127.0.0.1:8010"). It opens nothing.
func New(hc *http.Client, base string) *Client {
	return &Client{hc: hc, base: strings.TrimRight(base, "/")}
}

// ask is one GET of the data API.
type ask struct {
	op   string // "list builds"
	path string // below /api/v2
	kind string // the plural that the answer holds
	q    url.Values
}

// rows is what an answer holds, as it came. An answer without the list is an
// error, so that a page of something else is not taken for "none".
func rows[W any](ctx context.Context, c *Client, a ask) ([]W, error) {
	path := "/api/v2" + a.path
	if len(a.q) > 0 {
		path += "?" + a.q.Encode()
	}
	req, err := c.request(ctx, a.op, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	_, body, err := c.do(req, a.op)
	if err != nil {
		return nil, err
	}
	var answer map[string]json.RawMessage
	var all []W
	err = json.Unmarshal(body, &answer)
	if err == nil {
		err = json.Unmarshal([]byte(cmp.Or(string(answer[a.kind]), `""`)), &all)
	}
	if err != nil || all == nil {
		return nil, odd(a.op, httpx.CleanBody(body))
	}
	return all, nil
}

// row is the one thing that was asked for.
func row[W keyed](ctx context.Context, c *Client, a ask, id int64) (one W, err error) {
	all, err := rows[W](ctx, c, a)
	if err != nil {
		return one, err
	}
	if len(all) != 1 || all[0].key() != id {
		return one, odd(a.op, "another thing than number "+strconv.FormatInt(id, 10))
	}
	return all[0], nil
}

// keyed is a row with a number.
type keyed interface{ key() int64 }

// walk is a list that is read page after page in the order of its numbers. Not
// by offset: what is new would move the pages. The totals in the answers are
// of no use: builds have that of the page.
type walk struct {
	ask

	field string // that holds the number: buildid
	down  bool   // the newest first
	page  int    // rows a request
	limit int    // rows in all; 0: to the end
}

// read reads the pages. Numbers that do not go on are an error.
func read[W keyed](ctx context.Context, c *Client, w walk) ([]W, error) {
	all := []W{}
	order, next := w.field, "__gt"
	if w.down {
		order, next = "-"+w.field, "__lt"
	}
	for last := (*int64)(nil); ; {
		a := w.ask
		a.q = url.Values{"order": {order}}
		maps.Copy(a.q, w.q)
		size := w.page
		if w.limit > 0 {
			size = min(size, w.limit-len(all))
		}
		a.q.Set("limit", strconv.Itoa(size))
		if last != nil {
			a.q.Set(w.field+next, strconv.FormatInt(*last, 10))
		}
		got, err := rows[W](ctx, c, a)
		if err != nil {
			return nil, err
		}
		for _, r := range got {
			id := r.key()
			if id <= 0 || last != nil && (id <= *last) != w.down || last != nil && id == *last {
				return nil, odd(a.op, "rows out of order")
			}
			last = &id
		}
		all = append(all, got...)
		if len(got) < size || len(all) == w.limit {
			return all, nil
		}
	}
}

func (c *Client) request(ctx context.Context, op, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return req, nil
}

// do sends a request and reads the whole of a good answer.
func (c *Client) do(req *http.Request, op string) (http.Header, []byte, error) {
	resp, err := c.hc.Do(req)
	if err != nil {
		return nil, nil, unanswered(op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		e := unanswered(op, err)
		e.Status = resp.StatusCode
		return nil, nil, e
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, refused(op, resp, body)
	}
	return resp.Header, body, nil
}

func unanswered(op string, err error) *state.CallError {
	return &state.CallError{Service: "buildbot", Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
}

// odd is an answer that is not what it should be.
func odd(op, text string) *state.CallError {
	return &state.CallError{Service: "buildbot", Op: op, Status: http.StatusOK, Kind: state.ErrService, Text: text}
}

// refused is the error of an answer with another status than 200. Buildbot's
// own words are {"error": TEXT} for a read and {"error": {"message": TEXT}} for
// a control (www/rest.py).
func refused(op string, resp *http.Response, body []byte) *state.CallError {
	e := &state.CallError{
		Service: "buildbot", Op: op, Status: resp.StatusCode, Request: httpx.RequestID(resp.Header),
		Kind: httpx.Kind(resp, nil), Text: httpx.CleanBody(body),
	}
	if e.Kind == nil { // 204, or a redirect to a login
		e.Kind = state.ErrService
	}
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	var text string
	var call struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) == nil && (json.Unmarshal(answer.Error, &text) == nil || json.Unmarshal(answer.Error, &call) == nil) {
		if text = cmp.Or(text, call.Message); text != "" {
			e.Text = state.CleanText(text, textLimit)
		}
	}
	return e
}
