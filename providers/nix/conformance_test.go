package nix_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/nix"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// These tests compare what we make of Nix's formats with Nix itself.

// Keys go both ways: Nix's are accepted by us, ours by Nix, and both derive
// the same public half.
func TestSigningKeysBothWays(t *testing.T) {
	t.Parallel()
	program := realtest.NewNix(t)
	for _, name := range []string{"cache.phlip9.com-1", "a", "A+b_c.d-9", strings.Repeat("long", 60)} {
		theirs, err := program.Run(t, "", "nix", "key", "generate-secret", "--key-name", name)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := shape.NewSigningKey(name, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(theirs) != len(ours.Reveal()) {
			t.Errorf("%s: Nix's key has %d characters, ours %d", name, len(theirs), len(ours.Reveal()))
		}
		for whose, key := range map[string]string{"Nix's": theirs, "ours": ours.Reveal()} {
			derived, err := shape.PublicKey(state.NewSecret(key))
			if err != nil {
				t.Errorf("%s, %s: refused by us: %v", name, whose, err)
			}
			public, err := program.Run(t, key, "nix", "key", "convert-secret-to-public")
			if err != nil || strings.TrimSpace(public) != derived {
				t.Errorf("%s, %s: public half %s, Nix says %s, %v", name, whose, derived, public, err)
			}
		}
	}
}

// What Nix refuses we refuse. What Nix takes and we refuse is listed, with the
// reason: niks3 signs with it, and nobody can verify.
func TestSigningKeysThatAreNone(t *testing.T) {
	t.Parallel()
	program := realtest.NewNix(t)
	key, err := shape.NewSigningKey("k", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := shape.PublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	good := key.Reveal()
	for name, c := range map[string]struct {
		key      string
		nixTakes bool
	}{
		"empty":            {"", false},
		"no name":          {good[1:], false},
		"no key":           {"k:", false},
		"not base64":       {"k:%%%", false},
		"cut":              {good[:len(good)-8], false},
		"public":           {public, false},
		"longer":           {good + "AAAA", true},                                // it stops at the first =
		"other half":       {good[:len(good)-20] + "AAAAAAAAAAAAAAAAAA==", true}, // it looks at the length alone
		"newline":          {good + "\n", true},                                  // its own files end with one or not
		"base64 of a file": {"k:" + strings.Repeat("A", 400), false},
	} {
		_, theirs := program.Run(t, c.key, "nix", "key", "convert-secret-to-public")
		if (theirs == nil) != c.nixTakes {
			t.Errorf("%s: Nix says %v", name, theirs)
		}
		if _, err := shape.PublicKey(state.NewSecret(c.key)); err == nil {
			t.Errorf("%s: taken by us", name)
		}
	}
}

// cached builds a path without inputs, signs it with a key into a cache of
// files, and returns the cache's folder and the path.
func cached(t *testing.T, program realtest.Nix, key state.Secret) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	secret := realtest.File(t, filepath.Join(t.TempDir(), "key"), key.Reveal())
	out, err := program.Run(t, "", "nix-build", "--no-out-link", "-E", `
		let drv = name: more: derivation ({ inherit name; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo $dep > $out" ]; } // more);
		in drv "ci-hello" { dep = drv "ci-dep" { dep = "x"; }; }`)
	if err != nil {
		t.Fatal(err)
	}
	path = strings.TrimSpace(out)
	if _, err := program.Run(t, "", "nix", "copy", "--to", "file://"+dir+"?secret-key="+secret, path); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

// Nix signs with our key; we verify the narinfo it wrote, and Nix trusts the
// path by the public half that we derive - and by no other.
func TestSignaturesOfOurKeys(t *testing.T) {
	t.Parallel()
	program := realtest.NewNix(t)
	key, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := shape.PublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strange, err := shape.PublicKey(stranger)
	if err != nil {
		t.Fatal(err)
	}
	dir, path := cached(t, program, key)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	cache := nixcache.New(server.Client(), server.URL)
	for name, c := range map[string]struct {
		public string
		signed bool
	}{"our public half": {public, true}, "a stranger's": {strange, false}, "another name": {"other-1" + strings.TrimPrefix(public, "cache.phlip9.com-1"), false}} {
		n, found, err := cache.Narinfo(t.Context(), path, c.public)
		if err != nil || !found || n.Verified != c.signed {
			t.Errorf("%s: signed %v, found %v, %v", name, n.Verified, found, err)
		}
		_, err = program.Run(t, "", "nix", "store", "verify", "--store", "file://"+dir, "--recursive", "--sigs-needed", "1", "--trusted-public-keys", c.public, path)
		if (err == nil) != c.signed {
			t.Errorf("%s: Nix says %v", name, err)
		}
	}
	n, _, err := cache.Narinfo(t.Context(), path, public)
	if err != nil {
		t.Fatal(err)
	}
	if there, err := cache.NAR(t.Context(), n); err != nil || !there {
		t.Errorf("the NAR: %v, %v", there, err)
	}
	// One letter of what was signed is another.
	info, err := filepath.Glob(filepath.Join(dir, filepath.Base(path)[:32]+".narinfo"))
	if err != nil || len(info) != 1 {
		t.Fatalf("narinfo %v, %v", info, err)
	}
	text, err := os.ReadFile(info[0])
	if err != nil {
		t.Fatal(err)
	}
	realtest.File(t, info[0], strings.Replace(string(text), "NarSize: ", "NarSize: 1", 1))
	if n, _, err := cache.Narinfo(t.Context(), path, public); err == nil && n.Verified {
		t.Error("a narinfo that was changed is taken for signed")
	}
}

// The lock file that Nix itself writes names the inputs.
func TestInputsOfARealLock(t *testing.T) {
	t.Parallel()
	program := realtest.NewNix(t)
	root := t.TempDir()
	for name, text := range map[string]string{
		"niks3/flake.nix":    `{ inputs.nixpkgs.url = "path:../nixpkgs"; outputs = _: { }; }`,
		"nixpkgs/flake.nix":  `{ outputs = _: { }; }`,
		"buildbot/flake.nix": `{ outputs = _: { }; }`,
		"infra/flake.nix": `{
			inputs = {
				nixpkgs.url = "path:` + root + `/nixpkgs";
				niks3 = { url = "path:` + root + `/niks3"; inputs.nixpkgs.follows = "nixpkgs"; };
				buildbot-nix.url = "path:` + root + `/buildbot";
				sops-nix.follows = "niks3";
			};
			outputs = _: { };
		}`,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		realtest.File(t, path, text)
	}
	infra := filepath.Join(root, "infra")
	if _, err := program.Run(t, "", "nix", "flake", "lock", "path:"+infra); err != nil {
		t.Fatal(err)
	}
	got, err := nix.New(infra, runner.Exec{}).Inputs(t.Context())
	if want := []string{"buildbot-nix", "niks3", "nixpkgs", "sops-nix"}; err != nil || got.Kind != "flake" || !slices.Equal(got.Have, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Files are parsed whatever they are called, and what Nix says is handed on.
func TestParseByNix(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "nix-instantiate")
	names := []string{"plain.nix", "-E", "--eval", "with space.nix", `"quoted" 'twice'.nix`, "${x}.nix", "ünï\n.nix", "<nixpkgs>", "a;b.nix", "*.nix"}
	files := map[string]string{
		"broken.nix": "{ a = 1 }", "empty.nix": "", "binary.nix": "\x00\xff", "deep.nix": strings.Repeat("(", 50) + "1" + strings.Repeat(")", 50),
		"reads.nix": `builtins.readFile /no/such/file`, "undefined.nix": "{ a = b; }",
	}
	for _, name := range names {
		files[name] = "{ a = 1; }"
	}
	root := repo(t, files)
	n := nix.New(root, runner.Exec{})
	if ran, err := n.Parse(t.Context(), names...); !ran || err != nil {
		t.Errorf("strange names: %v, %v", ran, err)
	}
	for name, want := range map[string]string{
		"broken.nix": "syntax error", "empty.nix": "unexpected end of file", "binary.nix": "error", "none.nix": "No such file",
		"deep.nix": "", "reads.nix": "", "undefined.nix": "undefined variable 'b'",
	} {
		ran, err := n.Parse(t.Context(), name)
		if !ran || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", name, ran, err)
		}
	}
	given, up := context.WithCancel(t.Context())
	up()
	if ran, err := n.Parse(given, "plain.nix"); ran || !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v, %v", ran, err)
	}
}

// Lock files that are cut or of another shape are errors that name the file,
// or no inputs; never a panic.
func TestInputsOfOddLocks(t *testing.T) {
	t.Parallel()
	for cut := range len(flake) {
		got, err := nix.New(repo(t, map[string]string{"flake.lock": flake[:cut]}), runner.Exec{}).Inputs(t.Context())
		if err == nil || !strings.Contains(err.Error(), "flake.lock") || len(got.Have) > 0 {
			t.Fatalf("cut at %d: %+v, %v", cut, got, err)
		}
	}
	for _, odd := range []string{`null`, `{}`, `{"nodes":null,"root":"root"}`, `{"nodes":{"root":null},"root":"root"}`, `{"nodes":{},"root":"gone"}`} {
		if got, err := nix.New(repo(t, map[string]string{"flake.lock": odd}), runner.Exec{}).Inputs(t.Context()); err != nil || len(got.Have) > 0 {
			t.Errorf("%s: %+v, %v", odd, got, err)
		}
	}
	for _, odd := range []string{`[]`, `"x"`, `{"nodes":[]}`, `{"root":1}`} {
		if got, err := nix.New(repo(t, map[string]string{"flake.lock": odd}), runner.Exec{}).Inputs(t.Context()); err == nil {
			t.Errorf("%s: %+v", odd, got)
		}
	}
	if !json.Valid([]byte(flake)) {
		t.Error("the example is no JSON")
	}
}
