package state

import (
	"net/netip"
	"time"
)

// The values that cross from providers to steps, files and screens: plain
// structs, the facts that are stored and shown. None holds a secret in clear.

// GitHubUser is who the GitHub token belongs to (GET /user).
type GitHubUser struct {
	Login   string    `json:"login"`
	ID      int64     `json:"id"`
	Classic bool      `json:"classic"` // a token with scopes; a fine-grained one tells none
	Scopes  []string  `json:"scopes,omitempty"`
	Clock   time.Time `json:"-"` // the answer's Date
}

// Owner is the account that owns the repositories and the Apps.
type Owner struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
	Org   bool   `json:"org"`
}

// Repo is a GitHub repository (GET /repos/{owner}/{repo}).
type Repo struct {
	Name     string `json:"name"` // owner/name
	ID       int64  `json:"id"`
	Owner    Owner  `json:"owner"`
	Branch   string `json:"branch"` // the default one
	Private  bool   `json:"private"`
	Archived bool   `json:"archived"`
	Admin    bool   `json:"admin"` // the token's user may administer it
}

// Account is a Cloudflare account.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// CloudflareToken is the bootstrap token as Cloudflare describes it.
type CloudflareToken struct {
	ID      string    `json:"-"`
	Account bool      `json:"account"` // owned by the account, not by a user
	Owner   string    `json:"-"`       // the id of that account
	Status  string    `json:"status"`  // active, disabled, expired
	Groups  []string  `json:"groups,omitempty"`
	Known   bool      `json:"known"` // Groups could be read
	Clock   time.Time `json:"-"`     // the answer's Date
}

// Zone is a DNS zone at Cloudflare.
type Zone struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Account string `json:"account"` // id of the account that holds it
	Type    string `json:"type"`    // full, partial, secondary
	Status  string `json:"status"`  // active, pending, ...
}

// Bucket is an R2 bucket. Endpoint is a host without a scheme.
type Bucket struct {
	Name         string `json:"name"`
	Account      string `json:"account"`
	Location     string `json:"location,omitempty"`
	Jurisdiction string `json:"jurisdiction,omitempty"` // "", eu, fedramp
	StorageClass string `json:"storage_class,omitempty"`
	Endpoint     string `json:"endpoint"`
}

// CacheDomain is a custom domain of a bucket. Ownership and SSL are
// Cloudflare's words: pending, active, ...
type CacheDomain struct {
	Domain    string `json:"domain"`
	Zone      string `json:"zone"` // zone id
	Enabled   bool   `json:"enabled"`
	MinTLS    string `json:"min_tls,omitempty"`
	Ownership string `json:"ownership,omitempty"`
	SSL       string `json:"ssl,omitempty"`
}

// R2Token is an API token that R2 takes as S3 keys. Its id is the access key,
// so it is a secret; facts carry the name.
type R2Token struct {
	ID       Secret    `json:"-"`
	Name     string    `json:"name"`
	Account  bool      `json:"account"` // owned by the account, not by a user
	Status   string    `json:"status"`
	Groups   []string  `json:"groups,omitempty"`    // permission group names
	Buckets  []string  `json:"resources,omitempty"` // resource names, as in the policy
	Modified time.Time `json:"-"`
	Expires  time.Time `json:"-"`
}

// S3Keys is a pair of S3 keys: the token's id, and the SHA-256 of its value.
type S3Keys struct{ Access, Secret Secret }

// AppAuth is what signs as a GitHub App.
type AppAuth struct {
	ID  int64
	Key Secret // PEM
}

// App is a GitHub App.
type App struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"`
	Name        string            `json:"name"`
	ClientID    string            `json:"client_id,omitempty"`
	Owner       Owner             `json:"owner"`
	Permissions map[string]string `json:"permissions,omitempty"`
	Events      []string          `json:"events,omitempty"`
	HookURL     string            `json:"hook_url,omitempty"` // of the App's own hook; empty: it has none
}

// NewApp is the one-time reply to a manifest conversion.
type NewApp struct {
	App          App
	Key          Secret // PEM
	ClientSecret Secret
	HookSecret   Secret // may be empty
}

// Installation is an App on an account.
type Installation struct {
	ID          int64             `json:"id"`
	Account     string            `json:"account"`
	Permissions map[string]string `json:"permissions,omitempty"` // what was accepted
	Suspended   bool              `json:"suspended,omitempty"`
}

// LoginApp is what people sign in through: a GitHub App or an OAuth App.
type LoginApp struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // github-app, oauth-app
	ClientID string `json:"client_id"`
	Slug     string `json:"slug,omitempty"`
}

// LoginVerdict is what GitHub says of a client id and secret.
type LoginVerdict string

