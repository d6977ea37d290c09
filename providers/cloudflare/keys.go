package cloudflare

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/packages/pagination"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/cloudflare/cloudflare-go/v7/user"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// The permission that niks3's keys have, and what it is given on
// (developers.cloudflare.com/r2/api/tokens). Its id is looked up: ids have
// changed before.
const (
	itemWrite   = "Workers R2 Storage Bucket Item Write"
	bucketScope = "com.cloudflare.edge.r2.bucket"
)

// s3Secret is the secret S3 key that R2 derives from a token's value.
func s3Secret(value string) state.Secret {
	sum := sha256.Sum256([]byte(value))
	return state.NewSecret(hex.EncodeToString(sum[:]))
}

// granted lists the names of the permission groups that the policies allow,
// and the resources that they are allowed on, each once and in order.
func granted(policies []shared.TokenPolicy) (groups, resources []string) {
	for _, p := range policies {
		if p.Effect != shared.TokenPolicyEffectAllow {
			continue
		}
		for _, g := range p.PermissionGroups {
			groups = append(groups, clean(g.Name))
		}
		switch r := p.Resources.(type) {
		case shared.TokenPolicyResourcesIAMResourcesTypeObjectString:
			for name := range r {
				resources = append(resources, clean(name))
			}
		case shared.TokenPolicyResourcesIAMResourcesTypeObjectNested:
			for name := range r {
				resources = append(resources, clean(name))
			}
		}
	}
	slices.Sort(groups)
	slices.Sort(resources)
	return slices.Compact(groups), slices.Compact(resources)
}

// FindR2Tokens lists the tokens of exactly this name: those of the account
// (own) or those of the token's user (GET .../tokens, all pages).
func (c *Client) FindR2Tokens(ctx context.Context, account, name string, own bool) ([]state.R2Token, error) {
	got, err := all(func(page float64) (*pagination.V4PagePaginationArray[shared.Token], error) {
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
	})
	if err != nil {
		return nil, failed("list tokens named "+name, err)
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
	group, err := c.itemWriteGroup(ctx, b.Account, own)
	if err != nil {
		return state.S3Keys{}, err
	}
	policy := []shared.TokenPolicyParam{onBucket(b, group)}
	var keys state.S3Keys
	if own {
		var p accounts.TokenNewParams
		p.AccountID.Value, p.AccountID.Present = b.Account, true
		p.Name.Value, p.Name.Present = name, true
		p.Policies.Value, p.Policies.Present = policy, true
		var got *accounts.TokenNewResponse
		if got, err = c.ownTokens.New(ctx, p); err == nil {
			keys = state.S3Keys{Access: state.NewSecret(got.ID), Secret: s3Secret(got.Value)}
			err = whole(got.ID, got.Value)
		}
	} else {
		var p user.TokenNewParams
		p.Name.Value, p.Name.Present = name, true
		p.Policies.Value, p.Policies.Present = policy, true
		var got *user.TokenNewResponse
		if got, err = c.userTokens.New(ctx, p); err == nil {
			keys = state.S3Keys{Access: state.NewSecret(got.ID), Secret: s3Secret(got.Value)}
			err = whole(got.ID, got.Value)
		}
	}
	if err != nil {
		return state.S3Keys{}, failed(op, err)
	}
	return keys, nil
}

// whole checks that a reply that comes once holds what it comes for.
func whole(id, value string) error {
	if id == "" || value == "" {
		return nonsense("", "the answer lacks the token's id or value")
	}
	return nil
}

// onBucket is the policy that allows a permission on one bucket.
func onBucket(b state.Bucket, group string) shared.TokenPolicyParam {
	jurisdiction := b.Jurisdiction
	if jurisdiction == "" {
		jurisdiction = everywhere
	}
	var g shared.TokenPolicyPermissionGroupParam
	g.ID.Value, g.ID.Present = group, true
	var p shared.TokenPolicyParam
	p.Effect.Value, p.Effect.Present = shared.TokenPolicyEffectAllow, true
	p.PermissionGroups.Value, p.PermissionGroups.Present = []shared.TokenPolicyPermissionGroupParam{g}, true
	p.Resources.Value, p.Resources.Present = shared.TokenPolicyResourcesIAMResourcesTypeObjectStringParam{
		bucketScope + "." + b.Account + "_" + jurisdiction + "_" + b.Name: "*",
	}, true
	return p
}

// itemWriteGroup looks the id of the permission up (GET
// .../tokens/permission_groups?name=&scope=).
func (c *Client) itemWriteGroup(ctx context.Context, account string, own bool) (string, error) {
	const op = "look up the permission " + itemWrite
	found := map[string]string{}
	if own {
		var p accounts.TokenPermissionGroupListParams
		p.AccountID.Value, p.AccountID.Present = account, true
		p.Name.Value, p.Name.Present = itemWrite, true
		p.Scope.Value, p.Scope.Present = bucketScope, true
		got, err := c.ownTokens.PermissionGroups.List(ctx, p)
		if err != nil {
			return "", failed(op, err)
		}
		for _, g := range got.Result {
			if slices.Contains(g.Scopes, bucketScope) {
				found[g.Name] = g.ID
			}
		}
	} else {
		var p user.TokenPermissionGroupListParams
		p.Name.Value, p.Name.Present = itemWrite, true
		p.Scope.Value, p.Scope.Present = bucketScope, true
		got, err := c.userTokens.PermissionGroups.List(ctx, p)
		if err != nil {
			return "", failed(op, err)
		}
		for _, g := range got.Result {
			if slices.Contains(g.Scopes, bucketScope) {
				found[g.Name] = g.ID
			}
		}
	}
	if found[itemWrite] == "" {
		return "", nonsense(op, "Cloudflare knows no permission of that name")
	}
	return found[itemWrite], nil
}

// RollR2Token gives a token a new value, which ends the old one (PUT
// .../tokens/{token_id}/value), and returns the S3 keys: the access key stays.
func (c *Client) RollR2Token(ctx context.Context, account string, t state.R2Token) (state.S3Keys, error) {
	op := "roll token " + t.Name
	ctx = httpx.Hide(ctx, t.ID)
	var value *shared.TokenValue
	var err error
	if t.Account {
		var p accounts.TokenValueUpdateParams
		p.AccountID.Value, p.AccountID.Present = account, true
		p.Body = struct{}{}
		value, err = c.ownTokens.Value.Update(ctx, t.ID.Reveal(), p)
	} else {
		value, err = c.userTokens.Value.Update(ctx, t.ID.Reveal(), user.TokenValueUpdateParams{Body: struct{}{}})
	}
	if err == nil {
		err = whole(t.ID.Reveal(), *value)
	}
	if err != nil {
		return state.S3Keys{}, failed(op, err)
	}
	return state.S3Keys{Access: t.ID, Secret: s3Secret(*value)}, nil
}
