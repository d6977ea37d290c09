package age

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"fmt"

	"filippo.io/age/plugin"
	"filippo.io/edwards25519"
	"golang.org/x/crypto/ssh"
)

// HostRecipient turns a line of an OpenSSH public key file
// ("ssh-ed25519 AAAA... root@host") into the age recipient ("age1...") whose
// identity the host derives from its host key: the X25519 form of the ed25519
// point, as ssh-to-age prints it and as sops-nix uses it (sops-nix,
// pkgs/sops-install-secrets). Keys that are not ed25519 have no such form and
// are refused.
func HostRecipient(authorizedKeyLine string) (string, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(authorizedKeyLine)) //nolint:dogsled // that is its shape
	if err != nil {
		return "", fmt.Errorf("read host key: %w", err)
	}
	wrapped, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return "", fmt.Errorf("read host key: %s keys have no age recipient, only ssh-ed25519 ones", key.Type())
	}
	pub, ok := wrapped.CryptoPublicKey().(ed25519.PublicKey)
	if !ok {
		return "", fmt.Errorf("read host key: %s keys have no age recipient, only ssh-ed25519 ones", key.Type())
	}
	point, err := new(edwards25519.Point).SetBytes(pub)
	if err != nil {
		return "", errors.New("read host key: it is not a point of the curve")
	}
	x, err := ecdh.X25519().NewPublicKey(point.BytesMontgomery())
	if err != nil {
		return "", fmt.Errorf("convert host key: %w", err)
	}
	recipient, err := plugin.EncodeX25519Recipient(x)
	if err != nil {
		return "", fmt.Errorf("convert host key: %w", err)
	}
	return recipient, nil
}
