package fake

import (
	"encoding/base64"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"
)

// The shapes of GitHub's answers, as its OpenAPI document wants them: one
// function per schema, named after it, all required fields filled.

// ghBase are the addresses that links in answers begin with.
type ghBase struct{ api, web string }

// githubBase are the addresses that this world serves GitHub on; GitHub's own
// where it does not serve it.
func (w *World) githubBase() ghBase {
	b := ghBase{api: "https://api.github.com", web: "https://github.com"}
	if u := w.url("github"); u != "" {
		b.api = u
	}
	if u := w.url("github-web"); u != "" {
		b.web = u
	}
	return b
}

func node(kind string, id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", kind, id))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t.UTC().Format(time.RFC3339)
}

func (b ghBase) simpleUser(a *ghAccount) map[string]any {
	kind := "User"
	if a.Org {
		kind = "Organization"
	}
	u := b.api + "/users/" + a.Login
	return map[string]any{
		"login": a.Login, "id": a.ID, "node_id": node("U", a.ID), "type": kind, "site_admin": false,
		"avatar_url": b.web + "/" + a.Login + ".png", "gravatar_id": "", "url": u, "html_url": b.web + "/" + a.Login,
		"followers_url": u + "/followers", "following_url": u + "/following{/other_user}", "gists_url": u + "/gists{/gist_id}",
		"starred_url": u + "/starred{/owner}{/repo}", "subscriptions_url": u + "/subscriptions", "organizations_url": u + "/orgs",
		"repos_url": u + "/repos", "events_url": u + "/events{/privacy}", "received_events_url": u + "/received_events",
	}
}

// fullUser is public-user, and with more private-user.
func (b ghBase) fullUser(a *ghAccount, private bool) map[string]any {
	u := b.simpleUser(a)
	maps.Copy(u, map[string]any{
		"name": nil, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"followers": 0, "following": 0, "public_gists": 0, "public_repos": 1,
		"created_at": stamp(time.Time{}), "updated_at": stamp(time.Time{}), "user_view_type": "public",
	})
	if private {
		maps.Copy(u, map[string]any{
			"collaborators": 0, "disk_usage": 0, "owned_private_repos": 0, "private_gists": 0,
			"total_private_repos": 0, "two_factor_authentication": true, "user_view_type": "private",
		})
	}
	return u
}

func (b ghBase) organization(a *ghAccount) map[string]any {
	u := b.api + "/orgs/" + a.Login
	return map[string]any{
		"login": a.Login, "id": a.ID, "node_id": node("O", a.ID), "url": u, "repos_url": u + "/repos", "events_url": u + "/events",
		"hooks_url": u + "/hooks", "issues_url": u + "/issues", "members_url": u + "/members{/member}",
		"public_members_url": u + "/public_members{/member}", "avatar_url": b.web + "/" + a.Login + ".png", "description": nil,
		"html_url": b.web + "/" + a.Login, "has_organization_projects": false, "has_repository_projects": false,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "type": "Organization",
		"created_at": stamp(time.Time{}), "updated_at": stamp(time.Time{}), "archived_at": nil,
	}
}

// repoLinks are the url fields of a repository below its own.
var repoLinks = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
	"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}",
	"commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}",
	"contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
	"forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
	"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages",
	"merges_url": "/merges", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
	"subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams",
	"trees_url": "/git/trees{/sha}",
}

// repository is full-repository, which holds all that repository wants.
func (b ghBase) repository(g *GitHubState, r *ghRepo, login string) map[string]any {
	u := b.api + "/repos/" + r.full()
	html := b.web + "/" + r.full()
	out := map[string]any{
		"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": r.full(), "private": r.Private,
		"owner": b.simpleUser(g.account(r.Owner)), "html_url": html, "description": nil, "fork": false, "url": u,
		"clone_url": html + ".git", "git_url": "git://github.com/" + r.full() + ".git", "ssh_url": "git@github.com:" + r.full() + ".git",
		"svn_url": html, "homepage": nil, "language": "Nix", "default_branch": r.Branch, "archived": r.Archived, "disabled": false,
		"visibility": map[bool]string{true: "private", false: "public"}[r.Private], "topics": append([]string{}, r.Topics...),
		"forks": 0, "forks_count": 0, "open_issues": len(r.Pulls), "open_issues_count": len(r.Pulls), "watchers": 0, "watchers_count": 0,
		"stargazers_count": 0, "network_count": 0, "subscribers_count": 0, "size": 1, "mirror_url": nil, "license": nil,
		"has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false, "has_discussions": false, "has_downloads": true,
		"pushed_at": stamp(time.Time{}), "created_at": stamp(time.Time{}), "updated_at": stamp(time.Time{}),
	}
	for k, v := range repoLinks {
		out[k] = u + v
	}
	if login != "" {
		admin := g.mayAdmin(login, r.Owner)
		out["permissions"] = map[string]bool{"admin": admin, "maintain": admin, "push": admin, "triage": admin, "pull": true}
	}
	return out
}

