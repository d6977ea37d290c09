package sops_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/sops"
	"github.com/nixwright/nixwright/state"
)

const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n  indented\n-----END RSA PRIVATE KEY-----\n"

// world is an infra repository and a home folder, with one identity in it.
type world struct {
	t          *testing.T
	root, home string
	me         string
}

// newWorld makes one, with a creation rule for the recipient of this machine
// and those given.
func newWorld(t *testing.T, more ...string) world {
	t.Helper()
	w := world{t: t, root: t.TempDir(), home: t.TempDir()}
	id, err := w.file().CreateIdentity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.me = id.Recipient
	if err := w.file().AddRule(t.Context(), append([]string{w.me}, more...)); err != nil {
		t.Fatal(err)
	}
	return w
}

// file is a File that remembers nothing.
func (w world) file() *sops.File {
	return sops.New(sops.Options{Root: w.root, File: w.path(), Home: w.home, Env: func(string) string { return "" }})
}

func (w world) path() string  { return filepath.Join(w.root, "secrets", "ci.yaml") }
func (w world) rules() string { return filepath.Join(w.root, ".sops.yaml") }

func (w world) read(path string) string {
	w.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func (w world) write(path, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) keep(pairs ...string) {
	w.t.Helper()
	if err := w.file().Keep(w.t.Context(), sealed(pairs...)...); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) secret(name string) string {
	w.t.Helper()
	v, found, err := w.file().Secret(w.t.Context(), state.SecretName(name))
	if err != nil || !found {
		w.t.Fatalf("secret %s: found %v, %v", name, found, err)
	}
	return v.Reveal()
}

// cli runs the sops CLI with the identity of this world.
func (w world) cli(args ...string) (string, error) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), realtest.Find(w.t, "sops"), args...)
	cmd.Dir = w.root
	cmd.Env = []string{"HOME=" + w.home, "PATH=" + os.Getenv("PATH"), "EDITOR=sed -i s/first/edited/", "GNUPGHOME=" + os.Getenv("GNUPGHOME"), "VAULT_TOKEN=test"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// judge runs the CLI, which must agree.
func (w world) judge(args ...string) string {
	w.t.Helper()
	out, err := w.cli(args...)
	if err != nil {
		w.t.Fatalf("sops %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func sealed(pairs ...string) []state.Sealed {
	var all []state.Sealed
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, state.Sealed{Name: state.SecretName(pairs[i]), Value: state.NewSecret(pairs[i+1])})
	}
	return all
}

func recipient(t *testing.T) string {
	t.Helper()
	r, _, err := age.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeepIsReadByTheCLI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, recipient(t))
	w.keep("app-key", pem, "token", "abc: #x", "number", "0123")
	for name, want := range map[string]string{"app-key": pem, "token": "abc: #x", "number": "0123"} {
		if got := w.secret(name); got != want {
			t.Errorf("%s: read %q, want %q", name, got, want)
		}
		if got := w.judge("decrypt", "--extract", `["`+name+`"]`, w.path()); got != want {
			t.Errorf("%s: the CLI read %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(w.read(w.path()), "unencrypted_suffix: _unencrypted") {
		t.Error("the new file has no unencrypted_suffix, as the CLI would set")
	}
	names, err := w.file().Names(t.Context())
	if want := []state.SecretName{"app-key", "token", "number"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("names %v, %v, want %v", names, err, want)
	}
}

func TestReadsWhatTheCLIWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := "# kept by hand\nforeign:\n    nested: [1, two]\nflag: true\ncount: 7\nclear_unencrypted: visible\ntext: |\n    one\n    two\n"
	w.write(w.path(), plain)
	w.judge("encrypt", "--in-place", w.path())
	if got := w.secret("text"); got != "one\ntwo\n" {
		t.Errorf("text %q", got)
	}
	if got := w.secret("count"); got != "7" {
		t.Errorf("count %q", got)
	}
	if _, _, err := w.file().Secret(t.Context(), "foreign"); err == nil {
		t.Error("foreign is a mapping: want an error")
	}
	if _, found, err := w.file().Secret(t.Context(), "none"); found || err != nil {
		t.Errorf("none: found %v, %v", found, err)
	}
	w.keep("ours", "1", "text", "new")
	out := w.judge("decrypt", w.path())
	for _, want := range []string{"# kept by hand", "nested:", "- two", "flag: true", "count: 7", "clear_unencrypted: visible", "text: new", `ours: "1"`} {
		if !strings.Contains(out, want) {
			t.Errorf("lost %q:\n%s", want, out)
		}
	}
	if err := w.file().Keep(t.Context(), sealed("foreign", "x")...); err == nil {
		t.Error("a mapping was replaced by a secret")
	}
}

// Everything but what was sealed stays byte for byte, comments in clear, equal
// values and inline comments included.
func TestKeepChangesNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(w.path(), "# first\na: one\nlist:\n    - same\n    - same\n    # of the list\nb: two # inline\n# same\nc: one\n# same\nd: 4.5\n")
	w.judge("encrypt", "--in-place", w.path())
	before := "# in clear\n" + w.read(w.path())
	w.write(w.path(), before)
	w.keep("new", "value")
	w.keep("c", "changed")
	after := w.read(w.path())
	var lost []string
	for line := range strings.Lines(before) {
		if !strings.Contains(after, line) && !strings.Contains(line, "lastmodified:") {
			lost = append(lost, strings.Fields(line)[0])
		}
	}
	if want := []string{"c:", "mac:"}; !slices.Equal(lost, want) {
		t.Errorf("lines changed: %q, want %q\n%s", lost, want, after)
	}
	if n := strings.Count(after, "\n") - strings.Count(before, "\n"); n != 1 {
		t.Errorf("%d lines more, want 1", n)
	}
	w.judge("decrypt", w.path())
}

func TestKeepOfTheSameWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep("a", "1", "b", "2")
	before := w.read(w.path())
	w.keep("b", "2")
	if w.read(w.path()) != before {
		t.Error("the file changed")
	}
}

// Another program's change between two seals is not lost.
func TestKeepReadsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.file()
	for _, pair := range [][]string{{"a", "1"}, {"c", "3"}} {
		if err := f.Keep(t.Context(), sealed(pair...)...); err != nil {
			t.Fatal(err)
		}
		w.judge("set", w.path(), `["theirs"]`, `"`+pair[1]+`"`)
	}
	if got := w.secret("theirs") + w.secret("a") + w.secret("c"); got != "313" {
		t.Errorf("values %q", got)
	}
	if v, _, err := f.Secret(t.Context(), "theirs"); err != nil || v.Reveal() != "3" {
		t.Errorf("the open file says %q, %v", v.Reveal(), err)
	}
}

func TestKeepRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, all := range map[string][]state.Sealed{
		"no value": sealed("a", ""), "no name": sealed("", "v"), "sops' own key": sealed("sops", "v"), "clear suffix": sealed("a_unencrypted", "v"), "twice": sealed("a", "1", "a", "2"),
	} {
		if err := w.file().Keep(t.Context(), all...); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
	w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n    encrypted_regex: ^data$\n")
	err := w.file().Keep(t.Context(), sealed("token", "hunter2")...)
	var p state.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Why, "in clear") {
		t.Errorf("a rule that leaves it in clear: %v", err)
	}
	if _, err := os.Stat(w.path()); err == nil {
		t.Error("a file was written")
	}
	w.write(w.rules(), "creation_rules:\n  - path_regex: other\n    age: "+w.me+"\n")
	if err := w.file().Keep(t.Context(), sealed("token", "hunter2")...); !errors.As(err, &p) || !strings.Contains(p.Why, "no creation rule") {
		t.Errorf("no rule: %v", err)
	}
}

func TestTamperedFilesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep("a", "first-secret", "b", "second-secret")
	good := w.read(w.path())
	data := regexp.MustCompile(`data:(.)`)
	swapped := regexp.MustCompile(`(?m)^a: (.*)\nb: (.*)$`)
	for name, bad := range map[string]string{
		"flipped":  data.ReplaceAllString(good, "data:/"),
		"dropped":  regexp.MustCompile(`(?m)^b: .*\n`).ReplaceAllString(good, ""),
		"swapped":  swapped.ReplaceAllString(good, "a: $2\nb: $1"),
		"in clear": regexp.MustCompile(`(?m)^a: .*$`).ReplaceAllString(good, "a: hunter2"),
		"plain":    "a: hunter2\n",
		"no yaml":  "a: [hunter2\n",
		"a list":   "- hunter2\n",
	} {
		w.write(w.path(), bad)
		_, _, err := w.file().Secret(t.Context(), "a")
		var p state.Problem
		if !errors.As(err, &p) || p.Fix == "" {
			t.Errorf("%s: %v is not a problem", name, err)
		}
		if err != nil && strings.Contains(fmt.Sprint(err, p.Fix), "hunter2") {
			t.Errorf("%s: the error shows a value: %v", name, err)
		}
		if err := w.file().Keep(t.Context(), sealed("c", "x")...); err == nil {
			t.Errorf("%s: sealed into it", name)
		}
		if w.read(w.path()) != bad {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// Whatever is sealed in whatever order comes back, through the CLI too.
func TestKeepProperty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("abcXYZ019 \n\t:#'\"\\{}[]|>-%&*!,?äß€🔑=+/_~@`")
	want := map[string]string{}
	f := w.file()
	for range 25 {
		var pairs []string
		for _, n := range rng.Perm(12)[:1+rng.IntN(3)] {
			value := make([]rune, 1+rng.IntN(60))
			for i := range value {
				value[i] = alphabet[rng.IntN(len(alphabet))]
			}
			name := fmt.Sprintf("secret-%d", n)
			pairs = append(pairs, name, string(value))
			want[name] = string(value)
		}
		if err := f.Keep(t.Context(), sealed(pairs...)...); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range want {
		if got := w.secret(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
		if got := w.judge("decrypt", "--extract", `["`+name+`"]`, w.path()); got != value {
			t.Errorf("%s: the CLI says %q, want %q", name, got, value)
		}
	}
}
