package age_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	filippo "filippo.io/age"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// These tests compare with age-keygen, ssh-keygen and ssh-to-age.

// tool runs a program with a standard input.
func tool(t *testing.T, stdin, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), realtest.Find(t, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return said.String(), err
	}
	return string(out), nil
}

// Identities of age-keygen are read by us, and ours by age-keygen.
func TestAgeKeygenBothWays(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"X25519": nil, "post-quantum": {"-pq"}} {
		theirs, err := tool(t, "", "age-keygen", args...)
		if err != nil {
			t.Fatal(err)
		}
		all, err := age.Parse(state.NewSecret(theirs))
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d identities, %v", name, len(all), err)
		}
		want, err := tool(t, theirs, "age-keygen", "-y")
		if err != nil || all[0].Recipient != strings.TrimSpace(want) {
			t.Errorf("%s: recipient %.80s, age-keygen says %.80s, %v", name, all[0].Recipient, want, err)
		}
	}
	for range 20 {
		recipient, key, err := age.NewIdentity()
		if err != nil {
			t.Fatal(err)
		}
		got, err := tool(t, age.KeyFile(recipient, key).Reveal(), "age-keygen", "-y")
		if err != nil || strings.TrimSpace(got) != recipient {
			t.Fatalf("recipient %s, age-keygen says %s, %v", recipient, got, err)
		}
	}
}

// What age-keygen refuses of a key file we refuse.
func TestAgeKeygenRefusesWhatWeRefuse(t *testing.T) {
	t.Parallel()
	_, key, err := age.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	good := key.Reveal()
	other := byte('Q')
	if good[30] == other {
		other = 'P'
	}
	for name, text := range map[string]string{
		"good": good, "good with a comment": "# mine\n\n" + good + "\n", "cut": good[:40], "a letter changed": good[:30] + string(other) + good[31:],
		"a mixed case": good[:60] + strings.ToLower(good[60:]), "a word before": "key: " + good, "a recipient": "age17044m9wgakla6pzftf4srtl3h5mcsr85jysgt5fg23zpnta8sfdqhzn452",
	} {
		_, ours := age.Parse(state.NewSecret(text))
		_, theirs := tool(t, text, "age-keygen", "-y")
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%s: we say %v, age-keygen %v", name, ours, theirs)
		}
		if ours != nil && strings.Contains(ours.Error(), good[20:40]) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}

// What ssh-to-age 1.x prints for the keys of its own tests: public halves, and
// the identity of the first, which must have that recipient.
func TestHostRecipientIsThatOfSSHToAge(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOHz+U0YtjINc54dZiJNclfmEFifF7RXCFlNlTbuZBji joerg@turingmachine": "age17044m9wgakla6pzftf4srtl3h5mcsr85jysgt5fg23zpnta8sfdqhzn452",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/+AcTjBdIG6Xwk4ZiuckvG5xNDlaqX316bKGo6D3a5 ":                    "age1pa3t6c94xl4z6k02rt0lw2za7e7tdjsse46xjh8y7tluy59qu5tqaqgauq",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF/KPU3Z5LSjbBI6hrq25wCcseq2UpqSzUFZRr+ux6LM":                     "age1hjm3aujg9e79f5yth8a2cejzdjg5n9vnu96l05p70uvfpeltnpms7yy3pp",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIL2vjdqpppuCn7yPdF2muINriAG7zBWrsELKpPWkhn5\n":                   "age1v8zjc47jmlqwefyu66s0d4ke98qr4vnuj3cpvs4z9npfdw833dxqwjrhzv",
	} {
		if got, err := age.HostRecipient(line); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", line, got, err, want)
		}
	}
	all, err := age.Parse(state.NewSecret("AGE-SECRET-KEY-1K3VN4N03PTHJWSJSCCMQCN33RY5FSKQPJ4KRRTG3JMQUYE0TUSEQEDH6V8"))
	if err != nil || len(all) != 1 || all[0].Recipient != "age17044m9wgakla6pzftf4srtl3h5mcsr85jysgt5fg23zpnta8sfdqhzn452" {
		t.Errorf("the first key's identity: %v, %v", all, err)
	}
}

// sshKey makes a key with ssh-keygen and returns both files.
func sshKey(t *testing.T, args ...string) (private state.Secret, public string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if said, err := tool(t, "", "ssh-keygen", append([]string{"-q", "-C", "root@omnara1", "-f", path}, args...)...); err != nil {
		t.Fatalf("ssh-keygen %v: %v %s", args, err, said)
	}
	one, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return state.NewSecret(string(one)), string(two)
}

// Keys of ssh-keygen: of each type, in each format, locked or not.
func TestKeysOfSSHKeygen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args     []string
		host     bool // has an age recipient
		identity bool // opens what is sealed for it
		locked   bool
	}{
		"ed25519":            {[]string{"-t", "ed25519", "-N", ""}, true, true, false},
		"ed25519, locked":    {[]string{"-t", "ed25519", "-N", "hunter2"}, true, false, true},
		"RSA":                {[]string{"-t", "rsa", "-b", "2048", "-N", ""}, false, true, false},
		"RSA, PEM":           {[]string{"-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM"}, false, true, false},
		"RSA, PEM, locked":   {[]string{"-t", "rsa", "-b", "2048", "-N", "hunter2", "-m", "PEM"}, false, false, true},
		"ECDSA":              {[]string{"-t", "ecdsa", "-N", ""}, false, false, false},
		"ECDSA, PKCS8":       {[]string{"-t", "ecdsa", "-N", "", "-m", "PKCS8"}, false, false, false},
		"RSA, PKCS8, locked": {[]string{"-t", "rsa", "-b", "2048", "-N", "hunter2", "-m", "PKCS8"}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			private, public := sshKey(t, c.args...)
			recipient, err := age.HostRecipient(public)
			if (err == nil) != c.host {
				t.Errorf("recipient %q, %v", recipient, err)
			}
			if err != nil && !strings.Contains(err.Error(), "only ssh-ed25519") {
				t.Errorf("the error does not say which keys there are: %v", err)
			}
			if c.host {
				if _, err := filippo.ParseX25519Recipient(recipient); err != nil {
					t.Errorf("recipient %s: %v", recipient, err)
				}
			}
			id, err := age.ParseSSH(private)
			switch {
			case errors.Is(err, age.ErrPassphrase) != c.locked:
				t.Errorf("locked: %v", err)
			case (err == nil) != c.identity:
				t.Errorf("identity: %v", err)
			case c.identity && id.Recipient != strings.TrimSuffix(public, " root@omnara1\n"):
				t.Errorf("recipient %q of %q", id.Recipient, public)
			}
			if _, err := age.HostRecipient(private.Reveal()); err == nil || strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("a private key as a host key: %v", err)
			}
		})
	}
}