// The verdicts of the exchange with a made-up code.
const (
	LoginRight    LoginVerdict = "right"    // bad_verification_code
	LoginWrong    LoginVerdict = "wrong"    // incorrect_client_credentials
	LoginCallback LoginVerdict = "callback" // redirect_uri_mismatch
)

// Hook is a repository's webhook.
type Hook struct {
	ID     int64    `json:"id"`
	URL    string   `json:"url"`
	Active bool     `json:"active"`
	Events []string `json:"events"`
	Last   int      `json:"last"` // HTTP status of the last response; 0: none
}

// Delivery is one delivery of a webhook as GitHub recorded it.
type Delivery struct {
	ID     int64     `json:"id"`
	Event  string    `json:"event"`
	Status int       `json:"status"`
	At     time.Time `json:"at"`

	GUID       string `json:"guid,omitempty"`       // of the event: the same where it is delivered again
	Redelivery bool   `json:"redelivery,omitempty"` // somebody had it delivered again
}

// DNSRecord is an address record.
type DNSRecord struct {
	Name    string     `json:"name"`
	Addr    netip.Addr `json:"addr"`
	Proxied bool       `json:"proxied"`
}

// Host is what the machine tells over ssh.
type Host struct {
	Recipient string `json:"recipient"` // age recipient of its ed25519 host key
	Threads   int    `json:"threads,omitempty"`
	OS        string `json:"os,omitempty"`     // its name: NixOS; empty: not told
	Memory    int64  `json:"memory,omitempty"` // bytes; 0: not told
}

// GitHere is the Git work tree that a folder is in.
type GitHere struct {
	Root    string `json:"root"`             // absolute
	Branch  string `json:"branch,omitempty"` // empty: none, a commit is checked out
	Changed int    `json:"changed"`          // files that differ from the last commit, new ones included
}

// Identity is an age identity on this machine; never its secret half.
type Identity struct {
	Recipient string `json:"recipient"`
	Source    string `json:"source"` // where it was found, for the user
}

// Recipients says who can read the secrets.
type Recipients struct {
	File   []string `json:"file,omitempty"`   // of the sops file; none: no file yet
	Rule   []string `json:"rule,omitempty"`   // of the matching creation rule; none: no rule
	Others []string `json:"others,omitempty"` // recipients that are not age keys: PGP, KMS, ...
	Host   string   `json:"host,omitempty"`
}

// Worker is a build machine: its buildbot workers, one per core.
type Worker struct {
	Name  string `json:"name"  toml:"name"`
	Cores int    `json:"cores" toml:"cores"`
	// Recipient is the age recipient that opens the machine's own file of
	// secrets; empty: it has none, and what it reads is its owner's affair.
	Recipient string `json:"recipient,omitempty" toml:"recipient"`
	// Password is OwnPassword, or empty for the one that the CI host has too.
	Password string `json:"password,omitempty" toml:"password"`
}

// OwnPassword is a Worker's password that no other machine knows.
const OwnPassword = "own"

// Inputs says how the infra repository gets its Nix inputs.
type Inputs struct {
	Kind string   `json:"kind"` // flake, npins, none
	Have []string `json:"have,omitempty"`
}

// Unit is a systemd unit.
type Unit struct {
	Name     string `json:"name"`
	Load     string `json:"load"`   // loaded, not-found, ...
	Active   string `json:"active"` // active, inactive, failed, ...
	Sub      string `json:"sub"`
	Result   string `json:"result,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
}

// Timer is a systemd timer. A zero time: never, or none.
type Timer struct {
	Unit Unit      `json:"unit"`
	Last time.Time `json:"last,omitzero"`
	Next time.Time `json:"next,omitzero"`
}

// Deployment is what the host runs, seen over ssh.
type Deployment struct {
	Hash string `json:"hash"` // of facts, module and secrets file
}

// Page is an HTTP answer of a public edge, as far as probes look.
type Page struct {
	Status   int
	Location string
	Type     string   // content type
	Body     string   // first 64 KiB
	Cookies  []string // raw Set-Cookie headers
	Leaks    bool     // the answer carries an Authorization header
}

// CacheInfo is nix-cache-info.
type CacheInfo struct {
	StoreDir string `json:"store_dir"`
	Priority int    `json:"priority,omitempty"`
}

// Narinfo describes a store path in the cache.
type Narinfo struct {
	StorePath string   `json:"store_path"`
	URL       string   `json:"url"`
	SignedBy  []string `json:"signed_by,omitempty"` // key names on it
	Verified  bool     `json:"verified"`            // a signature fits the published key
	Edge      string   `json:"edge,omitempty"`      // cf-cache-status
}
