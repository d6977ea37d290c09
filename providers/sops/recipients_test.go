package sops_test

import (
	"crypto/ed25519"
	stdpem "encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/providers/sops"
	"github.com/nixwright/nixwright/state"
)

const fingerprint = "85D77543B3D624B63CEA9E6DBC17301B491B3F21"

func TestCreateIdentity(t *testing.T) {
	t.Parallel()
	w := world{t: t, root: t.TempDir(), home: t.TempDir()}
	if _, found, err := w.file().Identity(t.Context()); found || err != nil {
		t.Fatalf("an empty home: found %v, %v", found, err)
	}
	if err := w.file().CanOpen(t.Context()); !errors.Is(err, state.ErrNoIdentity) {
		t.Errorf("an empty home: %v, want ErrNoIdentity", err)
	}
	made, err := w.file().CreateIdentity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(made.Source)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if want := filepath.Join(w.home, ".config", "sops", "age", "keys.txt"); made.Source != want {
		t.Errorf("made in %s, want %s", made.Source, want)
	}
	again, err := w.file().CreateIdentity(t.Context())
	if err != nil || again != made {
		t.Errorf("a second one: %v, %v", again, err)
	}
	if err := w.file().CanOpen(t.Context()); err != nil {
		t.Errorf("cannot open: %v", err)
	}
}

// Identities are taken from everywhere sops takes them from.
func TestIdentityPlaces(t *testing.T) {
	t.Parallel()
	to, key, err := age.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ variable, file string }{
		{variable: "SOPS_AGE_KEY"},
		{"SOPS_AGE_KEY_FILE", "elsewhere/k.txt"},
		{"XDG_CONFIG_HOME", "conf/sops/age/keys.txt"},
		{"", ".config/sops/age/keys.txt"},
	} {
		w := world{t: t, root: t.TempDir(), home: t.TempDir()}
		env := map[string]string{}
		switch c.variable {
		case "SOPS_AGE_KEY":
			env[c.variable] = key.Reveal()
		case "SOPS_AGE_KEY_FILE":
			env[c.variable] = filepath.Join(w.home, c.file)
		case "XDG_CONFIG_HOME":
			env[c.variable] = filepath.Join(w.home, "conf")
		}
		if c.file != "" {
			w.write(filepath.Join(w.home, c.file), age.KeyFile(to, key).Reveal())
		}
		f := sops.New(sops.Options{Root: w.root, File: w.path(), Home: w.home, Env: func(k string) string { return env[k] }})
		id, found, err := f.Identity(t.Context())
		if err != nil || !found || id.Recipient != to {
			t.Errorf("%s: %v, %v, %v", c.variable, id, found, err)
		}
		if err := f.CanOpen(t.Context()); err != nil {
			t.Errorf("%s: cannot open: %v", c.variable, err)
		}
	}
}

// The data key is read with SSH keys as sops reads it.
func TestSSHIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private, public := sshKey(t)
	w.write(filepath.Join(w.home, ".ssh", "id_ed25519"), private)
	w.write(w.rules(), "creation_rules:\n  - age: "+public+"\n")
	if err := w.file().CanOpen(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, _, err := w.file().Identity(t.Context())
	if err != nil || id.Recipient != public {
		t.Errorf("identity %v, %v: want the one that the rule names", id, err)
	}
	w.keep("a", "1")
	if got := w.judge("decrypt", "--extract", `["a"]`, w.path()); got != "1" {
		t.Errorf("the CLI read %q", got)
	}
}

func TestCannotOpenSaysWhoCan(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), recipient(t)
	w.keep("a", "1")
	stranger := world{t: t, root: w.root, home: t.TempDir()}
	mine, err := stranger.file().CreateIdentity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]error{
		"the file":    stranger.file().CanOpen(t.Context()),
		"a secret":    func() error { _, _, err := stranger.file().Secret(t.Context(), "a"); return err }(),
		"a new value": stranger.file().Keep(t.Context(), sealed("b", "2")...),
	} {
		p := state.AsProblem(f)
		if !errors.Is(f, state.ErrNoIdentity) || !strings.Contains(p.Why, w.me) || !strings.Contains(p.Fix, mine.Recipient) {
			t.Errorf("%s: %v (fix %q)", name, f, p.Fix)
		}
	}
	// No file yet, and a rule for others only.
	w.write(w.rules(), "creation_rules:\n  - age: "+other+"\n")
	if err := os.Remove(w.path()); err != nil {
		t.Fatal(err)
	}
	if err := w.file().CanOpen(t.Context()); err != nil {
		t.Errorf("a rule that lacks us, to be mended: %v", err)
	}
	if err := w.file().Keep(t.Context(), sealed("a", "1")...); !errors.Is(err, state.ErrNoIdentity) || !strings.Contains(err.Error(), other) {
		t.Errorf("a rule for others: %v", err)
	}
	if _, err := os.Stat(w.path()); err == nil {
		t.Error("made a file that nobody here can open")
	}
}

func TestBrokenKeyFileIsNamed(t *testing.T) {
	t.Parallel()
	w := world{t: t, root: t.TempDir(), home: t.TempDir()}
	path := filepath.Join(w.home, ".config", "sops", "age", "keys.txt")
	w.write(path, "AGE-SECRET-KEY-1BROKEN\n")
	if _, _, err := w.file().Identity(t.Context()); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "BROKEN") {
		t.Errorf("error %v", err)
	}
	if _, err := w.file().CreateIdentity(t.Context()); err == nil {
		t.Error("made an identity beside a broken one")
	}
}

