package fake

import (
	"slices"
	"strings"
	"time"
)

// GitHubState is what the pretend GitHub remembers.
type GitHubState struct {
	LastID    int64        `json:"last_id"` // ids only grow
	Accounts  []ghAccount  `json:"accounts"`
	Tokens    []ghToken    `json:"tokens"`
	Repos     []ghRepo     `json:"repos"`
	Apps      []ghApp      `json:"apps"`
	OAuthApps []ghOAuthApp `json:"oauth_apps"`
	Installs  []ghInstall  `json:"installs"`
	Codes     []ghCode     `json:"codes"`
	SignedIn  string       `json:"signed_in"` // whose browser it is
	Knobs     GitHubKnobs  `json:"knobs"`
}

// GitHubKnobs set how the pretend GitHub behaves where no source says how the
// real one does.
type GitHubKnobs struct {
	// EmailKeys are the names under which a manifest may ask for the account
	// permission "Email addresses": the OpenAPI document says
	// email_addresses, go-github says emails. Unconfirmed; empty: both.
	EmailKeys []string `json:"email_keys,omitempty"`
	// NoHookSecret makes a conversion answer webhook_secret null, which the
	// OpenAPI document allows (apps/create-from-manifest). Unconfirmed when.
	NoHookSecret bool `json:"no_hook_secret,omitempty"`
	// CheckTokenStatus is what apps/check-token answers to a wrong client
	// secret. Unconfirmed; 0: 401.
	CheckTokenStatus int `json:"check_token_status,omitempty"`
	// OffHookShown makes GET /app/hook/config tell the URL of a hook that the
	// manifest turned off, OffHookGone makes it answer 404; else it tells the
	// rest. Unconfirmed: apps/get-webhook-config-for-app says nothing of it.
	OffHookShown bool `json:"off_hook_shown,omitempty"`
	OffHookGone  bool `json:"off_hook_gone,omitempty"`
	// EmailAnswer is the name under which an App's permissions tell of "Email
	// addresses", whatever the manifest said; empty: as asked. Answers of the
	// real one that others have stored say emails (the App vercel in a list
	// of check runs, August 2026), as go-github's apps.go does.
	EmailAnswer string `json:"email_answer,omitempty"`
	// DropUnknownKeys makes the manifest's page pass over permissions that it
	// does not know instead of refusing them. Unconfirmed.
	DropUnknownKeys bool `json:"drop_unknown_keys,omitempty"`
	// PrivateAppHidden makes GET /apps/{app_slug} answer 404 for a private App
	// to its owner too, as bors-ng/bors-ng #253 saw it in 2017. Unconfirmed.
	PrivateAppHidden bool `json:"private_app_hidden,omitempty"`
	// ExchangeStatus is the status of a refused code exchange: the
	// documentation shows only its JSON. 0: 200.
	ExchangeStatus int `json:"exchange_status,omitempty"`
	// UnknownClientNotFound makes the exchange answer 404 "Not Found" for a
	// client id that does not exist. Unconfirmed; else it is told like a
	// wrong secret.
	UnknownClientNotFound bool `json:"unknown_client_not_found,omitempty"`
	// CodeFirst makes the exchange judge the code before the callback.
	// Unconfirmed; else the callback comes first.
	CodeFirst bool `json:"code_first,omitempty"`
	// ViewerOrganizations is what GraphQL answers to the user token of a GitHub
	// App that asks for viewer.organizations: "" them, "null" nothing for them
	// and an error, "refused" a 401. Unconfirmed.
	ViewerOrganizations string `json:"viewer_organizations,omitempty"`
	// TopicsPermission is what repos/replace-all-topics wants of a
	// fine-grained token. Unconfirmed; empty: administration.
	TopicsPermission string `json:"topics_permission,omitempty"`
	// DeliveryDays is how long deliveries are kept; 0: 3, as github.com does.
	DeliveryDays int `json:"delivery_days,omitempty"`
	// LastForgotten has last_response of a hook go with its deliveries.
	// Unconfirmed; false: it stays.
	LastForgotten bool `json:"last_forgotten,omitempty"`
	// Limits make it refuse what comes too often.
	Limits GitHubLimits `json:"limits,omitzero"`
}

