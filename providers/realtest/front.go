package realtest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/state/shape"
)

// The names of the CI that a front is of.
const (
	FrontDomain   = "ci.phlip9.com"
	FrontClientID = "Iv23liO4sP0FzyZ3QmO5"
	FrontOutput   = "phlip9/dotfiles/master/x86_64-linux.hello" // below /nix-outputs/
)

// FrontOptions says what stands behind a front, and what differs.
type FrontOptions struct {
	Access   string // state.FullyPrivate or state.TwoLogins
	Buildbot string // host:port of what answers for buildbot
	GitHub   string // where people sign in: "http://127.0.0.1:PORT"; empty: github.com, where nobody can

	ClientSecret string       // empty: one is made up
	BasicAuth    state.Secret // what proxy and buildbot share, in fully-private; empty: it is made
	HookPath     string       // of an adopted App's own hook
	Nix          string       // configuration of the host's own: Upstream, or other definitions
	// Change changes what the programs are started with; nil: nothing.
	Change func(*FrontPrograms)
}

// FrontPrograms is what the programs of a front are started with.
type FrontPrograms struct {
	Flags []string // oauth2-proxy's, one argument each
	Env   []string // its variables
	Nginx string   // what stands in nginx's http block
}

// Front is nginx with a certificate, oauth2-proxy behind it, configured as
// NixOS would from nixwright's module and buildbot-nix's.
type Front struct {
	URL       string // "https://127.0.0.1:PORT"
	Domain    string
	ProxyAddr string   // host:port of oauth2-proxy itself
	Proxy     *Process // oauth2-proxy
	Nginx     *Process

	addr    string
	trusted *x509.CertPool
}

// StartFront evaluates the module and starts both programs until the test ends.
func StartFront(t *testing.T, o FrontOptions) *Front {
	t.Helper()
	for _, name := range []string{"nginx", "oauth2-proxy", "nix-instantiate"} {
		Find(t, name) // before anything is started
	}
	s := evaluate(t, o.facts(), o.Nix)
	cert, key, trusted := Certificate(t, FrontDomain)
	port := Port(t)
	f := &Front{
		URL: fmt.Sprintf("https://127.0.0.1:%d", port), Domain: FrontDomain, addr: fmt.Sprintf("127.0.0.1:%d", port), trusted: trusted,
	}
	p := FrontPrograms{Flags: s.Proxy.flags(), Nginx: nginxOfNixOS + s.VHosts[FrontDomain].server(FrontDomain, port, cert, key)}
	flags, env := o.secrets(t)
	p.Flags, p.Env = append(p.Flags, flags...), env
	if o.GitHub != "" {
		p.Flags = append(p.Flags, "--login-url="+o.GitHub+"/login/oauth/authorize", "--redeem-url="+o.GitHub+"/login/oauth/access_token", "--validate-url="+o.GitHub+"/")
	}
	if o.Change != nil {
		o.Change(&p)
	}
	p.Flags = slices.DeleteFunc(p.Flags, func(f string) bool { return strings.HasPrefix(f, "--http-address=") })
	for i, flag := range p.Flags {
		p.Flags[i] = strings.Replace(flag, "http://127.0.0.1:8010", "http://"+o.Buildbot, 1)
	}
	f.Proxy, f.ProxyAddr = OAuth2Proxy(t, p.Env, p.Flags...)
	p.Nginx = strings.NewReplacer(
		"http://127.0.0.1:8010", "http://"+o.Buildbot, "http://127.0.0.1:8020", "http://"+f.ProxyAddr, "http://127.0.0.1:4180", "http://"+f.ProxyAddr,
		"/var/www/buildbot/nix-outputs/", outputs(t),
	).Replace(p.Nginx)
	f.Nginx = Nginx(t, p.Nginx)
	return f
}

// Transport reaches the front under its domain as well as under its address,
// and trusts its certificate; any other address it reaches as it is.
func (f *Front) Transport() *http.Transport {
	dialer := &net.Dialer{}
	return &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: f.trusted, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(addr); err == nil && host == f.Domain {
				addr = f.addr
			}
			return dialer.DialContext(ctx, network, addr)
		},
	}
}

