package setup

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// webhookSecret is what GitHub signs its events with.
const webhookSecret = shape.WebhookSecretName

// repoHookPath is where buildbot-nix's own hooks arrive
// (buildbot-nix github_projects.py: webhookBaseUrl + "change_hook/github").
const repoHookPath = "/change_hook/github"

// checkWebhook is line 12: every push arrives once. Evidence is a delivery
// that GitHub recorded as answered 2xx; it keeps them for three days, and of
// the last one the status for longer.
type checkWebhook struct {
	Deps

	pings sync.Map // in this run: repository -> the newest delivery before
}

func (s *checkWebhook) Info() steps.Info {
	return steps.Info{
		ID: "check-webhook", Title: "Webhook", Phase: steps.PhaseAfter, Lines: []int{12}, Limit: 2 * time.Minute,
		Does: "have GitHub ping the hook of " + strings.Join(s.Config.GitHub.Repos, ", "), Until: "not deployed",
		Needs: []state.Ref{state.FactDeployment.Ref(), state.FactApp.Ref(), state.FactRepos.Ref()},
	}
}

// hooked is a repository with the hooks that bring its pushes here.
type hooked struct {
	repo       string
	hooks      []state.Hook
	app        bool // the App's own hook does, too
	deliveries []state.Delivery
}

func (h hooked) paths() int {
	n := len(h.hooks)
	if h.app {
		n++
	}
	return n
}

func (s *checkWebhook) look(ctx context.Context, in state.Facts) ([]hooked, error) {
	app, err := state.Get(in, state.FactApp)
	if err != nil {
		return nil, err
	}
	repos, err := state.Get(in, state.FactRepos)
	if err != nil {
		return nil, err
	}
	auth, _, err := s.auth(ctx)
	if err != nil {
		return nil, err
	}
	viaApp := appHookPath(s.Config, app) != ""
	return each(ctx, repos, func(ctx context.Context, r state.Repo) (h hooked, err error) {
		h.repo, h.app = r.Name, viaApp
		all, err := s.Hooks.RepoHooks(ctx, r.Name)
		if err != nil {
			return h, err
		}
		for _, hook := range all {
			if u, err := url.Parse(hook.URL); err == nil && hook.Active && u.Host == s.Config.CI.Domain && slices.Contains(hook.Events, "push") {
				h.hooks = append(h.hooks, hook)
			}
		}
		switch {
		case h.paths() != 1:
		case h.app:
			h.deliveries, err = s.Hooks.AppDeliveries(ctx, auth)
		default:
			h.deliveries, err = s.Hooks.HookDeliveries(ctx, r.Name, h.hooks[0].ID)
		}
		return h, err
	})
}

func (s *checkWebhook) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	all, err := s.look(ctx, in)
	if err != nil {
		return steps.Finding{}, err
	}
	app, err := state.Get(in, state.FactApp)
	if err != nil {
		return steps.Finding{}, err
	}
	f := ready("every push arrives once; a delivery was answered 2xx", state.Facts{})
	for _, h := range all {
		page := s.Web + "/" + h.repo + "/settings/hooks"
		if h.app {
			page = state.AppURL(s.Web, app.Owner, app.Slug)
		}
		switch {
		case h.paths() == 0:
			return steps.Finding{Status: steps.Waiting, Text: "no hook on " + h.repo + " yet", Hint: "buildbot-nix makes it when it loads its projects", Again: 5 * time.Second}, nil
		case h.paths() > 1:
			return blocked(state.Problem{
				ID: "F8", What: "every push of " + h.repo + " arrives " + fmt.Sprint(h.paths()) + " times", Why: "more than one active hook leads to " + s.Config.CI.Domain,
				Fix: "switch the App's own hook off on the page (Webhook, Active), or delete the hooks that are too many", URL: state.AppURL(s.Web, app.Owner, app.Slug),
			}), nil
		case slices.ContainsFunc(h.deliveries, answered):
			if newest := h.deliveries[0]; newest.Status != 0 && !answered(newest) {
				f.Problems = append(f.Problems, refusedDelivery(h, page))
			}
		case h.lastArrived():
		case !h.app && !s.pinged(h):
			f.Status, f.Text = steps.Missing, "no delivery was answered 2xx yet"
			f.Changes = append(f.Changes, steps.Change{Verb: "ping", What: "the hook of " + h.repo})
		case s.refused(h):
			return blocked(refusedDelivery(h, page)), nil
		case f.Status == steps.Ready:
			f = steps.Finding{Status: steps.Waiting, Text: "no delivery yet on " + h.repo, Hint: "push to it, or redeliver one on the page", Again: 2 * time.Second}
		}
	}
	return f, nil
}

