package setup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// checkLogin is line 13: strangers see nothing, and are sent to the right App.
type checkLogin struct{ Deps }

func (s checkLogin) Info() steps.Info {
	return steps.Info{
		ID: "check-login", Title: "Login", Phase: steps.PhaseAfter, Lines: []int{13}, Limit: 2 * time.Minute,
		Does: "look at https://" + s.Config.CI.Domain + " as a stranger", Until: "not deployed",
		Needs: []state.Ref{state.FactDeployment.Ref(), state.FactProxy.Ref()},
	}
}

// door is a path that a stranger tries, and the answers that keep them out.
type door struct {
	path   string
	socket bool // as a WebSocket
	want   []int
	id     string // the failure, where another answer comes
}

// doors are the recorded answers of oauth2-proxy before buildbot.
func doors(access string) []door {
	refused := []int{302, 401, 403}
	first := door{path: "/", want: []int{403}, id: "F20"} // its own sign-in page
	if access == state.TwoLogins {
		first.want = []int{302}
	}
	return []door{
		first,
		{path: "/api/v2/builds", want: refused, id: "F20"},
		{path: "/ws", socket: true, want: refused, id: "F20"},
		{path: "/sse/listen/builds/*/*", want: refused, id: "F20"},
		{path: "/nix-outputs/", want: append(refused, 404), id: "F49"},
		{path: "/ping", want: []int{200}, id: "F20"},
		{path: repoHookPath, want: []int{400, 405}, id: "F1"}, // buildbot's own: no signature
		{path: "/oauth2/start?rd=%2F", want: []int{302}, id: "F15"},
	}
}

type opened struct {
	door

	page   state.Page
	silent error // no answer came
}

// silent is what is found where doors do not answer: all of them, or some.
func (s checkLogin) silent(all []opened) (steps.Finding, bool) {
	var names []string
	var why error
	for _, o := range all {
		if o.silent != nil {
			names, why = append(names, o.path), o.silent
		}
	}
	switch {
	case why == nil:
		return steps.Finding{}, false
	case len(names) == len(all):
		return steps.Finding{Status: steps.Waiting, Text: s.Config.CI.Domain + " does not answer yet", Hint: "the certificate or the address may be new: " + why.Error(), Again: 5 * time.Second}, true
	}
	return steps.Finding{Status: steps.Waiting, Text: strings.Join(names, ", ") + " gives no answer, the rest of " + s.Config.CI.Domain + " does", Hint: "see what is behind it on the host: " + why.Error(), Again: 5 * time.Second}, true
}

func (s checkLogin) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	proxy, err := state.Get(in, state.FactProxy)
	if err != nil {
		return steps.Finding{}, err
	}
	all, err := each(ctx, doors(s.Config.CI.Access), func(ctx context.Context, d door) (opened, error) {
		get := s.Edge.Get
		if d.socket {
			get = s.Edge.Upgrade
		}
		page, err := get(ctx, d.path)
		if errors.Is(err, state.ErrOffline) {
			return opened{door: d, silent: err}, nil
		}
		return opened{door: d, page: page}, err
	})
	if err != nil {
		return steps.Finding{}, err
	}
	if f, found := s.silent(all); found {
		return f, nil
	}
	var wrong []state.Problem
	for _, o := range all {
		if !slices.Contains(o.want, o.page.Status) {
			wrong = append(wrong, s.open(o))
		}
		if o.page.Leaks {
			wrong = append(wrong, state.Problem{ID: "F50", What: o.path + " hands the internal password to browsers", Why: "its answer carries an Authorization header", Fix: "nixwright render, then deploy"})
		}
	}
	start := all[len(all)-1].page
	if start.Status == 302 {
		wrong = append(wrong, s.redirect(start, proxy)...)
	}
	if len(wrong) > 0 {
		return blocked(wrong...), nil
	}
	return ready("strangers see nothing of /, /api, /ws, /sse; sign in leads to "+proxy.Name, state.Facts{}), nil
}

func (s checkLogin) open(o opened) state.Problem {
	p := state.Problem{ID: o.id, What: fmt.Sprintf("a stranger at %s gets %d", o.path, o.page.Status), Why: fmt.Sprintf("it should be one of %v", o.want), Fix: "nixwright render, then deploy; see that no other virtual host serves " + s.Config.CI.Domain}
	if o.page.Status >= 500 {
		p.Why, p.Fix = "nginx finds nothing behind it", "ssh "+s.Config.Host.SSH+" systemctl status oauth2-proxy buildbot-master"
	}
	return p
}

// redirect looks at what GitHub is asked for on sign-in: our App, our
// callback, no more than is needed, with a cookie that scripts cannot read.
func (s checkLogin) redirect(page state.Page, proxy state.LoginApp) []state.Problem {
	u, err := url.Parse(page.Location)
	if err != nil {
		return []state.Problem{{ID: "F15", What: "sign in leads to no address", Why: err.Error(), Fix: "nixwright render, then deploy"}}
	}
	q := u.Query()
	var out []state.Problem
	if id := q.Get("client_id"); id != proxy.ClientID {
		out = append(out, state.Problem{ID: "F15", What: "sign in asks for another App", Why: "the host uses " + state.CleanText(id, 40) + ", not " + proxy.ClientID, Fix: "nixwright render, then deploy"})
	}
	if back := q.Get("redirect_uri"); back != "https://"+s.Config.CI.Domain+proxyLogin.path {
		out = append(out, state.Problem{ID: "F15", What: "sign in leads back to " + state.CleanText(back, 80), Why: "GitHub refuses it, or sends people elsewhere", Fix: "nixwright render, then deploy"})
	}
	scope := strings.Fields(q.Get("scope"))
	if slices.ContainsFunc(scope, func(w string) bool { return !slices.Contains([]string{"user:email", "read:org", "read:user"}, w) }) {
		out = append(out, state.Problem{ID: "F17", What: "sign in asks for " + strings.Join(scope, " "), Why: "that is more than the name, the mail address and the organisations", Fix: "nixwright render, then deploy"})
	}
	for _, c := range page.Cookies {
		if !flagged(c, "secure") || !flagged(c, "httponly") {
			out = append(out, state.Problem{ID: "F20", What: "the login cookie lacks Secure or HttpOnly", Why: "scripts or plain HTTP could read it", Fix: "nixwright render, then deploy"})
		}
	}
	return out
}

// flagged says whether a Set-Cookie header carries the flag.
func flagged(cookie, flag string) bool {
	_, attributes, _ := strings.Cut(cookie, ";")
	return slices.ContainsFunc(strings.Split(attributes, ";"), func(a string) bool { return strings.EqualFold(strings.TrimSpace(a), flag) })
}

// Apply has nothing to do: the check only looks.
func (s checkLogin) Apply(context.Context, state.Facts, steps.Finding, steps.Out) error { return nil }
