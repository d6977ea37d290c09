// Package buildbot asks buildbot's REST API (docs.buildbot.net, REST API; its
// reads need no login) about the builds that buildbot-nix makes. It takes the
// answers of buildbot 4 and of 3.7.
package buildbot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// newest is how many finished builds of all builders are looked at: one
// evaluation makes a build of nix-eval and a few for each attribute.
const newest = 200

// Client is one buildbot master.
type Client struct {
	hc   *http.Client
	base string
}

// New returns the master at base ("http://127.0.0.1:8010").
func New(hc *http.Client, base string) *Client {
	return &Client{hc: hc, base: strings.TrimRight(base, "/")}
}

// build is a build of the REST API with the properties asked for, each a pair
// of value and source.
type build struct {
	ID         int64                        `json:"buildid"`
	CompleteAt *float64                     `json:"complete_at"` // seconds since 1970
	Results    *int                         `json:"results"`
	Properties map[string][]json.RawMessage `json:"properties"`
}

// Finished lists, newest first, the finished builds of single attributes
// (builders OWNER/REPO/nix-build) that have an output path, among the last 200
// builds of the master. It makes one request.
func (c *Client) Finished(ctx context.Context) ([]state.Build, error) {
	var answer struct {
		Builds []build `json:"builds"`
	}
	query := fmt.Sprintf("/api/v2/builds?complete=true&order=-buildid&limit=%d&property=attr&property=out_path&property=buildername", newest)
	if err := c.get(ctx, "list finished builds", query, &answer); err != nil {
		return nil, err
	}
	var all []state.Build
	for _, b := range answer.Builds {
		repo, ok := strings.CutSuffix(b.property("buildername"), "/nix-build")
		out := b.property("out_path")
		if !ok || out == "" || b.Results == nil || b.CompleteAt == nil {
			continue
		}
		all = append(all, state.Build{
			ID:      b.ID,
			Repo:    repo,
			Attr:    b.property("attr"),
			OutPath: out,
			Result:  *b.Results,
			At:      time.UnixMilli(int64(math.Round(*b.CompleteAt * 1000))).UTC(),
		})
	}
	slices.SortFunc(all, func(a, b state.Build) int { return cmp.Compare(b.ID, a.ID) })
	return all, nil
}

// property is the value of a property that is a text.
func (b build) property(name string) string {
	pair := b.Properties[name]
	var text string
	if len(pair) == 0 || json.Unmarshal(pair[0], &text) != nil {
		return ""
	}
	return state.CleanText(text, 300)
}

// get decodes an answer; buildbot's own words of a refusal are {"error": ...}.
func (c *Client) get(ctx context.Context, op, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.hc.Do(req)
	if err != nil {
		return &state.CallError{Service: "buildbot", Op: op, Kind: httpx.Kind(nil, err), Text: httpx.Cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	failed := &state.CallError{Service: "buildbot", Op: op, Status: resp.StatusCode, Request: httpx.RequestID(resp.Header)}
	switch {
	case err != nil:
		failed.Kind, failed.Text = httpx.Kind(nil, err), httpx.Cause(err)
		return failed
	case resp.StatusCode != http.StatusOK:
		var refusal struct {
			Error string `json:"error"`
		}
		failed.Kind, failed.Text = httpx.Kind(resp, nil), httpx.CleanBody(body)
		if json.Unmarshal(body, &refusal) == nil && refusal.Error != "" {
			failed.Text = state.CleanText(refusal.Error, 300)
		}
		if failed.Kind == nil { // 204, or a redirect to a login
			failed.Kind = state.ErrService
		}
		return failed
	}
	if err := json.Unmarshal(body, into); err != nil {
		failed.Kind, failed.Text = state.ErrService, httpx.CleanBody(body)
		return failed
	}
	return nil
}