// http400 is how buildbot refuses an event whose signature is not right.
const http400 = 400

// answered says whether a delivery arrived (2xx).
func answered(d state.Delivery) bool { return d.Status >= 200 && d.Status < 300 }

// lastArrived says whether GitHub keeps no delivery any more, and notes that
// the last one arrived.
func (h hooked) lastArrived() bool {
	return len(h.deliveries) == 0 && len(h.hooks) == 1 && answered(state.Delivery{Status: h.hooks[0].Last})
}

func refusedDelivery(h hooked, page string) state.Problem {
	if h.deliveries[0].Status == http400 {
		return state.Problem{
			ID: "F6", What: "buildbot refused the last delivery of " + h.repo, Why: "the hook signs with another secret than the one on the host",
			Fix: "delete the hook on the page: buildbot-nix makes it anew, with today's secret, when it loads its projects", URL: page,
		}
	}
	return state.Problem{
		ID: "F1", What: fmt.Sprintf("the last delivery of %s was answered %d", h.repo, h.deliveries[0].Status), Why: "nothing, or the login page, answers where the hook points",
		Fix: "look at the hook's deliveries on the page", URL: page,
	}
}

// pinged says whether this run asked for a ping of the repository's hook.
func (s *checkWebhook) pinged(h hooked) bool {
	_, ok := s.pings.Load(h.repo)
	return ok
}

// refused says whether the newest delivery was not answered 2xx: for an App's
// own hook any, for a repository's one that is newer than our ping.
func (s *checkWebhook) refused(h hooked) bool {
	before, _ := s.pings.Load(h.repo)
	return len(h.deliveries) > 0 && h.deliveries[0].Status != 0 && any(h.deliveries[0].ID) != before
}

// newest is the id of the newest delivery; 0: none.
func (h hooked) newest() int64 {
	if len(h.deliveries) == 0 {
		return 0
	}
	return h.deliveries[0].ID
}

// Apply has GitHub send a ping, which leaves a delivery.
func (s *checkWebhook) Apply(ctx context.Context, in state.Facts, _ steps.Finding, _ steps.Out) error {
	all, err := s.look(ctx, in)
	if err != nil {
		return err
	}
	for _, h := range all {
		if len(h.hooks) == 0 || slices.ContainsFunc(h.deliveries, answered) || h.lastArrived() {
			continue
		}
		s.pings.Store(h.repo, h.newest())
		if err := s.Hooks.Ping(ctx, h.repo, h.hooks[0].ID); err != nil {
			return err
		}
	}
	return nil
}

// Probe posts to the public URL: what is unsigned or wrongly signed must be
// refused by buildbot itself (400), what is signed be taken.
func (s *checkWebhook) Probe(ctx context.Context, in state.Facts, out steps.Out) error {
	right, err := s.secret(ctx, webhookSecret)
	if err != nil {
		return err
	}
	wrong := state.NewSecret("not the secret")
	app, err := state.Get(in, state.FactApp)
	if err != nil {
		return err
	}
	path := repoHookPath
	if p := appHookPath(s.Config, app); p != "" {
		path = p
	}
	for _, try := range []struct {
		what string
		sign *state.Secret
		want int
	}{{"an unsigned event", nil, http400}, {"a wrongly signed event", &wrong, http400}, {"a signed ping", &right, 200}} {
		page, err := s.Edge.Hook(ctx, path, try.sign)
		if err != nil {
			return err
		}
		if page.Status == http400 && page.Status != try.want {
			return state.Problem{
				ID: "F6", What: "buildbot refuses an event that is signed with the sealed secret", Why: cmp.Or(state.CleanText(page.Body, 100), "it knows another one"),
				Fix: "deploy, so that the host has the sealed " + string(webhookSecret),
			}
		}
		if page.Status != try.want {
			return state.Problem{
				ID: "F1", What: fmt.Sprintf("%s at %s is answered %d, not %d", try.what, path, page.Status, try.want), Why: cmp.Or(state.CleanText(page.Body, 100), "something else answers there"),
				Fix: "see that nginx hands " + path + " to buildbot without login",
			}
		}
	}
	out.Logf("unsigned and wrongly signed refused, signed taken")
	return nil
}