func TestUpdateKeys(t *testing.T) {
	t.Parallel()
	host, colleague := recipient(t), recipient(t)
	w := newWorld(t, colleague)
	w.keep("a", "1")
	before := w.read(w.path())
	w.write(w.rules(), strings.Replace(w.read(w.rules()), colleague, host, 1))
	r, err := w.file().Recipients(t.Context())
	if err != nil || !slices.Equal(r.File, []string{w.me, colleague}) || !slices.Equal(r.Rule, []string{w.me, host}) {
		t.Fatalf("recipients %+v, %v", r, err)
	}
	if err := w.file().UpdateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err = w.file().Recipients(t.Context()); err != nil || !slices.Equal(r.File, r.Rule) {
		t.Errorf("recipients %+v, %v", r, err)
	}
	if a, b := value(before, "a:"), value(w.read(w.path()), "a:"); a != b {
		t.Errorf("value changed from %s to %s", a, b)
	}
	if out := w.judge("updatekeys", "--yes", w.path()); !strings.Contains(out, "already up to date") {
		t.Errorf("the CLI does not agree:\n%s", out)
	}
	if got := w.judge("decrypt", "--extract", `["a"]`, w.path()); got != "1" {
		t.Errorf("the CLI read %q", got)
	}
	same := w.read(w.path())
	if err := w.file().UpdateKeys(t.Context()); err != nil || w.read(w.path()) != same {
		t.Errorf("a second update changed the file: %v", err)
	}
}

func TestUpdateKeysLocksNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep("a", "1")
	before := w.read(w.path())
	w.write(w.rules(), "creation_rules:\n  - age: "+recipient(t)+"\n")
	if err := w.file().UpdateKeys(t.Context()); !errors.Is(err, state.ErrNoIdentity) {
		t.Errorf("update: %v, want ErrNoIdentity", err)
	}
	if w.read(w.path()) != before {
		t.Error("the file changed")
	}
}

// A PGP key of the file stays, with its wrapped data key, and needs no gpg.
func TestOtherKeysAreKept(t *testing.T) {
	t.Parallel()
	w, host := newWorld(t), recipient(t)
	w.keep("a", "1")
	pgp := "    pgp:\n        - created_at: \"2026-01-01T00:00:00Z\"\n          enc: wrapped-for-pgp\n          fp: " + fingerprint + "\n"
	w.write(w.path(), strings.Replace(w.read(w.path()), "    lastmodified:", pgp+"    lastmodified:", 1))
	if err := w.file().AddRule(t.Context(), []string{w.me, host}); err != nil {
		t.Fatal(err)
	}
	if err := w.file().UpdateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.keep("b", "2")
	r, err := w.file().Recipients(t.Context())
	if err != nil || !slices.Equal(r.File, []string{w.me, host}) || !slices.Equal(r.Others, []string{"pgp " + fingerprint}) {
		t.Errorf("recipients %+v, %v", r, err)
	}
	if text := w.read(w.path()); !strings.Contains(text, "enc: wrapped-for-pgp") {
		t.Errorf("the PGP key is lost:\n%s", text)
	}
	if got := w.judge("decrypt", "--extract", `["b"]`, w.path()); got != "2" {
		t.Errorf("the CLI read %q", got)
	}
}

// Two key groups with a threshold: both are needed, and both stay.
func TestKeyGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second, key, err := age.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(w.home, ".config", "sops", "age", "keys.txt")
	w.write(w.rules(), "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age:\n          - "+w.me+"\n      - age:\n          - "+second+"\n")
	if err := w.file().CanOpen(t.Context()); !errors.Is(err, state.ErrNoIdentity) {
		t.Errorf("with one of two: %v", err)
	}
	w.write(keys, w.read(keys)+key.Reveal()+"\n")
	w.keep("a", "1")
	w.judge("set", w.path(), `["b"]`, `"2"`)
	w.keep("c", "3")
	if got := w.secret("a") + w.secret("b") + w.judge("decrypt", "--extract", `["c"]`, w.path()); got != "123" {
		t.Errorf("values %q", got)
	}
	if out := w.judge("updatekeys", "--yes", w.path()); !strings.Contains(out, "already up to date") {
		t.Errorf("the CLI does not agree:\n%s", out)
	}
}

// value is what stands after a key at the start of a line.
func value(text, key string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, key) {
			return line
		}
	}
	return ""
}

// Without an identity, a new file is sealed for others, and stays closed.
func TestKeepForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nobody := sops.New(sops.Options{Root: w.root, File: w.path(), Env: func(string) string { return "" }})
	if err := nobody.Keep(t.Context(), sealed("a", "1")...); err != nil {
		t.Fatal(err)
	}
	if got := w.secret("a"); got != "1" {
		t.Errorf("read %q", got)
	}
	fresh := sops.New(sops.Options{Root: w.root, File: w.path(), Env: func(string) string { return "" }})
	if _, _, err := fresh.Secret(t.Context(), "a"); !errors.Is(err, state.ErrNoIdentity) {
		t.Errorf("opened without an identity: %v", err)
	}
	if _, err := fresh.CreateIdentity(t.Context()); err == nil {
		t.Error("made an identity without a home")
	}
}

// sshKey makes an SSH key pair: the file and the line.
func sshKey(t *testing.T) (private, public string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return string(stdpem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line)))
}
