package state

import (
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// BuildbotNix is the one value of ci.backend.
const BuildbotNix = "buildbot-nix"

// rule says what is legal under a key; for a list, what each part must be.
type rule struct {
	key string
	id  string // the failure that a wrong value leads to, where it has one
	is  string // "a bucket name"
	why string // who says so
	eg  string // an example
	ok  func(string) bool
}

// rules is the table of what is legal: every text and list key of the file
// but the free ones. The sources are the services' documents and the NixOS
// modules that read the values.
var rules = []rule{
	{"host.name", "", "a host name", "it is networking.hostName: letters, digits, - and _, at most 63", "omnara1", like(`[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?`)},
	{"host.ssh", "", "an ssh destination", "it is passed to ssh as one word and may not look like an option or a command", "root@omnara1.example.org", sshDestination},
	{"host.system", "", "a Linux system of Nix", "the host runs NixOS", "x86_64-linux", like(`[a-z0-9_]+-linux`)},
	{"host.recipient", "", "an age recipient", "a host's key is given as its X25519 recipient (ssh-to-age makes it from ssh_host_ed25519_key.pub)", "age1...", like(`age1[02-9ac-hj-np-z]{58}`)},
	{"ci.backend", "", "a backend", "there is one so far", BuildbotNix, oneOf(BuildbotNix)},
	{"ci.domain", "", "a domain", domainWhy, "ci.example.org", domainName},
	{"ci.admins", "", "a GitHub login", loginWhy, "octocat", like(loginForm)},
	{"ci.users", "", "a GitHub login", loginWhy, "octocat", like(loginForm)},
	{"ci.access", "", "a kind of access", "it is fully-private (one login) or two-logins", FullyPrivate, oneOf(FullyPrivate, TwoLogins)},
	{"ci.build_systems", "", "a system of Nix", "it is the system attribute of the checks", "x86_64-linux", like(`[a-z0-9_]+-(linux|darwin)`)},
	{"ci.outputs_path", "", "an absolute folder", "nginx serves it", "/var/www/buildbot/nix-outputs/", like(`(/[A-Za-z0-9_][A-Za-z0-9._-]*)+/?`)},
	{"ci.webhook_path", "", "a path of the CI's address", "it begins with / and is spliced into nginx's configuration", "/webhooks/github", like(`(/[A-Za-z0-9_][A-Za-z0-9._-]*)+`)},
	{"github.owner", "", "a GitHub login", loginWhy, "octocat", like(loginForm)},
	{"github.repos", "", "a repository", "it is written owner/name", "octocat/dotfiles", repository},
	{"github.topic", "F7", "a topic", "GitHub takes lower-case letters, digits and hyphens, at most 50", "buildbot-octocat", like(`[a-z0-9][a-z0-9-]{0,49}`)},
	{"github.app_name", "F12", appIs, appWhy, "octocat-buildbot-ci", appName},
	{"github.login", "", "a kind of login", "it is github-app (nothing to copy) or oauth-app", ViaGitHubApp, oneOf(ViaGitHubApp, ViaOAuthApp)},
	{"github.buildbot_login_app", "F12", appIs, appWhy, "octocat-buildbot-oauth", appName},
	{"github.proxy_login_app", "F12", appIs, appWhy, "octocat-ci-oauth2-proxy", appName},
	{"cache.domain", "", "a domain", domainWhy, "cache.example.org", domainName},
	{"cache.key_name", "F26", "a key name", "it stands before the colon of the key, without blanks", "cache.example.org-1", like(`[A-Za-z0-9._+-]+`)},
	{"cache.r2.account", "", "a Cloudflare account id", "it is 32 hexadecimal digits", "", like(`[0-9a-f]{32}`)},
	{"cache.r2.bucket", "", "a bucket name", "R2 takes 3 to 63 lower-case letters, digits and hyphens, no hyphen at the ends", "octocat-nix-cache", like(`[a-z0-9][a-z0-9-]{1,61}[a-z0-9]`)},
	{"cache.r2.location", "", "a location of R2", "it is " + strings.Join(locations, ", "), "weur", oneOf(locations...)},
	{"cache.r2.jurisdiction", "", "a jurisdiction of R2", "it is eu or fedramp; left out: none", "eu", oneOf("eu", "fedramp")},
	{"cache.r2.storage_class", "", "a storage class of R2", "it is Standard or InfrequentAccess", "Standard", oneOf("Standard", "InfrequentAccess")},
	{"cache.r2.token_name", "", "a token name", "it is found again by name: at most 120 printable characters, no blank at the ends", "niks3-omnara1", tokenName},
	{"gc.older_than", "", "a duration of whole hours", "niks3 reads Go durations, which know no days: 30 days are 720h", "720h", wholeHours},
	{"gc.schedule", "", "a systemd calendar expression", "it is OnCalendar= of niks3-gc.timer", "daily", like(`[A-Za-z0-9*~][A-Za-z0-9 *~:/,._+-]{0,99}`)},
	{"paths.module", "", "a .nix file of the repository", pathWhy, "nixos/mods/buildbot-ci.nix", inside(".nix")},
	{"paths.client", "", "a .nix file of the repository", pathWhy, "nixos/mods/nix-cache.nix", inside(".nix")},
	{"paths.facts", "", "a .json file of the repository", pathWhy, "nixos/omnara1/ci-facts.json", inside(".json")},
	{"paths.secrets", "", "a .yaml file of the repository", pathWhy, "nixos/omnara1/secrets.yaml", inside(".yaml", ".yml")},
	{"adopt.proxy_login_client_id", "", "a client id", clientWhy, "Iv23li...", like(`[A-Za-z0-9._-]+`)},
	{"adopt.buildbot_login_client_id", "", "a client id", clientWhy, "Iv23li...", like(`[A-Za-z0-9._-]+`)},
	{"endpoints.github_api", "", urlIs, urlWhy, "https://github.example.org/api/v3", endpointURL},
	{"endpoints.github_web", "", urlIs, urlWhy, "https://github.example.org", endpointURL},
	{"endpoints.cloudflare_api", "", urlIs, urlWhy, "http://127.0.0.1:8080", endpointURL},
	{"endpoints.r2_s3", "", urlIs, urlWhy, "https://s3.example.org", endpointURL},
	{"endpoints.dns", "", "the address of a resolver", "it is an IP address and a port", "127.0.0.1:5353", resolver},
	{"endpoints.buildbot", "", urlIs, urlWhy, "http://127.0.0.1:8010", endpointURL},
	{"endpoints.niks3", "", urlIs, urlWhy, "http://[::1]:5751", endpointURL},
	{"endpoints.ci", "", urlIs, urlWhy, "https://ci.example.org", endpointURL},
	{"endpoints.cache", "", urlIs, urlWhy, "https://cache.example.org", endpointURL},
}

// Words that several rules share.
const (
	domainWhy = "it has two labels or more of lower-case a-z, 0-9 and -; other letters in punycode (xn--)"
	loginForm = `[A-Za-z0-9][A-Za-z0-9_-]{0,38}`
	loginWhy  = "it is a name at GitHub: letters, digits and hyphens, at most 39"
	appIs     = "an App name"
	appWhy    = "it is also the App's address: letters, digits and hyphens, at most 34, the limit of GitHub"
	pathWhy   = "it is relative to the repository and stays in it, outside .git and .nixwright"
	clientWhy = "it is what the App's page shows as Client ID"
	urlIs     = "an address"
	urlWhy    = "it is https://host, or http:// on loopback only, without user, query or fragment"
)

// locations are R2's location hints.
var locations = []string{"apac", "eeur", "enam", "oc", "weur", "wnam"}

func ruleOf(key string) (rule, bool) {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.key == key })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

