package buildbottest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what buildbot checks
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

func (x *suite) login(t *testing.T) {
	_, err := x.c.Login(t.Context(), x.Admin, state.NewSecret("wrong-password"))
	kind(t, "a wrong password", err, state.ErrUnauthorized, "sign in")
	x.s = need(x.c.Login(t.Context(), x.Admin, x.Password))(t)
	if err := x.c.Controllable(t.Context()); err != nil {
		t.Errorf("controllable: %v", err)
	}
}

// denied are those who may not, and what is not there.
func (x *suite) denied(t *testing.T) {
	other := need(x.c.Login(t.Context(), "lexe-agent", x.Password))(t)
	for name, s := range map[string]buildbot.Session{"nobody": {}, "somebody who is no admin": other} {
		_, err := x.c.Force(t.Context(), s, x.scheduler, "")
		kind(t, name, err, state.ErrDenied, "you need to have role 'admins'")
	}
	_, err := x.c.Force(t.Context(), x.s, "nosuch", "")
	kind(t, "a scheduler that is not there", err, state.ErrNotFound, "force build with nosuch")
	_, err = x.c.Rebuild(t.Context(), x.s, 9999)
	kind(t, "rebuild of nothing", err, state.ErrNotFound, "rebuild build 9999")
	kind(t, "stop of nothing", x.c.Stop(t.Context(), x.s, 9999, ""), state.ErrNotFound, "stop build 9999")
	kind(t, "cancel of nothing", x.c.Cancel(t.Context(), x.s, 9999, ""), state.ErrNotFound, "cancel request 9999")
	kind(t, "pause of nobody", x.c.Pause(t.Context(), x.s, 9999, true, ""), state.ErrNotFound, "pause worker 9999")
}

func (x *suite) rebuild(t *testing.T) {
	hello := x.attrs["x86_64-linux.hello"]
	request := need(x.c.Rebuild(t.Context(), x.s, hello.ID))(t)
	var again state.Build
	await(t, "hello again", func(ctx context.Context) (bool, error) {
		all, err := x.c.Builds(ctx, buildbot.BuildQuery{Builder: hello.Builder, Properties: []string{"attr"}})
		if len(all) > 0 {
			again = all[0]
		}
		return again.Request == request && again.Done, err
	})
	if again.Attr != hello.Attr || again.Result != state.ResultSuccess || again.Number != hello.Number+1 {
		t.Errorf("again %+v", again)
	}
	if err := x.c.Stop(t.Context(), x.s, again.ID, "late"); err != nil {
		t.Errorf("stop of what is complete: %v", err)
	}
	if after := need(x.c.Build(t.Context(), again.ID))(t); after.Result != state.ResultSuccess {
		t.Errorf("after a late stop: %+v", after)
	}
}

// queue asks for a build while all workers are paused, and takes it back.
func (x *suite) queue(t *testing.T) {
	pause := func(paused bool) {
		for _, w := range need(x.c.Workers(t.Context()))(t) {
			if !w.Janitor && w.Connected {
				if err := x.c.Pause(t.Context(), x.s, w.ID, paused, "a test"); err != nil {
					t.Fatal(err)
				}
			}
		}
		await(t, "the workers know", func(ctx context.Context) (bool, error) {
			all, err := x.c.Workers(ctx)
			return !slices.ContainsFunc(all, func(w state.BuildWorker) bool {
				return !w.Janitor && w.Connected && (w.Paused != paused || (w.Reason == "a test") != paused)
			}), err
		})
	}
	pause(true)
	request := need(x.c.Force(t.Context(), x.s, x.scheduler, "waits"))(t)
	queued := need(x.c.Queue(t.Context()))(t)
	if len(queued) != 1 || queued[0].ID != request || queued[0].Claimed || queued[0].Done || queued[0].Result != state.ResultNone || queued[0].Submitted.IsZero() {
		t.Errorf("queue %+v", queued)
	}
	if one := need(x.c.Request(t.Context(), request))(t); len(queued) == 1 && one != queued[0] {
		t.Errorf("request %+v, in the queue %+v", one, queued[0])
	}
	if err := x.c.Cancel(t.Context(), x.s, request, "no"); err != nil {
		t.Fatal(err)
	}
	await(t, "the queue is empty", func(ctx context.Context) (bool, error) {
		all, err := x.c.Queue(ctx)
		return len(all) == 0, err
	})
	await(t, "the request is cancelled", func(ctx context.Context) (bool, error) {
		one, err := x.c.Request(ctx, request)
		return one.Done && one.Result == state.ResultCancelled, err
	})
	pause(false)
}

