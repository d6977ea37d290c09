package state

// Config is nixwright.toml: what is wanted. It holds no secret. The zero
// value of a field means "not said"; Derive fills those that can be derived.
type Config struct {
	Schema    int         `toml:"schema"`
	Host      HostConf    `toml:"host"`
	CI        CIConf      `toml:"ci"`
	Workers   []Worker    `toml:"workers"`
	GitHub    GitHubConf  `toml:"github"`
	Cache     CacheConf   `toml:"cache"`
	GC        GCConf      `toml:"gc"`
	Console   ConsoleConf `toml:"console"`
	Deploy    DeployConf  `toml:"deploy"`
	Paths     PathsConf   `toml:"paths"`
	Secrets   SecretsConf `toml:"secrets"`
	Adopt     AdoptConf   `toml:"adopt"`
	Endpoints Endpoints   `toml:"endpoints"`
}

// HostConf is the machine that runs the CI.
type HostConf struct {
	Name      string `toml:"name"`
	SSH       string `toml:"ssh"` // any ssh destination
	System    string `toml:"system"`
	Recipient string `toml:"recipient"` // its age recipient, where it cannot be asked
}

// CIConf is the web side of the CI.
type CIConf struct {
	Backend      string   `toml:"backend"`
	Domain       string   `toml:"domain"`
	Admins       []string `toml:"admins"`
	Users        []string `toml:"users"`
	Access       string   `toml:"access"` // fully-private, two-logins
	EvalWorkers  int      `toml:"eval_workers"`
	BuildSystems []string `toml:"build_systems"`
	OutputsPath  string   `toml:"outputs_path"`
	WebhookPath  string   `toml:"webhook_path"`
}

// GitHubConf is what is wanted there.
type GitHubConf struct {
	Owner            string   `toml:"owner"`
	Repos            []string `toml:"repos"`
	Topic            string   `toml:"topic"`
	AppName          string   `toml:"app_name"`
	Login            string   `toml:"login"` // github-app, oauth-app
	BuildbotLoginApp string   `toml:"buildbot_login_app"`
	ProxyLoginApp    string   `toml:"proxy_login_app"`
}

// CacheConf is the binary cache.
type CacheConf struct {
	Domain  string `toml:"domain"`
	KeyName string `toml:"key_name"`
	R2      R2Conf `toml:"r2"`
}

// R2Conf is the bucket and its token.
type R2Conf struct {
	Account      string `toml:"account"` // empty: learned from the token where it sees one account
	Bucket       string `toml:"bucket"`
	Location     string `toml:"location"` // empty: Cloudflare chooses the nearest
	Jurisdiction string `toml:"jurisdiction"`
	StorageClass string `toml:"storage_class"`
	TokenName    string `toml:"token_name"`
}

// GCConf is the garbage collection of the cache.
type GCConf struct {
	OlderThan string `toml:"older_than"` // a Go duration in hours: 720h
	Schedule  string `toml:"schedule"`   // a systemd calendar expression
}

// ConsoleConf is what the console may ask besides the CI's own services.
type ConsoleConf struct {
	CloudflareToken bool `toml:"cloudflare_token"` // setup makes it a read-only token of its own
}

// DeployConf is how the host is deployed; an empty command is shown, not run.
type DeployConf struct {
	Command []string `toml:"command"`
}

// PathsConf are the files, relative to the infra repository.
type PathsConf struct {
	Module  string `toml:"module"`
	Client  string `toml:"client"`
	Facts   string `toml:"facts"`
	Secrets string `toml:"secrets"`
}

// SecretsConf is about the sops identity.
type SecretsConf struct {
	CreateIdentity bool `toml:"create_identity"`
}

// AdoptConf names what is there already.
type AdoptConf struct {
	AppID                 int64  `toml:"app_id"`
	AppKeyFile            string `toml:"app_key_file"`
	ProxyLoginClientID    string `toml:"proxy_login_client_id"`
	BuildbotLoginClientID string `toml:"buildbot_login_client_id"`
}

// Endpoints are the services' addresses, for GitHub Enterprise Server, other
// S3 providers, rehearsals and tests. Empty: the service's own.
type Endpoints struct {
	GitHubAPI     string   `json:"github_api,omitempty"     toml:"github_api"`
	GitHubWeb     string   `json:"github_web,omitempty"     toml:"github_web"`
	CloudflareAPI string   `json:"cloudflare_api,omitempty" toml:"cloudflare_api"`
	R2S3          string   `json:"r2_s3,omitempty"          toml:"r2_s3"`
	DNS           string   `json:"dns,omitempty"            toml:"dns"` // host:port of a resolver
	SSH           []string `json:"ssh,omitempty"            toml:"ssh"` // argv of the ssh program
	Buildbot      string   `json:"buildbot,omitempty"       toml:"buildbot"`
	Niks3         string   `json:"niks3,omitempty"          toml:"niks3"`
	CI            string   `json:"ci,omitempty"             toml:"ci"`    // in place of https://<ci.domain>
	Cache         string   `json:"cache,omitempty"          toml:"cache"` // in place of https://<cache.domain>
}

// The values of ci.access and github.login.
const (
	FullyPrivate = "fully-private"
	TwoLogins    = "two-logins"
	ViaGitHubApp = "github-app"
	ViaOAuthApp  = "oauth-app"
)