// legal says whether a value is said and may stand under a key of the table.
func legal(key, value string) bool {
	r, ok := ruleOf(key)
	return ok && value != "" && printable(value) && r.ok(value)
}

// like is a form that values have. It is made when it is first asked for: a
// program that starts needs few of them.
func like(form string) func(string) bool {
	made := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:` + form + `)$`) })
	return func(s string) bool { return made().MatchString(s) }
}

func oneOf(words ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(words, s) }
}

// printable refuses control and invisible characters, line ends and broken
// UTF-8: no value of ours has any, and each would be spliced somewhere.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
	})
}

func domainName(s string) bool {
	labels := strings.Split(s, ".")
	label := like(`[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`)
	return len(s) <= 253 && len(labels) > 1 && !slices.ContainsFunc(labels, func(l string) bool { return !label(l) }) &&
		strings.ContainsAny(labels[len(labels)-1], "abcdefghijklmnopqrstuvwxyz")
}

func sshDestination(s string) bool {
	host := s[strings.LastIndexByte(s, '@')+1:]
	return !strings.HasPrefix(s, "-") && host != "" && !strings.HasPrefix(host, "-") &&
		!strings.ContainsFunc(s, unicode.IsSpace) && !strings.ContainsAny(s, "'\"`$\\;&|<>(){}!*?#~")
}

func repository(s string) bool {
	owner, name, _ := strings.Cut(s, "/")
	return like(loginForm)(owner) && like(`[A-Za-z0-9._-]{1,100}`)(name) &&
		strings.Trim(name, ".") != "" && !strings.HasSuffix(name, ".git")
}

func appName(s string) bool {
	return len(s) <= maxAppName && like(`[A-Za-z0-9]+(-[A-Za-z0-9]+)*`)(s)
}

func tokenName(s string) bool { return len(s) <= 120 && strings.TrimSpace(s) == s }

func wholeHours(s string) bool {
	d, err := time.ParseDuration(s)
	return err == nil && d >= time.Hour && d%time.Hour == 0 && like(`([0-9]+[hms])+`)(s) // as the module takes it
}

func inside(endings ...string) func(string) bool {
	return func(s string) bool {
		first, _, _ := strings.Cut(s, "/")
		return path.Clean(s) == s && !path.IsAbs(s) && !strings.Contains(s, `\`) &&
			first != ".." && first != ".git" && first != ".nixwright" && slices.Contains(endings, path.Ext(s))
	}
}

func endpointURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && u.User == nil && u.Opaque == "" && !strings.ContainsAny(s, "?#") &&
		(u.Scheme == "https" || u.Scheme == "http" && Loopback(s))
}

func resolver(s string) bool {
	a, err := netip.ParseAddrPort(s)
	return err == nil && a.Port() != 0
}
