package shape

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/nixwright/nixwright/state"
)

// NewSigningKey makes a key that signs store paths, in the form of nix key
// generate-secret: name, colon, standard base64 of the 64 bytes of an ed25519
// key (seed, then public half), no line end.
func NewSigningKey(name string, rand io.Reader) (state.Secret, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return state.Secret{}, fmt.Errorf("make signing key: %w", err)
	}
	return state.NewSecret(name + ":" + base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed))), nil
}

func makeSigningKey(rand io.Reader, c state.Config) (state.Secret, error) {
	return NewSigningKey(c.Cache.KeyName, rand)
}

// PublicKey is the public half of a signing key, "name:base64", as clients
// trust it. A value that is no secret key is refused.
func PublicKey(v state.Secret) (string, error) {
	if err := text(v); err != nil {
		return "", err
	}
	name, encoded, ok := strings.Cut(v.Reveal(), ":")
	if !ok || name == "" || strings.ContainsFunc(name, unicode.IsSpace) {
		return "", refuse("F26", "has no key name", "a signing key is name:base64")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	switch {
	case err != nil:
		return "", refuse("F26", "is not base64 after the colon", "a signing key is name:base64 of 64 bytes")
	case len(key) == ed25519.PublicKeySize:
		return "", refuse("F26", "is a public key", "niks3 takes it without a word and signs with something that nobody trusts")
	case len(key) != ed25519.PrivateKeySize:
		return "", refuse("F26", "has the wrong length", fmt.Sprintf("it is %d bytes of the 64 of an ed25519 key", len(key)))
	}
	public, _ := ed25519.NewKeyFromSeed(key[:ed25519.SeedSize]).Public().(ed25519.PublicKey)
	if !public.Equal(ed25519.PublicKey(key[ed25519.SeedSize:])) {
		return "", refuse("F26", "has halves that do not belong together", "its public half does not follow from its seed")
	}
	return name + ":" + base64.StdEncoding.EncodeToString(public), nil
}

func acceptSigningKey(v state.Secret, _ state.Config) error {
	_, err := PublicKey(v)
	return err
}
