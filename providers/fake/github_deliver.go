package fake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the old signature header
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// firstDelivery is where delivery ids begin: real ones do not fit a float64.
const firstDelivery = int64(9_300_000_000_000_000)

// hookAt says which hook is meant: one of a repository, or an App's own.
type hookAt struct{ repo, hook, app int64 }

func (g *GitHubState) hookAt(at hookAt) *ghHook {
	if at.app != 0 {
		if a := g.app(at.app); a != nil {
			return &a.Hook
		}
		return nil
	}
	if r := g.repoID(at.repo); r != nil {
		return r.hook(at.hook)
	}
	return nil
}

// deliver sends an event to a hook and records how that went. payload and
// guid are those of the delivery that is sent again; empty: a new one. No
// lock is held while it is under way. GitHub never sends again by itself
// (GitHub docs, "Redelivering webhooks").
func (w *World) deliver(ctx context.Context, at hookAt, event, payload, guid string) {
	d := ghDelivery{GUID: guid, Event: event, Payload: payload, Again: guid != "", Repo: at.repo}
	var h ghHook
	var domain string
	err := w.Update(func(s *State) error {
		p := s.GitHub.hookAt(at)
		if p == nil {
			return fmt.Errorf("deliver %s: no such hook", event)
		}
		h, domain = *p, s.Config.CI.Domain
		d.ID = firstDelivery + s.GitHub.nextID()
		d.At = w.opts.Now().UTC().Truncate(time.Second)
		if !d.Again {
			g := s.Make("delivery", 32)
			d.GUID = g[:8] + "-" + g[8:12] + "-" + g[12:16] + "-" + g[16:20] + "-" + g[20:]
			d.Payload = s.GitHub.payload(w.githubBase(), at, p, event)
		}
		return nil
	})
	if err != nil {
		return
	}
	d.Status, d.Text, d.Response = w.post(ctx, h, d, domain)
	d.Seconds = 0.12
	_ = w.Update(func(s *State) error {
		if p := s.GitHub.hookAt(at); p != nil {
			p.Deliveries = append(p.Deliveries, d)
		}
		return nil
	})
}

// payload is the body of an event, as far as buildbot and nixwright read it
// (GitHub docs, "Webhook events and payloads": ping, push).
func (g *GitHubState) payload(b ghBase, at hookAt, h *ghHook, event string) string {
	r := g.repoID(at.repo)
	out := map[string]any{}
	if event == "ping" {
		out["zen"], out["hook_id"] = "Keep it logically awesome.", h.ID
	}
	if r != nil {
		out["repository"] = b.repository(g, r, "")
		out["sender"] = b.simpleUser(g.account(r.Owner))
	}
	if i := find(g.Installs, func(i *ghInstall) bool { return i.App == at.app }); at.app != 0 && i != nil {
		out["installation"] = map[string]any{"id": i.ID}
	}
	if event == "push" && r != nil {
		sha := r.Heads[r.Branch]
		commit := map[string]any{
			"id": sha, "message": "a commit", "distinct": true, "timestamp": stamp(time.Time{}), "url": b.web + "/" + r.full() + "/commit/" + sha,
			"author": map[string]any{"name": r.Owner, "email": r.Owner + "@example.com"}, "added": []string{}, "removed": []string{}, "modified": []string{},
		}
		out["ref"], out["before"], out["after"] = "refs/heads/"+r.Branch, strings.Repeat("0", 40), sha
		out["commits"], out["head_commit"] = []any{commit}, commit
		out["pusher"] = map[string]any{"name": r.Owner}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return "{}"
	}
	return string(raw)
}

// post sends one delivery, with the headers of GitHub docs, "Webhook events
// and payloads", Delivery headers; it has ten seconds, and what is not a 2xx is
// a failure ("Troubleshooting webhooks", which has the words as well; the code
// for a host that is not reached is unconfirmed). The CI's own domain leads to this world's public edge, loopback
// leads there, and nothing else is ever reached.
func (w *World) post(ctx context.Context, h ghHook, d ghDelivery, domain string) (status int, text, response string) {
	const lost = "failed to connect to host"
	u, err := url.Parse(h.URL)
	if err != nil {
		return http.StatusBadGateway, lost, ""
	}
	host := u.Host
	ip := net.ParseIP(u.Hostname())
	switch edge := w.url("ci"); {
	case u.Hostname() == domain && edge != "":
		u.Scheme, u.Host = "http", strings.TrimPrefix(edge, "http://")
	case ip == nil || !ip.IsLoopback():
		return http.StatusBadGateway, lost, ""
	}
	body, kind := d.Payload, "application/json"
	if h.ContentType == "form" {
		body, kind = url.Values{"payload": {d.Payload}}.Encode(), "application/x-www-form-urlencoded"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(body))
	if err != nil {
		return http.StatusBadGateway, lost, ""
	}
	req.Host = host
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "GitHub-Hookshot/0000000")
	req.Header.Set("X-Github-Event", d.Event)
	req.Header.Set("X-Github-Delivery", d.GUID)
	req.Header.Set("X-Github-Hook-Id", strconv.FormatInt(h.ID, 10))
	if h.Secret != "" {
		req.Header.Set("X-Hub-Signature", "sha1="+hubMAC(sha1.New, h.Secret, body))
		req.Header.Set("X-Hub-Signature-256", "sha256="+hubMAC(sha256.New, h.Secret, body))
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return http.StatusBadGateway, lost, ""
	}
	defer func() { _ = res.Body.Close() }()
	var got bytes.Buffer
	_, _ = io.Copy(&got, io.LimitReader(res.Body, 4096))
	text = "OK"
	if res.StatusCode >= http.StatusMultipleChoices {
		text = fmt.Sprintf("Invalid HTTP Response: %d", res.StatusCode)
	}
	return res.StatusCode, text, got.String()
}

func hubMAC(h func() hash.Hash, secret, body string) string {
	m := hmac.New(h, []byte(secret))
	_, _ = m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}
