package cloudflare

import (
	"context"
	"slices"

	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/cloudflare/cloudflare-go/v7/user"

	"github.com/nixwright/nixwright/state"
)

// The permission that niks3's keys have, and what it is given on
// (developers.cloudflare.com/r2/api/tokens). Its id is looked up: ids have
// changed before.
const (
	itemWrite   = "Workers R2 Storage Bucket Item Write"
	bucketScope = "com.cloudflare.edge.r2.bucket"
)

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
// .../tokens/permission_groups?name=&scope=), for the operation op.
func (c *Client) itemWriteGroup(ctx context.Context, op, account string, own bool) (string, error) {
	op += ": look up the permission " + itemWrite
	var id string
	var err error
	if own {
		id, err = c.ownGroup(ctx, account)
	} else {
		id, err = c.userGroup(ctx)
	}
	if err != nil {
		return "", failed(op, err)
	}
	if id == "" {
		return "", nonsense(op, "Cloudflare knows no permission of that name")
	}
	return id, nil
}

func (c *Client) ownGroup(ctx context.Context, account string) (string, error) {
	var p accounts.TokenPermissionGroupListParams
	p.AccountID.Value, p.AccountID.Present = account, true
	p.Name.Value, p.Name.Present = itemWrite, true
	p.Scope.Value, p.Scope.Present = bucketScope, true
	got, err := c.ownTokens.PermissionGroups.List(ctx, p)
	if err != nil {
		return "", err
	}
	for _, g := range got.Result {
		if g.Name == itemWrite && slices.Contains(g.Scopes, bucketScope) {
			return g.ID, nil
		}
	}
	return "", nil
}

func (c *Client) userGroup(ctx context.Context) (string, error) {
	var p user.TokenPermissionGroupListParams
	p.Name.Value, p.Name.Present = itemWrite, true
	p.Scope.Value, p.Scope.Present = bucketScope, true
	got, err := c.userTokens.PermissionGroups.List(ctx, p)
	if err != nil {
		return "", err
	}
	for _, g := range got.Result {
		if g.Name == itemWrite && slices.Contains(g.Scopes, bucketScope) {
			return g.ID, nil
		}
	}
	return "", nil
}
