package realtest_test

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// What state/shape accepts, oauth2-proxy starts with; what oauth2-proxy does
// not start with, state/shape refuses.

// flags are enough to start, but for the secrets.
func flags(more ...string) []string {
	return append([]string{"--provider=github", "--client-id=x", "--email-domain=*", "--upstream=http://127.0.0.1:1/"}, more...)
}

func TestCookieSecrets(t *testing.T) {
	t.Parallel()
	b := []byte(strings.Repeat("\xfb\xff\xbe", 16)) // all - and _ in base64
	std, safe := base64.StdEncoding, base64.URLEncoding
	for _, c := range []struct {
		recording string // of what oauth2-proxy said when it was given one like this
		value     string
		starts    bool
		stricter  string // why state/shape refuses what would start
	}{
		{recording: "urlsafe-base64-32", value: safe.EncodeToString(b[:32]), starts: true},
		{recording: "urlsafe-base64-32-nopad", value: base64.RawURLEncoding.EncodeToString(b[:32]), starts: true},
		{recording: "std-base64-32", value: std.EncodeToString(b[:32])},
		{recording: "base64-48", value: safe.EncodeToString(b[:48])},
		{recording: "hex-16bytes", value: strings.Repeat("0f", 16), starts: true},
		{recording: "hex-32bytes", value: strings.Repeat("0f", 32)},
		{recording: "raw-16", value: "abcdefghijklmno!", starts: true},
		{recording: "raw-20", value: "abcdefghijklmnopqrs!"},
		{recording: "trailing-newline", value: safe.EncodeToString(b[:32]) + "\n"},
		{recording: "empty", value: ""},
		{value: realtest.Made(t, shape.CookieSecretName).Reveal(), starts: true},
		{value: safe.EncodeToString(b[:16]), starts: true},
		{value: safe.EncodeToString(b[:24]), starts: true},
		{value: "raw of 24 characters !!!", starts: true, stricter: "a blank cannot be spliced into a file"},
		{value: `a "quoted" one of 32 characters!`, starts: true, stricter: "a quote cannot be spliced into a file"},
		{value: safe.EncodeToString(b[:32])[:20] + "\n" + safe.EncodeToString(b[:32])[20:], starts: true, stricter: "a line end is refused wherever it stands"},
		{value: strings.Repeat("0f", 16) + "\n", starts: true, stricter: "its decoder passes over a line end where no = stands before it"},
		{value: strings.Repeat("a", 15)},
		{value: "\"" + strings.Repeat("a", 32) + "\""},
	} {
		t.Run(c.recording+" "+strings.NewReplacer("\n", "|", "/", "|").Replace(c.value), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			started, said := realtest.OAuth2ProxyStarts(t, nil, flags("--client-secret-file="+realtest.File(t, filepath.Join(dir, "client"), "s"),
				"--cookie-secret="+c.value)...)
			if started != c.starts {
				t.Errorf("oauth2-proxy started: %v\n%s", started, said)
			}
			spec, _ := shape.ByName(shape.CookieSecretName)
			accepted := spec.Accept(state.NewSecret(c.value), state.Config{}) == nil
			if accepted != (started && c.stricter == "") {
				t.Errorf("state/shape accepts it: %v, oauth2-proxy started: %v", accepted, started)
			}
			if root := os.Getenv("NIXWRIGHT_TESTDATA"); root != "" && c.recording != "" {
				log, err := os.ReadFile(filepath.Join(root, "captures", "oauth2-proxy", "cookie-"+c.recording+".txt"))
				if err != nil {
					t.Fatal(err)
				}
				if did := strings.Contains(string(log), "OAuthProxy configured"); did != started {
					t.Errorf("it started when it was recorded: %v, now: %v", did, started)
				}
				// An empty flag is a missing one; an empty file is not.
				if why := refusal(string(log)); c.value != "" && why != refusal(said) {
					t.Errorf("it said %q, now %q", why, refusal(said))
				}
			}
		})
	}
}

