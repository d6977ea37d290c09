package sops_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/sops"
	"github.com/nixwright/nixwright/state"
)

// These tests let the sops CLI judge what we write, and read and edit what it
// writes.

// What we made goes through each thing that a person may do with the CLI, and
// is read and edited by us after each.
func TestTheCLIWorksOnOurFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, recipient(t))
	w.keep("token", "first", "pem", pem)
	extra := recipient(t)
	for i, c := range []struct {
		name string
		args []string
		says string
	}{
		{"decrypt", []string{"decrypt", w.path()}, "token: first"},
		{"set", []string{"set", w.path(), `["theirs"]`, `"2"`}, ""},
		{"set a map", []string{"set", w.path(), `["map"]["inner"]`, `{"a": [1, true, null]}`}, ""},
		{"unset", []string{"unset", w.path(), `["map"]["inner"]["a"][0]`}, ""},
		{"edit", []string{"edit", w.path()}, ""}, // by EDITOR: first becomes edited
		{"updatekeys", []string{"updatekeys", "--yes", w.path()}, "already up to date"},
		{"rotate", []string{"rotate", "--in-place", w.path()}, ""},
		{"rotate in a recipient", []string{"rotate", "--in-place", "--add-age", extra, w.path()}, ""},
		{"updatekeys takes it out", []string{"updatekeys", "--yes", w.path()}, "synced with new keys"},
		{"file status", []string{"filestatus", w.path()}, `"encrypted":true`},
	} {
		if out := w.judge(c.args...); !strings.Contains(out, c.says) {
			t.Errorf("%s: the CLI says\n%s", c.name, out)
		}
		w.keep(fmt.Sprintf("after-%d", i), "x")
		if got := w.secret("pem"); got != pem {
			t.Fatalf("%s: read %q", c.name, got)
		}
	}
	out := w.judge("decrypt", w.path())
	for i := range 10 {
		if !strings.Contains(out, fmt.Sprintf("after-%d: x\n", i)) {
			t.Errorf("after-%d is lost", i)
		}
	}
	if got := w.secret("theirs") + w.secret("token"); got != "2edited" {
		t.Errorf("theirs: %q", got)
	}
}

// plain is a file with all that others may have put into it.
const plain = `# who: all of us
token: t0
secret-a: one # behind a value
# of the list
list:
    - same
    - same
    # inside
    - deep:
        password: p
        count: 3
        on: true
        none: null
        ratio: 1.5
visible_unencrypted: in clear
# cleartext below
port: 8010
text: |
    one

    two
empty: ""
day: 2026-01-02
"quoted: key": v
`

// The CLI makes the file by a rule of the user's; we read it, seal into it,
// and every other line stays byte for byte.
func TestWeWorkOnTheCLIsFile(t *testing.T) {
	t.Parallel()
	const marked = "ENC["
	for name, c := range map[string]struct {
		rule  string // besides the recipients
		clear string // a line that stands in clear
		plain string // more than plain
	}{
		"no more":                   {clear: "visible_unencrypted: in clear"},
		"unencrypted_suffix":        {rule: "unencrypted_suffix: t", clear: "port: 8010"},
		"encrypted_suffix":          {rule: "encrypted_suffix: n", clear: "port: 8010"},
		"encrypted_regex":           {rule: "encrypted_regex: ^(token.*|password|secret-.*)$", clear: "port: 8010"},
		"unencrypted_regex":         {rule: "unencrypted_regex: ^(port|day)$", clear: "port: 8010"},
		"unencrypted_comment_regex": {rule: "unencrypted_comment_regex: cleartext", clear: "port: 8010"},
		"mac_only_encrypted":        {rule: "mac_only_encrypted: true", clear: "visible_unencrypted: in clear"},
		"both":                      {rule: "mac_only_encrypted: true\n    encrypted_regex: ^token", clear: "port: 8010"},
		"two documents":             {clear: "visible_unencrypted: in clear", plain: "---\nsecond: document\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(w.rules(), "creation_rules:\n  - path_regex: .*\n    age: "+w.me+","+recipient(t)+"\n    "+c.rule+"\n")
			w.write(w.path(), plain+c.plain)
			w.judge("encrypt", "--in-place", w.path())
			before, shown := w.read(w.path()), w.judge("decrypt", w.path())
			if !strings.Contains(before, c.clear) || !strings.Contains(value(before, "token:"), marked) {
				t.Fatalf("the rule is not what the test wants:\n%s", before)
			}
			if got := w.secret("token"); got != "t0" {
				t.Errorf("token %q", got)
			}
			w.keep("token", "t1")
			w.keep("token-ours-n", "new")
			changed(t, before, w.read(w.path()), "token:", "token-ours-n:", "lastmodified:", "mac:")
			want := strings.Replace(shown, "token: t0", "token: t1", 1)
			now := w.judge("decrypt", w.path())
			if got := strings.Replace(now, "token-ours-n: new\n", "", 1); got != want || got == now {
				t.Errorf("the CLI shows\n%s\nwant, with ours,\n%s", now, want)
			}
			w.judge("rotate", "--in-place", w.path())
			if got := w.secret("token") + w.secret("token-ours-n"); got != "t1new" {
				t.Errorf("after rotating: %q", got)
			}
		})
	}
}

