package fake

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// signingKey is a Nix binary cache's secret key: name:base64(64 bytes), as
// "nix key generate-secret" writes it.
type signingKey struct {
	name string
	key  ed25519.PrivateKey
}

// parseSigningKey reads what niks3 reads (niks3 server/signing/key.go): 64 bytes
// or 32. A public key is 32 too, and is taken for a seed without a word, so
// that niks3 signs with a key that nobody trusts.
func parseSigningKey(s string) (signingKey, error) {
	name, enc, ok := strings.Cut(strings.TrimSpace(s), ":")
	name, enc = strings.TrimSpace(name), strings.TrimSpace(enc)
	raw, err := base64.StdEncoding.DecodeString(enc)
	if err != nil {
		raw, err = base64.RawStdEncoding.DecodeString(enc)
	}
	switch {
	case !ok || name == "" || err != nil:
	case len(raw) == ed25519.SeedSize:
		return signingKey{name: name, key: ed25519.NewKeyFromSeed(raw)}, nil
	case len(raw) == ed25519.PrivateKeySize:
		return signingKey{name: name, key: raw}, nil
	}
	return signingKey{}, fmt.Errorf("parse signing key: want name:base64 of %d or %d bytes", ed25519.SeedSize, ed25519.PrivateKeySize)
}

func (k signingKey) public() string {
	return k.name + ":" + base64.StdEncoding.EncodeToString(k.key[ed25519.SeedSize:])
}

// cacheObject is one object of a binary cache.
type cacheObject struct {
	key, kind, encoding string
	body                []byte
}

// packed makes the objects of a store path that is one text file: the NAR, the
// signed narinfo (stored zstd-encoded, as niks3 does) and nix-cache-info.
func packed(storePath, text string, key signingKey) ([]cacheObject, error) {
	nar := narOf(text)
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	narZ := zip.EncodeAll(nar, nil)
	narHash, fileHash := sha256.Sum256(nar), sha256.Sum256(narZ)
	hash := "sha256:" + nixBase32(narHash[:])
	fingerprint := fmt.Sprintf("1;%s;%s;%d;", storePath, hash, len(nar)) // no references
	sig := base64.StdEncoding.EncodeToString(ed25519.Sign(key.key, []byte(fingerprint)))
	file := "nar/" + nixBase32(fileHash[:]) + ".nar.zst"
	var info bytes.Buffer
	fmt.Fprintf(&info, "StorePath: %s\nURL: %s\nCompression: zstd\nFileHash: sha256:%s\nFileSize: %d\nNarHash: %s\nNarSize: %d\nReferences: \nSig: %s:%s\n",
		storePath, file, nixBase32(fileHash[:]), len(narZ), hash, len(nar), key.name, sig)
	name, _, _ := strings.Cut(path.Base(storePath), "-")
	return []cacheObject{
		{key: "nix-cache-info", kind: "text/x-nix-cache-info", body: []byte("StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 30\n")},
		{key: file, kind: "application/x-nix-nar", body: narZ},
		{key: name + ".narinfo", kind: "text/x-nix-narinfo", encoding: "zstd", body: zip.EncodeAll(info.Bytes(), nil)},
	}, nil
}

// narOf is the archive of one file (Nix manual, "Nix Archive (NAR) format").
func narOf(text string) []byte {
	var out []byte
	for _, s := range []string{"nix-archive-1", "(", "type", "regular", "contents", text, ")"} {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s)))
		out = append(out, s...)
		out = append(out, make([]byte, (8-len(s)%8)%8)...)
	}
	return out
}

// nixBase32 is Nix's own: least significant digit last, without e, o, t, u.
func nixBase32(raw []byte) string {
	const alphabet = "0123456789abcdfghijklmnpqrsvwxyz"
	n := (len(raw)*8 + 4) / 5
	out := make([]byte, n)
	for i := range n {
		b := (n - 1 - i) * 5
		v := uint(raw[b/8]) >> (b % 8)
		if b/8+1 < len(raw) {
			v |= uint(raw[b/8+1]) << (8 - b%8)
		}
		out[i] = alphabet[v&31]
	}
	return string(out)
}

// storeHash is the hash part of a store path: 20 bytes in Nix's base 32.
func (s *State) storeHash(what string) string {
	sum := sha256.Sum256([]byte(s.Seed + "/store/" + what))
	return nixBase32(sum[:20])
}
