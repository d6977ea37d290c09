// Package age knows age's keys: the recipient of an SSH host key, and the
// identities (secret halves) that a person has on this machine.
//
// It reads what sops reads: key files with X25519, post-quantum and plugin
// identities, and SSH private keys that need no passphrase.
package age

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/nixwright/nixwright/state"
)

// Identity is the secret half of an age key. Recipient is its public half, in
// the form in which .sops.yaml names it; empty for a plugin's, which does not
// tell.
type Identity struct {
	Recipient string
	Key       age.Identity
}

// NewIdentity makes an X25519 identity: the recipient ("age1...") and the
// secret key ("AGE-SECRET-KEY-1...").
func NewIdentity() (recipient string, key state.Secret, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", state.Secret{}, fmt.Errorf("make age identity: %w", err)
	}
	return id.Recipient().String(), state.NewSecret(id.String()), nil
}

// KeyFile is the text of a key file with the one identity, in the form that
// age-keygen writes.
func KeyFile(recipient string, key state.Secret) state.Secret {
	return state.NewSecret("# public key: " + recipient + "\n" + key.Reveal() + "\n")
}

// Parse reads the text of a key file: identities one to a line or apart by
// blanks (as sops takes SOPS_AGE_KEY), with empty lines and comments. Its
// errors name a line and show nothing of it.
func Parse(text state.Secret) ([]Identity, error) {
	var all []Identity
	n := 0
	for line := range strings.Lines(text.Reveal()) {
		n++
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			id, ok := parseOne(word)
			if !ok {
				return nil, fmt.Errorf("read age identities: line %d is not one", n)
			}
			all = append(all, id)
		}
	}
	return all, nil
}

// parseOne reads one identity; its error would show a part of it.
func parseOne(word string) (Identity, bool) {
	switch {
	case strings.HasPrefix(word, "AGE-SECRET-KEY-PQ-1"):
		id, err := age.ParseHybridIdentity(word)
		if err != nil {
			return Identity{}, false
		}
		return Identity{Recipient: id.Recipient().String(), Key: id}, true
	case strings.HasPrefix(word, "AGE-SECRET-KEY-1"):
		id, err := age.ParseX25519Identity(word)
		if err != nil {
			return Identity{}, false
		}
		return Identity{Recipient: id.Recipient().String(), Key: id}, true
	case strings.HasPrefix(word, "AGE-PLUGIN-"):
		// A plugin that wants a PIN is refused one here: only a touch works.
		quiet := &plugin.ClientUI{DisplayMessage: func(string, string) error { return nil }}
		id, err := plugin.NewIdentity(word, quiet)
		if err != nil {
			return Identity{}, false
		}
		return Identity{Key: id}, true
	}
	return Identity{}, false
}

// ErrPassphrase is what ParseSSH returns for a key that needs a passphrase.
var ErrPassphrase = errors.New("the SSH key needs a passphrase")

// lockedPKCS8 begins a PKCS#8 key with a passphrase, which x/crypto/ssh does
// not know.
const lockedPKCS8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----"

// ParseSSH reads an SSH private key file (ed25519 or RSA) as an identity; its
// recipient is the public key's line, as age takes it.
func ParseSSH(pem state.Secret) (Identity, error) {
	text := []byte(pem.Reveal())
	signer, err := ssh.ParsePrivateKey(text)
	_, locked := errors.AsType[*ssh.PassphraseMissingError](err)
	if locked || err != nil && bytes.HasPrefix(bytes.TrimSpace(text), []byte(lockedPKCS8)) {
		return Identity{}, ErrPassphrase
	}
	if err != nil {
		return Identity{}, errors.New("read SSH key: it is not a private key")
	}
	id, err := agessh.ParseIdentity(text)
	if err != nil {
		return Identity{}, fmt.Errorf("read SSH key: a %s key is no age identity", signer.PublicKey().Type())
	}
	line := string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return Identity{Recipient: line, Key: id}, nil
}
