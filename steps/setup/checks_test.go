package setup

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

const lexe = "phlip9/lexe"

func TestWebhookFinds(t *testing.T) {
	hook := func(change func(*state.Hook)) func(*lab) { return func(l *lab) { change(&l.hub.hooks[lexe][0]) } }
	sent := func(status ...int) func(*lab) {
		return func(l *lab) {
			var all []state.Delivery
			for i, s := range status {
				all = append(all, state.Delivery{ID: int64(100 - i), Event: "push", Status: s})
			}
			l.hub.deliveries[l.hub.hooks[lexe][0].ID] = all
		}
	}
	viaApp := func(l *lab) {
		a := *l.hub.ci()
		a.HookURL, a.Events = "https://ci.phlip9.com/webhooks/x", []string{"push"}
		l.known = state.With(l.known, state.FactApp, a)
	}
	only := func(l *lab) { viaApp(l); clear(l.hub.hooks) }
	sights(t, "check-webhook", deployed, []sight{
		{"arrives", func(*lab) {}, steps.Ready, "", "every push arrives once"},
		{"no hook", func(l *lab) { delete(l.hub.hooks, lexe) }, steps.Waiting, "", "no hook on phlip9/lexe yet"},
		{"a hook elsewhere", hook(func(h *state.Hook) { h.URL = "https://other.org/change_hook/github" }), steps.Waiting, "", "no hook on"},
		{"a hook switched off", hook(func(h *state.Hook) { h.Active = false }), steps.Waiting, "", "no hook on"},
		{"a hook without pushes", hook(func(h *state.Hook) { h.Events = []string{"star"} }), steps.Waiting, "", "no hook on"},
		{"two hooks", func(l *lab) { l.hub.hooks[lexe] = append(l.hub.hooks[lexe], l.hub.hooks[lexe][0]) }, steps.Blocked, "F8", "every push of phlip9/lexe arrives 2 times"},
		{"its hook and the App's", viaApp, steps.Blocked, "F8", "switch the App's own hook off"},
		{"the App's alone", func(l *lab) { only(l); l.hub.appSent = []state.Delivery{{ID: 1, Status: 200}} }, steps.Ready, "", ""},
		{"the App's alone, refused", func(l *lab) { only(l); l.hub.appSent = []state.Delivery{{ID: 1, Status: 502}} }, steps.Blocked, "F1", "was answered 502"},
		{"the App's alone, nothing yet", only, steps.Waiting, "", "push to it, or redeliver one"},
		{"nothing sent yet", sent(), steps.Missing, "", "ping the hook of phlip9/lexe"},
		{"on its way", sent(0), steps.Missing, "", "ping"},
		{"refused, not asked again", sent(404), steps.Missing, "", "ping"},
		{"refused now, arrived before", sent(502, 200), steps.Ready, "F1", "the last delivery of phlip9/lexe was answered 502"},
		{"arrived, and GitHub keeps it no more", func(l *lab) { sent()(l); hook(func(h *state.Hook) { h.Last = 200 })(l) }, steps.Ready, "", ""},
		{"refused, and GitHub keeps it no more", func(l *lab) { sent()(l); hook(func(h *state.Hook) { h.Last = 502 })(l) }, steps.Missing, "", "ping"},
		{"signed with an old secret", sent(400, 200), steps.Ready, "F6", "buildbot refused the last delivery of phlip9/lexe"},
		{"arrived now", sent(204, 404), steps.Ready, "", ""},
	})
	for name, tt := range map[string]struct {
		answered int
		status   steps.Status
		says     string
	}{"a ping that arrives": {200, steps.Ready, ""}, "a ping that does not": {404, steps.Blocked, "F1"}, "a ping on its way": {0, steps.Waiting, ""}} {
		t.Run(name, func(t *testing.T) {
			l := done(t)
			sent(404)(l)
			l.hub.answered = tt.answered
			if r := l.setup(t, "check-webhook"); status(r, "check-webhook") != tt.status || !strings.Contains(said(r), tt.says) || strings.Count(strings.Join(l.wrote, " "), "Ping") != 1 {
				t.Errorf("wrote %v\n%s", l.wrote, said(r))
			}
		})
	}
}

func TestWebhookProbe(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(l *lab)
		says string
	}{
		"as it should":         {func(*lab) {}, ""},
		"the login page":       {func(l *lab) { l.edge.hooked[repoHookPath] = 302 }, "an unsigned event at /change_hook/github is answered 302, not 400"},
		"whoever signs or not": {func(l *lab) { l.edge.hooked[repoHookPath] = 200 }, "an unsigned event"},
		"another secret":       {func(l *lab) { l.edge.secret = state.NewSecret("older") }, "buildbot refuses an event that is signed with the sealed secret"},
		"the App's own path": {func(l *lab) {
			a := *l.hub.ci()
			a.HookURL, a.Events = "https://ci.phlip9.com/webhooks/x", []string{"push"}
			l.known = state.With(l.known, state.FactApp, a)
			l.edge.hooked["/webhooks/x"] = 404
		}, "at /webhooks/x is answered 404"},
	} {
		t.Run(name, func(t *testing.T) {
			l := done(t)
			tt.set(l)
			err := (&checkWebhook{Deps: l.deps()}).Probe(t.Context(), l.known, &ear{})
			p := state.AsProblem(orNil(err))
			if (err == nil) != (tt.says == "") || !strings.Contains(p.What, tt.says) {
				t.Errorf("%v", err)
			}
			if err != nil {
				complete(t, "check-webhook", p)
				l.hidesSecrets(t, "probe", p)
			}
		})
	}
}

