package setup

import (
	"context"
	"io"
	"net/netip"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Deps is what the steps need of the world. Every field is a small interface
// of this package; main passes the real thing in. Providers return
// *state.CallError for a refused or unanswered call and state.Problem where
// they know what a person must do.
type Deps struct {
	Config state.Config // derived: every name is there
	Dir    state.Dir
	Web    string // GitHub's web address, for the pages that people open
	Home   string // the user's folder, to tell paths in it shortly; may be empty
	Have   Credentials
	Yes    bool // says yes to what is only offered
	Asks   bool // somebody is there to be asked for it

	// What a command is about, beyond the configuration; empty: nothing.
	Added string // repository whose first build is begun where it has none
	Left  string // repository that is taken out of the CI
	Gone  string // machine that is taken off the list of workers

	// SSHHosts lists the machines that the user's ssh configuration names; nil:
	// it is not looked at.
	SSHHosts func() []string

	GitHub     GitHub
	Apps       Apps
	Logins     Logins
	Hooks      Hooks
	Leaving    Leaving
	Listing    Listing
	Flakes     Flakes
	Cloud      Cloud
	Buckets    Buckets
	Domains    Domains
	R2Tokens   R2Tokens
	ReadTokens ReadTokens
	Objects    Objects
	Records    Records
	Resolver   Resolver
	Secrets    Secrets
	Rules      Rules
	Host       Host
	Nix        Nix
	Git        Git
	Edge       Edge
	CacheRead  CacheRead
	Builds     Builds
	Master     Master
	Niks3      Niks3
	// Sealed is the sops file at a path of the repository, with its own rule:
	// that of a further build machine.
	Sealed func(path string) SealedFile
	// Machine is a further build machine behind an ssh destination.
	Machine  func(ssh string) Machine
	Deployer Deployer
	Pages    Pages
	Asked    Asked
	Pending  Pending
	Rand     io.Reader // crypto/rand.Reader; tests pass a seeded one
	Now      func() time.Time
}

// Credentials says which tokens this run has, and where each was found, in the
// user's words: gh, GH_TOKEN; empty: a person gave it here.
type Credentials struct {
	GitHub, Cloudflare         bool
	GitHubFrom, CloudflareFrom string
}

// GitHub looks at the account and the repositories, as the token's user.
type GitHub interface {
	User(ctx context.Context) (state.GitHubUser, error)
	Repo(ctx context.Context, repo string) (r state.Repo, found bool, err error)
	Topics(ctx context.Context, repo string) ([]string, error)
	SetTopics(ctx context.Context, repo string, topics []string) error // replaces all
}

// Apps looks at and makes GitHub Apps.
type Apps interface {
	// App asks as the App itself (GET /app, GET /app/hook/config).
	App(ctx context.Context, auth state.AppAuth) (state.App, error)
	// AppBySlug finds an App by name, as the token's user.
	AppBySlug(ctx context.Context, slug string) (a state.App, found bool, err error)
	// Convert trades the one-time code of a manifest for the App and its keys.
	Convert(ctx context.Context, code state.Secret) (state.NewApp, error)
	// Installation finds the App's installation that covers the repository.
	Installation(ctx context.Context, auth state.AppAuth, repo string) (i state.Installation, found bool, err error)
	// AddRepo adds a repository to an installation; a classic token only.
	AddRepo(ctx context.Context, installation, repo int64) error
}

// Logins checks client ids and secrets without a person, by an exchange with
// a made-up code.
type Logins interface {
	CheckLogin(ctx context.Context, clientID string, secret state.Secret, callback string) (state.LoginVerdict, error)
}

// Hooks looks at webhooks and their deliveries; Ping makes GitHub send one.
type Hooks interface {
	RepoHooks(ctx context.Context, repo string) ([]state.Hook, error)
	HookDeliveries(ctx context.Context, repo string, hook int64) ([]state.Delivery, error) // newest first, one page
	AppDeliveries(ctx context.Context, auth state.AppAuth) ([]state.Delivery, error)       // newest first, one page
	Ping(ctx context.Context, repo string, hook int64) error
}

// Leaving takes back what a repository was given.
type Leaving interface {
	// RemoveRepo takes a repository out of an installation; a classic token only.
	RemoveRepo(ctx context.Context, installation, repo int64) error
	DeleteHook(ctx context.Context, repo string, hook int64) error // one that is gone is no error
}

// Listing lists the repositories of the token's user, with their topics.
type Listing interface {
	Repos(ctx context.Context) ([]state.RepoListing, error)
}

// Flakes looks for a repository's flake.nix and proposes one.
type Flakes interface {
	HasFile(ctx context.Context, repo, path string) (bool, error)
	// Proposed finds the open pull request from the branch; empty: none.
	Proposed(ctx context.Context, repo, branch string) (url string, err error)
	// Propose makes the branch, the file on it and the pull request, each only where missing.
	Propose(ctx context.Context, repo state.Repo, branch, path, content, title, body string) (url string, err error)
}

// Cloud looks at the Cloudflare token, the accounts and zones that it sees.
type Cloud interface {
	// Token verifies the bootstrap token, as a user's and then as the
	// account's own; account may be empty.
	Token(ctx context.Context, account string) (state.CloudflareToken, error)
	Accounts(ctx context.Context) ([]state.Account, error)
	Zones(ctx context.Context) ([]state.Zone, error)
}

// Buckets looks at and makes R2 buckets.
type Buckets interface {
	Bucket(ctx context.Context, account, name, jurisdiction string) (b state.Bucket, found bool, err error)
	CreateBucket(ctx context.Context, want state.Bucket) error // state.ErrExists where it is there
}

// Domains looks at and connects the custom domain of a bucket.
type Domains interface {
	CacheDomain(ctx context.Context, b state.Bucket, domain string) (d state.CacheDomain, found bool, err error)
	ConnectDomain(ctx context.Context, b state.Bucket, d state.CacheDomain) error
	// DevURL says whether the bucket answers on r2.dev too.
	DevURL(ctx context.Context, b state.Bucket) (bool, error)
}

// R2Tokens looks at and makes the token that is niks3's pair of S3 keys.
// own: owned by the account rather than by the token's user.
type R2Tokens interface {
	FindR2Tokens(ctx context.Context, account, name string, own bool) ([]state.R2Token, error)
	CreateR2Token(ctx context.Context, b state.Bucket, name string, own bool) (state.S3Keys, error)
	RollR2Token(ctx context.Context, account string, t state.R2Token) (state.S3Keys, error)
}

// ReadTokens makes the token that the console reads Cloudflare's figures with,
// and looks at it by its value; R2Tokens finds it by its name.
type ReadTokens interface {
	CreateReadToken(ctx context.Context, account, zone, name string, own bool) (state.Secret, error)
	RollReadToken(ctx context.Context, account string, t state.R2Token) (state.Secret, error)
	// ReadToken verifies a token; state.ErrUnauthorized where it is refused.
	ReadToken(ctx context.Context, account string, value state.Secret) (state.CloudflareToken, error)
}

// Objects is S3 with a pair of keys.
type Objects interface {
	// HeadBucket makes one signed request; state.ErrDenied or
	// state.ErrUnauthorized where the keys are refused.
	HeadBucket(ctx context.Context, b state.Bucket, k state.S3Keys) error
	// Exercise puts, gets and deletes a reserved key.
	Exercise(ctx context.Context, b state.Bucket, k state.S3Keys) error
}

// Records looks at and makes address records of a zone.
type Records interface {
	AddressRecords(ctx context.Context, zone, name string) ([]state.DNSRecord, error)
	CreateAddressRecord(ctx context.Context, zone string, r state.DNSRecord) error
}

// Resolver looks names up as the world sees them; no such name is no error
// and no address.
type Resolver interface {
	Lookup(ctx context.Context, name string) ([]netip.Addr, error)
}

// Secrets reads the sops file. The data key is unwrapped once a run.
type Secrets interface {
	// Secret returns the value under the name, found false where the file or
	// the name is missing; state.ErrNoIdentity where it cannot be opened.
	Secret(ctx context.Context, name state.SecretName) (v state.Secret, found bool, err error)
	// Names lists the file's keys, ours and others', in file order.
	Names(ctx context.Context) ([]state.SecretName, error)
	// Keep seals values; the engine calls it, and steps that recompose one.
	Keep(ctx context.Context, all ...state.Sealed) error
}

// Rules looks at and mends who can read the secrets: .sops.yaml, the file's
// recipients, the identity on this machine.
type Rules interface {
	Identity(ctx context.Context) (i state.Identity, found bool, err error)
	// CreateIdentity makes one, 0600, where sops looks for it.
	CreateIdentity(ctx context.Context) (state.Identity, error)
	// CanOpen opens the file, or seals and opens a probe value in memory
	// where there is none; nil: it can.
	CanOpen(ctx context.Context) error
	Recipients(ctx context.Context) (state.Recipients, error)
	// AddRule inserts a creation rule for the secrets file (file order and
	// comments stay), or adds the missing recipients to ours; a state.Problem
	// with the text to add where .sops.yaml is too unusual to be edited.
	AddRule(ctx context.Context, recipients []string) error
	// UpdateKeys makes the file's recipients those of the rule.
	UpdateKeys(ctx context.Context) error
}

// Host looks at the machine over ssh.
type Host interface {
	// Describe reads its host key, its system and its size, over a connection whose host key
	// is known already; state.ErrOffline where it does not answer,
	// a state.Problem where its key is not known.
	Describe(ctx context.Context) (state.Host, error)
	// Addresses resolves the ssh destination.
	Addresses(ctx context.Context) ([]netip.Addr, error)
	// Applied reads /etc/nixwright/applied.json.
	Applied(ctx context.Context) (d state.Deployment, found bool, err error)
	Units(ctx context.Context, names ...string) ([]state.Unit, error)
	Timer(ctx context.Context, name string) (state.Timer, error)
	// Deployed lists the names in /run/secrets.
	Deployed(ctx context.Context) ([]state.SecretName, error)
	// LastError is the line of a unit's log that says why it failed, without
	// secrets; empty where there is none.
	LastError(ctx context.Context, unit string) (string, error)
	// Way says how ssh gets there.
	Way(ctx context.Context) (state.Way, error)
}

// Nix looks at the infra repository as Nix does.
type Nix interface {
	// Inputs looks at flake.lock or npins/sources.json.
	Inputs(ctx context.Context) (state.Inputs, error)
	// Host looks what of a machine's inputs and modules is there, and what
	// flake.nix would be with the rest; it writes nothing.
	Host(ctx context.Context, want state.NixHost) (state.NixLook, error)
	// Pin runs a command of NixLook.Commands.
	Pin(ctx context.Context, argv []string, line func(string)) error
	// Release is the NixOS of this machine, 25.11; empty where it runs none.
	Release() string
	// Parse parses files with nix-instantiate; ran is false where there is no Nix.
	Parse(ctx context.Context, paths ...string) (ran bool, err error)
}

// Git says which repository this is, and makes new files visible to a flake;
// outside a repository it does nothing.
type Git interface {
	// Here says in which work tree the repository is; it changes nothing.
	Here(ctx context.Context) (here state.GitHere, found bool, err error)
	IntentToAdd(ctx context.Context, paths ...string) error
}

// Edge probes the public URLs of the CI, without a login.
type Edge interface {
	// Get fetches a path of https://<ci.domain>, following no redirect.
	Get(ctx context.Context, path string) (state.Page, error)
	// Upgrade asks a path for a WebSocket.
	Upgrade(ctx context.Context, path string) (state.Page, error)
	// Hook posts a GitHub ping event; sign: nil unsigned, else signed with it.
	Hook(ctx context.Context, path string, sign *state.Secret) (state.Page, error)
}

// CacheRead reads the public cache as a Nix client does.
type CacheRead interface {
	Info(ctx context.Context) (i state.CacheInfo, found bool, err error)
	// Narinfo fetches that of a store path and checks its signatures against
	// the published key ("name:base64").
	Narinfo(ctx context.Context, storePath, publicKey string) (n state.Narinfo, found bool, err error)
	// NAR says whether the archive behind a narinfo is there.
	NAR(ctx context.Context, n state.Narinfo) (bool, error)
}

// Builds asks buildbot for the newest finished builds of nix-build, newest first.
type Builds interface {
	Finished(ctx context.Context) ([]state.Build, error)
}

// Master asks buildbot about its projects and workers.
type Master interface {
	Workers(ctx context.Context) ([]state.BuildWorker, error)
	// Evaluations are the newest builds of the evaluations of repositories, done
	// or not; a repository that is no project yet is not among the known.
	Evaluations(ctx context.Context, repos ...string) (known map[string][]state.Build, err error)
	// Evaluate asks for an evaluation of a repository's default branch, as
	// somebody of ci.admins; fully-private only.
	Evaluate(ctx context.Context, admin string, password state.Secret, repo string) error
}

// SealedFile is a sops file of its own.
type SealedFile interface {
	Secrets
	Rules
}

// Machine looks at a further build machine over ssh, as Host does.
type Machine interface {
	Describe(ctx context.Context) (state.Host, error)
}

// Niks3 asks the cache server.
type Niks3 interface {
	GC(ctx context.Context, token state.Secret) (state.GCStatus, error)
}

// Deployer runs the configured deploy command, its output line by line.
type Deployer interface {
	Deploy(ctx context.Context, argv []string, line func(string)) error
}

// Pages knows where GitHub is to send the browser back to, and where a person
// finds a page: on loopback where this run waits for people, else in its file.
type Pages interface {
	Callback() string
	Address(file string) string
}

// Asked is the journal's one use: whether this directory asked for the
// one-time thing of this name before. Asking is written before the call.
type Asked interface {
	Asked(name string) bool
	Asking(name string) error
}

// Pending remembers the pages that were shown and not answered yet.
type Pending interface {
	Find(step, digest string, now time.Time) (p state.Pending, found bool, err error)
	Owner(pageState string, now time.Time) (step string, found bool, err error)
	Add(p state.Pending) error
	Use(pageState string, now time.Time) error
}