// changed says which lines are others, but for those of these keys.
func changed(t *testing.T, before, after string, but ...string) {
	t.Helper()
	rest := func(text string) []string {
		return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
			key, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			return slices.Contains(but, key)
		})
	}
	a, b := rest(before), rest(after)
	if !slices.Equal(a, b) {
		t.Errorf("lines changed from\n%s\nto\n%s", before, after)
	}
}

// A value that a rule leaves in clear is refused, even one that looks sealed.
func TestNothingIsSealedInClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, rule := range []string{"encrypted_regex: ^data$", "encrypted_suffix: _secret", "unencrypted_regex: .*", "unencrypted_suffix: n", "encrypted_comment_regex: seal"} {
		w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n    "+rule+"\n")
		for _, text := range []string{"hunter2", "ENC[AES256_GCM,data:hunter2,type:str]", "ENC[hunter2"} {
			err := w.file().Keep(t.Context(), sealed("token", text)...)
			if p, ok := errors.AsType[state.Problem](err); !ok || !strings.Contains(p.Why, "in clear") || strings.Contains(fmt.Sprint(err, p.Fix), "hunter2") {
				t.Errorf("%s, %s: %v", rule, text, err)
			}
		}
	}
	if _, err := os.Stat(w.path()); err == nil {
		t.Error("a file was written")
	}
}

// Each recipient opens the file alone: a native identity, and the host with
// the identity that sops-nix makes of its SSH host key.
func TestEachRecipientOpensAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keygen := exec.CommandContext(t.Context(), realtest.Find(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "root@omnara1", "-f", filepath.Join(dir, "host"))
	if out, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v %s", err, out)
	}
	public, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	host, err := age.HostRecipient(string(public))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, host)
	w.keep("a", pem)
	private, err := os.ReadFile(filepath.Join(dir, "host"))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"me":   w.read(filepath.Join(w.home, ".config", "sops", "age", "keys.txt")),
		"host": hostIdentity(t, private),
	} {
		alone := world{t: t, root: w.root, home: t.TempDir()}
		alone.write(filepath.Join(alone.home, ".config", "sops", "age", "keys.txt"), key)
		if got := alone.secret("a"); got != pem {
			t.Errorf("%s: read %q", name, got)
		}
		if got := alone.judge("decrypt", "--extract", `["a"]`, w.path()); got != pem {
			t.Errorf("%s: the CLI read %q", name, got)
		}
		alone.keep("from-"+name, "x")
	}
	if got := w.secret("from-host"); got != "x" {
		t.Errorf("sealed by the host: %q", got)
	}
}

// hostIdentity is what sops-nix makes of an SSH host key: the scalar of the
// ed25519 key as an age identity (ssh-to-age -private-key).
func hostIdentity(t *testing.T, private []byte) string {
	t.Helper()
	parsed, err := ssh.ParseRawPrivateKey(private)
	key, ok := parsed.(*ed25519.PrivateKey)
	if err != nil || !ok {
		t.Fatalf("host key: %T, %v", parsed, err)
	}
	scalar := sha512.Sum512(key.Seed())
	return strings.ToUpper(bech32("age-secret-key-", scalar[:32]))
}