// facts are those of a CI with one admin, phlip9, and one more user, lexe-agent.
func (o FrontOptions) facts() nixfiles.Facts {
	f := nixfiles.Facts{
		Access: o.Access, Admins: []string{"phlip9"}, Users: []string{"phlip9", "lexe-agent"}, App: nixfiles.App{ID: 2746100, Slug: "phlip9-buildbot-ci"},
		BuildSystems: []string{"x86_64-linux"}, Domain: FrontDomain, EvalWorkers: 4, OutputsPath: "/var/www/buildbot/nix-outputs/",
		Cache: nixfiles.Cache{
			Domain: "cache.phlip9.com", KeyName: "cache.phlip9.com-1", URL: "https://cache.phlip9.com",
			PublicKey: "cache.phlip9.com-1:XKElS8qFXxVXcXIGFjRkGpyxiernJzHeQhMJ59VUdf4=",
		},
		GC:    nixfiles.GC{OlderThan: "720h", Schedule: "daily"},
		Login: nixfiles.Login{Kind: "github-app", ProxyClientID: FrontClientID}, Owner: "phlip9", Repos: []string{"phlip9/dotfiles"},
		S3:          nixfiles.S3{Bucket: "phlip9-nix-cache", Endpoint: "0123.r2.cloudflarestorage.com", Region: "auto"},
		SecretsFile: "./secrets.yaml", Topic: "buildbot-phlip9",
		Webhook: nixfiles.Webhook{BaseURL: "https://" + FrontDomain + "/", AppHookPath: o.HookPath},
		Workers: []nixfiles.Worker{{Name: "omnara1", Cores: 10}},
	}
	if o.Access == state.TwoLogins {
		f.Login.BuildbotClientID = "Ov23lipvJOGiZTG0aqv9"
	}
	return f
}

// secrets are made as setup makes them, and handed over as NixOS does: in
// fully-private buildbot-nix writes a file with them (master.nix, preStart; a
// shell's $(...) takes the line ends off), in two-logins the unit has a file
// of variables.
func (o FrontOptions) secrets(t *testing.T) (flags, env []string) {
	t.Helper()
	client := o.ClientSecret
	if client == "" {
		client = rand.Text()
	}
	sealed, err := shape.SealLogin(o.Access, shape.ProxyLogin, state.NewSecret(client), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if o.Access == state.TwoLogins {
		return nil, Variables(sealed.Value.Reveal())
	}
	password := o.BasicAuth
	if password.Empty() {
		password = Made(t, shape.BasicAuthName)
	}
	bare := func(s state.Secret) string { return strings.TrimRight(s.Reveal(), "\n") }
	file := fmt.Sprintf("client_secret = \"%s\"\ncookie_secret = \"%s\"\nbasic_auth_password = \"%s\"\nscope = \"read:user user:email repo\"\n",
		bare(sealed.Value), bare(Made(t, shape.CookieSecretName)), bare(password))
	return []string{"--config=" + File(t, filepath.Join(t.TempDir(), "oauth2-proxy.toml"), file)}, nil
}

// Made is a secret as setup makes it.
func Made(t *testing.T, name state.SecretName) state.Secret {
	t.Helper()
	spec, found := shape.ByName(name)
	if !found || spec.Make == nil {
		t.Fatalf("%s is not made here", name)
	}
	s, err := spec.Make(rand.Reader, state.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Variables are those of a unit's EnvironmentFile: one a line (systemd.exec(5)).
func Variables(file string) []string {
	return slices.DeleteFunc(strings.Split(file, "\n"), func(line string) bool { return !strings.Contains(line, "=") })
}

// outputs is a folder as buildbot-nix fills it: one file for each attribute.
func outputs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir() + "/"
	at := filepath.Join(dir, FrontOutput)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	File(t, at, "/nix/store/2k9kb4ylmrqd1b9g5fqhvjhqyc0xy5ds-hello-2.12.1")
	return dir
}
