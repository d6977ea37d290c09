package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// returnKey is the answer that a manifest's page leads back to: the whole
// address that the browser was sent to.
const returnKey = "github.app_return"

// manifestPage is one App to be made by a person's click on GitHub's page.
type manifestPage struct {
	Deps

	step     string
	file     string // create-<file>.html
	ask      string // what the person is asked to do
	owner    state.Owner
	manifest state.Manifest
	setting  string // the answer that holds its name
	asks     []state.Permission
	ways     string // what to do where the App exists and its keys are lost
}

// make shows the page, takes the address that comes back, trades its code for
// the App and hands the reply to keep, all of it under one limit that an
// interrupt does not cut. The page's state is good once, and for an hour.
func (m manifestPage) make(ctx context.Context, out steps.Out, keep func(context.Context, shape.Identities, state.NewApp) error) error {
	if err := m.Dir.HasRoom(m.Config.Paths.Secrets); err != nil {
		return err
	}
	page, err := m.open()
	if err != nil {
		return err
	}
	q, err := m.question(ctx, page)
	if err != nil {
		return err
	}
	a, err := out.Ask(ctx, q)
	if err != nil {
		return err
	}
	code, pageState, err := shape.ParseReturn(a.Value)
	if err != nil {
		return err
	}
	// Read before, so that nothing stands between the reply and its seal.
	ids, err := m.identities(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := steps.Once(ctx)
	defer cancel()
	app, err := m.Apps.Convert(ctx, code)
	if errors.Is(err, state.ErrNotFound) || errors.Is(err, state.ErrInvalid) {
		return errors.Join(m.Pending.Use(pageState, m.Now()), state.Problem{
			What: "GitHub does not take the code of this address any more", Why: "it is good once, and for one hour: " + err.Error(),
			Fix: "delete the App that the page made, if it did, and run this again for a new page",
		})
	}
	if err != nil {
		return err
	}
	if err := keep(ctx, ids, app); err != nil {
		return err
	}
	for name, level := range m.manifest.Permissions {
		if have := app.App.Permissions[name]; have != level && have != "write" && have != "admin" {
			out.Logf("GitHub did not give %s: %s", name, level)
		}
	}
	if err := m.Dir.RemoveOwn("create-" + m.file + ".html"); err != nil {
		return err
	}
	return m.Pending.Use(pageState, m.Now())
}

// question asks for the button on GitHub's page; where the App is there
// already, only for the address that the browser ended on when it was made.
func (m manifestPage) question(ctx context.Context, page state.Pending) (state.Question, error) {
	file := m.Dir.Own("create-" + m.file + ".html")
	q := state.Question{
		Key: returnKey, Kind: state.KindPage, Ask: m.ask, URL: m.Pages.Address(file), File: file,
		Why:  "GitHub makes an App only where a person presses its button",
		Then: "nixwright setup -n --set " + returnKey + "=@-   (the address that the browser ends on)",
		Cost: state.Cost{Pages: 1, Clicks: 1},
		Form: &state.Form{Action: state.ManifestAction(m.Web, m.owner, page.State), Fields: map[string]string{"manifest": m.manifest.JSON()}, Button: "Create GitHub App"},
		How: []string{
			"Leave the name " + m.manifest.Name + ". Press \"Create GitHub App for " + m.owner.Login + "\".",
			"Come back here. There is nothing to copy.",
		},
		Asks:   m.asks,
		Accept: m.accept,
	}
	app, made, err := m.Apps.AppBySlug(ctx, state.AppSlug(m.manifest.Name))
	if made {
		q.Ask = "the address that the browser ended on when it made " + app.Slug
		q.Why = "the App exists, and its keys have not come back; reload that page, or pass its address"
		q.URL, q.File, q.Form, q.How, q.Asks, q.Cost = "", "", nil, nil, nil, state.Cost{Pastes: 1}
		q.Then += "; or: " + m.ways
	}
	return q, err
}

// open finds the page that is still open for this manifest, so that a tab that
// somebody has before them stays good, or opens one.
func (m manifestPage) open() (state.Pending, error) {
	sum := sha256.Sum256([]byte(m.manifest.JSON()))
	digest := hex.EncodeToString(sum[:])
	if p, found, err := m.Pending.Find(m.step, digest, m.Now()); err != nil || found {
		return p, err
	}
	random := make([]byte, 16)
	if _, err := io.ReadFull(m.Rand, random); err != nil {
		return state.Pending{}, fmt.Errorf("open page for %s: %w", m.step, err)
	}
	p := state.Pending{Step: m.step, State: hex.EncodeToString(random), Digest: digest, At: m.Now()}
	return p, m.Pending.Add(p)
}

// accept takes an address only for the page that this step opened here.
func (m manifestPage) accept(a state.Answer) error {
	_, pageState, err := shape.ParseReturn(a.Value)
	if err != nil {
		return err
	}
	step, found, err := m.Pending.Owner(pageState, m.Now())
	switch {
	case err != nil:
		return err
	case !found:
		return state.Problem{
			What: "this address does not belong to a page that was opened here", Why: "its state is unknown, used, or older than an hour",
			Fix: "open the page again and pass the address that it leads to",
		}
	case step != m.step:
		return state.ErrNoAnswer // another step's
	}
	return nil
}

// shown says whether a page of the step is open: then an App of its name may
// be one whose address has not come back yet.
func (m manifestPage) shown() (bool, error) {
	sum := sha256.Sum256([]byte(m.manifest.JSON()))
	_, found, err := m.Pending.Find(m.step, hex.EncodeToString(sum[:]), m.Now())
	return found, err
}

// taken judges an App of the wanted name that is there while its keys are not
// sealed here; nil: go on and make, or finish making.
func (m manifestPage) taken(ctx context.Context) (*steps.Finding, error) {
	name := m.manifest.Name
	app, found, err := m.Apps.AppBySlug(ctx, state.AppSlug(name))
	if err != nil || !found {
		return nil, err
	}
	if app.Owner.ID != m.owner.ID {
		f := blocked(state.Problem{
			ID: "F12", Key: m.setting, What: "the name " + name + " is taken", Why: "App names are one list for all of GitHub, and this one belongs to " + state.CleanText(app.Owner.Login, 40),
			Fix: "choose another: --set " + m.setting + "=NAME, or in nixwright.toml",
		})
		return &f, nil
	}
	if open, err := m.shown(); err != nil || open {
		f := steps.Finding{Status: steps.Missing, Cost: state.Cost{Pastes: 1}, Changes: steps.Changes("finish", "App "+name+", whose keys have not come back")}
		return &f, err
	}
	f := blocked(state.Problem{
		Key: m.setting, What: "the App " + name + " exists, and its keys are not sealed here", Why: "GitHub sends them once; they never arrived, or somebody else has them",
		Fix: m.ways, URL: state.AppURL(m.Web, app.Owner, app.Slug),
	})
	return &f, nil
}

// identities reads what no API gives back.
func (d Deps) identities(ctx context.Context) (shape.Identities, error) {
	v, _, err := d.Secrets.Secret(ctx, shape.IdentitiesName)
	if err != nil {
		return shape.Identities{}, err
	}
	return shape.ParseIdentities(v)
}

// secret reads one that must not be missing for the caller to go on; empty
// where it is.
func (d Deps) secret(ctx context.Context, name state.SecretName) (state.Secret, error) {
	v, _, err := d.Secrets.Secret(ctx, name)
	return v, err
}
