package shape

import (
	"io"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// The two variables of oauth2-proxy's environment file.
const (
	clientSecretVar = "OAUTH2_PROXY_CLIENT_SECRET"
	cookieSecretVar = "OAUTH2_PROXY_COOKIE_SECRET"
)

// ComposeProxyEnv makes oauth2-proxy's environment file: two lines.
func ComposeProxyEnv(clientSecret, cookie state.Secret) state.Secret {
	return state.NewSecret(clientSecretVar + "=" + clientSecret.Reveal() + "\n" + cookieSecretVar + "=" + cookie.Reveal() + "\n")
}

// ParseProxyEnv takes the two secrets out of an environment file. Empty lines
// and comments are passed over, as systemd does; anything else is an error
// that repeats no value.
func ParseProxyEnv(v state.Secret) (clientSecret, cookie state.Secret, err error) {
	found := map[string]string{}
	for line := range strings.Lines(v.Reveal()) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		_, twice := found[name]
		switch {
		case !ok:
			return state.Secret{}, state.Secret{}, refuse("F37", "has a line that sets nothing", "every line is NAME=VALUE")
		case name != clientSecretVar && name != cookieSecretVar:
			return state.Secret{}, state.Secret{}, refuse("F37", "sets another variable", "it holds "+clientSecretVar+" and "+cookieSecretVar+" alone")
		case twice:
			return state.Secret{}, state.Secret{}, refuse("F37", "sets "+name+" twice", "only the last would count")
		}
		found[name] = value
	}
	for _, name := range []string{clientSecretVar, cookieSecretVar} {
		if found[name] == "" {
			return state.Secret{}, state.Secret{}, refuse("F37", "does not set "+name, "oauth2-proxy does not start without it")
		}
	}
	return state.NewSecret(found[clientSecretVar]), state.NewSecret(found[cookieSecretVar]), nil
}

func acceptProxyEnv(v state.Secret, c state.Config) error {
	client, cookie, err := ParseProxyEnv(v)
	if err != nil {
		return err
	}
	if err := within(clientSecretVar, acceptClientSecret(client, c)); err != nil {
		return err
	}
	return within(cookieSecretVar, acceptCookie(cookie, c))
}

// within names the part of a value that is refused.
func within(part string, err error) error {
	if err == nil {
		return nil
	}
	p := state.AsProblem(err)
	p.What = part + " " + p.What
	return p
}

// The roles of the two logins, as nixwright-identities names them.
const (
	ProxyLogin    = "proxy"
	BuildbotLogin = "buildbot"
)

// LoginSecrets lists the secrets that come with the login App of a role.
func LoginSecrets(access, role string) []state.SecretName {
	switch {
	case role == ProxyLogin && access == state.FullyPrivate:
		return []state.SecretName{ProxyClientSecretName}
	case role == ProxyLogin:
		return []state.SecretName{ProxyEnvName}
	case role == BuildbotLogin && access == state.TwoLogins:
		return []state.SecretName{OAuthSecretName}
	}
	return nil
}

// SealLogin puts the client secret of a role where its programs read it. In
// two-logins the proxy's stands beside a cookie secret, which is made anew.
func SealLogin(access, role string, clientSecret state.Secret, rand io.Reader) (state.Sealed, error) {
	names := LoginSecrets(access, role)
	if len(names) == 0 {
		return state.Sealed{}, refuse("", "there is no login "+role+" in "+access, "fully-private has the proxy's alone")
	}
	if names[0] != ProxyEnvName {
		return state.Sealed{Name: names[0], Value: clientSecret}, nil
	}
	cookie, err := makeCookie(rand, state.Config{})
	if err != nil {
		return state.Sealed{}, err
	}
	return state.Sealed{Name: names[0], Value: ComposeProxyEnv(clientSecret, cookie)}, nil
}

// unreadable stands for a client secret in a malformed environment file: no
// service accepts it, and it is not empty, so that nothing is made anew.
const unreadable = "unreadable"

// ClientSecret is the client secret in the value under a name of LoginSecrets.
func ClientSecret(name state.SecretName, v state.Secret) state.Secret {
	if name != ProxyEnvName || v.Empty() {
		return v
	}
	client, _, err := ParseProxyEnv(v)
	if err != nil {
		return state.NewSecret(unreadable)
	}
	return client
}