func TestLoginCheckFinds(t *testing.T) {
	page := func(path string, change func(*state.Page)) func(*lab) {
		return func(l *lab) {
			p := l.edge.pages[path]
			change(&p)
			l.edge.pages[path] = p
		}
	}
	answers := func(path string, status int) func(*lab) { return page(path, func(p *state.Page) { p.Status = status }) }
	const start = "/oauth2/start?rd=%2F"
	asks := func(key, value string) func(*lab) {
		return page(start, func(p *state.Page) {
			u, _ := url.Parse(p.Location)
			q := u.Query()
			q.Set(key, value)
			u.RawQuery = q.Encode()
			p.Location = u.String()
		})
	}
	cookie := func(c string) func(*lab) { return page(start, func(p *state.Page) { p.Cookies = []string{c} }) }
	sights(t, "check-login", deployed, []sight{
		{"closed", func(*lab) {}, steps.Ready, "", "sign in leads to phlip9-ci-oauth2-proxy"},
		{"front page open", answers("/", 200), steps.Blocked, "F20", "a stranger at / gets 200"},
		{"API open", answers("/api/v2/builds", 200), steps.Blocked, "F20", "a stranger at /api/v2/builds gets 200"},
		{"WebSocket open", answers("/ws", 101), steps.Blocked, "F20", "a stranger at /ws gets 101"},
		{"event stream open", answers("/sse/listen/builds/*/*", 200), steps.Blocked, "F20", "/sse/"},
		{"outputs open", answers("/nix-outputs/", 200), steps.Blocked, "F49", "/nix-outputs/ gets 200"},
		{"no outputs", answers("/nix-outputs/", 404), steps.Ready, "", ""},
		{"no proxy", answers("/ping", 404), steps.Blocked, "F20", "/ping gets 404"},
		{"the hook behind the login", answers(repoHookPath, 302), steps.Blocked, "F1", "a stranger at /change_hook/github gets 302"},
		{"nothing behind nginx", answers("/ws", 502), steps.Blocked, "F20", "systemctl status oauth2-proxy buildbot-master"},
		{"no redirect", answers(start, 500), steps.Blocked, "F15", "nginx finds nothing"},
		{"another App", asks("client_id", "Ov23liother"), steps.Blocked, "F15", "the host uses Ov23liother, not Iv23li"},
		{"another way back", asks("redirect_uri", "https://evil.example/oauth2/callback"), steps.Blocked, "F15", "leads back to https://evil.example"},
		{"too much asked", asks("scope", "user:email repo"), steps.Blocked, "F17", "sign in asks for user:email repo"},
		{"nothing asked", asks("scope", ""), steps.Ready, "", ""},
		{"an address that is none", page(start, func(p *state.Page) { p.Location = "http://%zz" }), steps.Blocked, "F15", "leads to no address"},
		{"a cookie for scripts", cookie("_oauth2_proxy_csrf=x; Path=/; Secure"), steps.Blocked, "F20", "lacks Secure or HttpOnly"},
		{"a cookie for plain HTTP", cookie("_oauth2_proxy_csrf=x; Path=/; HttpOnly"), steps.Blocked, "F20", "lacks Secure"},
		{"a cookie that is only called secure", cookie("__Secure-csrf=x; Path=/; HttpOnly"), steps.Blocked, "F20", "lacks Secure"},
		{"the password handed out", page("/api/v2/builds", func(p *state.Page) { p.Leaks = true }), steps.Blocked, "F50", "hands the internal password to browsers"},
		{"all wrong", func(l *lab) { answers("/", 200)(l); asks("scope", "repo")(l); cookie("a=b")(l) }, steps.Blocked, "F20 F17 F20", ""},
		{"not there yet", func(l *lab) { l.fail["Get"], l.fail["Upgrade"] = call(state.ErrOffline), call(state.ErrOffline) }, steps.Waiting, "", "ci.phlip9.com does not answer yet"},
		{"one door is silent", func(l *lab) { l.fail["Upgrade"] = call(state.ErrOffline) }, steps.Waiting, "", "/ws gives no answer, the rest of ci.phlip9.com does"},
	})
	sights(t, "check-login", deployedWithTwoLogins, []sight{
		{"two logins", func(*lab) {}, steps.Ready, "", ""},
		{"two logins, a sign-in page of its own", answers("/", 403), steps.Blocked, "F20", "should be one of [302]"},
	})
}

