package shape

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/nixwright/nixwright/state"
)

// config is a set-up in one of the two modes.
func config(access string) state.Config {
	c := state.Config{
		Host:   state.HostConf{SSH: "omnara1.phlip9.com"},
		CI:     state.CIConf{Domain: "ci.phlip9.com", Access: access},
		GitHub: state.GitHubConf{Repos: []string{"phlip9/dotfiles"}},
	}
	return c.Derive()
}

// pemKey is a new RSA key as GitHub gives it.
func pemKey(t *testing.T) (pkcs1, pkcs8 state.Secret) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return state.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))),
		state.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: other})))
}

func names(specs []Spec) []state.SecretName {
	var out []state.SecretName
	for _, s := range specs {
		out = append(out, s.Name)
	}
	return out
}

func TestForIsTheTable(t *testing.T) {
	both := []state.SecretName{
		"buildbot-nix-workers", "buildbot-nix-worker-password", "buildbot-github-webhook-secret", "buildbot-github-app-secret-key",
		"niks3-s3-access-key", "niks3-s3-secret-key", "niks3-api-token", "niks3-signing-key",
	}
	fully := append(slices.Clone(both), "buildbot-http-basic-auth-password", "oauth2-proxy-client-secret", "oauth2-proxy-cookie-secret")
	two := append(slices.Clone(both), "buildbot-github-oauth-secret", "oauth2-proxy-env")
	for access, want := range map[string][]state.SecretName{state.FullyPrivate: fully, state.TwoLogins: two} {
		if got := slices.Sorted(slices.Values(names(For(access)))); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %v", access, got)
		}
	}
	if n := len(Local(state.FullyPrivate)); n != 7 {
		t.Errorf("%d local secrets in fully-private", n)
	}
	if n := len(Local(state.TwoLogins)); n != 5 {
		t.Errorf("%d local secrets in two-logins", n)
	}
	for _, s := range specs() {
		if got, ok := ByName(s.Name); !ok || got.Name != s.Name || s.Accept == nil || s.Owner == "" {
			t.Errorf("%s is incomplete", s.Name)
		}
		if s.Make != nil && !s.Local {
			t.Errorf("%s is made, but not here", s.Name)
		}
	}
	if _, ok := ByName("nonsense"); ok {
		t.Error("finds nonsense")
	}
	if s, _ := ByName(APITokenName); s.Owner != "niks3" {
		t.Error("wrong owner")
	}
}

