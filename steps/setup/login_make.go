package setup

// How a login App comes to be: by manifest, or by a form that a person fills.

import (
	"context"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

func (s login) missing(cost state.Cost, verb, what string) steps.Finding {
	changes := steps.Changes(verb, what)
	for _, r := range s.gives() {
		changes = append(changes, steps.Change{Verb: "seal", What: string(r)})
	}
	return steps.Finding{Status: steps.Missing, Changes: changes, Cost: cost}
}

func (s login) page(owner state.Owner) manifestPage {
	return manifestPage{
		Deps: s.Deps, step: s.role.step, file: s.role.step, owner: owner, ask: "create the login App " + s.app(),
		manifest: state.LoginManifest(s.Config, owner, s.app(), s.Pages.Callback()), setting: "github." + s.role.name + "_login_app",
		asks: state.PermissionsFor(state.ForLoginApp),
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
			Why:  "OAuth Apps have no API; the form on the page is filled in",
			How:  []string{"Press \"Register application\".", "Copy the Client ID, and paste it here."},
			Then: "--set " + s.role.clientID + "=ID",
			Cost: state.Cost{Pages: 1, Clicks: 1, Pastes: 1}, Accept: shape.AcceptClientID,
		})
		if err != nil {
			return err
		}
		id.ClientID = shape.ClientIDOf(a)
	}
	b, err := out.Ask(ctx, state.Question{
		Key: s.role.secret, Kind: state.KindSecret, Ask: "client secret of the App " + id.Name, URL: page,
		Why:  "GitHub shows it once",
		How:  []string{"Press \"Generate a new client secret\".", "Copy it, and paste it here; nothing will be shown."},
		Then: strings.ToUpper("nixwright_"+strings.ReplaceAll(s.role.secret, ".", "_")) + " in the environment, or --set " + s.role.secret + "=@FILE",
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
