package fake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// tokenOps are the operations on API tokens, once for the user's own and once
// for an account's (user-api-tokens-*, account-api-tokens-*,
// permission-groups-list-permission-groups).
func tokenOps() []cloudOp {
	return append(tokenOpsOf("/user/tokens", "API Tokens"), tokenOpsOf("/accounts/{account}/tokens", "Account API Tokens")...)
}

// tokenOpsOf are those under a path; kind begins the names of their permissions.
func tokenOpsOf(path, kind string) []cloudOp {
	read, write := []string{kind + " Read", kind + " Write"}, []string{kind + " Write"}
	return []cloudOp{
		{method: "GET", path: path + "/verify", run: verifyAPIToken},
		{method: "GET", path: path + "/permission_groups", run: listPermissionGroups, groups: read},
		{method: "GET", path: path, run: listAPITokens, groups: read},
		{method: "POST", path: path, run: createAPIToken, groups: write},
		{method: "GET", path: path + "/{token}", run: getAPIToken, groups: read},
		{method: "DELETE", path: path + "/{token}", run: deleteAPIToken, groups: write},
		{method: "PUT", path: path + "/{token}/value", run: rollAPIToken, groups: write},
	}
}

// owner is the account that the path names; empty: the user.
func (c *cloudCall) owner() string { return c.r.PathValue("account") }

// named is the token that the path names, where its owner is right.
func (c *cloudCall) named() (*CloudToken, cloudAnswer) {
	t := c.cloud.tokenByID(c.r.PathValue("token"))
	if t == nil || t.Account != c.owner() {
		return nil, cloudRefuse(http.StatusNotFound, 1003, "API token not found").or(1001) // a code that no page names
	}
	return t, cloudAnswer{}
}

// verifyAPIToken knows only the tokens of the owner whose path it is: for an
// account's valid token the user's path answers "Invalid API Token".
func verifyAPIToken(c *cloudCall) cloudAnswer {
	if c.token.Account != c.owner() {
		return invalidToken()
	}
	status := c.token.status(c.now)
	out := map[string]any{"id": c.token.ID, "status": status}
	if !c.token.Expires.IsZero() {
		out["expires_on"] = c.token.Expires
	}
	a := cloudOK(out)
	a.messages = []cloudMessage{{10000, "This API Token is valid and " + status}}
	return a
}

func listPermissionGroups(c *cloudCall) cloudAnswer {
	q, out := c.r.URL.Query(), []any{}
	for _, g := range permissionGroups() {
		// An account's tokens cannot be given what is the user's.
		if c.owner() != "" && g.Scopes[0]+"." == userResource {
			continue
		}
		if cloudMatches(q.Get("name"), g.Name) && cloudMatches(q.Get("scope"), g.Scopes[0]) {
			out = append(out, g)
		}
	}
	a := cloudOK(out) // one page: the operation takes no page
	a.info = cloudPageInfo{1, max(1, len(out)), len(out), len(out), 1}
	return a
}

func listAPITokens(c *cloudCall) cloudAnswer {
	out := []any{}
	for _, t := range c.cloud.Tokens {
		if t.Account == c.owner() {
			out = append(out, c.describe(t))
		}
	}
	return c.page(out, cloudPages{20, 5, 50})
}

func getAPIToken(c *cloudCall) cloudAnswer {
	t, a := c.named()
	if t == nil {
		return a
	}
	return cloudOK(c.describe(*t))
}

// describe is a token as it is answered, without its value.
func (c *cloudCall) describe(t CloudToken) map[string]any {
	policies := make([]any, 0, len(t.Policies))
	for _, p := range t.Policies {
		groups := make([]any, 0, len(p.Groups))
		for _, id := range p.Groups {
			g, _ := groupByID(id)
			groups = append(groups, map[string]any{"id": id, "name": g.Name})
		}
		policies = append(policies, map[string]any{
			"id": p.ID, "effect": p.Effect, "permission_groups": groups, "resources": p.Resources,
		})
	}
	out := map[string]any{
		"id": t.ID, "name": t.Name, "status": t.status(c.now),
		"issued_on": t.Issued, "modified_on": t.Modified, "policies": policies,
	}
	if !t.Expires.IsZero() {
		out["expires_on"] = t.Expires
	}
	return out
}

// createAPIToken answers the token with its value, the only time that it is told.
func createAPIToken(c *cloudCall) cloudAnswer {
	var in struct {
		Name     string
		Policies []struct {
			Effect    string
			Groups    []struct{ ID string } `json:"permission_groups"`
			Resources map[string]any
		}
		Expires time.Time `json:"expires_on"`
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	t := CloudToken{
		Account: c.owner(), Name: in.Name, Expires: in.Expires,
		Issued: c.now.Truncate(time.Second), Refusals: c.cloud.Knobs.FreshKeyRefusals,
	}
	for _, p := range in.Policies {
		policy := CloudPolicy{Effect: p.Effect, Resources: p.Resources}
		for _, g := range p.Groups {
			group, ok := groupByID(g.ID)
			if !ok {
				return cloudBad(1001, "Permission group "+g.ID+" does not exist")
			}
			for resource, value := range p.Resources {
				if !group.fits(resource, value) {
					return cloudBad(1001, "Permission group "+group.Name+" is not for the resource "+resource)
				}
			}
			policy.Groups = append(policy.Groups, g.ID)
		}
		if len(policy.Groups) == 0 || len(policy.Resources) == 0 || !slices.Contains([]string{"allow", "deny"}, p.Effect) {
			return cloudBad(1001, "Policy is not complete")
		}
		t.Policies = append(t.Policies, policy)
	}
	if strings.TrimSpace(in.Name) == "" || len(t.Policies) == 0 {
		return cloudBad(1001, "Token needs a name and a policy")
	}
	id, value := c.s.addToken(t)
	out := c.describe(*c.cloud.tokenByID(id))
	out["value"] = value
	return cloudOK(out)
}

func deleteAPIToken(c *cloudCall) cloudAnswer {
	t, a := c.named()
	if t == nil {
		return a
	}
	id := t.ID
	c.cloud.Tokens = slices.DeleteFunc(c.cloud.Tokens, func(t CloudToken) bool { return t.ID == id })
	return cloudOK(map[string]any{"id": id})
}

// rollAPIToken gives the token a new value; id and policies stay, so the S3
// access key does and the S3 secret does not.
func rollAPIToken(c *cloudCall) cloudAnswer {
	t, a := c.named()
	if t == nil {
		return a
	}
	if !json.Valid(c.body) {
		return cloudBad(6007, "Malformed JSON in request body")
	}
	value := tokenValue(c.s.Make("token value", 60))
	t.Hash, t.Modified, t.Refusals = hashAPIToken(value), c.now.Truncate(time.Second), c.cloud.Knobs.FreshKeyRefusals
	return cloudOK(value)
}
