package fake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// What buildbot-nix and oauth2-proxy do with their Apps, as far as it shows:
// that the permissions asked for are those that are needed is tried on these.

// ghStatus is a commit's status.
type ghStatus struct {
	State   string    `json:"state"`
	Context string    `json:"context"`
	At      time.Time `json:"at"`
}

// postStatus is repos/create-commit-status.
func postStatus(c *ghCall) *ghAnswer {
	r, no := c.repo("statuses", "write")
	if no != nil {
		return no
	}
	var in struct{ State, Context string }
	if no := c.parse(&in); no != nil {
		return no
	}
	sha := c.r.PathValue("sha")
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, in.State) {
		return invalid("Status", "state", "custom", "state is not included in the list")
	}
	r.addStatus(sha, ghStatus{State: in.State, Context: in.Context, At: c.now})
	return ghReply(http.StatusCreated, map[string]any{"state": in.State, "context": in.Context, "created_at": stamp(c.now)})
}

func (r *ghRepo) addStatus(sha string, s ghStatus) {
	if r.Statuses == nil {
		r.Statuses = map[string][]ghStatus{}
	}
	r.Statuses[sha] = append(r.Statuses[sha], s)
}

// orgMembers is orgs/list-members as a member or an installation with
// members: read sees it.
func orgMembers(c *ghCall) *ghAnswer {
	a := c.s.GitHub.account(c.r.PathValue("login"))
	if a == nil || !a.Org {
		return fail(http.StatusNotFound, "Not Found")
	}
	t := c.who.token
	switch {
	case t == nil:
		return fail(http.StatusUnauthorized, "Requires authentication")
	case t.Install != 0:
		if i := c.s.GitHub.install(t.Install); i == nil || i.Account != a.Login || !allows(i.Permissions, "members", "read") {
			return denied("Resource not accessible by integration", "members=read")
		}
	}
	out := []any{}
	for _, login := range a.Admins {
		out = append(out, c.fullUser(c.s.GitHub.account(login), false))
	}
	return c.list(out)
}

// userEmails is users/list-emails-for-authenticated-user: for the user token of
// a GitHub App by its permission, for another by the scope user:email. The
// permission is told by either of its names (GitHubKnobs.EmailAnswer).
func userEmails(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	t := c.who.token
	byApp := allows(t.Permissions, "email_addresses", "read") || allows(t.Permissions, "emails", "read")
	byScope := slices.ContainsFunc(t.Scopes, func(s string) bool { return s == "user" || s == "user:email" })
	if t.Classic && !byScope || !t.Classic && !byApp {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ghReply(http.StatusOK, []any{map[string]any{"email": strings.ToLower(login) + "@example.com", "primary": true, "verified": true, "visibility": nil}})
}
