package niks3_test

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// What niks3-server does with a secret.
const (
	works   = "works"
	wrong   = "starts, and is wrong"
	refused = "refused" // followed by its words
)

// TestSecrets feeds niks3-server each secret in the shape in which setup makes
// it, and in those that the table of secrets refuses: they end it, or harm, or
// do no harm here, where the table is stricter for its other readers.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s3, database := realtest.Versitygw(t), realtest.Postgres(t) // versitygw refuses wrong keys
	good := realtest.NewNiks3Files(t, s3)
	read := realtest.Gofakes3(t) // everybody may read this one
	token, key := good.Token.Reveal(), good.SigningKey.Reveal()
	name, encoded, _ := strings.Cut(key, ":")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	public, err := shape.PublicKey(good.SigningKey)
	if err != nil {
		t.Fatal(err)
	}
	other, err := shape.NewSigningKey(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, otherEncoded, _ := strings.Cut(other.Reveal(), ":")
	otherRaw, err := base64.StdEncoding.DecodeString(otherEncoded)
	if err != nil {
		t.Fatal(err)
	}
	signing := func(b []byte) string { return name + ":" + base64.StdEncoding.EncodeToString(b) }
	for _, c := range []struct {
		name   string
		secret state.SecretName
		value  string
		does   string
	}{
		{"token as made", shape.APITokenName, token, works},
		{"token of 36", shape.APITokenName, token[:36], works},
		{"token of 35", shape.APITokenName, token[:35], "refused: API token must be at least 36 characters long"},
		{"token empty", shape.APITokenName, "", "refused: missing required flag: --api-token"},
		{"token with a line end", shape.APITokenName, token + "\n", works},
		{"key as made", shape.SigningKeyName, key, works},
		{"key with a line end", shape.SigningKeyName, key + "\n", works},
		{"key without padding", shape.SigningKeyName, strings.TrimRight(key, "="), works},
		{"key that is the public one", shape.SigningKeyName, public, wrong},
		{"key of halves of two", shape.SigningKeyName, signing(append(append([]byte{}, raw[:32]...), otherRaw[32:]...)), wrong},
		{"key that is a seed", shape.SigningKeyName, signing(raw[:32]), works}, // the right key: niks3 knows both
		{"key without a name", shape.SigningKeyName, ":" + encoded, "refused: empty key name"},
		{"key without a colon", shape.SigningKeyName, encoded, "refused: sign key does not contain a ':'"},
		{"key that is no base64", shape.SigningKeyName, name + ":" + strings.Repeat("%", 88), "refused: failed to decode base64"},
		{"key of 48 bytes", shape.SigningKeyName, signing(raw[:48]), "refused: invalid signing key length"},
		{"key empty", shape.SigningKeyName, "", "refused: sign key does not contain a ':'"},
		{"access key as made", shape.S3AccessKeyName, good.AccessKey.Reveal(), works},
		{"access key with a line end", shape.S3AccessKeyName, good.AccessKey.Reveal() + "\n", works},
		{"access key that is the secret one", shape.S3AccessKeyName, good.SecretKey.Reveal(), "refused: failed to initialize bucket"},
		{"access key in capitals", shape.S3AccessKeyName, strings.ToUpper(good.AccessKey.Reveal()), "refused: failed to initialize bucket"},
		{"access key empty", shape.S3AccessKeyName, "", "refused: missing required flag: --s3-access-key"},
		{"secret key as made", shape.S3SecretKeyName, good.SecretKey.Reveal(), works},
		{"secret key with a line end", shape.S3SecretKeyName, good.SecretKey.Reveal() + "\n", works},
		{"secret key that is the token's value", shape.S3SecretKeyName, "v1.0-e24fd090c08efcfecb2e3ca8", "refused: failed to initialize bucket"},
		{"secret key in capitals", shape.S3SecretKeyName, strings.ToUpper(good.SecretKey.Reveal()), "refused: failed to initialize bucket"},
		{"secret key empty", shape.S3SecretKeyName, "", "refused: missing required flag: --s3-secret-key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, at := good, s3
			value := state.NewSecret(c.value)
			*map[state.SecretName]*state.Secret{
				shape.APITokenName: &files.Token, shape.SigningKeyName: &files.SigningKey,
				shape.S3AccessKeyName: &files.AccessKey, shape.S3SecretKeyName: &files.SecretKey,
			}[c.secret] = value
			if c.secret == shape.SigningKeyName {
				at = read
			}
			row, _ := shape.ByName(c.secret)
			accepted := row.Accept(value, state.Config{}) == nil
			if strict := map[string]bool{"line end": true, "padding": true, "a seed": true}; accepted && c.does != works ||
				!accepted && c.does == works && !contains(c.name, strict) {
				t.Errorf("the table of secrets accepts it: %v", accepted)
			}
			n, said, started := realtest.Niks3Starts(t, at, database, files)
			defer n.Process.Stop()
			if words, is := strings.CutPrefix(c.does, refused+": "); is {
				if started || !strings.Contains(said, words) {
					t.Errorf("started %v: %s", started, said)
				}
				return
			}
			if !started {
				t.Fatalf("it does not start: %s", said)
			}
			if got := right(t, n, public); got != (c.does == works) {
				t.Errorf("it is right: %v", got)
			}
		})
	}
}

func contains(text string, parts map[string]bool) bool {
	for part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// right says whether niks3 takes the token, and signs with the key that clients
// trust.
func right(t *testing.T, n *realtest.Niks3, public string) bool {
	t.Helper()
	hc := httpx.New(httpx.Options{})
	c := niks3.New(hc, n.Base)
	if _, err := c.GC(t.Context(), state.NewSecret(strings.TrimSpace(n.Token.Reveal()))); err != nil {
		t.Errorf("the token: %v", err)
	}
	told, _, err := c.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !n.S3.Public {
		return told.PublicKeys[0] == public
	}
	info, found, err := nixcache.New(hc, n.CacheURL).Narinfo(t.Context(), n.PushText(t, "demo", rand.Text()), public)
	if err != nil || !found {
		t.Fatalf("%v, %v", found, err)
	}
	return info.Verified && told.PublicKeys[0] == public
}
