package shape

import (
	"io"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// The names of the secrets in the sops file. They never change: the NixOS
// module and existing set-ups say them.
const (
	WorkersName           state.SecretName = "buildbot-nix-workers"
	WorkerPasswordName    state.SecretName = "buildbot-nix-worker-password"
	WebhookSecretName     state.SecretName = "buildbot-github-webhook-secret"
	AppKeyName            state.SecretName = "buildbot-github-app-secret-key"
	BasicAuthName         state.SecretName = "buildbot-http-basic-auth-password"
	OAuthSecretName       state.SecretName = "buildbot-github-oauth-secret"
	ProxyClientSecretName state.SecretName = "oauth2-proxy-client-secret"
	CookieSecretName      state.SecretName = "oauth2-proxy-cookie-secret"
	ProxyEnvName          state.SecretName = "oauth2-proxy-env"
	S3AccessKeyName       state.SecretName = "niks3-s3-access-key"
	S3SecretKeyName       state.SecretName = "niks3-s3-secret-key"
	APITokenName          state.SecretName = "niks3-api-token"
	SigningKeyName        state.SecretName = "niks3-signing-key"
	IdentitiesName        state.SecretName = "nixwright-identities"
	CloudflareReadName    state.SecretName = "nixwright-cloudflare-read"
)

// Spec is a row of the table.
type Spec struct {
	Name  state.SecretName
	Modes []string // the values of ci.access that use it
	Owner string   // the unix user on the host that reads it
	Local bool     // made here rather than by a service

	From []state.SecretName // it is composed of these
	Pair state.SecretName   // the other half, where there is one

	// Make makes a value. It is nil where a service does, and where the value
	// is composed of others.
	Make func(rand io.Reader, c state.Config) (state.Secret, error)
	// Accept says what is wrong with a value, as a state.Problem that does
	// not repeat it; nil: it will work, as far as its form tells.
	Accept func(v state.Secret, c state.Config) error
}

// Set holds values by name.
type Set map[state.SecretName]state.Secret

// Lengths of what we make, in characters.
const (
	passwordLength = 43 // of 64 characters: 258 bits
	webhookBytes   = 32
	cookieLength   = 32
	tokenLength    = 64
)

// Least lengths that are accepted, in characters.
const (
	leastPassword = 16
	leastToken    = 36 // niks3 refuses less
)

// specs builds the table; Identities and CloudflareRead belong to no mode.
func specs() []Spec {
	fully, two := state.FullyPrivate, state.TwoLogins
	both := []string{fully, two}
	return []Spec{
		{Name: WorkersName, Modes: both, Owner: "root", Local: true, From: []state.SecretName{WorkerPasswordName}, Accept: acceptWorkers},
		{Name: WorkerPasswordName, Modes: both, Owner: "buildbot-worker", Local: true, Make: urlSafe(passwordLength), Accept: atLeast(leastPassword, "")},
		{Name: WebhookSecretName, Modes: both, Owner: "root", Local: true, Make: hexadecimal(webhookBytes), Accept: atLeast(leastPassword, "")},
		{Name: AppKeyName, Modes: both, Owner: "root", Accept: acceptAppKey},
		{Name: BasicAuthName, Modes: []string{fully}, Owner: "root", Local: true, Make: urlSafe(passwordLength), Accept: acceptBasicAuth},
		{Name: ProxyClientSecretName, Modes: []string{fully}, Owner: "root", Accept: acceptClientSecret},
		{Name: CookieSecretName, Modes: []string{fully}, Owner: "root", Local: true, Make: makeCookie, Accept: acceptCookie},
		{Name: OAuthSecretName, Modes: []string{two}, Owner: "root", Accept: acceptClientSecret},
		{Name: ProxyEnvName, Modes: []string{two}, Owner: "root", Accept: acceptProxyEnv},
		{Name: S3AccessKeyName, Modes: both, Owner: "niks3", Pair: S3SecretKeyName, Accept: acceptAccessKey},
		{Name: S3SecretKeyName, Modes: both, Owner: "niks3", Pair: S3AccessKeyName, Accept: acceptSecretKey},
		{Name: APITokenName, Modes: both, Owner: "niks3", Local: true, Make: urlSafe(tokenLength), Accept: atLeast(leastToken, "F31")},
		{Name: SigningKeyName, Modes: both, Owner: "niks3", Local: true, Make: makeSigningKey, Accept: acceptSigningKey},
		{Name: IdentitiesName, Owner: "root", Accept: acceptIdentities},
		{Name: CloudflareReadName, Owner: "root", Accept: acceptCloudflareRead},
	}
}

// For lists the secrets that a set-up with this access needs: 11 in
// fully-private, 10 in two-logins.
func For(access string) []Spec {
	return slices.DeleteFunc(specs(), func(s Spec) bool { return !slices.Contains(s.Modes, access) })
}

// Optional lists the secrets that no set-up needs, and that some have.
func Optional() []Spec {
	return slices.DeleteFunc(specs(), func(s Spec) bool { return s.Name != CloudflareReadName })
}

// Local lists those of For that are made here.
func Local(access string) []Spec {
	return slices.DeleteFunc(For(access), func(s Spec) bool { return !s.Local })
}

// ByName finds a row.
func ByName(name state.SecretName) (Spec, bool) {
	all := specs()
	i := slices.IndexFunc(all, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return all[i], true
}
