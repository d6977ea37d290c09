package github

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nixwright/nixwright/state"
)

// A token's span: from a minute ago, for clocks that differ, and within the
// ten minutes that GitHub allows (docs.github.com, "Generating a JSON Web
// Token (JWT) for a GitHub App").
const (
	jwtBack  = time.Minute
	jwtAhead = 9 * time.Minute
)

// asApp returns an HTTP client that signs in as the App.
func (c *Client) asApp(auth state.AppAuth) (*http.Client, error) {
	if c.bad != nil {
		return nil, c.bad
	}
	key, err := readKey(auth.Key)
	if err != nil {
		return nil, err
	}
	token, err := sign(auth.ID, key, c.Now())
	if err != nil {
		return nil, err
	}
	return c.with(token), nil
}

// sign makes the App's token, RS256.
func sign(id int64, key *rsa.PrivateKey, now time.Time) (state.Secret, error) {
	claims, err := json.Marshal(map[string]any{
		"iat": now.Add(-jwtBack).Unix(),
		"exp": now.Add(jwtAhead).Unix(),
		"iss": strconv.FormatInt(id, 10),
	})
	if err != nil {
		return state.Secret{}, fmt.Errorf("sign in as App %d: %w", id, err)
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return state.Secret{}, badKey("the key cannot sign")
	}
	return state.NewSecret(text + "." + enc.EncodeToString(sig)), nil
}

// readKey reads an RSA key in PEM, as GitHub hands it out (PKCS#1) or as
// openssl converts it (PKCS#8).
func readKey(text state.Secret) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text.Reveal()))
	if block == nil {
		return nil, badKey("it is not in PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, badKey("it is not a private key in PKCS#1 or PKCS#8, or not a whole one")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, badKey("it is not an RSA key")
	}
	return key, nil
}

func badKey(why string) state.Problem {
	return state.Problem{
		ID: "F13", What: "the GitHub App's private key cannot be used", Why: why,
		Fix: "make a new private key on the App's settings page and give the .pem file that GitHub downloads",
	}
}