// bech32 writes bytes as BIP 173 has it, without its limit of length.
func bech32(prefix string, data []byte) string {
	const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var words []byte
	bits, have := 0, 0
	for _, b := range data {
		bits, have = bits<<8|int(b), have+8
		for have >= 5 {
			have -= 5
			words = append(words, byte(bits>>have&31))
		}
	}
	if have > 0 {
		words = append(words, byte(bits<<(5-have)&31))
	}
	var all []byte
	for i := range prefix {
		all = append(all, prefix[i]>>5)
	}
	all = append(all, 0)
	for i := range prefix {
		all = append(all, prefix[i]&31)
	}
	sum := 1
	for _, word := range slices.Concat(all, words, make([]byte, 6)) {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ int(word)
		for i, g := range []int{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	sum ^= 1
	out := prefix + "1"
	for _, word := range words {
		out += string(letters[word])
	}
	for i := range 6 {
		out += string(letters[sum>>(5*(5-i))&31])
	}
	return out
}

// A file that is cut anywhere is a problem, is sealed into by nobody, and
// shows no value.
func TestCutFilesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep("a", "hunter2", "b", pem)
	good := w.read(w.path())
	f := w.file()
	// What comes after the MAC may be cut: it is not missed, by sops neither.
	for cut := 1; cut < strings.Index(good, "type:str]\n    unencrypted"); cut += 1 + cut/29 {
		w.write(w.path(), good[:cut])
		_, _, err := f.Secret(t.Context(), "a")
		if p, ok := errors.AsType[state.Problem](err); !ok || p.Fix == "" || strings.Contains(fmt.Sprint(err, p.Fix), "hunter2") {
			t.Fatalf("cut at %d of %d: %v\n%s", cut, len(good), err, good[:cut])
		}
		if err := w.file().Keep(t.Context(), sealed("c", "x")...); err == nil {
			t.Fatalf("cut at %d: sealed into it", cut)
		}
		if w.read(w.path()) != good[:cut] {
			t.Fatalf("cut at %d: changed", cut)
		}
	}
	w.write(w.path(), good)
	if got := w.secret("a"); got != "hunter2" {
		t.Errorf("whole again: %q", got)
	}
}

// What sops refuses we refuse, and the other way round.
func TestTheCLIRefusesWhatWeRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep("a", "hunter2", "b", "second")
	good := w.read(w.path())
	for name, bad := range map[string]string{
		"as it was":        good,
		"a flipped bit":    regexp.MustCompile(`(?m)^a: ENC\[AES256_GCM,data:.`).ReplaceAllString(good, "a: ENC[AES256_GCM,data:/"),
		"a line dropped":   regexp.MustCompile(`(?m)^b: .*\n`).ReplaceAllString(good, ""),
		"a line twice":     regexp.MustCompile(`(?m)^(b: .*\n)`).ReplaceAllString(good, "$1$1"),
		"a renamed key":    regexp.MustCompile(`(?m)^b: `).ReplaceAllString(good, "bb: "),
		"in clear":         regexp.MustCompile(`(?m)^a: .*$`).ReplaceAllString(good, "a: hunter2"),
		"another time":     regexp.MustCompile(`lastmodified: "20..`).ReplaceAllString(good, `lastmodified: "2001`),
		"no MAC":           regexp.MustCompile(`(?m)^ +mac: .*\n`).ReplaceAllString(good, ""),
		"another suffix":   strings.Replace(good, "_unencrypted", "a", 1),
		"conflict markers": "<<<<<<< ours\n" + good + "=======\n" + good + ">>>>>>> theirs\n",
		"JSON":             `{"a": "hunter2"}`,
		"dotenv":           "a=hunter2\nsops_version=3.13.3\n",
		"binary":           "\x00\x01\xff",
	} {
		w.write(w.path(), bad)
		_, _, ours := w.file().Secret(t.Context(), "a")
		out, theirs := w.cli("decrypt", w.path())
		if (ours == nil) != (theirs == nil) || (ours == nil) != (bad == good) {
			t.Errorf("%s: we say %v, the CLI %v %s", name, ours, theirs, out)
		}
		if ours != nil && strings.Contains(fmt.Sprint(ours, state.AsProblem(ours).Fix), "hunter2") {
			t.Errorf("%s: the error shows a value: %v", name, ours)
		}
	}
}

// Where the CLI stands is where we stand: what is sealed for a folder above.
func TestOneRuleForAFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(w.rules(), "creation_rules:\n  - path_regex: 'no/such'\n    age: "+recipient(t)+"\n  - path_regex: secrets/[^/]+\\.yaml$\n    age:\n      - "+w.me+"\n")
	w.write(filepath.Join(w.root, "secrets", "theirs.yaml"), "a: 1\n")
	w.judge("encrypt", "--in-place", filepath.Join("secrets", "theirs.yaml"))
	w.keep("a", "1")
	f := sops.New(sops.Options{Root: w.root, File: filepath.Join(w.root, "secrets", "theirs.yaml"), Home: w.home, Env: func(string) string { return "" }})
	theirs, err := f.Recipients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := w.file().Recipients(t.Context())
	if err != nil || !slices.Equal(ours.File, theirs.File) || !slices.Equal(ours.Rule, theirs.Rule) {
		t.Errorf("ours %+v, theirs %+v, %v", ours, theirs, err)
	}
}
