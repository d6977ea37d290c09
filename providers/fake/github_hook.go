package fake

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// hookIn is the body of repos/create-webhook and repos/update-webhook.
type hookIn struct {
	Name   string   `json:"name"`
	Active *bool    `json:"active"`
	Events []string `json:"events"`
	Config *struct {
		URL         string  `json:"url"`
		ContentType string  `json:"content_type"`
		Secret      *string `json:"secret"`
	} `json:"config"`
}

func (in hookIn) apply(h *ghHook) {
	if in.Active != nil {
		h.Active = *in.Active
	}
	if in.Events != nil {
		h.Events = in.Events
	}
	if c := in.Config; c != nil {
		if c.URL != "" {
			h.URL = c.URL
		}
		if c.ContentType != "" {
			h.ContentType = c.ContentType
		}
		if c.Secret != nil {
			h.Secret = *c.Secret
		}
	}
}

func (c *ghCall) hookOf(level string) (*ghRepo, *ghHook, *ghAnswer) {
	r, no := c.repo("repository_hooks", level)
	if no != nil {
		return nil, nil, no
	}
	h := r.hook(c.id("id"))
	if h == nil {
		return nil, nil, fail(http.StatusNotFound, "Not Found")
	}
	return r, h, nil
}

// listHooks is repos/list-webhooks.
func listHooks(c *ghCall) *ghAnswer {
	r, no := c.repo("repository_hooks", "read")
	if no != nil {
		return no
	}
	out := []any{}
	for i := range r.Hooks {
		out = append(out, c.hook(r, &r.Hooks[i]))
	}
	return c.list(out)
}

// getHook is repos/get-webhook.
func getHook(c *ghCall) *ghAnswer {
	r, h, no := c.hookOf("read")
	if no != nil {
		return no
	}
	return ghReply(http.StatusOK, c.hook(r, h))
}

// deleteHook is repos/delete-webhook.
func deleteHook(c *ghCall) *ghAnswer {
	r, h, no := c.hookOf("write")
	if no != nil {
		return no
	}
	id := h.ID
	r.Hooks = slices.DeleteFunc(r.Hooks, func(o ghHook) bool { return o.ID == id })
	return ghReply(http.StatusNoContent, nil)
}

// postHook is repos/create-webhook; GitHub pings the new hook (GitHub docs,
// "Webhook events and payloads", ping). buildbot-nix makes its own this way
// (buildbot_nix/github_projects.py, create_project_hook).
func (w *World) postHook(c *ghCall) *ghAnswer {
	r, no := c.repo("repository_hooks", "write")
	if no != nil {
		return no
	}
	var in hookIn
	if no := c.parse(&in); no != nil {
		return no
	}
	if in.Name != "" && in.Name != "web" {
		return invalid("Hook", "name", "invalid", "")
	}
	h := ghHook{Active: true, Events: []string{"push"}, ContentType: "form", At: c.now}
	in.apply(&h)
	if u, err := url.Parse(h.URL); err != nil || u.Host == "" {
		return invalid("Hook", "url", "missing_field", "url is missing")
	}
	made, ok := c.s.addHook(r, h)
	if !ok {
		return invalid("Hook", "", "custom", "Hook already exists on this repository")
	}
	a := ghReply(http.StatusCreated, c.hook(r, made))
	at := hookAt{repo: r.ID, hook: made.ID}
	a.after = func(ctx context.Context) { w.deliver(ctx, at, "ping", "", "") }
	return a
}

// addHook adds a hook, unless one with the same URL listens to one of its
// events (description of repos/create-webhook).
func (s *State) addHook(r *ghRepo, h ghHook) (*ghHook, bool) {
	for _, o := range r.Hooks {
		if o.URL == h.URL && slices.ContainsFunc(o.Events, func(e string) bool { return slices.Contains(h.Events, e) }) {
			return nil, false
		}
	}
	h.ID = s.GitHub.nextID()
	r.Hooks = append(r.Hooks, h)
	return &r.Hooks[len(r.Hooks)-1], true
}

