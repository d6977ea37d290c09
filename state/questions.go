package state

import (
	"errors"
	"slices"
	"strings"
)

// EnvName is the environment variable that answers a key: github.owner ->
// NIXWRIGHT_GITHUB_OWNER.
func EnvName(key string) string {
	return "NIXWRIGHT_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// SecretAnswer says whether the answer to a key is secret: never in the file,
// never on the command line, never echoed.
func SecretAnswer(key string) bool {
	return slices.ContainsFunc(questions, func(q Question) bool { return q.Key == key && q.Kind == KindSecret })
}

// Questions lists a question for every key of the file in its order, then the
// secret answers. Each of the file's keys has an Accept that refuses what is
// not legal.
func Questions() []Question {
	out := slices.Clone(questions)
	for i, q := range out {
		if q.Kind != KindSecret {
			out[i].Accept = accepts(q.Key)
		}
	}
	return out
}

// QuestionFor finds the question of a key.
func QuestionFor(key string) (Question, bool) {
	all := Questions()
	i := slices.IndexFunc(all, func(q Question) bool { return q.Key == key })
	if i < 0 {
		return Question{}, false
	}
	return all[i], true
}

// Required lists the questions that must be answered before anything can be
// derived, less those that are answered: the host, the CI's domain, the
// repositories. A host that is given by its address needs its name too.
func Required(c Config) []Question {
	d := c.Derive()
	keys := []string{"host.ssh", "ci.domain", "github.repos"}
	if d.Host.SSH != "" {
		keys[0] = "host.name"
	}
	var out []Question
	for _, key := range keys {
		if _, said := d.Value(key); !said {
			q, _ := QuestionFor(key)
			out = append(out, q)
		}
	}
	return out
}

// accepts is the legality of a key alone, as an Accept.
func accepts(key string) func(Answer) error {
	return func(a Answer) error {
		var c Config
		if err := c.Set(key, a.Value.Reveal()); err != nil {
			return err
		}
		var all []error
		for _, p := range c.Derive().CheckKey(key) {
			all = append(all, p)
		}
		return errors.Join(all...)
	}
}

// The choices of questions that have some.
var (
	accessChoices = []string{FullyPrivate, TwoLogins}
	loginChoices  = []string{ViaGitHubApp, ViaOAuthApp}
	regionChoices = []string{"eu", "fedramp"}
	classChoices  = []string{"Standard", "InfrequentAccess"}
)

// questions is the table: key, kind, what is asked, why.
var questions = []Question{
	{Key: "host.name", Kind: KindText, Ask: "What is the host's name?", Why: "It is networking.hostName, and the folder of its files."},
	{Key: "host.ssh", Kind: KindText, Ask: "Which host will run the CI?", Why: "Its ssh destination; the host's name follows from it."},
	{Key: "host.system", Kind: KindText, Ask: "Which system does the host have?", Why: "Nix's name for its processor and kernel; it is x86_64-linux for Intel and AMD."},
	{Key: "host.recipient", Kind: KindText, Ask: "Which age recipient does the host have?", Why: "The host reads the secrets with its own key; it is asked over ssh where its host key is known."},
	{Key: "ci.backend", Kind: KindChoice, Ask: "Which CI?", Why: "buildbot-nix is the one that is supported.", Choices: []string{BuildbotNix}},
	{Key: "ci.domain", Kind: KindText, Ask: "Under which domain?", Why: "The web pages, the webhooks and the logins live there."},
	{Key: "ci.admins", Kind: KindList, Ask: "Who may control builds?", Why: "GitHub logins; they may start, restart and stop builds, and see all pages."},
	{Key: "ci.users", Kind: KindList, Ask: "Who may sign in?", Why: "GitHub logins; everyone else is refused at the door."},
	{Key: "ci.access", Kind: KindChoice, Ask: "How do people sign in?", Why: "fully-private has one login in front of all pages, and lets the console act too; two-logins has the proxy's and buildbot's own.", Choices: accessChoices},
	{Key: "ci.eval_workers", Kind: KindNumber, Ask: "How many evaluations at once?", Why: "More are quicker; each takes up to 4 GiB of the host's memory. Left open, as many are taken as its memory and threads have room for."},
	{Key: "ci.build_systems", Kind: KindList, Ask: "For which systems is built?", Why: "Checks of other systems are left out; each system needs a worker that can build it."},
	{Key: "ci.outputs_path", Kind: KindText, Ask: "Where do the newest outputs stand on the host?", Why: "buildbot-nix writes one file per check there."},
	{Key: "ci.webhook_path", Kind: KindText, Ask: "Which path does an older App's webhook use?", Why: "Only an adopted App with a hook of its own needs it."},
	{Key: "workers", Kind: KindList, Ask: "Which machines build, with how many cores?", Why: "Written name=cores, comma-separated; without cores the host's threads are taken, less two for evaluation."},
	{Key: "github.owner", Kind: KindText, Ask: "Who owns the repositories?", Why: "The Apps are made for this account, a person's or an organisation's."},
	{Key: "github.repos", Kind: KindList, Ask: "Which repositories should be built?", Why: "Written owner/name; all of one owner."},
	{Key: "github.topic", Kind: KindText, Ask: "Which topic marks a repository?", Why: "buildbot-nix builds only repositories that have it; setup adds it to those that you name."},
	{Key: "github.app_name", Kind: KindText, Ask: "How is the CI's App called?", Why: "The name shows on commits and must be free in all of GitHub; 34 characters at most."},
	{Key: "github.login", Kind: KindChoice, Ask: "How is the login made?", Why: "A GitHub App is made with one click and nothing to copy; an OAuth App is a form and two pastes.", Choices: loginChoices},
	{Key: "github.buildbot_login_app", Kind: KindText, Ask: "How is the App of buildbot's login called?", Why: "Only two-logins needs it; the name must be free in all of GitHub."},
	{Key: "github.proxy_login_app", Kind: KindText, Ask: "How is the login App called?", Why: "People see the name when they sign in; it must be free in all of GitHub."},
	{Key: "cache.domain", Kind: KindText, Ask: "Under which domain is the cache read?", Why: "It becomes the bucket's own domain; its zone must be at Cloudflare."},
	{Key: "cache.key_name", Kind: KindText, Ask: "How is the signing key called?", Why: "Nix clients trust the key by name and value; another name later means to tell all of them."},
	{Key: "cache.r2.account", Kind: KindText, Ask: "Which Cloudflare account?", Why: "Its id, 32 hexadecimal digits; needed only where the token sees several accounts."},
	{Key: "cache.r2.bucket", Kind: KindText, Ask: "How is the bucket called?", Why: "It is made in the account where it is missing; nothing in one that is there is removed."},
	{Key: "cache.r2.location", Kind: KindChoice, Ask: "Where should the bucket be?", Why: "It cannot be changed later; left out, Cloudflare takes what is near to where setup runs.", Choices: locations},
	{Key: "cache.r2.jurisdiction", Kind: KindChoice, Ask: "Must the data stay in a jurisdiction?", Why: "It cannot be changed later; left out, no promise is made.", Choices: regionChoices},
	{Key: "cache.r2.storage_class", Kind: KindChoice, Ask: "Which storage class?", Why: "Infrequent access is cheaper to keep and dearer to read, so Standard suits a cache.", Choices: classChoices},
	{Key: "cache.r2.token_name", Kind: KindText, Ask: "How is niks3's token called?", Why: "The token is found again by this name; it may read and write this bucket only."},
	{Key: "gc.older_than", Kind: KindText, Ask: "How long does the cache keep what is not used?", Why: "In hours: 720h are 30 days; longer means a larger bucket and fewer builds."},
	{Key: "gc.schedule", Kind: KindText, Ask: "When is it collected?", Why: "A systemd calendar expression, like daily or Mon 04:00."},
	{Key: "console.cloudflare_token", Kind: KindYes, Ask: "Make a read-only Cloudflare token for the console?", Why: "With it the console shows the bucket's size, its requests, and hits and misses; it can change nothing. Without it the size comes from niks3."},
	{Key: "deploy.command", Kind: KindList, Ask: "Which command deploys the host?", Why: "Its words, comma-separated; left out, the command is shown and not run."},
	{Key: "paths.module", Kind: KindText, Ask: "Where is the NixOS module written?", Why: "Relative to the repository; import it in the host's configuration."},
	{Key: "paths.client", Kind: KindText, Ask: "Where is the clients' module written?", Why: "It holds the cache's address and its public key, for every machine that is to use it."},
	{Key: "paths.facts", Kind: KindText, Ask: "Where are the facts written?", Why: "The module reads ids, addresses and public keys from there; no secrets."},
	{Key: "paths.secrets", Kind: KindText, Ask: "Where is the sops file?", Why: "All secrets are sealed in it, one key each; what else stands there stays."},
	{Key: "secrets.create_identity", Kind: KindYes, Ask: "Make an age identity on this machine?", Why: "There is none where sops looks; without one nobody here can open the secrets again. Back it up."},
	{Key: "adopt.app_id", Kind: KindNumber, Ask: "Which App id has the CI's App?", Why: "An App that is there is adopted, not made again."},
	{Key: "adopt.app_key_file", Kind: KindText, Ask: "Where is that App's private key?", Why: "It is read once and sealed; delete the file then."},
	{Key: "adopt.proxy_login_client_id", Kind: KindText, Ask: "Which client id has the proxy's login App?", Why: "An App that is there is adopted, not made again."},
	{Key: "adopt.buildbot_login_client_id", Kind: KindText, Ask: "Which client id has buildbot's login App?", Why: "An App that is there is adopted, not made again."},
	{Key: "endpoints.github_api", Kind: KindText, Ask: "Where is GitHub's API?", Why: endpointsWhy},
	{Key: "endpoints.github_web", Kind: KindText, Ask: "Where is GitHub's site?", Why: endpointsWhy},
	{Key: "endpoints.cloudflare_api", Kind: KindText, Ask: "Where is Cloudflare's API?", Why: endpointsWhy},
	{Key: "endpoints.r2_s3", Kind: KindText, Ask: "Where is the S3 API?", Why: endpointsWhy},
	{Key: "endpoints.dns", Kind: KindText, Ask: "Which resolver?", Why: endpointsWhy},
	{Key: "endpoints.ssh", Kind: KindList, Ask: "Which ssh program?", Why: "Its words, comma-separated; left out: ssh."},
	{Key: "endpoints.buildbot", Kind: KindText, Ask: "Where is buildbot?", Why: endpointsWhy},
	{Key: "endpoints.niks3", Kind: KindText, Ask: "Where is niks3?", Why: endpointsWhy},
	{Key: "endpoints.ci", Kind: KindText, Ask: "Where is the CI's site?", Why: endpointsWhy},
	{Key: "endpoints.cache", Kind: KindText, Ask: "Where is the cache?", Why: endpointsWhy},

	{Key: "github.app_return", Kind: KindSecret, Ask: "To which address did GitHub send the browser back?", Why: "It carries the one-time code of the new App; paste all of it."},
	{Key: "github.proxy_login_client_secret", Kind: KindSecret, Ask: "What is the client secret of the proxy's login App?", Why: "GitHub shows it once; it is checked, then sealed."},
	{Key: "github.buildbot_login_client_secret", Kind: KindSecret, Ask: "What is the client secret of buildbot's login App?", Why: "GitHub shows it once; it is checked, then sealed."},
	{Key: "github.token", Kind: KindSecret, Ask: "Which GitHub token?", Why: "It reads the repositories and sets topics; it is used now and not stored."},
	{Key: "cloudflare.token", Kind: KindSecret, Ask: "Which Cloudflare token?", Why: "It makes the bucket, its domain and niks3's token; it is used now and not stored."},
}

// endpointsWhy is said of every address.
const endpointsWhy = "Only for GitHub Enterprise Server, other S3 providers, rehearsals and tests."
