package niks3

import (
	"context"
	"net/http"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Config asks what Nix clients are to be told (GET /api/cache-config, since
// v1.6.1); found is false where this niks3 does not offer it.
func (c *Client) Config(ctx context.Context) (n state.Niks3Config, found bool, err error) {
	a, err := c.do(ctx, "read cache config", http.MethodGet, "/api/cache-config", state.Secret{})
	if err != nil || a.unknown() {
		return state.Niks3Config{}, false, err
	}
	var in struct {
		Substituter *string   `json:"substituter_url"`
		PublicKeys  *[]string `json:"public_keys"`
		Audience    string    `json:"oidc_audience"`
	}
	if err := a.decode(http.StatusOK, &in); err != nil {
		return state.Niks3Config{}, false, err
	}
	if in.Substituter == nil || in.PublicKeys == nil {
		return state.Niks3Config{}, false, a.wrong("it has no substituter or no keys")
	}
	n = state.Niks3Config{Substituter: state.CleanText(*in.Substituter, textLimit), Audience: state.CleanText(in.Audience, textLimit)}
	for _, key := range *in.PublicKeys {
		n.PublicKeys = append(n.PublicKeys, state.CleanText(key, textLimit))
	}
	return n, true, nil
}

// Stats asks for the size of the cache (GET /api/cache-stats, newer than
// v1.7.0); found is false where this niks3 does not offer it.
func (c *Client) Stats(ctx context.Context) (s state.CacheStats, found bool, err error) {
	a, err := c.do(ctx, "read cache stats", http.MethodGet, "/api/cache-stats", state.Secret{})
	if err != nil || a.unknown() {
		return state.CacheStats{}, false, err
	}
	var in struct {
		Objects      *int64 `json:"objects"`
		LogicalBytes *int64 `json:"logical_bytes"`
	}
	if err := a.decode(http.StatusOK, &in); err != nil {
		return state.CacheStats{}, false, err
	}
	if in.Objects == nil || in.LogicalBytes == nil {
		return state.CacheStats{}, false, a.wrong("it has no figures")
	}
	return state.CacheStats{Objects: *in.Objects, LogicalBytes: *in.LogicalBytes}, true, nil
}

// Pins lists what is kept from collection (GET /api/pins, since v1.7.0), all in
// one answer, by name; found is false where this niks3 does not offer it. A
// token that it does not take gives state.ErrUnauthorized.
func (c *Client) Pins(ctx context.Context, token state.Secret) (pins []state.Pin, found bool, err error) {
	a, err := c.do(ctx, "list pins", http.MethodGet, "/api/pins", token)
	if err != nil || a.unknown() {
		return nil, false, err
	}
	var in []struct {
		Name      string    `json:"name"`
		StorePath string    `json:"store_path"`
		Created   time.Time `json:"created_at"`
		Updated   time.Time `json:"updated_at"`
	}
	if err := a.decode(http.StatusOK, &in); err != nil {
		return nil, false, err
	}
	if in == nil {
		return nil, false, a.wrong("it is no list")
	}
	for _, p := range in {
		if p.Name == "" || p.StorePath == "" {
			return nil, false, a.wrong("a pin has no name or no store path")
		}
		pins = append(pins, state.Pin{
			Name: state.CleanText(p.Name, textLimit), StorePath: state.CleanText(p.StorePath, textLimit), Created: p.Created, Updated: p.Updated,
		})
	}
	return pins, true, nil
}
