package setup

import (
	"context"
	"fmt"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// loginRole is one of the two doors that people come through.
type loginRole struct {
	step, title string
	line        int
	name        string // in nixwright-identities
	path        string // of the callback
	clientID    string // the answer's key
	secret      string // the answer's key
	fact        state.Key[state.LoginApp]
}

// The two doors: buildbot's own login, and oauth2-proxy's before it. Their
// callbacks are fixed by the programs (buildbot www/oauth2.py, oauth2-proxy
// docs/features/endpoints.md).
var (
	buildbotLogin = loginRole{
		step: "login-buildbot", title: "Login of buildbot", line: 7, name: "buildbot", path: "/auth/login",
		clientID: "adopt.buildbot_login_client_id", secret: "github.buildbot_login_client_secret", fact: state.FactBuildbot,
	}
	proxyLogin = loginRole{
		step: "login-proxy", title: "Login of the proxy", line: 8, name: "proxy", path: "/oauth2/callback",
		clientID: "adopt.proxy_login_client_id", secret: "github.proxy_login_client_secret", fact: state.FactProxy,
	}
)

// login is lines 7 and 8: the App that people sign in through. A GitHub App is
// made by manifest; an OAuth App has no API and is made by a form.
type login struct {
	Deps

	role loginRole
}

func (s login) Info() steps.Info {
	info := steps.Info{
		ID: s.role.step, Title: s.role.title, Phase: steps.PhaseBefore, Lines: []int{s.role.line},
		Does:  "create the login App " + s.app(),
		Needs: []state.Ref{state.FactOwner.Ref()},
		After: []state.Ref{state.FactRecipients.Ref()},
		Gives: append([]state.Ref{s.role.fact.Ref()}, s.gives()...),
		Cost:  state.Cost{Pages: 1, Clicks: 1},
	}
	if s.unneeded() {
		info.Needs, info.After, info.Cost = nil, nil, state.Cost{}
	}
	return info
}

// unneeded says whether the access mode has no such door.
func (s login) unneeded() bool {
	return s.role.name == "buildbot" && s.Config.CI.Access == state.FullyPrivate
}

func (s login) gives() []state.Ref {
	var out []state.Ref
	for _, n := range shape.LoginSecrets(s.Config.CI.Access, s.role.name) {
		out = append(out, state.Ref(n))
	}
	return out
}

func (s login) app() string {
	if s.role.name == "proxy" {
		return s.Config.GitHub.ProxyLoginApp
	}
	return s.Config.GitHub.BuildbotLoginApp
}

func (s login) callback() string { return "https://" + s.Config.CI.Domain + s.role.path }

// known is the door's client id and sealed client secret, either may be empty.
func (s login) known(ctx context.Context) (id shape.LoginIdentity, noted bool, secret state.Secret, err error) {
	ids, err := s.identities(ctx)
	if err != nil {
		return id, false, secret, err
	}
	id, noted = ids.Logins[s.role.name]
	if !noted {
		id = shape.LoginIdentity{Name: s.app(), Kind: state.ViaOAuthApp}
		id.ClientID, _ = s.Config.Value(s.role.clientID)
	}
	for _, name := range shape.LoginSecrets(s.Config.CI.Access, s.role.name) {
		if secret, err = s.secret(ctx, name); err != nil {
			return id, noted, secret, err
		}
		secret = shape.ClientSecret(name, secret)
	}
	return id, noted, secret, nil
}

func (s login) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	if s.unneeded() {
		return steps.Finding{Status: steps.NotNeeded, Text: "fully-private has one login"}, nil
	}
	owner, err := state.Get(in, state.FactOwner)
	if err != nil {
		return steps.Finding{}, err
	}
	id, noted, secret, err := s.known(ctx)
	switch {
	case err != nil:
		return steps.Finding{}, err
	case id.ClientID != "" && !secret.Empty():
		return s.look(ctx, id, noted, secret)
	case !secret.Empty():
		return blocked(state.Problem{Key: s.role.clientID, What: "the client secret of " + s.app() + " is sealed, its client id is not known", Why: "no API gives the id back", Fix: "--set " + s.role.clientID + "=ID, or in nixwright.toml"}), nil
	case id.ClientID != "":
		return s.missing(secretCost, "ask for", "the client secret of "+id.Name), nil
	case s.Config.GitHub.Login == state.ViaGitHubApp:
		f, err := s.page(owner).taken(ctx)
		if err != nil || f != nil {
			return orZero(f), err
		}
		return s.missing(state.Cost{Pages: 1, Clicks: 1}, "create", "login App "+s.app()+", public, reads mail addresses, its hook off"), nil
	}
	return s.missing(state.Cost{Pages: 1, Clicks: 2, Pastes: 2}, "register", "OAuth App "+s.app()+", by a form that is filled in"), nil
}

