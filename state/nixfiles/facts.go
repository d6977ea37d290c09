package nixfiles

import (
	"encoding/json"
	"slices"
	"strings"
)

// FactsSchema is the version of the facts file's shape that the module reads.
const FactsSchema = 1

// Facts is ci-facts.json: all that the module needs to know of this CI, and no
// secret. Even the R2 token's id is left out, being one half of the S3 keys.
// The fields stand in the order of their JSON names, so the file is sorted.
type Facts struct {
	Access       string   `json:"access"` // fully-private, two-logins
	Admins       []string `json:"admins"` // GitHub logins; a set
	App          App      `json:"app"`
	BuildSystems []string `json:"buildSystems"` // "x86_64-linux", ...; a set
	Cache        Cache    `json:"cache"`
	// ConsoleToken says that the sops file holds nixwright-cloudflare-read.
	ConsoleToken bool     `json:"consoleToken,omitempty"`
	Domain       string   `json:"domain"`      // host name of the web side
	EvalMemory   int      `json:"evalMemory"`  // MiB that one evaluation may take; 0: buildbot-nix's own limit
	EvalWorkers  int      `json:"evalWorkers"` // parallel evaluations; 0: one per core
	GC           GC       `json:"gc"`
	Login        Login    `json:"login"`
	OutputsPath  string   `json:"outputsPath"` // folder on the host; empty: not kept
	Owner        string   `json:"owner"`       // the GitHub account that owns the Apps
	Repos        []string `json:"repos"`       // "owner/name"; a set
	S3           S3       `json:"s3"`
	Schema       int      `json:"schema"`      // JSON writes FactsSchema whatever it is
	SecretsFile  string   `json:"secretsFile"` // relative to the facts file: "./secrets.yaml"
	Topic        string   `json:"topic"`       // only repositories that carry it are built
	Users        []string `json:"users"`       // GitHub logins that may look; a set
	Webhook      Webhook  `json:"webhook"`
	Workers      []Worker `json:"workers"`
}

// App is the GitHub App that buildbot acts as.
type App struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// Cache is the binary cache as Nix clients see it.
type Cache struct {
	Domain    string `json:"domain"`
	KeyName   string `json:"keyName"`
	PublicKey string `json:"publicKey"` // "name:base64", what clients trust
	URL       string `json:"url"`       // "https://cache.phlip9.com"
}

// GC is the garbage collection of the cache.
type GC struct {
	OlderThan string `json:"olderThan"` // a Go duration: "720h"
	Schedule  string `json:"schedule"`  // a systemd calendar expression: "daily"
}

// Login is how people sign in. BuildbotClientID is empty in fully-private,
// where the proxy's login is the only one.
type Login struct {
	BuildbotClientID string `json:"buildbotClientId"`
	Kind             string `json:"kind"` // github-app, oauth-app
	ProxyClientID    string `json:"proxyClientId"`
}

// S3 is the bucket behind the cache.
type S3 struct {
	Bucket   string `json:"bucket"`
	Endpoint string `json:"endpoint"` // a host without a scheme: niks3 refuses one
	Region   string `json:"region"`   // "auto" for R2
}

// Webhook says where GitHub's events arrive. buildbot-nix makes one hook per
// repository, at BaseURL + "change_hook/github".
type Webhook struct {
	AppHookPath string `json:"appHookPath"` // path of an adopted App's own hook: "/webhooks/x"; empty: none
	BaseURL     string `json:"baseUrl"`     // with its last slash: "https://ci.phlip9.com/"
}

// Worker is a build machine; Name is its host name.
type Worker struct {
	Cores int    `json:"cores"`
	Name  string `json:"name"`
}

// JSON is the text of the facts file: two spaces of indent, names sorted, sets
// sorted, a newline at the end. Equal facts give equal bytes.
func (f Facts) JSON() string {
	f.Schema = FactsSchema
	f.Admins, f.Users = set(f.Admins), set(f.Users)
	f.BuildSystems, f.Repos = set(f.BuildSystems), set(f.Repos)
	f.Workers = slices.SortedFunc(slices.Values(f.Workers), func(a, b Worker) int {
		return strings.Compare(a.Name, b.Name)
	})
	if f.Workers == nil {
		f.Workers = []Worker{}
	}
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return "" // not reached: strings and numbers always encode
	}
	return out.String()
}

// set returns a sorted copy without repeats, which is never nil: the module
// wants a list, and JSON has null for nil.
func set(in []string) []string {
	out := append([]string{}, in...)
	slices.Sort(out)
	return slices.Compact(out)
}

// IsFacts says whether a text is a facts file, of this or another version: so
// it is ours to write again.
func IsFacts(text string) bool {
	var f struct {
		Schema int    `json:"schema"`
		Access string `json:"access"`
	}
	return strings.TrimSpace(text) == "" || json.Unmarshal([]byte(text), &f) == nil && f.Schema > 0 && f.Access != ""
}
