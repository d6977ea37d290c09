package shape

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// S3Secret is the S3 secret key of a Cloudflare API token: the SHA-256 of the
// token's value in lower-case hexadecimal (Cloudflare docs, R2, "Authentication").
func S3Secret(value state.Secret) state.Secret {
	sum := sha256.Sum256([]byte(value.Reveal()))
	return state.NewSecret(hex.EncodeToString(sum[:]))
}

func acceptAccessKey(v state.Secret, _ state.Config) error {
	if err := text(v); err != nil {
		return err
	}
	if s := v.Reveal(); !isHex(s, 32) {
		why := "R2's access key is the id of the API token: 32 lower-case hexadecimal digits"
		if isHex(s, 64) {
			why = "it has the form of the secret key: the two are swapped"
		}
		return refuse("F21", "is not an access key of R2", why)
	}
	return nil
}

func acceptSecretKey(v state.Secret, _ state.Config) error {
	if err := text(v); err != nil {
		return err
	}
	if s := v.Reveal(); !isHex(s, 64) {
		why := "R2's secret key is the SHA-256 of the token's value in 64 lower-case hexadecimal digits; this may be the value itself"
		if isHex(s, 32) {
			why = "it has the form of the access key: the two are swapped"
		}
		return refuse("F21", "is not a secret key of R2", why)
	}
	return nil
}

// acceptCloudflareRead takes an API token's value. How long one is no page of
// Cloudflare's promises.
func acceptCloudflareRead(v state.Secret, _ state.Config) error {
	return text(v)
}

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}

// acceptAppKey takes an RSA key in PEM, as GitHub gives it (PKCS #1) or as
// other tools rewrite it (PKCS #8).
func acceptAppKey(v state.Secret, _ state.Config) error {
	if v.Empty() {
		return refuse("F13", "is empty", "nothing stands under its name")
	}
	block, rest := pem.Decode([]byte(v.Reveal()))
	switch {
	case block == nil:
		return refuse("F13", "is not PEM", "GitHub's file begins with -----BEGIN RSA PRIVATE KEY-----")
	case strings.TrimSpace(string(rest)) != "":
		return refuse("F13", "has something after the key", "the file holds the key alone")
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if _, ok := key.(*rsa.PrivateKey); err != nil || !ok {
		return refuse("F13", "is not a private RSA key", "GitHub Apps sign with RSA")
	}
	return nil
}