// look asks GitHub whether the id and the secret belong together.
func (s login) look(ctx context.Context, id shape.LoginIdentity, noted bool, secret state.Secret) (steps.Finding, error) {
	var verdict state.LoginVerdict
	var lacks []state.Problem
	err := together(ctx,
		func(ctx context.Context) (err error) {
			verdict, err = s.Logins.CheckLogin(ctx, id.ClientID, secret, s.callback())
			return err
		},
		func(ctx context.Context) (err error) {
			lacks, err = s.lacks(ctx, id)
			return err
		},
	)
	if err != nil {
		return steps.Finding{}, err
	}
	switch verdict {
	case state.LoginCallback:
		return blocked(state.Problem{
			ID: "F15", What: id.Name + " does not lead back to " + s.callback(), Why: "GitHub refuses any other callback, so nobody could sign in",
			Fix: "set the callback URL on the App's page", URL: s.Web + "/settings/developers",
		}), nil
	case state.LoginWrong:
		return s.wrong(ctx, secret)
	case state.LoginRight:
	}
	f := ready(id.Name+", "+id.ClientID, state.One(s.role.fact, state.LoginApp{Name: id.Name, Kind: id.Kind, ClientID: id.ClientID, Slug: id.Slug}))
	if !noted {
		f.Changes = steps.Changes("seal", fmt.Sprintf("%s: client id of %s", shape.IdentitiesName, id.Name))
	}
	f.Problems = lacks
	return f, nil
}

// emails is the other name of the permission to read mail addresses: GitHub's
// schema says email_addresses, its answers about Apps say emails.
const emails = "emails"

// lacks is what a GitHub App of ours may not and a login needs. An App that
// GitHub does not show is taken as it is.
func (s login) lacks(ctx context.Context, id shape.LoginIdentity) ([]state.Problem, error) {
	if id.Kind != state.ViaGitHubApp || id.Slug == "" {
		return nil, nil
	}
	app, found, err := s.Apps.AppBySlug(ctx, id.Slug)
	if err != nil || !found {
		return nil, unlessDenied(err)
	}
	for _, p := range state.PermissionsFor(state.ForLoginApp) {
		if app.Permissions[p.Key] == "" && app.Permissions[emails] == "" {
			return []state.Problem{{
				ID: "F17", What: app.Slug + " may not read " + p.Name, Why: "oauth2-proxy asks GitHub for the address of who signs in, and turns away who has none",
				Fix: "set " + p.Name + " to read-only on the page, under Account permissions, and press \"Save changes\"", URL: state.AppPermissionsURL(s.Web, app.Owner, app.Slug),
			}}, nil
		}
	}
	return nil, nil
}

// wrong tells swapped secrets from a wrong one.
func (s login) wrong(ctx context.Context, secret state.Secret) (steps.Finding, error) {
	other := login{s.Deps, proxyLogin}
	if s.role.name == "proxy" {
		other.role = buildbotLogin
	}
	if id, _, _, err := other.known(ctx); err == nil && id.ClientID != "" {
		verdict, err := s.Logins.CheckLogin(ctx, id.ClientID, secret, other.callback())
		if err != nil {
			return steps.Finding{}, err
		}
		if verdict != state.LoginWrong {
			return blocked(state.Problem{ID: "F16", What: "the secrets of the two login Apps are swapped", Why: id.Name + " accepts the secret of " + s.app(), Fix: "swap them in " + s.Config.Paths.Secrets + " with sops"}), nil
		}
	}
	return blocked(state.Problem{
		What: "GitHub does not accept the sealed client secret of " + s.app(), Why: "it was replaced on the page, or belongs to another App",
		Fix: "make a new one on the App's page and seal it with sops set " + s.Config.Paths.Secrets, URL: s.Web + "/settings/developers",
	}), nil
}
