package state

import (
	"slices"
	"strings"
)

// What permissions are for. A row of the table for "ci-app" holds for
// "ci-app-org" too.
const (
	ForGitHubToken       = "github-token"       // a classic token, or gh's
	ForGitHubFine        = "github-fine"        // a fine-grained token
	ForCIApp             = "ci-app"             // the CI's App of a user
	ForCIAppOrg          = "ci-app-org"         // the CI's App of an organisation
	ForLoginApp          = "login-app"          // a GitHub App that people sign in through
	ForCloudflareUser    = "cloudflare-user"    // the bootstrap token, owned by a user
	ForCloudflareAccount = "cloudflare-account" // the bootstrap token, owned by the account
	ForR2Token           = "r2-token"           // the token that becomes niks3's S3 keys
	ForReadToken         = "read-token"         // the token that the console reads Cloudflare's figures with
)

// The permission groups of Cloudflare that a token on one bucket may carry:
// niks3 writes; reading comes with it.
const (
	R2ItemWrite = "Workers R2 Storage Bucket Item Write"
	R2ItemRead  = "Workers R2 Storage Bucket Item Read"
)

// The permission groups of Cloudflare that its analytics want: of an account,
// and of a zone.
const (
	AccountAnalytics = "Account Analytics Read"
	ZoneAnalytics    = "Analytics Read"
)

// What a permission group is given on, and the step of the console's token.
const (
	accountScope = "com.cloudflare.api.account"
	zoneScope    = "com.cloudflare.api.account.zone"
	consoleStep  = "console-token"
)

// Permission is one thing that a token or an App may do, and why it must.
type Permission struct {
	For   string `json:"for"`
	Name  string `json:"name"`  // as the service's page says it
	Level string `json:"level"` // read, write, edit; empty: a scope
	Key   string `json:"key"`   // as the API or the pre-filled page says it
	Why   string `json:"why"`
	Step  string `json:"step"` // the first step that needs it
	// ReadsItself says that a token without it cannot even tell what it may.
	ReadsItself bool `json:"reads_itself,omitempty"`
}

// permissions are the smallest sets. Sources: GitHub's app-permissions schema
// and scopes, buildbot-nix docs/GITHUB.md, Cloudflare's permission groups and
// its page on token template URLs.
var permissions = []Permission{
	{ForGitHubToken, "repo", "", "repo", "reads repositories and hooks, sets topics, adds a repository to an installation, proposes a flake.nix", "preflight", false},

	{ForGitHubFine, "Metadata", "read", "metadata", "reads the repositories and their topics", "preflight", false},
	{ForGitHubFine, "Administration", "write", "administration", "sets the topic", "repo-topic", false},
	{ForGitHubFine, "Webhooks", "write", "repository_hooks", "sees where hooks point, and asks for a ping", "check-webhook", false},
	{ForGitHubFine, "Contents", "write", "contents", "proposes a flake.nix on a branch of its own", "repo-flake", false},
	{ForGitHubFine, "Pull requests", "write", "pull_requests", "opens the pull request for it", "repo-flake", false},

	{ForCIApp, "Contents", "read", "contents", "builds what you push", "github-app", false},
	{ForCIApp, "Metadata", "read", "metadata", "finds the repositories and their topics", "github-app", false},
	{ForCIApp, "Pull requests", "read", "pull_requests", "builds pull requests", "github-app", false},
	{ForCIApp, "Commit statuses", "write", "statuses", "results appear on commits", "github-app", false},
	{ForCIApp, "Webhooks", "write", "repository_hooks", "buildbot-nix adds one hook per repository", "github-app", false},
	{ForCIAppOrg, "Members", "read", "members", "members of the organisation are known", "github-app", false},

	{ForLoginApp, "Email addresses", "read", "email_addresses", "oauth2-proxy asks for the address of who signs in", "login-proxy", false},

	{ForCloudflareUser, "API Tokens Write", "edit", "api_tokens", "makes the one small token that niks3 keeps", "r2-token", true},
	{ForCloudflareAccount, "Account API Tokens Write", "edit", "account_api_tokens", "makes the one small token that niks3 keeps", "r2-token", true},
	{forCloudflare, "Workers R2 Storage Write", "edit", "workers_r2", "makes the bucket and connects its domain", "r2-bucket", false},
	{forCloudflare, "Account Settings Read", "read", "account_settings", "finds the account", "preflight", false},
	{forCloudflare, "Zone Read", "read", "zone", "finds the zones of the two domains", "preflight", false},
	{forCloudflare, "DNS Write", "edit", "dns", "makes the CI domain's address record", "dns", false},

	{ForR2Token, R2ItemWrite, "edit", "com.cloudflare.edge.r2.bucket", "niks3 writes and collects, in this bucket only", "r2-token", false},

	{ForReadToken, AccountAnalytics, "read", accountScope, "the bucket's size, and its requests by class", consoleStep, false},
	{ForReadToken, ZoneAnalytics, "read", zoneScope, "hits and misses of the cache's domain", consoleStep, false},
	{ForReadToken, "Zone Read", "read", zoneScope, "finds the zone of the cache's domain", consoleStep, false},
}

// forCloudflare is what both kinds of bootstrap token need.
const forCloudflare = "cloudflare"

// Permissions is the whole table.
func Permissions() []Permission { return slices.Clone(permissions) }

// PermissionsFor lists the smallest set for one of the For… constants.
func PermissionsFor(what string) []Permission {
	var out []Permission
	for _, p := range permissions {
		if p.For == what || strings.HasPrefix(what, p.For+"-") {
			out = append(out, p)
		}
	}
	return out
}

// CIPermissions is the set of the CI's App; org: its owner is an organisation.
func CIPermissions(org bool) []Permission {
	if org {
		return PermissionsFor(ForCIAppOrg)
	}
	return PermissionsFor(ForCIApp)
}

// CloudflareFor is the set of the bootstrap token; own: owned by the account.
func CloudflareFor(own bool) string {
	if own {
		return ForCloudflareAccount
	}
	return ForCloudflareUser
}