// calls are controls that the adapter does not send.
func (x *suite) calls(t *testing.T) {
	head := http.Header{"Content-Type": {"application/json"}, "Cookie": {"TWISTED_SESSION=" + x.token(t)}}
	call := func(method, params string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
	}
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/builds/1", call("nosuch", "{}"), 501, `"message":"action: nosuch is not supported"`},
		{"/workers/1", call("nosuch", "{}"), 501, `"code":-32601`},
		{"/buildrequests/1", call("nosuch", "{}"), 500, `ValueError('action: nosuch is not supported')`},
		{"/builds/1/nosuch", call("stop", "{}"), 404, `"message":"Invalid path: builds/1/nosuch"`},
		{"/builds/9999", call("stop", "{}"), 200, `"result":null`},
		{"/buildrequests/9999", call("cancel", "{}"), 200, `"result":null`},
		{"/builds/9999", call("rebuild", "{}"), 500, `"code":-32603`},
		{"/forceschedulers/nosuch", call("force", "{}"), 500, "AttributeError"},
		{"/builds/1", call("stop", "[]"), 400, `'params' must be an object`},
		{"/builds/1", "x", 400, `"code":-32700`},
	} {
		status, body := x.raw(t, http.MethodPost, "/api/v2"+c.path, head, c.body)
		if status != c.status || !strings.Contains(compact(body), c.says) {
			t.Errorf("%s %s: %d %s, want %d %s", c.path, c.body, status, body, c.status, c.says)
		}
	}
	head.Set("Content-Type", "text/plain")
	if status, body := x.raw(t, http.MethodPost, "/api/v2/builds/1", head, call("stop", "{}")); status != 400 || !strings.Contains(body, "Invalid content-type") {
		t.Errorf("of another type: %d %s", status, body)
	}
}

// token is a session's cookie.
func (x *suite) token(t *testing.T) string {
	t.Helper()
	req := need(http.NewRequestWithContext(t.Context(), http.MethodGet, x.URL+"/", nil))(t)
	req.SetBasicAuth(x.Admin, x.Password.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	cookies := resp.Cookies()
	if len(cookies) != 2 {
		t.Fatalf("cookies %v", cookies)
	}
	return cookies[1].Value
}

// webhook is what GitHub posts; the push is to a branch that nobody builds.
func (x *suite) webhook(t *testing.T) {
	const (
		ping = `{"zen":"","hook_id":1}`
		push = `{"ref":"refs/heads/other","after":"6fd42d3c23173f44910e94ffc12015da1edddf98","created":false,"deleted":false,` +
			`"repository":{"full_name":"OWNER","name":"r","html_url":"https://github.com/OWNER"},"pusher":{"name":"p","email":"p@example.com"},` +
			`"head_commit":{"id":"6fd42d3c23173f44910e94ffc12015da1edddf98"},"commits":[{"id":"6fd42d3c23173f44910e94ffc12015da1edddf98",` +
			`"distinct":true,"message":"a commit","timestamp":"2026-01-02T03:04:05Z","url":"https://github.com/OWNER/commit/6fd42d3c23173f44910e94ffc12015da1edddf98",` +
			`"author":{"name":"Somebody","email":"somebody@example.com"},"committer":{"name":"Somebody","email":"somebody@example.com"},"added":[],"removed":[],"modified":["flake.nix"]}]}`
	)
	pushed := strings.ReplaceAll(push, "OWNER", x.Repo)
	for _, c := range []struct {
		name, event, body, sign string
		status                  int
		says                    string
	}{
		{"wrong signature", "push", pushed, "sha1=" + strings.Repeat("0", 40), 400, "Hash mismatch"},
		{"no signature", "push", pushed, "", 400, "Request has no required signature"},
		{"ping", "ping", ping, x.sign(ping), 200, "no change found"},
		{"push", "push", pushed, x.sign(pushed), 200, "1 change found"},
		{"unknown event", "nosuch", ping, x.sign(ping), 400, "Unknown event: nosuch"},
	} {
		head := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {c.event}}
		// GitHub sends this one too; buildbot looks at the older one only.
		head.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		if c.sign != "" {
			head.Set("X-Hub-Signature", c.sign)
		}
		if status, body := x.raw(t, http.MethodPost, "/change_hook/github", head, c.body); status != c.status || body != c.says {
			t.Errorf("%s: %d %s, want %d %s", c.name, status, body, c.status, c.says)
		}
	}
	await(t, "the change", func(ctx context.Context) (bool, error) {
		all, err := x.c.Changes(ctx, 1)
		return len(all) == 1 && all[0].Repo == x.Repo && all[0].Branch == "other" && strings.HasPrefix(all[0].Revision, "6fd42d3"), err
	})
}

func (x *suite) sign(body string) string {
	m := hmac.New(sha1.New, []byte(x.Hook.Reveal()))
	_, _ = m.Write([]byte(body))
	return "sha1=" + hex.EncodeToString(m.Sum(nil))
}

// twoLogins is a master whose only login is a page of GitHub's.
func (x *suite) twoLogins(t *testing.T) {
	_, err := x.c.Login(t.Context(), x.Admin, x.Password)
	p, ok := errors.AsType[state.Problem](err)
	if allowed := x.c.Controllable(t.Context()); !errors.Is(allowed, p) {
		t.Errorf("controllable: %v", allowed)
	}
	if !ok || !strings.Contains(p.Why, "GitHub") || !strings.Contains(p.Why, "browser") || p.Fix == "" || strings.Contains(err.Error(), x.Password.Reveal()) {
		t.Errorf("sign in: %v", err)
	}
	_, err = x.c.Force(t.Context(), buildbot.Session{}, x.scheduler, "")
	kind(t, "force", err, state.ErrDenied, "you need to have role 'admins'")
	if b := need(x.c.Builders(t.Context()))(t); len(b) == 0 {
		t.Error("there are no builders to read")
	}
	watching(t, x.c.Watch, buildbot.Watch{Paths: []string{"builds/*/*"}}).stop()
}
