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
	return allow(bucketScope+"."+b.Account+"_"+jurisdiction+"_"+b.Name, group)
}

// allow is the policy that gives permissions, by their ids, on one resource.
func allow(resource string, groups ...string) shared.TokenPolicyParam {
	var p shared.TokenPolicyParam
	p.Effect.Value, p.Effect.Present = shared.TokenPolicyEffectAllow, true
	p.PermissionGroups.Present = true
	for _, id := range groups {
		var g shared.TokenPolicyPermissionGroupParam
		g.ID.Value, g.ID.Present = id, true
		p.PermissionGroups.Value = append(p.PermissionGroups.Value, g)
	}
	p.Resources.Value, p.Resources.Present = shared.TokenPolicyResourcesIAMResourcesTypeObjectStringParam{resource: "*"}, true
	return p
}

// permissionGroup is a permission that a policy can give.
type permissionGroup struct {
	id, name string
	scopes   []string
}

// itemWriteGroup looks the id of the permission up (GET
// .../tokens/permission_groups?name=&scope=), for the operation op.
func (c *Client) itemWriteGroup(ctx context.Context, op, account string, own bool) (string, error) {
	op += ": look up the permission " + itemWrite
	all, err := c.groups(ctx, account, own, itemWrite, bucketScope)
	if err != nil {
		return "", failed(op, err)
	}
	return groupID(op, all, itemWrite, bucketScope)
}

// groupID is the id of the permission of that name and scope.
func groupID(op string, all []permissionGroup, name, scope string) (string, error) {
	for _, g := range all {
		if g.name == name && slices.Contains(g.scopes, scope) && g.id != "" {
			return g.id, nil
		}
	}
	return "", nonsense(op, "Cloudflare knows no permission of that name")
}

// groups lists the permissions that tokens of the account (own) or of the user
// can have, those of a name and a scope or, where these are empty, all.
func (c *Client) groups(ctx context.Context, account string, own bool, name, scope string) ([]permissionGroup, error) {
	var out []permissionGroup
	if own {
		var p accounts.TokenPermissionGroupListParams
		p.AccountID.Value, p.AccountID.Present = account, true
		p.Name.Value, p.Name.Present = name, name != ""
		p.Scope.Value, p.Scope.Present = scope, scope != ""
		got, err := c.ownTokens.PermissionGroups.List(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, g := range got.Result {
			out = append(out, groupOf(g.ID, g.Name, g.Scopes))
		}
		return out, nil
	}
	var p user.TokenPermissionGroupListParams
	p.Name.Value, p.Name.Present = name, name != ""
	p.Scope.Value, p.Scope.Present = scope, scope != ""
	got, err := c.userTokens.PermissionGroups.List(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, g := range got.Result {
		out = append(out, groupOf(g.ID, g.Name, g.Scopes))
	}
	return out, nil
}

func groupOf[S ~string](id, name string, scopes []S) permissionGroup {
	g := permissionGroup{id: id, name: name}
	for _, s := range scopes {
		g.scopes = append(g.scopes, string(s))
	}
	return g
}