type ghAccount struct {
	ID     int64    `json:"id"`
	Login  string   `json:"login"`
	Org    bool     `json:"org,omitempty"`
	Admins []string `json:"admins,omitempty"` // of an organization
}

// ghToken is any token that acts: a classic one with scopes, a fine-grained
// one with permissions, or an installation's.
type ghToken struct {
	Value       string            `json:"value"`
	Login       string            `json:"login,omitempty"`
	Classic     bool              `json:"classic,omitempty"`
	Scopes      []string          `json:"scopes,omitempty"`
	Permissions map[string]string `json:"permissions,omitempty"`
	Install     int64             `json:"install,omitempty"`
	Expires     time.Time         `json:"expires,omitzero"`
}

type ghRepo struct {
	ID       int64             `json:"id"`
	Owner    string            `json:"owner"`
	Name     string            `json:"name"`
	Was      string            `json:"was,omitempty"` // the full name that it had before
	Branch   string            `json:"branch"`
	Private  bool              `json:"private,omitempty"`
	Archived bool              `json:"archived,omitempty"`
	Topics   []string          `json:"topics,omitempty"`
	Hooks    []ghHook          `json:"hooks,omitempty"`
	Heads    map[string]string `json:"heads"` // branch -> commit
	// Files are those of the world, by branch and path; a branch that is
	// made of another begins with its files.
	Files map[string]map[string]string `json:"files"`
	Pulls []ghPull                     `json:"pulls,omitempty"`
	// Statuses are the results that were reported, by commit.
	Statuses map[string][]ghStatus `json:"statuses,omitempty"`
}

type ghPull struct {
	ID     int64     `json:"id"`
	Number int       `json:"number"`
	Title  string    `json:"title"`
	Body   string    `json:"body,omitempty"`
	Head   string    `json:"head"`
	Base   string    `json:"base"`
	Login  string    `json:"login"`
	At     time.Time `json:"at"`
}

type ghHook struct {
	ID          int64        `json:"id"`
	URL         string       `json:"url"`
	ContentType string       `json:"content_type"`
	Secret      string       `json:"secret,omitempty"`
	Active      bool         `json:"active"`
	Events      []string     `json:"events"`
	At          time.Time    `json:"at"`
	Deliveries  []ghDelivery `json:"deliveries,omitempty"` // oldest first
}

type ghDelivery struct {
	ID       int64     `json:"id"`
	GUID     string    `json:"guid"`
	Event    string    `json:"event"`
	At       time.Time `json:"at"`
	Again    bool      `json:"again,omitempty"`
	Status   int       `json:"status"`
	Text     string    `json:"text"`
	Seconds  float64   `json:"seconds"`
	Payload  string    `json:"payload"`
	Response string    `json:"response,omitempty"`
	Install  int64     `json:"install,omitempty"`
	Repo     int64     `json:"repo,omitempty"`
}

type ghApp struct {
	ID           int64             `json:"id"`
	Slug         string            `json:"slug"`
	Name         string            `json:"name"`
	Owner        string            `json:"owner"`
	URL          string            `json:"url"`
	ClientID     string            `json:"client_id"`
	ClientSecret string            `json:"client_secret"`
	Older        []string          `json:"older,omitempty"` // client secrets that are still good
	PublicKey    string            `json:"public_key"`      // PEM; the private half stays here only until the conversion
	Keys         []string          `json:"keys,omitempty"`  // PEM, of private keys made later
	Public       bool              `json:"public,omitempty"`
	Callbacks    []string          `json:"callbacks,omitempty"`
	Permissions  map[string]string `json:"permissions"`
	Events       []string          `json:"events"`
	Hook         ghHook            `json:"hook"` // the App's own
	At           time.Time         `json:"at"`
}

