package nixcache

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
)

// narinfo is what a cache says of a store path.
type narinfo struct {
	storePath, url, narHash, narSize string
	refs, sigs                       []string
}

// parseNarinfo reads "Key: value" lines; unknown keys are passed over.
func parseNarinfo(text string) narinfo {
	var n narinfo
	for key, value := range fields(text) {
		switch key {
		case "StorePath":
			n.storePath = value
		case "URL":
			n.url = value
		case "NarHash":
			n.narHash = value
		case "NarSize":
			n.narSize = value
		case "References":
			n.refs = strings.Fields(value)
		case "Sig":
			n.sigs = append(n.sigs, value)
		}
	}
	return n
}

// fingerprint is the text that Nix signs (nix, ValidPathInfo::fingerprint):
// path, hash, size and the full paths of the references, sorted.
func (n narinfo) fingerprint() string {
	refs := slices.Sorted(slices.Values(n.refs))
	for i, ref := range refs {
		refs[i] = path.Join(path.Dir(n.storePath), ref)
	}
	return "1;" + n.storePath + ";" + n.narHash + ";" + n.narSize + ";" + strings.Join(refs, ",")
}

// verify says whether a signature of the key's name fits.
func (n narinfo) verify(k key) bool {
	for _, sig := range n.sigs {
		name, encoded, _ := strings.Cut(sig, ":")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if name == k.name && err == nil && ed25519.Verify(k.public, []byte(n.fingerprint()), raw) {
			return true
		}
	}
	return false
}

// key is a public key with its name.
type key struct {
	name   string
	public ed25519.PublicKey
}

// parseKey reads "NAME:BASE64", as nix.conf's trusted-public-keys has it.
func parseKey(text string) (key, error) {
	name, encoded, ok := strings.Cut(text, ":")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || name == "" || err != nil || len(raw) != ed25519.PublicKeySize {
		return key{}, fmt.Errorf("read public key of the cache: it is not NAME:BASE64 of %d bytes", ed25519.PublicKeySize)
	}
	return key{name: name, public: raw}, nil
}

// fields are the lines of a narinfo or of nix-cache-info.
func fields(text string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for line := range strings.Lines(text) {
			key, value, ok := strings.Cut(line, ":")
			if ok && !yield(strings.TrimSpace(key), strings.TrimSpace(value)) {
				return
			}
		}
	}
}
