package setup

import (
	"context"
	"fmt"
	"strings"

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
		return blocked(state.Problem{What: "the client secret of " + s.app() + " is sealed, its client id is not known", Why: "no API gives the id back", Fix: "--set " + s.role.clientID + "=ID, or in nixwright.toml"}), nil
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

func (s login) missing(cost state.Cost, verb, what string) steps.Finding {
	changes := steps.Changes(verb, what)
	for _, r := range s.gives() {
		changes = append(changes, steps.Change{Verb: "seal", What: string(r)})
	}
	return steps.Finding{Status: steps.Missing, Changes: changes, Cost: cost}
}

// look asks GitHub whether the id and the secret belong together.
func (s login) look(ctx context.Context, id shape.LoginIdentity, noted bool, secret state.Secret) (steps.Finding, error) {
	verdict, err := s.Logins.CheckLogin(ctx, id.ClientID, secret, s.callback())
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
	return f, nil
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

func (s login) page(owner state.Owner) manifestPage {
	return manifestPage{
		Deps: s.Deps, step: s.role.step, file: s.role.step, owner: owner, ask: "create the login App " + s.app(),
		manifest: state.LoginManifest(s.Config, owner, s.app(), s.Pages.Callback()), setting: "github." + s.role.name + "_login_app",
		ways: "delete the App on its page and run this again; or choose another github." + s.role.name + "_login_app",
	}
}

func (s login) Apply(ctx context.Context, in state.Facts, f steps.Finding, out steps.Out) error {
	owner, err := state.Get(in, state.FactOwner)
	if err != nil {
		return err
	}
	if app, known := state.Find(f.Facts, s.role.fact); known { // adopted: only the note is missing
		ids, err := s.identities(ctx)
		if err != nil {
			return err
		}
		return s.keep(ctx, out, ids, shape.LoginIdentity{Name: app.Name, Kind: app.Kind, ClientID: app.ClientID, Slug: app.Slug}, state.Secret{})
	}
	id, _, _, err := s.known(ctx)
	if err != nil {
		return err
	}
	if s.Config.GitHub.Login == state.ViaGitHubApp && id.ClientID == "" {
		return s.page(owner).make(ctx, out, func(ctx context.Context, ids shape.Identities, made state.NewApp) error {
			return s.keep(ctx, out, ids, shape.LoginIdentity{Name: made.App.Name, Kind: state.ViaGitHubApp, ClientID: made.App.ClientID, Slug: made.App.Slug}, made.ClientSecret)
		})
	}
	return s.register(ctx, owner, id, out)
}

// secretCost is a page, a button on it, and what it shows.
var secretCost = state.Cost{Pages: 1, Clicks: 1, Pastes: 1}

// register has a person fill the form, where the App is not known yet, and
// checks the pair before it is sealed.
func (s login) register(ctx context.Context, owner state.Owner, id shape.LoginIdentity, out steps.Out) error {
	page, cost := s.Web+"/settings/developers", secretCost
	if id.Slug != "" {
		page = state.AppURL(s.Web, owner, id.Slug)
	}
	if id.ClientID == "" {
		page, cost = state.OAuthAppURL(s.Web, owner, s.app(), "https://"+s.Config.CI.Domain, s.callback()), state.Cost{Clicks: 1, Pastes: 1}
		a, err := out.Ask(ctx, state.Question{
			Key: s.role.clientID, Kind: state.KindText, Ask: "client id of the OAuth App " + s.app(), URL: page,
			Why: "OAuth Apps have no API; the form on the page is filled in: press \"Register application\"", Then: "--set " + s.role.clientID + "=ID",
			Cost: state.Cost{Pages: 1, Clicks: 1, Pastes: 1}, Accept: shape.AcceptClientID,
		})
		if err != nil {
			return err
		}
		id.ClientID = shape.ClientIDOf(a)
	}
	b, err := out.Ask(ctx, state.Question{
		Key: s.role.secret, Kind: state.KindSecret, Ask: "client secret of the App " + id.Name, URL: page,
		Why: "press \"Generate a new client secret\"; it is shown once", Then: strings.ToUpper("nixwright_"+strings.ReplaceAll(s.role.secret, ".", "_")) + " in the environment, or --set " + s.role.secret + "=@FILE",
		Cost: cost, Accept: shape.AcceptClientSecret,
	})
	if err != nil {
		return err
	}
	verdict, err := s.Logins.CheckLogin(ctx, id.ClientID, b.Value, s.callback())
	if err != nil {
		return err
	}
	if verdict != state.LoginRight {
		return state.Problem{What: "GitHub does not accept this client id and secret together", Why: map[state.LoginVerdict]string{
			state.LoginWrong: "one of them is another App's", state.LoginCallback: "the App leads back to another address than " + s.callback(),
		}[verdict], Fix: "look at the App's page and answer again; nothing was sealed", URL: s.Web + "/settings/developers"}
	}
	ids, err := s.identities(ctx)
	if err != nil {
		return err
	}
	return s.keep(ctx, out, ids, id, b.Value)
}

// keep seals the client id with the secret that belongs to it; in two-logins
// the proxy's secret lives in its environment file, with a cookie secret made
// in the same write.
func (s login) keep(ctx context.Context, out steps.Out, ids shape.Identities, id shape.LoginIdentity, secret state.Secret) error {
	if ids.Logins == nil {
		ids.Logins = map[string]shape.LoginIdentity{}
	}
	ids.Logins[s.role.name] = id
	note, err := ids.Seal()
	if err != nil {
		return err
	}
	all := []state.Sealed{note}
	if !secret.Empty() {
		sealed, err := shape.SealLogin(s.Config.CI.Access, s.role.name, secret, s.Rand)
		if err != nil {
			return err
		}
		all = append(all, sealed)
	}
	return out.Keep(ctx, all...)
}
