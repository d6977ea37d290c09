package age_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"

	filippo "filippo.io/age"
	"filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/state"
)

// The recipient made of the public half must be that of the identity which
// sops-nix makes of the secret half: SHA-512 of the seed, as an X25519 scalar.
func TestHostRecipientFitsTheSecretHalf(t *testing.T) {
	t.Parallel()
	for range 50 {
		pub, priv, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		sshPub, err := ssh.NewPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		got, err := age.HostRecipient(string(ssh.MarshalAuthorizedKey(sshPub)))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha512.Sum512(priv.Seed())
		scalar, err := ecdh.X25519().NewPrivateKey(sum[:32])
		if err != nil {
			t.Fatal(err)
		}
		want, err := plugin.EncodeX25519Recipient(scalar.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("recipient %s, want %s", got, want)
		}
	}
}

func TestHostRecipientRefuses(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"empty":  "",
		"no key": "command not found",
		"ecdsa":  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg= host",
	} {
		if got, err := age.HostRecipient(line); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
}

func TestNewIdentityOpensWhatItsRecipientSeals(t *testing.T) {
	t.Parallel()
	recipient, key, err := age.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	all, err := age.Parse(age.KeyFile(recipient, key))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Recipient != recipient {
		t.Fatalf("parsed %v, want the one of %s", all, recipient)
	}
	to, err := filippo.ParseX25519Recipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, to, all[0].Key)
}

func TestParse(t *testing.T) {
	t.Parallel()
	_, one, _ := age.NewIdentity()
	_, two, _ := age.NewIdentity()
	pq, err := filippo.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		want       int
		fails      bool
	}{
		{name: "empty", text: ""},
		{name: "comments", text: "# created: today\n\n  # indented\n"},
		{name: "two lines", text: one.Reveal() + "\n" + two.Reveal() + "\n", want: 2},
		{name: "one line", text: one.Reveal() + " " + two.Reveal(), want: 2},
		{name: "windows", text: "# x\r\n" + one.Reveal() + "\r\n", want: 1},
		{name: "post-quantum", text: pq.String(), want: 1},
		{name: "broken", text: "# x\n" + one.Reveal()[:40] + "\n", fails: true},
		{name: "something else", text: "hunter2", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := age.Parse(state.NewSecret(c.text))
			if (err != nil) != c.fails {
				t.Fatalf("error %v, want one: %v", err, c.fails)
			}
			if err != nil && (strings.Contains(err.Error(), "AGE") || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("error shows the key: %v", err)
			}
			if len(got) != c.want {
				t.Errorf("%d identities, want %d", len(got), c.want)
			}
		})
	}
}

func TestParseSSH(t *testing.T) {
	t.Parallel()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(priv, "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.ParseSSH(state.NewSecret(string(pem.EncodeToMemory(block))))
	if err != nil {
		t.Fatal(err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPub))); id.Recipient != want {
		t.Errorf("recipient %q, want %q", id.Recipient, want)
	}
	if _, err := age.ParseSSH(state.NewSecret(string(pem.EncodeToMemory(locked)))); !errors.Is(err, age.ErrPassphrase) {
		t.Errorf("locked key: %v, want ErrPassphrase", err)
	}
	if _, err := age.ParseSSH(state.NewSecret("no key")); err == nil {
		t.Error("no key: want an error")
	}
}

// opens seals to the recipient and opens with the identity.
func opens(t *testing.T, to filippo.Recipient, with filippo.Identity) {
	t.Helper()
	var sealed bytes.Buffer
	w, err := filippo.Encrypt(&sealed, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "secret"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := filippo.Decrypt(&sealed, with)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "secret" {
		t.Fatalf("opened %q, %v", got, err)
	}
}
