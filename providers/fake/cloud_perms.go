package fake

import (
	"slices"
	"strings"
)

// The beginnings of the names of resources, as in a token's policies
// (Fundamentals docs, Create API tokens via the API; R2 docs, API tokens).
const (
	userResource    = "com.cloudflare.api.user."
	accountResource = "com.cloudflare.api.account."
	zoneResource    = "com.cloudflare.api.account.zone."
	bucketResource  = "com.cloudflare.edge.r2.bucket."
)

// The two groups of S3 keys for single buckets.
const (
	itemRead  = "Workers R2 Storage Bucket Item Read"
	itemWrite = "Workers R2 Storage Bucket Item Write"
)

// permissionGroup is a permission that a policy can give, as the operation
// permission-groups-list-permission-groups answers it.
type permissionGroup struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
}

// permissionGroups are those of Cloudflare's that this world knows, with
// Cloudflare's own ids (R2 docs, API tokens, "Permission groups", for R2's).
func permissionGroups() []permissionGroup {
	of := func(scope, id, name string) permissionGroup {
		return permissionGroup{ID: id, Name: name, Scopes: []string{strings.TrimSuffix(scope, ".")}}
	}
	return []permissionGroup{
		of(userResource, "0cc3a61731504c89b99ec1be78b77aa0", "API Tokens Read"),
		of(userResource, "686d18d5ac6c441c867cbf6771e58a0a", "API Tokens Write"),
		of(accountResource, "eb56a6953c034b9d97dd838155666f06", "Account API Tokens Read"),
		of(accountResource, "5bc3f8b21c554832afc660159ab75fa4", "Account API Tokens Write"),
		of(accountResource, "b89a480218d04ceb98b4fe57ca29dc1f", "Account Analytics Read"),
		of(accountResource, "c1fde68c7bcc44588cbb6ddbc16d6480", "Account Settings Read"),
		of(accountResource, "1af1fa2adc104452b74a9a3364202f20", "Account Settings Write"),
		of(zoneResource, "9c88f9c5bce24ce7af9a958ba9c504db", "Analytics Read"),
		of(zoneResource, "82e64a83756745bbbb1c9c2701bf816b", "DNS Read"),
		of(zoneResource, "4755a26eedb94da69e1066d98aa820be", "DNS Write"),
		of(bucketResource, "6a018a9f2fc74eb6b293b0c548f38b39", itemRead),
		of(bucketResource, "2efd5506f9c8494dacb1fa10a3e7d5b6", itemWrite),
		of(accountResource, "b4992e1108244f5d8bfbd5744320c2e1", "Workers R2 Storage Read"),
		of(accountResource, "bf7481a1826f439697cb59a20b22293e", "Workers R2 Storage Write"),
		of(zoneResource, "c8fed203ed3043cba015a93ad1616f1f", "Zone Read"),
		of(zoneResource, "e6d2666161e84845a636613608cee8d5", "Zone Write"),
	}
}

// groupByID finds a permission group.
func groupByID(id string) (permissionGroup, bool) {
	for _, g := range permissionGroups() {
		if g.ID == id {
			return g, true
		}
	}
	return permissionGroup{}, false
}

// fits says whether the resource is of the group's scope. A permission for zones
// or for buckets is also given on an account, with those that are meant in an
// object.
func (g permissionGroup) fits(resource string, value any) bool {
	kind := resource[:strings.LastIndex(resource, ".")+1]
	_, inside := value.(map[string]any)
	switch scope := g.Scopes[0] + "."; scope {
	case zoneResource:
		return kind == scope || kind == accountResource
	case bucketResource:
		return kind == scope || kind == accountResource && inside
	default:
		return kind == scope
	}
}

// gives says whether the policy is about one of the named groups.
func (p CloudPolicy) gives(groups []string) bool {
	return slices.ContainsFunc(p.Groups, func(id string) bool {
		g, ok := groupByID(id)
		return ok && slices.Contains(groups, g.Name)
	})
}

// hasResource says whether one of the resources is named whole.
func hasResource(resources map[string]any, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return resources[n] == "*" })
}

// may says whether the token's policies give one of the groups where the
// function says that a policy's resources hold what is meant; deny wins.
func (t CloudToken) may(groups []string, on func(resources map[string]any) bool) bool {
	allowed := false
	for _, p := range t.Policies {
		if !p.gives(groups) || !on(p.Resources) {
			continue
		}
		if p.Effect == "deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

// mayUser is may for the user's own things: never with an account's token.
func (t CloudToken) mayUser(user string, groups []string) bool {
	return t.Account == "" && t.may(groups, func(r map[string]any) bool {
		return hasResource(r, userResource+user)
	})
}

// owns says whether the token can reach the account at all.
func (t CloudToken) owns(account string) bool { return t.Account == "" || t.Account == account }

// mayAccount is may for an account.
func (t CloudToken) mayAccount(account string, groups []string) bool {
	return t.owns(account) && t.may(groups, func(r map[string]any) bool {
		return hasResource(r, accountResource+account, accountResource+"*")
	})
}

// mayZone is may for a zone.
func (t CloudToken) mayZone(z CloudZone, groups []string) bool {
	return t.owns(z.Account) && t.may(groups, func(r map[string]any) bool {
		if hasResource(r, zoneResource+z.ID, zoneResource+"*") {
			return true
		}
		for _, name := range []string{accountResource + z.Account, accountResource + "*"} {
			if zones, ok := r[name].(map[string]any); ok && hasResource(zones, zoneResource+z.ID, zoneResource+"*") {
				return true
			}
		}
		return false
	})
}

// mayObjects says whether the token, as S3 keys, may read or write the objects
// of a bucket: by a policy on that bucket, on all buckets of its account, or on
// the account (R2 docs, API tokens, "Resources").
func (t CloudToken) mayObjects(account, jurisdiction, bucket string, write bool) bool {
	items, storage := []string{itemWrite}, []string{"Workers R2 Storage Write"}
	if !write {
		items, storage = append(items, itemRead), append(storage, "Workers R2 Storage Read")
	}
	return t.mayAccount(account, storage) || t.owns(account) && t.may(items, func(r map[string]any) bool {
		if hasResource(r, bucketResource+account+"_"+jurisdiction+"_"+bucket) {
			return true
		}
		buckets, ok := r[accountResource+account].(map[string]any)
		return ok && hasResource(buckets, bucketResource+"*")
	})
}