func TestCacheCheckFinds(t *testing.T) {
	info := func(change func(*state.Narinfo)) func(*lab) {
		return func(l *lab) {
			n := l.edge.narinfos[outPath]
			change(&n)
			l.edge.narinfos[outPath] = n
		}
	}
	late := func(l *lab) { _ = l.clock.Sleep(t.Context(), 2*time.Minute) }
	none := func(l *lab) { clear(l.edge.narinfos) }
	sights(t, "check-cache", deployed, []sight{
		{"read back", func(*lab) {}, steps.Ready, "", "hello-2.12.1 read back, signed by cache.phlip9.com-1"},
		{"nothing built", func(l *lab) { l.edge.builds = nil }, steps.Waiting, "", "nothing built yet\npush to phlip9/dotfiles"},
		{"only failures", func(l *lab) { l.edge.builds[0].Result = 2 }, steps.Waiting, "", "nothing built yet"},
		{"a failure, then warnings", func(l *lab) {
			l.edge.builds[0].Result = 1
			l.edge.builds = append([]state.Build{{ID: 5, Result: 2, OutPath: "/nix/store/x-other"}}, l.edge.builds...)
		}, steps.Ready, "", "hello-2.12.1"},
		{"being uploaded", none, steps.Waiting, "", "hello-2.12.1 is being uploaded"},
		{"never uploaded", func(l *lab) { none(l); late(l) }, steps.Blocked, "F32", "of build 4, and at ssh omnara1 journalctl -u niks3"},
		{"no nix-cache-info", func(l *lab) { l.edge.info = false }, steps.Blocked, "F26", "https://cache.phlip9.com/nix-cache-info is missing"},
		{"signed by another key", func(l *lab) { l.edge.public = "other:AAAA" }, steps.Blocked, "F26", "is not signed by the published key"},
		{"not signed", func(l *lab) { info(func(n *state.Narinfo) { n.SignedBy = nil })(l); l.edge.public = "" }, steps.Blocked, "F26", "signatures of []"},
		{"archive gone", func(l *lab) { l.edge.nar = false }, steps.Blocked, "F32", "the archive of 2k9kb4ylmrqd1b9g5fqhvjhqyc0xy5ds-hello-2.12.1 is missing"},
		{"domain not served", func(l *lab) {
			d, _ := state.Find(l.known, state.FactDomain)
			d.SSL = "pending"
			l.known = state.With(l.known, state.FactDomain, d)
		}, steps.Waiting, "", "cache.phlip9.com is not served yet"},
	})
	for _, method := range []string{"Info", "Finished", "Narinfo", "NAR"} {
		l := done(t)
		l.fail[method] = call(state.ErrService)
		if f, err := l.look(t, "check-cache"); err == nil {
			t.Errorf("%s: found %s", method, everything(f))
		}
	}
}

func TestGCCheckFinds(t *testing.T) {
	sights(t, "check-gc", deployed, []sight{
		{"will run", func(*lab) {}, steps.Ready, "", "niks3-gc.timer active, next 2026-"},
		{"never ran, will run", func(l *lab) { l.edge.gc.State = "" }, steps.Ready, "", ""},
		{"running", func(l *lab) {
			l.host.timer.Unit.Sub, l.host.timer.Next, l.edge.gc.State = "running", time.Time{}, "running"
		}, steps.Ready, "", "collecting now"},
		{"no timer", func(l *lab) { l.host.timer = state.Timer{Unit: state.Unit{Active: "inactive"}} }, steps.Blocked, "F28", "niks3-gc.timer is inactive, with no next run"},
		{"no next run", func(l *lab) { l.host.timer.Next = time.Time{} }, steps.Blocked, "F28", "with no next run"},
		{"failed", func(l *lab) { l.edge.gc = state.GCStatus{State: "failed", Error: "no\x1b[31m space"} }, steps.Blocked, "F28", "the last collection failed: no[31m space"},
		{"failed, and no word why", func(l *lab) { l.edge.gc = state.GCStatus{State: "failed"} }, steps.Blocked, "F28", "the last collection failed"},
		{"niks3 silent", func(l *lab) { l.fail["GC"] = call(state.ErrOffline) }, steps.Ready, "", "not checked how the last collection ended"},
		{"niks3 broken", func(l *lab) { l.fail["GC"] = call(state.ErrService) }, steps.Ready, "", "not checked"},
	})
	l := done(t)
	l.fail["GC"] = call(state.ErrUnauthorized)
	if f, err := l.look(t, "check-gc"); err == nil {
		t.Errorf("found %s", everything(f))
	}
}

func TestNothingIsCheckedThatIsNotDeployed(t *testing.T) {
	l := newLab(t)
	l.conf.Deploy.Command = nil
	r := l.setup(t)
	for _, id := range []string{"check-webhook", "check-login", "check-cache", "check-gc"} {
		if row, _ := r.Row(id); row.Status() != steps.Waiting || row.Finding.Hint != "not deployed" {
			t.Errorf("%s: %+v", id, row.Finding)
		}
	}
	if o := r.Outcome(); o.Status != steps.Ready || o.Later != 5 {
		t.Errorf("%+v\n%s", o, said(r))
	}
}
