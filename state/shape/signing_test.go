package shape

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestSigningKeyForm(t *testing.T) {
	// RFC 8032, section 7.1, test 1.
	seed := fromHex(t, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	half := fromHex(t, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
	v, err := NewSigningKey("cache.phlip9.com-1", bytes.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	if want := "cache.phlip9.com-1:" + base64.StdEncoding.EncodeToString(append(seed, half...)); v.Reveal() != want {
		t.Errorf("got %s", v.Reveal())
	}
	public, err := PublicKey(v)
	if err != nil || public != "cache.phlip9.com-1:"+base64.StdEncoding.EncodeToString(half) {
		t.Errorf("public key %s, %v", public, err)
	}
	if _, err := PublicKey(state.NewSecret(public)); err == nil {
		t.Error("a public key is taken for a secret one")
	}
}

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSigningKeyFlipped changes every character in turn.
func TestSigningKeyFlipped(t *testing.T) {
	v, err := NewSigningKey("k", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := v.Reveal()
	for i := 2; i < len(s); i++ {
		for _, other := range "Az09+/=" {
			if changed := s[:i] + string(other) + s[i+1:]; changed != s {
				if _, err := PublicKey(state.NewSecret(changed)); err == nil {
					t.Fatalf("accepted with character %d changed", i)
				}
			}
		}
		if _, err := PublicKey(state.NewSecret(s[:i])); err == nil {
			t.Fatalf("accepted when cut at %d", i)
		}
	}
}

// TestSigningKeyAgainstNix compares with the real program in both directions.
func TestSigningKeyAgainstNix(t *testing.T) {
	nix, err := exec.LookPath("nix")
	if err != nil {
		t.Skip("nix is not installed: apt-get install nix-bin")
	}
	run := func(stdin string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), nix, append([]string{"--extra-experimental-features", "nix-command", "key"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		cmd.Env = append(cmd.Environ(), "NIX_STATE_DIR="+t.TempDir(), "NIX_STORE_DIR="+t.TempDir(), "HOME="+t.TempDir())
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("nix key %v: %v", args, err)
		}
		return string(out)
	}
	theirs := run("", "generate-secret", "--key-name", "cache.phlip9.com-1")
	public, err := PublicKey(state.NewSecret(theirs))
	if err != nil {
		t.Fatalf("a key of nix is refused: %v", err)
	}
	if want := run(theirs, "convert-secret-to-public"); public != strings.TrimSpace(want) {
		t.Errorf("public key %s, nix says %s", public, want)
	}
	ours, err := NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if len(ours.Reveal()) != len(theirs) {
		t.Errorf("%d characters, nix has %d", len(ours.Reveal()), len(theirs))
	}
	if public, err = PublicKey(ours); err != nil || run(ours.Reveal(), "convert-secret-to-public") != public {
		t.Errorf("nix reads our key otherwise: %v", err)
	}
}
