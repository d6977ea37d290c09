package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// appKey is the CI App's private key, by its name in the sops file.
const appKey = shape.AppKeyName

// githubApp is lines 4 and 5: the App as which the CI works, and its private
// key. Made by manifest: one page, one click, nothing to copy.
type githubApp struct{ Deps }

func (s githubApp) Info() steps.Info {
	return steps.Info{
		ID: "github-app", Title: "GitHub App", Phase: steps.PhaseBefore, Lines: []int{4, 5},
		Does:  "create the App " + s.Config.GitHub.AppName + " and seal its private key",
		Needs: []state.Ref{state.FactOwner.Ref()},
		After: []state.Ref{state.FactRecipients.Ref()},
		Gives: []state.Ref{state.FactApp.Ref(), state.Ref(appKey)},
		Cost:  state.Cost{Pages: 1, Clicks: 1},
	}
}

// auth is what signs as the CI App; empty where it is not sealed.
func (d Deps) auth(ctx context.Context) (state.AppAuth, bool, error) {
	ids, err := d.identities(ctx)
	if err != nil {
		return state.AppAuth{}, false, err
	}
	key, err := d.secret(ctx, appKey)
	id := d.Config.Adopt.AppID
	if ids.App != nil {
		id = ids.App.ID
	}
	return state.AppAuth{ID: id, Key: key}, ids.App != nil, err
}

func (s githubApp) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	owner, err := state.Get(in, state.FactOwner)
	if err != nil {
		return steps.Finding{}, err
	}
	auth, noted, err := s.auth(ctx)
	switch {
	case err != nil:
		return steps.Finding{}, err
	case auth.ID != 0 && !auth.Key.Empty():
		return s.look(ctx, owner, auth, noted)
	case auth.ID != 0 && s.Config.Adopt.AppKeyFile != "":
		return s.inFile(), nil
	case auth.ID != 0:
		return blocked(state.Problem{
			Key: appKeyFileKey, What: fmt.Sprintf("the private key of App %d is not sealed here", auth.ID), Why: "GitHub shows it once, when it is made",
			Fix: "make one with \"Generate a private key\" on the page, then --set adopt.app_key_file=FILE", URL: state.AppURL(s.Web, owner, state.AppSlug(s.Config.GitHub.AppName)),
		}), nil
	}
	f, err := s.page(owner).taken(ctx)
	if err != nil || f != nil {
		return orZero(f), err
	}
	return steps.Finding{
		Status: steps.Missing, Cost: state.Cost{Pages: 1, Clicks: 1},
		Changes: steps.Changes("create", "App "+s.Config.GitHub.AppName+", owned by "+owner.Login+", its own hook off", "seal", string(appKey)),
	}, nil
}

// inFile is an App whose private key waits in a file.
func (s githubApp) inFile() steps.Finding {
	return steps.Finding{Status: steps.Missing, Changes: steps.Changes("seal", "the private key in "+s.Config.Adopt.AppKeyFile)}
}

func orZero(f *steps.Finding) steps.Finding {
	if f == nil {
		return steps.Finding{}
	}
	return *f
}

func (s githubApp) page(owner state.Owner) manifestPage {
	return manifestPage{
		Deps: s.Deps, step: "github-app", file: "app", owner: owner, ask: "create the GitHub App " + s.Config.GitHub.AppName,
		manifest: state.CIManifest(s.Config, owner, s.Pages.Callback()), setting: "github.app_name",
		asks: state.CIPermissions(owner.Org),
		ways: "make a new key on the App's page and run this with --set adopt.app_id=ID --set adopt.app_key_file=FILE (1 page, 1 click); or delete the App there and run this again; or choose another github.app_name",
	}
}

// look asks GitHub as the App itself.
func (s githubApp) look(ctx context.Context, owner state.Owner, auth state.AppAuth, noted bool) (steps.Finding, error) {
	app, err := s.Apps.App(ctx, auth)
	var unreadable state.Problem
	switch {
	case (misfit(err) || errors.As(err, &unreadable)) && s.Config.Adopt.AppKeyFile != "":
		return s.inFile(), nil
	case misfit(err):
		return blocked(s.wrongKey("the sealed key", auth.ID, owner)), nil
	case err != nil:
		return steps.Finding{}, err
	}
	f := ready(fmt.Sprintf("%s, %d", app.Slug, app.ID), state.One(state.FactApp, app))
	if !noted {
		f.Changes = steps.Changes("seal", fmt.Sprintf("%s: App %d", shape.IdentitiesName, app.ID))
	}
	f.Problems = s.differs(app)
	return f, nil
}

