package fake

import (
	"net/http"
	"slices"
	"strings"
)

// userRepos is repos/list-for-authenticated-user. The world has no
// collaborators on others' repositories, and knows no times of pushes: the
// order is that in which the repositories were made.
func userRepos(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	g, asked := &c.s.GitHub, c.r.URL.Query().Get("affiliation")
	if asked == "" {
		asked = "owner,collaborator,organization_member"
	}
	kinds := strings.Split(asked, ",")
	for _, k := range kinds {
		if !slices.Contains([]string{"owner", "collaborator", "organization_member"}, k) {
			return fail(http.StatusUnprocessableEntity, "Validation Failed")
		}
	}
	out := []any{}
	for i := range g.Repos {
		r, kind := &g.Repos[i], "organization_member"
		if strings.EqualFold(r.Owner, login) {
			kind = "owner"
		}
		if slices.Contains(kinds, kind) && g.mayAdmin(login, r.Owner) && g.may(c.who, r, "metadata", "read") == nil {
			out = append(out, c.repository(g, r, login))
		}
	}
	return c.list(out)
}