// refusal is the reason that oauth2-proxy gives, without its time and place;
// the recorded ones were given the secret by a flag, not by a file.
func refusal(log string) string {
	_, why, _ := strings.Cut(log, "invalid configuration:")
	return strings.ReplaceAll(strings.Join(strings.Fields(why), " "), "cookie_secret from file", "cookie_secret")
}

// The two remaining recordings of starts: a set-up without a word on mail
// addresses, and the file of variables that two-logins has.
func TestStartsAsRecorded(t *testing.T) {
	t.Parallel()
	sealed, err := shape.SealLogin(state.TwoLogins, shape.ProxyLogin, state.NewSecret("client-secret"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	env := realtest.Variables(sealed.Value.Reveal())
	for recording, f := range map[string][]string{
		"keyfile-both-cookie-and-secret-file": flags(),
		"seed-as-is-no-email-domain":          {"--provider=github", "--client-id=x", "--upstream=http://127.0.0.1:1/"},
	} {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			started, said := realtest.OAuth2ProxyStarts(t, env, f...)
			if started != (len(f) > 3) {
				t.Errorf("oauth2-proxy started: %v\n%s", started, said)
			}
			root := os.Getenv("NIXWRIGHT_TESTDATA")
			if root == "" {
				t.Skip("NIXWRIGHT_TESTDATA does not name the recorded answers")
			}
			log, err := os.ReadFile(filepath.Join(root, "captures", "oauth2-proxy", "cookie-"+recording+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			if why := refusal(string(log)); why != refusal(said) {
				t.Errorf("it said %q, now %q", why, refusal(said))
			}
		})
	}
}

// A secret that is spliced into a file between quotes, as buildbot-nix does in
// fully-private.
func TestSplicedSecrets(t *testing.T) {
	t.Parallel()
	cookie := realtest.Made(t, shape.CookieSecretName).Reveal()
	good := realtest.Made(t, shape.BasicAuthName).Reveal()
	for _, name := range []state.SecretName{shape.ProxyClientSecretName, shape.BasicAuthName} {
		for _, c := range []struct {
			what, value string
			starts      bool
			stricter    string
		}{
			{what: "as it is made", value: good, starts: true},
			{what: "forty hexadecimal characters", value: strings.Repeat("0f", 20), starts: true},
			{what: "with a quote", value: `a"b` + good},
			{what: "with a backslash", value: `a\b` + good, starts: true, stricter: "b is a good escape, and the value is another"},
			{what: "with a backslash before no escape", value: `a\x` + good},
			{what: "with a line end inside", value: "a\nb" + good},
			{what: "with a line end at its end", value: good + "\n", starts: true, stricter: "a shell takes it off there, and nobody does elsewhere"},
			{what: "with a dollar and a percent sign", value: "$HOME%d" + good, starts: true},
		} {
			t.Run(string(name)+" "+c.what, func(t *testing.T) {
				t.Parallel()
				bare := func(s string) string { return strings.TrimRight(s, "\n") } // a shell's $(...)
				values := map[state.SecretName]string{shape.ProxyClientSecretName: "client-secret", shape.BasicAuthName: good}
				values[name] = c.value
				file := realtest.File(t, filepath.Join(t.TempDir(), "oauth2-proxy.toml"), "client_secret = \""+bare(values[shape.ProxyClientSecretName])+
					"\"\ncookie_secret = \""+cookie+"\"\nbasic_auth_password = \""+bare(values[shape.BasicAuthName])+"\"\n")
				started, said := realtest.OAuth2ProxyStarts(t, nil, flags("--config="+file)...)
				if started != c.starts {
					t.Errorf("oauth2-proxy started: %v\n%s", started, said)
				}
				spec, _ := shape.ByName(name)
				if err := spec.Accept(state.NewSecret(c.value), state.Config{}); (err == nil) != (started && c.stricter == "") {
					t.Errorf("state/shape says %v, oauth2-proxy started: %v", err, started)
				}
			})
		}
	}
}