func (b ghBase) integration(g *GitHubState, a *ghApp) map[string]any {
	return map[string]any{
		"id": a.ID, "slug": a.Slug, "node_id": node("A", a.ID), "client_id": a.ClientID, "owner": b.simpleUser(g.account(a.Owner)),
		"name": a.Name, "description": nil, "external_url": a.URL, "html_url": b.web + "/apps/" + a.Slug,
		"created_at": stamp(a.At), "updated_at": stamp(a.At), "permissions": a.Permissions, "events": append([]string{}, a.Events...),
	}
}

func (b ghBase) installation(g *GitHubState, i *ghInstall) map[string]any {
	app, account := g.app(i.App), g.account(i.Account)
	u := fmt.Sprintf("%s/app/installations/%d", b.api, i.ID)
	who := b.simpleUser(account)
	// apps/list-installations wants the fields of an enterprise as well.
	who["name"], who["slug"], who["created_at"], who["updated_at"] = account.Login, account.Login, stamp(i.At), stamp(i.At)
	selection := "selected"
	if i.All {
		selection = "all"
	}
	out := map[string]any{
		"id": i.ID, "account": who, "app_id": i.App, "app_slug": app.Slug, "target_id": account.ID,
		"target_type": who["type"], "single_file_name": nil, "repository_selection": selection,
		"access_tokens_url": u + "/access_tokens", "repositories_url": b.api + "/installation/repositories",
		"html_url": fmt.Sprintf("%s/settings/installations/%d", b.web, i.ID), "permissions": i.Permissions,
		"events": append([]string{}, i.Events...), "created_at": stamp(i.At), "updated_at": stamp(i.At),
		"suspended_by": nil, "suspended_at": nil,
	}
	if i.Suspended {
		out["suspended_at"] = stamp(i.At)
	}
	return out
}

// webhookConfig shows that there is a secret, never which.
func webhookConfig(h *ghHook) map[string]any {
	out := map[string]any{"url": h.URL, "content_type": h.ContentType, "insecure_ssl": "0"}
	if h.Secret != "" {
		out["secret"] = "********"
	}
	return out
}

func (b ghBase) hook(r *ghRepo, h *ghHook) map[string]any {
	u := fmt.Sprintf("%s/repos/%s/hooks/%d", b.api, r.full(), h.ID)
	last := map[string]any{"code": nil, "status": "unused", "message": nil}
	if n := len(h.Deliveries); n > 0 {
		d := h.Deliveries[n-1]
		last = map[string]any{"code": d.Status, "status": map[bool]string{true: "active", false: "misconfigured"}[d.Status < 300], "message": d.Text}
	}
	return map[string]any{
		"type": "Repository", "id": h.ID, "name": "web", "active": h.Active, "events": append([]string{}, h.Events...),
		"config": webhookConfig(h), "url": u, "test_url": u + "/test", "ping_url": u + "/pings", "deliveries_url": u + "/deliveries",
		"created_at": stamp(h.At), "updated_at": stamp(h.At), "last_response": last,
	}
}

