package cloudflare

import (
	"context"

	"github.com/nixwright/nixwright/state"
)

// What the console's token is given its permissions on
// (developers.cloudflare.com/fundamentals/api/how-to/create-via-api).
const (
	accountScope = "com.cloudflare.api.account"
	zoneScope    = "com.cloudflare.api.account.zone"
)

// CreateReadToken makes a token that reads figures of one account and one zone
// and changes nothing: the permissions of state.ForReadToken. It is owned by
// the account (own) or by the token's user (POST .../tokens). The value is
// shown this once.
func (c *Client) CreateReadToken(ctx context.Context, account, zone, name string, own bool) (state.Secret, error) {
	op := "create token " + name
	all, err := c.groups(ctx, account, own, "", "")
	if err != nil {
		return state.Secret{}, failed(op+": look up its permissions", err)
	}
	var onAccount, onZone []string
	for _, p := range state.PermissionsFor(state.ForReadToken) {
		id, err := groupID(op+": look up the permission "+p.Name, all, p.Name, p.Key)
		if err != nil {
			return state.Secret{}, err
		}
		if p.Key == zoneScope {
			onZone = append(onZone, id)
		} else {
			onAccount = append(onAccount, id)
		}
	}
	_, value, err := c.newToken(ctx, account, name, own, allow(accountScope+"."+account, onAccount...), allow(zoneScope+"."+zone, onZone...))
	if err != nil {
		return state.Secret{}, failed(op, err)
	}
	return state.NewSecret(value), nil
}

// RollReadToken gives the token a new value, which ends the old one (PUT
// .../tokens/{token_id}/value), and returns it.
func (c *Client) RollReadToken(ctx context.Context, account string, t state.R2Token) (state.Secret, error) {
	value, err := c.roll(ctx, account, t)
	if err != nil {
		return state.Secret{}, err
	}
	return state.NewSecret(value), nil
}

// ReadToken verifies another token than the one that the client asks with, by
// its value, as Token does.
func (c *Client) ReadToken(ctx context.Context, account string, value state.Secret) (state.CloudflareToken, error) {
	return New(c.hc, c.at, value).Token(ctx, account)
}
