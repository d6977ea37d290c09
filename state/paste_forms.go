package state

import (
	"net/netip"
	"net/url"
	"strings"
)

// pasteForms are the forms of credentials by their beginning; the first that
// fits counts. rest is the form of what follows it.
var pasteForms = []struct {
	head    string
	rest    func(string) bool
	kind    PastedKind
	problem Problem // of one that cannot be used at all
}{
	{"github_pat_", like(`[A-Za-z0-9_]{40,244}`), PastedGitHub, Problem{}},
	{"ghp_", like(`[A-Za-z0-9_]{36,251}`), PastedGitHub, Problem{}},
	{"gho_", like(`[A-Za-z0-9_]{36,251}`), PastedGitHub, Problem{}},
	{"ghu_", like(`[A-Za-z0-9_]{36,251}`), PastedGitHub, Problem{}},
	{"ghs_", nil, PastedWrong, Problem{What: "that is the token of an installed App", Why: "it ends within the hour and acts for no user", Fix: "paste a token of your own: ghp_ or github_pat_"}},
	{"ghr_", nil, PastedWrong, Problem{What: "that is a refresh token", Why: "it is only traded for others", Fix: "paste a token of your own: ghp_ or github_pat_"}},
	{"cfut_", like(`[A-Za-z0-9_-]{40,}`), PastedCloudflare, Problem{}},
	{"cfat_", like(`[A-Za-z0-9_-]{40,}`), PastedCloudflare, Problem{}},
	{"cfk_", nil, PastedWrong, globalKey()},
	{"AKIA", like(`[A-Z0-9]{16}`), PastedWrong, Problem{What: "that is an access key of AWS", Fix: "paste the Cloudflare API token"}},
}

// Forms without a beginning of their own.
var (
	clientIDForm = like(`Iv1\.[0-9a-f]{16}|[IO]v23[A-Za-z0-9]{16}|[0-9a-f]{20}`)
	hexForm      = like(`[0-9a-f]+`)
	bareToken    = like(`[A-Za-z0-9_-]{40}`)
	sshUserForm  = like(`[A-Za-z_][A-Za-z0-9_.-]*`)
	sshAliasForm = like(`[a-z][a-z0-9-]{0,30}`)
)

// credential recognises what is secret, or belongs to it.
func credential(s string) (Pasted, bool) {
	for _, f := range pasteForms {
		rest, ok := strings.CutPrefix(s, f.head)
		switch {
		case !ok:
		case f.kind == PastedWrong && (f.rest == nil || f.rest(rest)):
			return pastedWrong(f.problem), true
		case f.kind == PastedWrong:
		case f.rest(rest):
			return pastedAs(f.kind, s), true
		default:
			return Pasted{Kinds: []PastedKind{f.kind}, Problem: &Problem{
				What: "the token is not whole", Why: "it begins like " + string(f.kind) + " and has another length or other characters", Fix: "copy it again, all of it",
			}}, true
		}
	}
	switch {
	case clientIDForm(s):
		return pastedAs(PastedClientID, s), true
	case hexForm(s):
		return hexadecimal(s)
	case bareToken(s) && strings.ToLower(s) != s && strings.ToUpper(s) != s:
		return pastedAs(PastedCloudflare, s), true
	}
	return Pasted{}, false
}

// globalKey is of Cloudflare's key for everything.
func globalKey() Problem {
	return Problem{
		What: "that is Cloudflare's Global API Key", Why: "it may do everything in the account; a token may do only what is ticked",
		Fix: "make an API token on the page and paste that",
	}
}

// hexadecimal tells what only its length tells.
func hexadecimal(s string) (Pasted, bool) {
	switch n := len(s); {
	case n == 40:
		return Pasted{Kinds: []PastedKind{PastedClientSecret, PastedGitHub}, Value: NewSecret(s)}, true
	case n == 64:
		return pastedWrong(Problem{What: "that is the secret key of an R2 token", Why: "it signs S3 requests; the API takes the token itself", Fix: "paste the token value that stands above the S3 keys"}), true
	case n == 32:
		return pastedWrong(Problem{What: "that is an id of Cloudflare, or an access key of R2", Why: "it names an account, a zone or a token", Fix: "paste the token itself"}), true
	case n >= 37 && n <= 45:
		return pastedWrong(globalKey()), true
	}
	return Pasted{}, false
}

// pastedPlace recognises a repository, a host name, an ssh destination.
func pastedPlace(s string) Pasted {
	if repo, ok := pastedRepo(s); ok {
		return pastedAs(PastedRepo, repo)
	}
	if u, err := url.Parse(s); err == nil && (u.Scheme == "https" || u.Scheme == "http") && domainName(strings.ToLower(u.Hostname())) {
		return pastedAs(PastedHost, strings.ToLower(u.Hostname()))
	}
	if name := strings.ToLower(strings.TrimSuffix(s, ".")); domainName(name) {
		return Pasted{Kinds: []PastedKind{PastedHost, PastedSSH}, Value: NewSecret(name)}
	}
	if to := strings.TrimPrefix(s, "ssh "); pastedSSH(to) {
		return pastedAs(PastedSSH, to)
	}
	return pastedAs(PastedOther, s)
}

// pastedRepo is owner/name, alone or in an address of GitHub's site, git or ssh.
func pastedRepo(s string) (string, bool) {
	for _, at := range []string{"https://github.com/", "http://github.com/", "github.com/", "git@github.com:", "ssh://git@github.com/", "github:"} {
		if rest, ok := strings.CutPrefix(s, at); ok {
			rest, _, _ = strings.Cut(rest, "?")
			rest, _, _ = strings.Cut(rest, "#")
			owner, rest, _ := strings.Cut(rest, "/")
			name, _, _ := strings.Cut(rest, "/")
			s = owner + "/" + strings.TrimSuffix(name, ".git")
			break
		}
	}
	return s, repository(s)
}

func pastedSSH(s string) bool {
	if rest, ok := strings.CutPrefix(s, "ssh://"); ok {
		s = strings.TrimSuffix(rest, "/")
	}
	user, host, found := strings.Cut(s, "@")
	if !found {
		user, host = "", s
	}
	_, notAddr := netip.ParseAddr(strings.Trim(host, "[]"))
	named := domainName(strings.ToLower(host)) || sshAliasForm(host)
	return sshDestination(s) && (!found || sshUserForm(user)) && (notAddr == nil || named)
}
