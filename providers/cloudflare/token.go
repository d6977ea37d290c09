package cloudflare

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/shared"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

const (
	opVerify   = "verify the token"
	opDescribe = opVerify + ": read its permissions"
)

// Token verifies the token that the client asks with. A token of an account is
// refused as a user's (GET /user/tokens/verify: code 1000), so both are asked
// at the same time; where account is empty, the accounts that the token sees
// are tried. Then the token's own permission groups are read, which takes a
// permission that it may lack: Known is false then. A token that both refuse
// is state.ErrUnauthorized.
func (c *Client) Token(ctx context.Context, account string) (state.CloudflareToken, error) {
	var (
		t, own         state.CloudflareToken
		err, ownErr    error
		seen           []state.Account
		seenErr        error
		wg             sync.WaitGroup
		accountIsKnown = account != ""
	)
	wg.Go(func() { t, err = c.verifyUser(ctx) })
	wg.Go(func() {
		if accountIsKnown {
			own, ownErr = c.verifyOwn(ctx, account)
		} else {
			seen, seenErr = c.Accounts(ctx)
			seenErr = during(opVerify, seenErr)
		}
	})
	wg.Wait()
	if err == nil {
		return c.describe(ctx, t, "")
	}
	if !accountIsKnown {
		if seenErr != nil {
			return state.CloudflareToken{}, worse(err, seenErr)
		}
		own, account, ownErr = c.verifySeen(ctx, seen)
	}
	if ownErr != nil {
		return state.CloudflareToken{}, worse(err, ownErr)
	}
	return c.describe(ctx, own, account)
}

// worse picks the error to show of two ways that both failed: a refusal says
// less than a failure does, since one of the ways is always refused.
func worse(user, other error) error {
	for _, kind := range []error{state.ErrUnauthorized, state.ErrDenied, state.ErrNotFound, state.ErrInvalid} {
		if errors.Is(other, kind) {
			return user
		}
	}
	return other
}

func (c *Client) verifyUser(ctx context.Context) (state.CloudflareToken, error) {
	var raw *http.Response
	v, err := c.userTokens.Verify(ctx, option.WithResponseInto(&raw))
	if err != nil {
		return state.CloudflareToken{}, failed(opVerify, err)
	}
	return verified(v.ID, string(v.Status), raw, false)
}

func (c *Client) verifyOwn(ctx context.Context, account string) (state.CloudflareToken, error) {
	var raw *http.Response
	var p accounts.TokenVerifyParams
	p.AccountID.Value, p.AccountID.Present = account, true
	v, err := c.ownTokens.Verify(ctx, p, option.WithResponseInto(&raw))
	if err != nil {
		return state.CloudflareToken{}, failed(opVerify, err)
	}
	t, err := verified(v.ID, string(v.Status), raw, true)
	t.Owner = account
	return t, err
}

// verifySeen verifies the token as one of any of the accounts, all at once.
func (c *Client) verifySeen(ctx context.Context, seen []state.Account) (state.CloudflareToken, string, error) {
	tokens, errs := make([]state.CloudflareToken, len(seen)), make([]error, len(seen))
	var wg sync.WaitGroup
	for i, a := range seen {
		wg.Go(func() { tokens[i], errs[i] = c.verifyOwn(ctx, a.ID) })
	}
	wg.Wait()
	err := error(&state.CallError{Service: service, Op: opVerify, Kind: state.ErrUnauthorized})
	for i := range seen {
		if errs[i] == nil {
			return tokens[i], seen[i].ID, nil
		}
		err = worse(err, errs[i])
	}
	return state.CloudflareToken{}, "", err
}

func verified(id, status string, raw *http.Response, own bool) (state.CloudflareToken, error) {
	if id == "" {
		return state.CloudflareToken{}, nonsense(opVerify, "the answer names no token")
	}
	t := state.CloudflareToken{ID: id, Account: own, Status: clean(status)}
	t.Clock = date(raw)
	return t, nil
}

// date is an answer's Date; zero where it has none.
func date(resp *http.Response) time.Time {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// describe reads the token's permission groups (GET .../tokens/{token_id}).
func (c *Client) describe(ctx context.Context, t state.CloudflareToken, account string) (state.CloudflareToken, error) {
	ctx = httpx.Hide(ctx, state.NewSecret(t.ID))
	var got *shared.Token
	var err error
	if t.Account {
		var p accounts.TokenGetParams
		p.AccountID.Value, p.AccountID.Present = account, true
		got, err = c.ownTokens.Get(ctx, t.ID, p)
	} else {
		got, err = c.userTokens.Get(ctx, t.ID)
	}
	if err != nil {
		err = failed(opDescribe, err)
		for _, kind := range []error{state.ErrDenied, state.ErrUnauthorized, state.ErrNotFound} {
			if errors.Is(err, kind) {
				return t, nil
			}
		}
		return state.CloudflareToken{}, err
	}
	if got.ID != t.ID || len(got.Policies) == 0 {
		return state.CloudflareToken{}, nonsense(opDescribe, "the answer is another token, or one without policies")
	}
	t.Groups, _ = granted(got.Policies)
	t.Known = true
	return t, nil
}

// Revoke deletes the token that the client asks with (DELETE
// .../tokens/{token_id}); it is the last thing that the token does.
func (c *Client) Revoke(ctx context.Context, t state.CloudflareToken) error {
	const op = "delete the bootstrap token"
	ctx = httpx.Hide(ctx, state.NewSecret(t.ID))
	gone, err := c.remove(ctx, t)
	if err != nil {
		return failed(op, err)
	}
	if gone != t.ID {
		return nonsense(op, "the answer names another token")
	}
	return nil
}

// remove deletes the token and returns the id that the answer names.
func (c *Client) remove(ctx context.Context, t state.CloudflareToken) (string, error) {
	if !t.Account {
		gone, err := c.userTokens.Delete(ctx, t.ID)
		if err != nil {
			return "", err
		}
		return gone.ID, nil
	}
	var p accounts.TokenDeleteParams
	p.AccountID.Value, p.AccountID.Present = t.Owner, true
	gone, err := c.ownTokens.Delete(ctx, t.ID, p)
	if err != nil {
		return "", err
	}
	return gone.ID, nil
}
