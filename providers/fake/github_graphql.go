package fake

import (
	"net/http"
	"slices"
	"strings"
)

// graphql answers the one query that buildbot's login asks (buildbot
// www/oauth2.py, GitHubAuth.getUserInfoFromOAuthClient_v4): who the token's
// user is, and of which organizations. An App that lacks a permission gets a
// 401 (GitHub docs, "Choosing permissions for a GitHub App", GraphQL API
// access); whether it lacks one here is unconfirmed (GitHubKnobs).
func graphql(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	var in struct {
		Query string `json:"query"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	if !strings.Contains(in.Query, "viewer") {
		return ghReply(http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": "Parse error on this query: only viewer is known here"}}})
	}
	edges := []any{}
	for i := range c.s.GitHub.Accounts {
		if a := &c.s.GitHub.Accounts[i]; a.Org && slices.Contains(a.Admins, login) {
			edges = append(edges, map[string]any{"node": map[string]any{"login": a.Login}})
		}
	}
	viewer := map[string]any{"login": login, "name": nil, "email": "", "organizations": map[string]any{"edges": edges}}
	out := map[string]any{"data": map[string]any{"viewer": viewer}}
	how := c.s.GitHub.Knobs.ViewerOrganizations
	if how == "" || c.who.token.Classic {
		return ghReply(http.StatusOK, out)
	}
	if how == "refused" {
		return fail(http.StatusUnauthorized, "Resource not accessible by integration")
	}
	viewer["organizations"] = nil
	out["errors"] = []any{map[string]any{
		"type": "FORBIDDEN", "path": []string{"viewer", "organizations"}, "message": "Resource not accessible by integration",
	}}
	return ghReply(http.StatusOK, out)
}