// delivery is hook-delivery-item, and with more hook-delivery.
func (d *ghDelivery) delivery(h *ghHook, full bool) map[string]any {
	out := map[string]any{
		"id": d.ID, "guid": d.GUID, "delivered_at": stamp(d.At), "redelivery": d.Again, "duration": d.Seconds,
		"status": d.Text, "status_code": d.Status, "event": d.Event, "action": nil, "installation_id": nil, "repository_id": nil,
	}
	if d.Install != 0 {
		out["installation_id"] = d.Install
	}
	if d.Repo != 0 {
		out["repository_id"] = d.Repo
	}
	if full {
		out["url"] = h.URL
		out["request"] = map[string]any{
			"headers": map[string]string{"X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID, "Content-Type": "application/json"},
			"payload": rawJSON(d.Payload),
		}
		out["response"] = map[string]any{"headers": map[string]string{}, "payload": d.Response}
	}
	return out
}

func (b ghBase) contentFile(r *ghRepo, branch, file, text string) map[string]any {
	u := fmt.Sprintf("%s/repos/%s/contents/%s?ref=%s", b.api, r.full(), file, branch)
	html := fmt.Sprintf("%s/%s/blob/%s/%s", b.web, r.full(), branch, file)
	sha := blobSHA(text)
	git := fmt.Sprintf("%s/repos/%s/git/blobs/%s", b.api, r.full(), sha)
	return map[string]any{
		"type": "file", "encoding": "base64", "size": len(text), "name": path.Base(file), "path": file,
		"content": base64.StdEncoding.EncodeToString([]byte(text)), "sha": sha, "url": u, "git_url": git, "html_url": html,
		"download_url": html + "?raw=1", "_links": map[string]any{"git": git, "html": html, "self": u},
	}
}

func (b ghBase) gitRef(r *ghRepo, branch string) map[string]any {
	u := b.api + "/repos/" + r.full()
	return map[string]any{
		"ref": "refs/heads/" + branch, "node_id": node("REF_"+branch, r.ID), "url": u + "/git/refs/heads/" + branch,
		"object": map[string]any{"type": "commit", "sha": r.Heads[branch], "url": u + "/git/commits/" + r.Heads[branch]},
	}
}

func (b ghBase) branch(g *GitHubState, r *ghRepo, name string) map[string]any {
	u := b.api + "/repos/" + r.full()
	sha := r.Heads[name]
	who := map[string]any{"name": r.Owner, "email": r.Owner + "@example.com", "date": stamp(time.Time{})}
	user := b.simpleUser(g.account(r.Owner))
	html := b.web + "/" + r.full()
	return map[string]any{
		"name": name, "protected": false, "protection": map[string]any{"enabled": false}, "protection_url": u + "/branches/" + name + "/protection",
		"_links": map[string]any{"html": html + "/tree/" + name, "self": u + "/branches/" + name},
		"commit": map[string]any{
			"url": u + "/commits/" + sha, "sha": sha, "node_id": node("C"+sha, r.ID), "html_url": html + "/commit/" + sha,
			"comments_url": u + "/commits/" + sha + "/comments", "author": user, "committer": user, "parents": []any{},
			"commit": map[string]any{
				"url": u + "/git/commits/" + sha, "author": who, "committer": who, "message": "a commit", "comment_count": 0,
				"tree": map[string]any{"sha": sha, "url": u + "/git/trees/" + sha},
			},
		},
	}
}

// pull is pull-request, which holds all that pull-request-simple wants.
func (b ghBase) pull(g *GitHubState, r *ghRepo, p *ghPull) map[string]any {
	u := fmt.Sprintf("%s/repos/%s/pulls/%d", b.api, r.full(), p.Number)
	issue := fmt.Sprintf("%s/repos/%s/issues/%d", b.api, r.full(), p.Number)
	html := fmt.Sprintf("%s/%s/pull/%d", b.web, r.full(), p.Number)
	statuses := b.api + "/repos/" + r.full() + "/statuses/" + r.Heads[p.Head]
	owner := b.simpleUser(g.account(r.Owner))
	side := func(branch string) map[string]any {
		return map[string]any{
			"label": r.Owner + ":" + branch, "ref": branch, "sha": r.Heads[branch], "user": owner, "repo": b.repository(g, r, p.Login),
		}
	}
	link := func(to string) map[string]any { return map[string]any{"href": to} }
	return map[string]any{
		"id": p.ID, "node_id": node("PR", p.ID), "number": p.Number, "state": "open", "locked": false, "draft": false,
		"title": p.Title, "body": p.Body, "user": b.simpleUser(g.account(p.Login)), "labels": []any{}, "milestone": nil,
		"assignee": nil, "author_association": "OWNER", "auto_merge": nil, "active_lock_reason": nil,
		"created_at": stamp(p.At), "updated_at": stamp(p.At), "closed_at": nil, "merged_at": nil, "merge_commit_sha": nil,
		"head": side(p.Head), "base": side(p.Base),
		"url": u, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "issue_url": issue,
		"commits_url": u + "/commits", "review_comments_url": u + "/comments", "review_comment_url": u + "/comments{/number}",
		"comments_url": issue + "/comments", "statuses_url": statuses,
		"_links": map[string]any{
			"self": link(u), "html": link(html), "issue": link(issue), "comments": link(issue + "/comments"), "commits": link(u + "/commits"),
			"statuses": link(statuses), "review_comments": link(u + "/comments"), "review_comment": link(u + "/comments{/number}"),
		},
		"merged": false, "mergeable": true, "mergeable_state": "clean", "merged_by": nil, "comments": 0, "review_comments": 0,
		"maintainer_can_modify": false, "commits": 1, "additions": 1, "deletions": 0, "changed_files": 1,
	}
}

// cutPage cuts a list, newest first, at per_page after the cursor, as the lists
// of deliveries are paged; next is the cursor that goes on, empty at the end.
func cutPage(all []ghDelivery, cursor string, per int) (out []ghDelivery, next string) {
	newest := slices.Clone(all)
	slices.Reverse(newest)
	for len(newest) > 0 && cursor != "" && strconv.FormatInt(newest[0].ID, 10) != cursor {
		newest = newest[1:]
	}
	if per > 0 && len(newest) > per {
		return newest[:per], strconv.FormatInt(newest[per].ID, 10)
	}
	return newest, ""
}
