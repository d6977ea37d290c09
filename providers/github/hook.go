package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// RepoHooks lists the repository's webhooks, all pages (GET
// /repos/{owner}/{repo}/hooks).
func (c *Client) RepoHooks(ctx context.Context, repo string) ([]state.Hook, error) {
	path, err := repoPath(repo)
	if err != nil {
		return nil, err
	}
	var got []repoHook
	var out []state.Hook
	err = c.pages(ctx, call{op: "list webhooks of " + repo, method: http.MethodGet, path: path + "/hooks", out: &got}, func() error {
		for _, h := range got {
			hook := state.Hook{ID: h.GetID(), URL: clean(h.GetConfig().GetURL()), Active: h.GetActive(), Events: cleanAll(h.Events)}
			if h.Last.Code != nil {
				hook.Last = *h.Last.Code
			}
			if hook.ID == 0 || slices.ContainsFunc(out, func(o state.Hook) bool { return o.ID == hook.ID }) {
				return errors.New("the answer names a webhook without an id, or one twice")
			}
			out = append(out, hook)
		}
		got = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// repoHook is a webhook with the code of its last answer, which is null until
// there is one.
type repoHook struct {
	github.Hook

	Last struct {
		Code *int `json:"code"`
	} `json:"last_response"`
}

// HookDeliveries lists the newest deliveries of a repository's webhook, at
// most 100, newest first (GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries).
func (c *Client) HookDeliveries(ctx context.Context, repo string, hook int64) ([]state.Delivery, error) {
	return plain(c.hookDeliveries(ctx, repo, hook))
}

// AppDeliveries lists the newest deliveries of the App's own hook, at most
// 100, newest first (GET /app/hook/deliveries).
func (c *Client) AppDeliveries(ctx context.Context, auth state.AppAuth) ([]state.Delivery, error) {
	return plain(c.appDeliveries(ctx, auth))
}

// delivery is a delivery with what only the console shows.
type delivery struct {
	state.Delivery

	took time.Duration
	repo int64 // 0: not told
}

func plain(all []delivery, err error) ([]state.Delivery, error) {
	if err != nil {
		return nil, err
	}
	out := make([]state.Delivery, len(all))
	for i, d := range all {
		out[i] = d.Delivery
	}
	return out, nil
}

func (c *Client) hookDeliveries(ctx context.Context, repo string, hook int64) ([]delivery, error) {
	path, err := repoPath(repo)
	if err != nil {
		return nil, err
	}
	return c.deliveries(ctx, c.signed, call{
		op: fmt.Sprintf("list deliveries of webhook %d of %s", hook, repo), path: fmt.Sprintf("%s/hooks/%d/deliveries", path, hook),
	})
}

func (c *Client) appDeliveries(ctx context.Context, auth state.AppAuth) ([]delivery, error) {
	hc, err := c.asApp(auth)
	if err != nil {
		return nil, err
	}
	return c.deliveries(ctx, hc, call{op: fmt.Sprintf("list hook deliveries of App %d", auth.ID), path: "app/hook/deliveries"})
}

func (c *Client) deliveries(ctx context.Context, hc *http.Client, k call) ([]delivery, error) {
	var got []*github.HookDelivery
	k.method, k.path, k.out = http.MethodGet, k.path+"?per_page=100", &got
	resp, err := c.as(ctx, hc, k)
	if err != nil {
		return nil, err
	}
	out := make([]delivery, 0, len(got))
	for _, d := range got {
		if d.GetID() == 0 || d.GetEvent() == "" {
			return nil, nonsense(k.op, resp, "the answer names a delivery without an id or an event")
		}
		one := delivery{repo: d.GetRepositoryID(), Delivery: state.Delivery{
			ID: d.GetID(), Event: clean(d.GetEvent()), Status: d.GetStatusCode(), At: d.GetDeliveredAt().Time,
			GUID: clean(d.GetGUID()), Redelivery: d.GetRedelivery(),
		}}
		if d.Duration != nil {
			one.took = time.Duration(*d.Duration * float64(time.Second))
		}
		out = append(out, one)
	}
	return out, nil
}

// Ping makes GitHub send a ping event to the webhook (POST
// /repos/{owner}/{repo}/hooks/{hook_id}/pings).
func (c *Client) Ping(ctx context.Context, repo string, hook int64) error {
	path, err := repoPath(repo)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, call{
		op: fmt.Sprintf("ping webhook %d of %s", hook, repo), method: http.MethodPost,
		path: fmt.Sprintf("%s/hooks/%d/pings", path, hook), done: http.StatusNoContent,
	})
	return err
}

// Redeliver makes GitHub send a delivery again, which then is a new one (POST
// /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts).
func (c *Client) Redeliver(ctx context.Context, repo string, hook, delivery int64) error {
	path, err := repoPath(repo)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, call{
		op: fmt.Sprintf("redeliver %d of webhook %d of %s", delivery, hook, repo), method: http.MethodPost,
		path: fmt.Sprintf("%s/hooks/%d/deliveries/%d/attempts", path, hook, delivery), done: http.StatusAccepted,
	})
	return err
}

// DeleteHook deletes a repository's webhook (DELETE
// /repos/{owner}/{repo}/hooks/{hook_id}); one that is gone is no error.
func (c *Client) DeleteHook(ctx context.Context, repo string, hook int64) error {
	path, err := repoPath(repo)
	if err != nil {
		return err
	}
	_, err = c.do(httpx.Idempotent(ctx), call{
		op: fmt.Sprintf("delete webhook %d of %s", hook, repo), method: http.MethodDelete,
		path: fmt.Sprintf("%s/hooks/%d", path, hook), done: http.StatusNoContent, none: []int{http.StatusNotFound},
	})
	if errors.Is(err, errNone) {
		return nil
	}
	return err
}
