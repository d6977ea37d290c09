package cloudflare

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/packages/pagination"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/cloudflare/cloudflare-go/v7/user"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// s3Secret is the secret S3 key that R2 derives from a token's value.
func s3Secret(value string) state.Secret {
	sum := sha256.Sum256([]byte(value))
	return state.NewSecret(hex.EncodeToString(sum[:]))
}

// FindR2Tokens lists the tokens of exactly this name: those of the account
// (own) or those of the token's user (GET .../tokens, all pages).
func (c *Client) FindR2Tokens(ctx context.Context, account, name string, own bool) ([]state.R2Token, error) {
	got, err := all("list tokens named "+name, func(page float64) (*pagination.V4PagePaginationArray[shared.Token], error) {
		if own {
			var p accounts.TokenListParams
			p.AccountID.Value, p.AccountID.Present = account, true
			p.Page.Value, p.Page.Present = page, true
			p.PerPage.Value, p.PerPage.Present = perPage, true
			return c.ownTokens.List(ctx, p)
		}
		var p user.TokenListParams
		p.Page.Value, p.Page.Present = page, true
		p.PerPage.Value, p.PerPage.Present = perPage, true
		return c.userTokens.List(ctx, p)
	}, func(t shared.Token) bool { return t.ID != "" && t.Name != "" })
	if err != nil {
		return nil, err
	}
	var out []state.R2Token
	for _, t := range got {
		if t.Name != name {
			continue
		}
		r := state.R2Token{
			ID: state.NewSecret(t.ID), Name: name, Account: own, Status: clean(string(t.Status)),
			Modified: t.ModifiedOn, Expires: t.ExpiresOn,
		}
		r.Groups, r.Buckets = granted(t.Policies)
		out = append(out, r)
	}
	return out, nil
}

// CreateR2Token makes a token that may read and write the objects of this one
// bucket, owned by the account (own) or by the token's user (POST .../tokens),
// and returns it as S3 keys. Its value is shown this once.
func (c *Client) CreateR2Token(ctx context.Context, b state.Bucket, name string, own bool) (state.S3Keys, error) {
	op := "create token " + name
	group, err := c.itemWriteGroup(ctx, op, b.Account, own)
	if err != nil {
		return state.S3Keys{}, err
	}
	id, value, err := c.newToken(ctx, b.Account, name, own, onBucket(b, group))
	if err != nil {
		return state.S3Keys{}, failed(op, err)
	}
	return state.S3Keys{Access: state.NewSecret(id), Secret: s3Secret(value)}, nil
}

// newToken makes a token with these policies (POST .../tokens).
func (c *Client) newToken(ctx context.Context, account, name string, own bool, policies ...shared.TokenPolicyParam) (id, value string, err error) {
	if own {
		var p accounts.TokenNewParams
		p.AccountID.Value, p.AccountID.Present = account, true
		p.Name.Value, p.Name.Present = name, true
		p.Policies.Value, p.Policies.Present = policies, true
		got, err := c.ownTokens.New(ctx, p)
		if err != nil {
			return "", "", err
		}
		return got.ID, got.Value, whole(got.ID, got.Value)
	}
	var p user.TokenNewParams
	p.Name.Value, p.Name.Present = name, true
	p.Policies.Value, p.Policies.Present = policies, true
	got, err := c.userTokens.New(ctx, p)
	if err != nil {
		return "", "", err
	}
	return got.ID, got.Value, whole(got.ID, got.Value)
}

// whole checks that a reply that comes once holds what it comes for.
func whole(id, value string) error {
	if id == "" || value == "" {
		return nonsense("", "the answer lacks the token's id or value")
	}
	return nil
}

// RollR2Token gives a token a new value, which ends the old one (PUT
// .../tokens/{token_id}/value), and returns the S3 keys: the access key stays.
func (c *Client) RollR2Token(ctx context.Context, account string, t state.R2Token) (state.S3Keys, error) {
	value, err := c.roll(ctx, account, t)
	if err != nil {
		return state.S3Keys{}, err
	}
	return state.S3Keys{Access: t.ID, Secret: s3Secret(value)}, nil
}

// roll gives a token a new value and returns that.
func (c *Client) roll(ctx context.Context, account string, t state.R2Token) (string, error) {
	op := "roll token " + t.Name
	ctx = httpx.Hide(ctx, t.ID)
	var value *shared.TokenValue
	var err error
	if t.Account {
		var p accounts.TokenValueUpdateParams
		p.AccountID.Value, p.AccountID.Present = account, true
		p.Body = struct{}{}
		value, err = c.ownTokens.Value.Update(ctx, t.ID.Reveal(), p, option.WithMiddleware(isText))
	} else {
		value, err = c.userTokens.Value.Update(ctx, t.ID.Reveal(), user.TokenValueUpdateParams{Body: struct{}{}}, option.WithMiddleware(isText))
	}
	if err == nil {
		err = whole(t.ID.Reveal(), *value)
	}
	if err != nil {
		return "", failed(op, err)
	}
	return *value, nil
}
