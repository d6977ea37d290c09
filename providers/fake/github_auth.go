package fake

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ghWho is who asks: nobody, a token, or an App by its JWT.
type ghWho struct {
	token *ghToken
	app   *ghApp
}

// login is the user behind the request; empty: none.
func (w ghWho) login() string {
	if w.token == nil {
		return ""
	}
	return w.token.Login
}

// whoAsks resolves the Authorization header; the answer is a 401 where it
// does not hold (GitHub docs, "Authenticating to the REST API": Bad
// credentials).
func (g *GitHubState) whoAsks(r *http.Request, now time.Time) (ghWho, *ghAnswer) {
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	kind = strings.ToLower(kind)
	if value == "" || (kind != "bearer" && kind != "token") {
		return ghWho{}, nil
	}
	if strings.Count(value, ".") == 2 {
		return g.jwt(value, now)
	}
	t := find(g.Tokens, func(t *ghToken) bool { return t.Value == value })
	if t == nil || (!t.Expires.IsZero() && now.After(t.Expires)) {
		return ghWho{}, fail(http.StatusUnauthorized, "Bad credentials")
	}
	return ghWho{token: t}, nil
}

// jwt verifies an App's token: RS256, iss the App's id or client id, exp at
// most ten minutes ahead (GitHub docs, "Generating a JSON Web Token (JWT) for
// a GitHub App").
func (g *GitHubState) jwt(value string, now time.Time) (ghWho, *ghAnswer) {
	bad := fail(http.StatusUnauthorized, "A JSON web token could not be decoded")
	parts := strings.Split(value, ".")
	var raw [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil {
			return ghWho{}, bad
		}
		raw[i] = b
	}
	var head struct {
		Alg string `json:"alg"`
	}
	var claims struct {
		Issuer json.RawMessage `json:"iss"`
		Issued int64           `json:"iat"`
		Until  int64           `json:"exp"`
	}
	if json.Unmarshal(raw[0], &head) != nil || head.Alg != "RS256" || json.Unmarshal(raw[1], &claims) != nil {
		return ghWho{}, bad
	}
	iss := strings.Trim(string(claims.Issuer), `"`)
	app := find(g.Apps, func(a *ghApp) bool { return strconv.FormatInt(a.ID, 10) == iss || a.ClientID == iss })
	if app == nil {
		return ghWho{}, fail(http.StatusNotFound, "Integration not found")
	}
	if !app.signed([]byte(parts[0]+"."+parts[1]), raw[2]) {
		return ghWho{}, bad
	}
	switch until := time.Unix(claims.Until, 0); {
	case !until.After(now):
		return ghWho{}, fail(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case until.Sub(now) > 10*time.Minute:
		return ghWho{}, fail(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	case time.Unix(claims.Issued, 0).After(now):
		return ghWho{}, fail(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	return ghWho{app: app}, nil
}

// publicKeys are those of all the App's private keys, any of which is good.
func (a *ghApp) publicKeys() []string { return append([]string{a.PublicKey}, a.Keys...) }

// signed says whether one of the App's keys has signed the text.
func (a *ghApp) signed(text, signature []byte) bool {
	sum := sha256.Sum256(text)
	return slices.ContainsFunc(a.publicKeys(), func(public string) bool {
		block, _ := pem.Decode([]byte(public))
		if block == nil {
			return false
		}
		key, err := x509.ParsePKCS1PublicKey(block.Bytes)
		return err == nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	})
}

// classicScopes are the scopes of a classic token that allow a permission;
// "repo" includes webhooks and all of a repository (GitHub docs, "Scopes for
// OAuth apps").
var classicScopes = map[string][]string{
	"repository_hooks=read":  {"repo", "admin:repo_hook", "write:repo_hook", "read:repo_hook"},
	"repository_hooks=write": {"repo", "admin:repo_hook", "write:repo_hook"},
}

// may says whether the one who asks has the permission on the repository; the
// answer is GitHub's refusal where not. A repository that one may not see
// does not exist.
func (g *GitHubState) may(w ghWho, r *ghRepo, perm, level string) *ghAnswer {
	read := level == "read"
	want := perm + "=" + level
	t := w.token
	open := read && !r.Private && slices.Contains([]string{"metadata", "contents", "pull_requests"}, perm)
	switch {
	case t == nil && open:
		return nil
	case t == nil && r.Private:
		return fail(http.StatusNotFound, "Not Found")
	case t == nil:
		return fail(http.StatusUnauthorized, "Requires authentication")
	case t.Install != 0:
		i := g.install(t.Install)
		if i == nil || !i.covers(r) {
			if open {
				return nil
			}
			return denied("Resource not accessible by integration", want)
		}
		if !allows(i.Permissions, perm, level) || (t.Permissions != nil && !allows(t.Permissions, perm, level)) {
			return denied("Resource not accessible by integration", want)
		}
		return nil
	}
	admin := g.mayAdmin(t.Login, r.Owner)
	switch {
	case open:
		return nil
	case !admin && r.Private:
		return fail(http.StatusNotFound, "Not Found")
	case t.Classic && !hasScope(t.Scopes, want):
		a := fail(http.StatusNotFound, "Not Found")
		a.header = http.Header{"X-Accepted-Oauth-Scopes": {strings.Join(scopesFor(want), ", ")}}
		return a
	case !t.Classic && !allows(t.Permissions, perm, level):
		return denied("Resource not accessible by personal access token", want)
	case !admin:
		return denied("Must have admin rights to Repository.", want)
	}
	return nil
}

func denied(text, want string) *ghAnswer {
	a := fail(http.StatusForbidden, text)
	a.header = http.Header{"X-Accepted-Github-Permissions": {want}}
	return a
}

func scopesFor(want string) []string {
	if s, ok := classicScopes[want]; ok {
		return s
	}
	return []string{"repo"}
}

func hasScope(have []string, want string) bool {
	return slices.ContainsFunc(scopesFor(want), func(s string) bool { return slices.Contains(have, s) })
}

func allows(have map[string]string, perm, level string) bool {
	got := have[perm]
	return got == level || got == "write" || got == "admin" || (perm == "metadata" && level == "read" && len(have) > 0)
}