// misfit says whether GitHub does not know who signed.
func misfit(err error) bool {
	return errors.Is(err, state.ErrUnauthorized) || errors.Is(err, state.ErrNotFound)
}

// appKeyFileKey is the answer that brings the key of an App that is there.
const appKeyFileKey = "adopt.app_key_file"

func (s githubApp) wrongKey(which string, id int64, owner state.Owner) state.Problem {
	return state.Problem{
		ID: "F13", Key: appKeyFileKey, What: fmt.Sprintf("%s does not fit App %d", which, id), Why: "the App was deleted, or the key is another App's or was deleted on the page",
		Fix: "make a new key on the App's page, then --set adopt.app_id=ID --set adopt.app_key_file=FILE", URL: state.AppURL(s.Web, owner, state.AppSlug(s.Config.GitHub.AppName)),
	}
}

// differs is what no API mends on an App that is there: its page does.
func (s githubApp) differs(app state.App) []state.Problem {
	var out []state.Problem
	var lacks []string
	for _, p := range state.CIPermissions(app.Owner.Org) {
		if have := app.Permissions[p.Key]; have != p.Level && have != "write" && have != "admin" {
			lacks = append(lacks, p.Name+" "+p.Level)
		}
	}
	page := state.AppPermissionsURL(s.Web, app.Owner, app.Slug)
	if len(lacks) > 0 {
		out = append(out, state.Problem{
			ID: "F2", What: app.Slug + " lacks " + strings.Join(lacks, ", "), Why: "buildbot-nix needs it; with Webhooks it makes the repository's hook itself",
			Fix: "tick it on the page, press \"Save changes\", then accept it for the installation", URL: page,
		})
	}
	if app.HookURL != "" && slices.Contains(app.Events, "push") {
		out = append(out, state.Problem{
			ID: "F8", What: "the App's own hook is on", Why: "as soon as buildbot-nix may make the repository's hook, every push arrives twice",
			Fix: "when Webhooks is given, switch the App's hook off on the page: Webhook, Active", URL: state.AppURL(s.Web, app.Owner, app.Slug),
		})
	}
	return out
}

func (s githubApp) Apply(ctx context.Context, in state.Facts, f steps.Finding, out steps.Out) error {
	owner, err := state.Get(in, state.FactOwner)
	if err != nil {
		return err
	}
	if app, known := state.Find(f.Facts, state.FactApp); known {
		ids, err := s.identities(ctx)
		if err != nil {
			return err
		}
		return s.note(ctx, ids, app, out)
	}
	auth, _, err := s.auth(ctx)
	if err != nil {
		return err
	}
	if id := cmp.Or(s.Config.Adopt.AppID, auth.ID); id != 0 {
		return s.adopt(ctx, id, owner, out)
	}
	return s.page(owner).make(ctx, out, func(ctx context.Context, ids shape.Identities, made state.NewApp) error {
		return s.note(ctx, ids, made.App, out, state.Sealed{Name: appKey, Value: made.Key})
	})
}

// note seals what no API gives back of the App, with what came along.
func (s githubApp) note(ctx context.Context, ids shape.Identities, app state.App, out steps.Out, more ...state.Sealed) error {
	ids.App = &shape.AppIdentity{ID: app.ID, Slug: app.Slug, Name: cmp.Or(app.Name, app.Slug), ClientID: app.ClientID}
	sealed, err := ids.Seal()
	if err != nil {
		return err
	}
	return out.Keep(ctx, append(more, sealed)...)
}

// adopt reads the key file of an App that is there, asks GitHub whether it
// fits, and seals it.
func (s githubApp) adopt(ctx context.Context, id int64, owner state.Owner, out steps.Out) error {
	file := s.Config.Adopt.AppKeyFile
	key, found, err := s.Dir.ReadSecret(file)
	if err != nil {
		return err
	}
	if !found {
		return state.Problem{Key: appKeyFileKey, What: "there is no file " + file, Why: "adopt.app_key_file names it", Fix: "give the path of the .pem file that GitHub let you download"}
	}
	app, err := s.Apps.App(ctx, state.AppAuth{ID: id, Key: key})
	if misfit(err) {
		return s.wrongKey("the key in "+file, id, owner)
	}
	if err != nil {
		return err
	}
	ids, err := s.identities(ctx)
	if err != nil {
		return err
	}
	if err := s.note(ctx, ids, app, out, state.Sealed{Name: appKey, Value: key}); err != nil {
		return err
	}
	out.Logf("the private key is sealed: delete %s", file)
	return nil
}
