package fake

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // git names blobs by SHA-1
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// blobSHA is the name git gives to a file's content.
func blobSHA(text string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text)) //nolint:gosec // as git does
	return hex.EncodeToString(sum[:])
}

func rawJSON(s string) any {
	if !json.Valid([]byte(s)) {
		return map[string]any{}
	}
	return json.RawMessage(s)
}

// getUser is users/get-authenticated.
func getUser(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	return ghReply(http.StatusOK, c.fullUser(c.s.GitHub.account(login), true))
}

// userOrgs is orgs/list-for-authenticated-user.
func userOrgs(c *ghCall) *ghAnswer {
	login, no := c.user()
	if no != nil {
		return no
	}
	out := []any{}
	for i := range c.s.GitHub.Accounts {
		if a := &c.s.GitHub.Accounts[i]; a.Org && slices.Contains(a.Admins, login) {
			out = append(out, c.organization(a))
		}
	}
	return c.list(out)
}

// getAccount is users/get-by-username, which knows organizations too, and
// orgs/get, which knows only them.
func getAccount(c *ghCall) *ghAnswer {
	a := c.s.GitHub.account(c.r.PathValue("login"))
	orgs := strings.HasPrefix(c.r.URL.Path, "/orgs/")
	switch {
	case a == nil || (orgs && !a.Org):
		return fail(http.StatusNotFound, "Not Found")
	case orgs:
		return ghReply(http.StatusOK, c.organization(a))
	}
	return ghReply(http.StatusOK, c.fullUser(a, false))
}

// rateLimit is rate-limit/get.
func rateLimit(c *ghCall) *ghAnswer {
	h := c.hour
	one := map[string]any{"limit": h.limit, "remaining": max(0, h.limit-h.used), "used": h.used, "reset": h.until.Unix()}
	return ghReply(http.StatusOK, map[string]any{"rate": one, "resources": map[string]any{"core": one, "search": one}})
}

// getRepo is repos/get.
func getRepo(c *ghCall) *ghAnswer {
	r, no := c.repo("metadata", "read")
	if no != nil {
		return no
	}
	return ghReply(http.StatusOK, c.repository(&c.s.GitHub, r, c.who.login()))
}

// getTopics is repos/get-all-topics.
func getTopics(c *ghCall) *ghAnswer {
	r, no := c.repo("metadata", "read")
	if no != nil {
		return no
	}
	all := []any{}
	for _, t := range r.Topics {
		all = append(all, t)
	}
	part, header := c.page(all)
	return &ghAnswer{status: http.StatusOK, body: map[string]any{"names": part}, header: header}
}

// topicForm is what GitHub takes as a topic (GitHub docs, "Classifying your
// repository with topics": lowercase letters, numbers, hyphens, at most 50
// characters, at most 20 topics).
var topicForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,49}$`)

// putTopics is repos/replace-all-topics: it replaces all, and lower-cases.
// The fine-grained permission is unconfirmed (GitHubKnobs).
func putTopics(c *ghCall) *ghAnswer {
	r, no := c.repo(cmp.Or(c.s.GitHub.Knobs.TopicsPermission, "administration"), "write")
	if no != nil {
		return no
	}
	var in struct {
		Names []string `json:"names"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	for i, n := range in.Names {
		in.Names[i] = strings.ToLower(n)
		if !topicForm.MatchString(in.Names[i]) {
			return ghReply(http.StatusUnprocessableEntity, map[string]any{
				"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "status": "422",
				"errors": []string{"Topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens."},
			})
		}
	}
	if len(in.Names) > 20 {
		return ghReply(http.StatusUnprocessableEntity, map[string]any{
			"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "status": "422",
			"errors": []string{"A repository cannot have more than 20 topics."},
		})
	}
	r.Topics = in.Names
	return ghReply(http.StatusOK, map[string]any{"names": append([]string{}, r.Topics...)})
}

func (c *ghCall) branchOf(r *ghRepo, name string) (string, *ghAnswer) {
	name = strings.TrimPrefix(name, "refs/heads/")
	if name == "" {
		name = r.Branch
	}
	if _, ok := r.Heads[name]; !ok {
		return "", fail(http.StatusNotFound, "No commit found for the ref "+name)
	}
	return name, nil
}