// patchHook is repos/update-webhook.
func patchHook(c *ghCall) *ghAnswer {
	r, h, no := c.hookOf("write")
	if no != nil {
		return no
	}
	var in hookIn
	if no := c.parse(&in); no != nil {
		return no
	}
	in.apply(h)
	return ghReply(http.StatusOK, c.hook(r, h))
}

// pingHook is repos/ping-webhook and repos/test-push-webhook; the second
// sends only where the hook listens to pushes (its description).
func (w *World) pingHook(event string) ghFunc {
	return func(c *ghCall) *ghAnswer {
		r, h, no := c.hookOf("read")
		if no != nil {
			return no
		}
		a := ghReply(http.StatusNoContent, nil)
		if event == "ping" || slices.Contains(h.Events, event) {
			at := hookAt{repo: r.ID, hook: h.ID}
			a.after = func(ctx context.Context) { w.deliver(ctx, at, event, "", "") }
		}
		return a
	}
}

// deliveries answers a list, newest first, or the one that the path names.
// They are kept for some days only (github/docs data/variables/webhooks.yml,
// retention: 3 on github.com, 7 on a server of one's own; 30 in older texts).
func (c *ghCall) deliveries(h *ghHook) *ghAnswer {
	if c.r.PathValue("d") != "" {
		d := find(h.Deliveries, func(d *ghDelivery) bool { return d.ID == c.id("d") })
		if d == nil {
			return fail(http.StatusNotFound, "Not Found")
		}
		return ghReply(http.StatusOK, d.delivery(h, true))
	}
	q := c.r.URL.Query()
	some, next := cutPage(c.kept(h), q.Get("cursor"), number(q, "per_page", 30, 100))
	out := []any{}
	for i := range some {
		out = append(out, some[i].delivery(h, false))
	}
	a := ghReply(http.StatusOK, out)
	if next != "" {
		q.Set("cursor", next)
		a.header = http.Header{"Link": {"<" + c.api + c.r.URL.Path + "?" + q.Encode() + `>; rel="next"`}}
	}
	return a
}

// kept are the deliveries that GitHub still has.
func (c *ghCall) kept(h *ghHook) []ghDelivery {
	days := cmp.Or(c.s.GitHub.Knobs.DeliveryDays, 3)
	return slices.DeleteFunc(slices.Clone(h.Deliveries), func(d ghDelivery) bool { return c.now.Sub(d.At) > time.Duration(days)*24*time.Hour })
}

// hook is a hook as it is answered now.
func (c *ghCall) hook(r *ghRepo, h *ghHook) map[string]any {
	seen := *h
	if c.s.GitHub.Knobs.LastForgotten {
		seen.Deliveries = c.kept(h)
	}
	return c.ghBase.hook(r, &seen)
}

// repoDeliveries is repos/list-webhook-deliveries and
// repos/get-webhook-delivery.
func repoDeliveries(c *ghCall) *ghAnswer {
	_, h, no := c.hookOf("read")
	if no != nil {
		return no
	}
	return c.deliveries(h)
}

// redeliverRepo is repos/redeliver-webhook-delivery.
func (w *World) redeliverRepo(c *ghCall) *ghAnswer {
	r, h, no := c.hookOf("write")
	if no != nil {
		return no
	}
	return w.redeliver(c, h, hookAt{repo: r.ID, hook: h.ID})
}

func (w *World) redeliver(c *ghCall, h *ghHook, at hookAt) *ghAnswer {
	d := find(h.Deliveries, func(d *ghDelivery) bool { return d.ID == c.id("d") })
	if d == nil {
		return fail(http.StatusNotFound, "Not Found")
	}
	a := ghReply(http.StatusAccepted, map[string]any{})
	event, payload, guid := d.Event, d.Payload, d.GUID
	a.after = func(ctx context.Context) { w.deliver(ctx, at, event, payload, guid) }
	return a
}
