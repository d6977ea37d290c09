package github

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// theApp looks at the App and what it lacks.
func (l *look) theApp(ctx context.Context) error {
	if l.o.App.Key.Empty() {
		return nil
	}
	app, err := l.c.App(ctx, l.o.App)
	if err != nil {
		l.app = state.App{}
		return l.note(err)
	}
	l.app = app
	need := map[string]string{}
	for _, p := range state.CIPermissions(app.Owner.Org) {
		need[p.Key] = p.Level
	}
	l.figure.Slug, l.figure.Lacks = app.Slug, lacks(need, app.Permissions)
	l.figure.Page = state.AppPermissionsURL(l.c.web, app.Owner, app.Slug)
	l.hooks.App = ""
	if slices.Contains(app.Events, "push") && l.ours(app.HookURL) {
		l.hooks.App = app.HookURL
	}
	return nil
}

// ours says whether a hook leads to the CI.
func (l *look) ours(hook string) bool {
	u, err := url.Parse(hook)
	return l.o.Domain == "" || err == nil && u.Hostname() == l.o.Domain
}

// lacks is what is needed and not there: write and admin allow to read.
func lacks(need, have map[string]string) map[string]string {
	out := map[string]string{}
	for name, level := range need {
		if has := have[name]; has != level && has != "write" && has != "admin" {
			out[name] = level
		}
	}
	return out
}

// installations looks which repositories the App is installed on.
func (l *look) installations(ctx context.Context) error {
	if l.app.ID == 0 {
		return nil
	}
	var absent []string
	unsettled := map[string]string{}
	for _, repo := range l.o.Repos {
		i, found, err := l.c.Installation(ctx, l.o.App, repo)
		switch {
		case err != nil:
			if err := l.note(err); err != nil {
				return err
			}
			continue
		case !found:
			absent = append(absent, repo)
			delete(l.by, repo)
			continue
		case i.Suspended:
			l.notes = append(l.notes, "the App's installation of "+i.Account+" is suspended")
		}
		l.by[repo] = i.ID
		maps.Copy(unsettled, lacks(l.app.Permissions, i.Permissions))
	}
	l.figure.Absent, l.figure.Unsettled = absent, unsettled
	return nil
}

// client is who may see a repository's hooks: the App where it is installed
// and has the permission, else the user.
func (l *look) client(ctx context.Context, repo string) (*Client, error) {
	const permission = "repository_hooks"
	id, installed := l.by[repo]
	switch {
	case installed && l.app.Permissions[permission] != "":
	case l.c.user:
		return l.c, nil
	default:
		return nil, fmt.Errorf("webhooks of %s: the App is not installed or lacks Webhooks: %w", repo, state.ErrDenied)
	}
	if k := l.keys[id]; k.c != nil && l.o.Clock.Now().Before(k.ends) {
		return k.c, nil
	}
	token, err := l.c.installationToken(ctx, l.o.App, id, map[string]string{permission: "read"})
	if err != nil {
		return nil, err
	}
	as := *l.c
	as.signed = l.c.with(token)
	l.keys[id] = key{c: &as, ends: l.o.Clock.Now().Add(tokenUse)}
	return &as, nil
}

// tokenUse is how long an installation's token is used; it lives for an hour.
const tokenUse = 50 * time.Minute

// installationToken makes a token of an installation (POST
// /app/installations/{installation_id}/access_tokens) that may do no more than
// is said; it changes nothing.
func (c *Client) installationToken(ctx context.Context, auth state.AppAuth, id int64, may map[string]string) (state.Secret, error) {
	hc, err := c.asApp(auth)
	if err != nil {
		return state.Secret{}, err
	}
	op := fmt.Sprintf("sign in to installation %d", id)
	var got struct {
		Token string `json:"token"`
	}
	resp, err := c.as(ctx, hc, call{
		op: op, method: http.MethodPost, path: fmt.Sprintf("app/installations/%d/access_tokens", id),
		in: map[string]any{"permissions": may}, out: &got,
	})
	if err != nil {
		return state.Secret{}, err
	}
	if got.Token == "" {
		return state.Secret{}, nonsense(op, resp, "the answer holds no token")
	}
	return state.NewSecret(got.Token), nil
}

// theHooks lists the webhooks of the repositories.
func (l *look) theHooks(ctx context.Context) error {
	var all []live.RepoHook
	for _, repo := range l.o.Repos {
		c, err := l.client(ctx, repo)
		var hooks []state.Hook
		if err == nil {
			hooks, err = c.RepoHooks(ctx, repo)
		}
		if err := l.note(err); err != nil {
			return err
		}
		for _, h := range hooks {
			if !l.ours(h.URL) {
				continue
			}
			all = append(all, live.RepoHook{Hook: h, Repo: repo})
		}
	}
	l.hooks.Repos = all
	return nil
}

// deliveries tells the newest deliveries of all hooks. They are never taken
// back, so that there is no Resync.
func (l *look) deliveries(ctx context.Context) error {
	var out []live.Delivery
	add := func(all []delivery, repo func(delivery) string, app bool) {
		for _, d := range all {
			out = append(out, live.Delivery{Delivery: d.Delivery, Repo: repo(d), App: app, Took: d.took})
		}
	}
	for _, h := range l.hooks.Repos {
		c, err := l.client(ctx, h.Repo)
		var all []delivery
		if err == nil {
			all, err = c.hookDeliveries(ctx, h.Repo, h.ID)
		}
		if err := l.note(err); err != nil {
			return err
		}
		add(all, func(delivery) string { return h.Repo }, false)
	}
	if l.hooks.App != "" {
		all, err := l.c.appDeliveries(ctx, l.o.App)
		if err := l.note(err); err != nil {
			return err
		}
		if err := l.named(ctx, all); err != nil {
			return err
		}
		add(all, func(d delivery) string { return l.names[d.repo] }, true)
	}
	l.emit(live.Update{News: live.Deliveries{All: out}})
	return nil
}

// named learns the names of the repositories, of which the App's deliveries
// tell the numbers alone.
func (l *look) named(ctx context.Context, all []delivery) error {
	unknown := func(d delivery) bool { _, known := l.names[d.repo]; return d.repo != 0 && !known }
	if !slices.ContainsFunc(all, unknown) {
		return nil
	}
	for _, repo := range l.o.Repos {
		c, err := l.client(ctx, repo)
		var r state.Repo
		if err == nil {
			r, _, err = c.Repo(ctx, repo)
		}
		if err := l.note(err); err != nil {
			return err
		}
		if r.ID != 0 {
			l.names[r.ID] = repo
		}
	}
	for _, d := range all { // of others that the App is on as well
		if unknown(d) {
			l.names[d.repo] = ""
		}
	}
	return nil
}