// TestMadeIsAccepted makes a whole set in each mode, many times.
func TestMadeIsAccepted(t *testing.T) {
	for _, access := range []string{state.FullyPrivate, state.TwoLogins} {
		c := config(access)
		for range 50 {
			made, err := MakeLocal(Set{}, c, state.Host{Threads: 12}, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if len(made) != len(Local(access)) {
				t.Fatalf("%d made", len(made))
			}
			for _, s := range made {
				spec, _ := ByName(s.Name)
				if err := spec.Accept(s.Value, c); err != nil {
					t.Errorf("%s: %v", s.Name, err)
				}
				if short := state.NewSecret(s.Value.Reveal()[:10]); spec.Accept(short, c) == nil {
					t.Errorf("%s: accepted when cut", s.Name)
				}
				if line := state.NewSecret(s.Value.Reveal() + "\n"); s.Name != WorkersName && spec.Accept(line, c) == nil {
					t.Errorf("%s: accepted with a line end", s.Name)
				}
			}
		}
	}
}

func TestMakeFailsWithoutRandomness(t *testing.T) {
	for _, s := range specs() {
		if s.Make == nil {
			continue
		}
		if _, err := s.Make(iotest.ErrReader(io.ErrUnexpectedEOF), config(state.FullyPrivate)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestAccept(t *testing.T) {
	pkcs1, pkcs8 := pemKey(t)
	text := pkcs1.Reveal()
	flipped := strings.Replace(text, text[200:204], "AAAA", 1)
	public := "cache.phlip9.com-1:XKElS8qFXxVXcXIGFjRkGpyxiernJzHeQhMJ59VUdf4="
	token := strings.Repeat("v", 40)
	tests := []struct {
		name  state.SecretName
		value string
		id    string // "ok": accepted
	}{
		{AppKeyName, text, "ok"},
		{AppKeyName, pkcs8.Reveal(), "ok"},
		{AppKeyName, flipped, "F13"},
		{AppKeyName, text[:len(text)/2], "F13"},
		{AppKeyName, text + "junk", "F13"},
		{AppKeyName, "", "F13"},
		{AppKeyName, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "F13"},
		{WorkerPasswordName, strings.Repeat("a", 16), "ok"},
		{WorkerPasswordName, strings.Repeat("a", 15), ""},
		{WorkerPasswordName, strings.Repeat("a", 20) + "\n", "F37"},
		{WorkerPasswordName, " " + strings.Repeat("a", 20), "F37"},
		{WorkerPasswordName, strings.Repeat("a", 20) + "\x00", "F37"},
		{WorkerPasswordName, strings.Repeat("\xff", 20), "F37"},
		{WebhookSecretName, strings.Repeat("0f", 32), "ok"},
		{WebhookSecretName, "short", ""},
		{BasicAuthName, strings.Repeat("a", 16), "ok"},
		{BasicAuthName, strings.Repeat("a", 15), "F50"},
		{BasicAuthName, strings.Repeat("a", 16) + `"`, "F37"},
		{BasicAuthName, strings.Repeat("a", 16) + `\`, "F37"},
		{ProxyClientSecretName, strings.Repeat("0f", 20), "ok"},
		{ProxyClientSecretName, strings.Repeat("0f", 20) + "\n", "F37"},
		{ProxyClientSecretName, "", ""},
		{OAuthSecretName, strings.Repeat("0f", 20), "ok"},
		{CookieSecretName, strings.Repeat("a", 32), "ok"},
		{CookieSecretName, strings.Repeat("a", 31), "F18"},
		{CookieSecretName, strings.Repeat("+", 44), "F18"},
		{CookieSecretName, "", "F18"},
		{CookieSecretName, strings.Repeat("a", 31) + `"`, "F37"},
		{ProxyEnvName, ComposeProxyEnv(state.NewSecret("s3cr3t"), state.NewSecret(strings.Repeat("a", 32))).Reveal(), "ok"},
		{ProxyEnvName, "# made\nOAUTH2_PROXY_COOKIE_SECRET=" + strings.Repeat("a", 32) + "\nOAUTH2_PROXY_CLIENT_SECRET=x", "ok"},
		{ProxyEnvName, "OAUTH2_PROXY_CLIENT_SECRET=x\n", "F37"},
		{ProxyEnvName, "OAUTH2_PROXY_CLIENT_SECRET=x\nOAUTH2_PROXY_COOKIE_SECRET=" + strings.Repeat("a", 31), "F18"},
		{ProxyEnvName, "OAUTH2_PROXY_CLIENT_SECRET=\"x\"\nOAUTH2_PROXY_COOKIE_SECRET=" + strings.Repeat("a", 32), "F37"},
		{ProxyEnvName, "OAUTH2_PROXY_CLIENT_SECRET=x\nOAUTH2_PROXY_CLIENT_SECRET=y\n", "F37"},
		{ProxyEnvName, "LD_PRELOAD=x\n", "F37"},
		{ProxyEnvName, "nonsense", "F37"},
		{S3AccessKeyName, strings.Repeat("0f", 16), "ok"},
		{S3AccessKeyName, strings.Repeat("0F", 16), "F21"},
		{S3AccessKeyName, strings.Repeat("0f", 32), "F21"},
		{S3AccessKeyName, strings.Repeat("0f", 16) + "\n", "F37"},
		{S3SecretKeyName, S3Secret(state.NewSecret(token)).Reveal(), "ok"},
		{S3SecretKeyName, token, "F21"},
		{S3SecretKeyName, strings.Repeat("0f", 16), "F21"},
		{APITokenName, strings.Repeat("a", 36), "ok"},
		{APITokenName, strings.Repeat("a", 35), "F31"},
		{APITokenName, strings.Repeat("a", 36) + "\n", "F37"},
		{SigningKeyName, public, "F26"},
		{SigningKeyName, "nonsense", "F26"},
		{SigningKeyName, ":AAAA", "F26"},
		{SigningKeyName, "name:AAAA", "F26"},
		{SigningKeyName, "name:***", "F26"},
		{WorkersName, `[{"name":"omnara1","pass":"p","cores":10}]`, "ok"},
		{WorkersName, `[]`, "F38"},
		{IdentitiesName, `{"app":{"id":1}}`, "ok"},
		{IdentitiesName, `[]`, ""},
	}
	for _, tt := range tests {
		spec, _ := ByName(tt.name)
		err := spec.Accept(state.NewSecret(tt.value), config(state.FullyPrivate))
		if tt.id == "ok" {
			if err != nil {
				t.Errorf("%s %q: %v", tt.name, tt.value, err)
			}
			continue
		}
		p := state.AsProblem(err0(t, tt.name, tt.value, err))
		if p.ID != tt.id || p.Why == "" || p.Fix == "" {
			t.Errorf("%s %q: %+v", tt.name, tt.value, p)
		}
		if len(tt.value) > 8 && strings.Contains(p.What+p.Why+p.Fix, tt.value) {
			t.Errorf("%s: the problem repeats the value", tt.name)
		}
	}
}

func err0(t *testing.T, name state.SecretName, value string, err error) error {
	t.Helper()
	if err == nil {
		t.Errorf("%s accepts %q", name, value)
		return state.Problem{}
	}
	return err
}

func TestS3Secret(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := S3Secret(state.NewSecret("abc")).Reveal(); got != abc {
		t.Error(got)
	}
}

// TestRandomTextIsEven draws from every byte equally often: then every
// character must come equally often.
func TestRandomTextIsEven(t *testing.T) {
	for _, alphabet := range []string{letters, urlChars} {
		var all []byte
		for b := range 256 {
			all = append(all, byte(b))
		}
		length := 256 - 256%len(alphabet)
		v, err := randomText(strings.NewReader(string(all)), alphabet, length)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range alphabet {
			if n := strings.Count(v.Reveal(), string(r)); n != 256/len(alphabet) {
				t.Errorf("%c comes %d times", r, n)
			}
		}
	}
	v, err := hexadecimal(4)(strings.NewReader("\x00\x0f\xf0\xff"), state.Config{})
	if _, bad := hex.DecodeString(v.Reveal()); err != nil || bad != nil || v.Reveal() != "000ff0ff" {
		t.Error(v.Reveal(), err)
	}
}

func FuzzAccept(f *testing.F) {
	f.Add(`[{"name":"a","pass":"b","cores":"3"}]`)
	f.Add("a:" + strings.Repeat("A", 86) + "==")
	f.Add("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")
	f.Add("OAUTH2_PROXY_CLIENT_SECRET=hunter2hunter2\nOAUTH2_PROXY_COOKIE_SECRET=hunter2hunter2\n")
	f.Add(`{"app":{"id":1,"x":[]},"logins":{"proxy":{"kind":""}}}`)
	f.Add("http://localhost:1/?code=a&state=b")
	f.Fuzz(func(t *testing.T, s string) {
		v, c := state.NewSecret(s), config(state.TwoLogins)
		for _, spec := range specs() {
			err := spec.Accept(v, c)
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s repeats the value", spec.Name)
			}
		}
		_, _, _ = ParseReturn(v)
		_ = AcceptClientID(state.Answer{Value: v})
		_ = AcceptClientSecret(state.Answer{Value: v})
		if ids, err := ParseIdentities(v); err == nil {
			if _, err := ids.Seal(); err != nil {
				t.Errorf("cannot be sealed again: %v", err)
			}
		}
	})
}