// getContents is repos/get-content, of files.
func getContents(c *ghCall) *ghAnswer {
	r, no := c.repo("contents", "read")
	if no != nil {
		return no
	}
	branch, no := c.branchOf(r, c.r.URL.Query().Get("ref"))
	if no != nil {
		return no
	}
	file := c.r.PathValue("path")
	text, ok := r.Files[branch][file]
	if !ok {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ghReply(http.StatusOK, c.contentFile(r, branch, file, text))
}

// putContents is repos/create-or-update-file-contents: an update wants the
// sha of what it replaces.
func putContents(c *ghCall) *ghAnswer {
	r, no := c.repo("contents", "write")
	if no != nil {
		return no
	}
	var in struct {
		Message string `json:"message"`
		Content string `json:"content"`
		Branch  string `json:"branch"`
		SHA     string `json:"sha"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(in.Content, "\n", ""))
	if err != nil {
		return fail(http.StatusUnprocessableEntity, "content is not valid Base64")
	}
	branch, no := c.branchOf(r, in.Branch)
	if no != nil {
		return no
	}
	file, status := c.r.PathValue("path"), http.StatusCreated
	if old, ok := r.Files[branch][file]; ok {
		status = http.StatusOK
		switch {
		case in.SHA == "":
			return fail(http.StatusUnprocessableEntity, `Invalid request. "sha" wasn't supplied.`)
		case in.SHA != blobSHA(old):
			return fail(http.StatusConflict, file+" does not match "+in.SHA)
		}
	}
	r.Files[branch][file] = string(text)
	r.Heads[branch] = c.s.Make("commit", 40)
	return ghReply(status, map[string]any{
		"content": c.contentFile(r, branch, file, string(text)),
		"commit":  map[string]any{"sha": r.Heads[branch], "message": in.Message},
	})
}

// getBranch is repos/get-branch.
func getBranch(c *ghCall) *ghAnswer {
	r, no := c.repo("contents", "read")
	if no != nil {
		return no
	}
	name := c.r.PathValue("branch")
	if _, ok := r.Heads[name]; !ok {
		return fail(http.StatusNotFound, "Branch not found")
	}
	return ghReply(http.StatusOK, c.branch(&c.s.GitHub, r, name))
}

// getRef is git/get-ref, of branches.
func getRef(c *ghCall) *ghAnswer {
	r, no := c.repo("contents", "read")
	if no != nil {
		return no
	}
	name, isBranch := strings.CutPrefix(c.r.PathValue("ref"), "heads/")
	if _, ok := r.Heads[name]; !ok || !isBranch {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ghReply(http.StatusOK, c.gitRef(r, name))
}

// postRef is git/create-ref, of branches.
func postRef(c *ghCall) *ghAnswer {
	r, no := c.repo("contents", "write")
	if no != nil {
		return no
	}
	var in struct {
		Ref string `json:"ref"`
		SHA string `json:"sha"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	name, isBranch := strings.CutPrefix(in.Ref, "refs/heads/")
	if _, ok := r.Heads[name]; ok {
		return fail(http.StatusUnprocessableEntity, "Reference already exists")
	}
	for from, sha := range r.Heads {
		if sha == in.SHA && isBranch && name != "" {
			r.Heads[name] = sha
			r.Files[name] = maps.Clone(r.Files[from])
			return ghReply(http.StatusCreated, c.gitRef(r, name))
		}
	}
	return fail(http.StatusUnprocessableEntity, "Object does not exist")
}

// listPulls is pulls/list, of open ones; head is OWNER:BRANCH.
func listPulls(c *ghCall) *ghAnswer {
	r, no := c.repo("pull_requests", "read")
	if no != nil {
		return no
	}
	q := c.r.URL.Query()
	out := []any{}
	for i := range r.Pulls {
		p := &r.Pulls[i]
		if h := q.Get("head"); (h == "" || strings.EqualFold(h, r.Owner+":"+p.Head)) && q.Get("state") != "closed" {
			out = append(out, c.pull(&c.s.GitHub, r, p))
		}
	}
	return c.list(out)
}

// postPull is pulls/create.
func postPull(c *ghCall) *ghAnswer {
	r, no := c.repo("pull_requests", "write")
	if no != nil {
		return no
	}
	login, no := c.user() // by an App: not offered here
	if no != nil {
		return no
	}
	var in struct {
		Title string `json:"title"`
		Body  string `json:"body"`
		Head  string `json:"head"`
		Base  string `json:"base"`
	}
	if no := c.parse(&in); no != nil {
		return no
	}
	head := strings.TrimPrefix(in.Head, r.Owner+":")
	for field, b := range map[string]string{"head": head, "base": in.Base} {
		if _, ok := r.Heads[b]; !ok {
			return invalid("PullRequest", field, "invalid", "")
		}
	}
	if find(r.Pulls, func(p *ghPull) bool { return p.Head == head && p.Base == in.Base }) != nil {
		return invalid("PullRequest", "", "custom", "A pull request already exists for "+r.Owner+":"+head+".")
	}
	if r.Heads[head] == r.Heads[in.Base] {
		return invalid("PullRequest", "", "custom", "No commits between "+in.Base+" and "+head)
	}
	p := ghPull{
		ID: c.s.GitHub.nextID(), Number: 214 + len(r.Pulls), Title: in.Title, Body: in.Body,
		Head: head, Base: in.Base, Login: login, At: c.now,
	}
	r.Pulls = append(r.Pulls, p)
	return ghReply(http.StatusCreated, c.pull(&c.s.GitHub, r, &p))
}

// getPull is pulls/get.
func getPull(c *ghCall) *ghAnswer {
	r, no := c.repo("pull_requests", "read")
	if no != nil {
		return no
	}
	p := find(r.Pulls, func(p *ghPull) bool { return int64(p.Number) == c.id("number") })
	if p == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	return ghReply(http.StatusOK, c.pull(&c.s.GitHub, r, p))
}
