package state

import "net/netip"

// All facts, by name. A name never changes: plans, docs and tests say it.
var (
	FactUser       = NewKey[GitHubUser]("github.user")
	FactOwner      = NewKey[Owner]("github.owner")
	FactRepos      = NewKey[[]Repo]("github.repos")
	FactAccount    = NewKey[Account]("cloudflare.account")
	FactCloud      = NewKey[CloudflareToken]("cloudflare.token")
	FactZones      = NewKey[[]Zone]("cloudflare.zones")
	FactRecipients = NewKey[Recipients]("secrets.recipients")
	FactHost       = NewKey[Host]("host")
	FactBucket     = NewKey[Bucket]("r2.bucket")
	FactDomain     = NewKey[CacheDomain]("cache.domain")
	FactR2Token    = NewKey[R2Token]("r2.token")
	FactApp        = NewKey[App]("github.app")
	FactInstalls   = NewKey[[]Installation]("github.installations")
	FactTopics     = NewKey[string]("github.topic")
	FactAddress    = NewKey[[]netip.Addr]("ci.address")
	FactBuildbot   = NewKey[LoginApp]("login.buildbot")
	FactProxy      = NewKey[LoginApp]("login.proxy")
	FactPublicKey  = NewKey[string]("cache.public-key")
	FactWorkers    = NewKey[[]Worker]("workers")
	FactSecrets    = NewKey[[]SecretName]("secrets.file")
	FactInputs     = NewKey[Inputs]("nix.inputs")
	FactModule     = NewKey[string]("nix.module") // hash of facts, module and secrets file
	FactDeployment = NewKey[Deployment]("deployment")
)