type ghOAuthApp struct {
	Name         string   `json:"name"`
	Owner        string   `json:"owner"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`   // empty: there is none yet
	Older        []string `json:"older,omitempty"` // those that are still good
	Callback     string   `json:"callback"`
}

type ghInstall struct {
	ID          int64             `json:"id"`
	App         int64             `json:"app"`
	Account     string            `json:"account"`
	All         bool              `json:"all,omitempty"`
	Repos       []int64           `json:"repos,omitempty"`
	Permissions map[string]string `json:"permissions"` // as accepted
	Events      []string          `json:"events"`
	Suspended   bool              `json:"suspended,omitempty"`
	At          time.Time         `json:"at"`
}

// ghCode is the one-time code of a manifest, with what only the conversion
// gives away.
type ghCode struct {
	Code string    `json:"code"`
	App  int64     `json:"app"`
	Key  string    `json:"key"` // PEM
	At   time.Time `json:"at"`
	Used bool      `json:"used,omitempty"`
}

// nextID returns a new id; call it inside Update.
func (g *GitHubState) nextID() int64 {
	g.LastID++
	return g.LastID
}

// find returns the element that fits, so that it can be changed in place.
func find[T any](all []T, fits func(*T) bool) *T {
	for i := range all {
		if fits(&all[i]) {
			return &all[i]
		}
	}
	return nil
}

func (g *GitHubState) account(login string) *ghAccount {
	return find(g.Accounts, func(a *ghAccount) bool { return strings.EqualFold(a.Login, login) })
}

func (g *GitHubState) repo(owner, name string) *ghRepo {
	return find(g.Repos, func(r *ghRepo) bool {
		return strings.EqualFold(r.Owner, owner) && strings.EqualFold(r.Name, name)
	})
}

func (g *GitHubState) repoID(id int64) *ghRepo {
	return find(g.Repos, func(r *ghRepo) bool { return r.ID == id })
}

func (g *GitHubState) app(id int64) *ghApp {
	return find(g.Apps, func(a *ghApp) bool { return a.ID == id })
}

func (g *GitHubState) install(id int64) *ghInstall {
	return find(g.Installs, func(i *ghInstall) bool { return i.ID == id })
}

// installOf finds the App's installation that covers the repository.
func (g *GitHubState) installOf(app int64, r *ghRepo) *ghInstall {
	return find(g.Installs, func(i *ghInstall) bool { return i.App == app && i.covers(r) })
}

// mayAdmin says whether the login may administer the account's things.
func (g *GitHubState) mayAdmin(login, account string) bool {
	a := g.account(account)
	return a != nil && login != "" && (strings.EqualFold(a.Login, login) || slices.Contains(a.Admins, login))
}

// repos lists those that an installation covers.
func (g *GitHubState) covered(i *ghInstall) []*ghRepo {
	var out []*ghRepo
	for n := range g.Repos {
		if i.covers(&g.Repos[n]) {
			out = append(out, &g.Repos[n])
		}
	}
	return out
}

func (i *ghInstall) covers(r *ghRepo) bool {
	return strings.EqualFold(i.Account, r.Owner) && (i.All || slices.Contains(i.Repos, r.ID))
}

func (r *ghRepo) full() string { return r.Owner + "/" + r.Name }

func (r *ghRepo) hook(id int64) *ghHook {
	return find(r.Hooks, func(h *ghHook) bool { return h.ID == id })
}

// addRepo makes a repository with one commit; call it inside Update.
func (s *State) addRepo(owner, name, branch string, topics ...string) *ghRepo {
	g := &s.GitHub
	g.Repos = append(g.Repos, ghRepo{
		ID: g.nextID(), Owner: owner, Name: name, Branch: branch, Topics: topics,
		Heads: map[string]string{branch: s.Make("commit", 40)},
		Files: map[string]map[string]string{branch: {}},
	})
	return &g.Repos[len(g.Repos)-1]
}
