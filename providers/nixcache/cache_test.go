package nixcache_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/state"
)

// The published key of another cache.
const (
	key   = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
	store = "/nix/store/"
)

// filled is a cache that Nix itself filled: two paths, one of which refers to
// the other and to itself, signed by a new key.
type filled struct {
	dir, key  string
	base, top string // store paths
	nix       func(stdin string, argv ...string) string
}

// sign adds the signature of another key to the narinfos.
func (f filled) sign(t *testing.T, name string) {
	t.Helper()
	write(t, f.dir+"-"+name, f.nix("", "key", "generate-secret", "--key-name", name))
	f.nix("", "store", "sign", "--store", "file://"+f.dir, "--key-file", f.dir+"-"+name, f.top, f.base)
}

// fill makes one in a store of its own.
func fill(t *testing.T) filled {
	t.Helper()
	if _, err := exec.LookPath("nix-store"); err != nil {
		t.Skip("nix is not installed: apt-get install nix-bin")
	}
	dir := t.TempDir()
	env := append(os.Environ(), "HOME="+dir, "NIX_STORE_DIR="+dir+"/store", "NIX_STATE_DIR="+dir+"/var", "NIX_LOG_DIR="+dir+"/log", "NIX_CONF_DIR="+dir+"/etc", "NIX_REMOTE=", "NIX_CONFIG=substituters =")
	run := func(stdin string, argv ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Env, cmd.Dir, cmd.Stdin = env, dir, strings.NewReader(stdin)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", argv, err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	nix := func(stdin string, argv ...string) string {
		t.Helper()
		return run(stdin, append([]string{"nix", "--extra-experimental-features", "nix-command"}, argv...)...)
	}
	secret := nix("", "key", "generate-secret", "--key-name", "cache.phlip9.com-1")
	f := filled{dir: dir + "/cache", key: nix(secret, "key", "convert-secret-to-public"), nix: nix}
	write(t, dir+"/key", secret)
	run("", "nix-store", "--init")
	f.base = run("", "nix-instantiate", "--eval", "--read-write-mode", "--expr", `builtins.toFile "base" "base"`)
	f.base = strings.Trim(f.base, `"`)
	f.top = strings.Trim(run("", "nix-instantiate", "--eval", "--read-write-mode", "--expr", `let b = builtins.toFile "base" "base"; c = builtins.toFile "other" "x"; in builtins.toFile "top" "${c} ${b}"`), `"`)
	nix("", "copy", "--no-check-sigs", "--to", "file://"+f.dir+"?compression=none&secret-key="+dir+"/key", f.top)
	return f
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serve serves the files of a folder with an encoding.
func serve(t *testing.T, dir, encoding string) *nixcache.Cache {
	t.Helper()
	return handle(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var to io.WriteCloser
		switch encoding {
		case "zstd":
			to, _ = zstd.NewWriter(w)
		case "gzip":
			to = gzip.NewWriter(w)
		default:
			_, _ = w.Write(b)
			return
		}
		w.Header().Set("Content-Encoding", encoding)
		w.Header().Set("Cf-Cache-Status", "HIT")
		_, _ = to.Write(b)
		_ = to.Close()
	})
}

func handle(t *testing.T, h http.HandlerFunc) *nixcache.Cache {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return nixcache.New(s.Client(), s.URL+"/")
}

func TestWhatNixSigned(t *testing.T) {
	t.Parallel()
	f := fill(t)
	for _, encoding := range []string{"", "gzip", "zstd"} {
		c := serve(t, f.dir, encoding)
		for _, path := range []string{f.top, f.base} {
			n, found, err := c.Narinfo(t.Context(), path, f.key)
			if err != nil || !found || !n.Verified || n.StorePath != path || !slices.Equal(n.SignedBy, []string{"cache.phlip9.com-1"}) {
				t.Fatalf("%q: %+v, %v, %v", encoding, n, found, err)
			}
			if encoding != "" && n.Edge != "HIT" {
				t.Errorf("edge %q", n.Edge)
			}
			if there, err := c.NAR(t.Context(), n); !there || err != nil {
				t.Errorf("archive: %v, %v", there, err)
			}
			n.URL = "nar/none"
			if there, err := c.NAR(t.Context(), n); there || err != nil {
				t.Errorf("no archive: %v, %v", there, err)
			}
		}
		if n, _, err := c.Narinfo(t.Context(), f.top, key); err != nil || n.Verified {
			t.Errorf("another key: %+v, %v", n, err)
		}
		if n, _, err := c.Narinfo(t.Context(), f.top, strings.Replace(f.key, "phlip9", "philip", 1)); err != nil || n.Verified {
			t.Errorf("another name: %+v, %v", n, err)
		}
		if i, found, err := c.Info(t.Context()); err != nil || !found || i.StoreDir != filepath.Dir(f.top) {
			t.Errorf("info %+v, %v, %v", i, found, err)
		}
		if _, found, err := c.Narinfo(t.Context(), store+"00000000000000000000000000000000-none", key); found || err != nil {
			t.Errorf("none: %v, %v", found, err)
		}
	}
}

// Whatever line of a narinfo is changed, its signature no longer fits.
func TestForgedNarinfos(t *testing.T) {
	t.Parallel()
	f := fill(t)
	hash, _, _ := strings.Cut(filepath.Base(f.top), "-")
	path := filepath.Join(f.dir, hash+".narinfo")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Base(f.base)
	for name, forged := range map[string]string{
		"hash":       strings.Replace(string(good), "NarHash: sha256:", "NarHash: sha256:0", 1),
		"size":       strings.Replace(string(good), "NarSize: ", "NarSize: 1", 1),
		"references": strings.Replace(string(good), other, "", 1),
		"signature":  strings.Replace(string(good), "Sig: cache.phlip9.com-1:", "Sig: cache.phlip9.com-1:AA", 1),
		"unsigned":   unsigned(string(good)),
	} {
		write(t, path, forged)
		n, found, err := serve(t, f.dir, "zstd").Narinfo(t.Context(), f.top, f.key)
		if err != nil || !found || n.Verified {
			t.Errorf("%s: %+v, %v, %v", name, n, found, err)
		}
	}
	write(t, path, strings.ReplaceAll(string(good), f.top, f.base))
	if _, _, err := serve(t, f.dir, "").Narinfo(t.Context(), f.top, f.key); !errors.Is(err, state.ErrService) {
		t.Errorf("narinfo of another path: %v", err)
	}
}

// unsigned is a narinfo without what follows its content.
func unsigned(text string) string {
	before, _, _ := strings.Cut(text, "Sig:")
	return before
}

func TestAnswersThatAreNotACache(t *testing.T) {
	t.Parallel()
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "zstd")
		z, _ := zstd.NewWriter(w)
		for range 64 {
			_, _ = z.Write(make([]byte, 1<<20))
		}
		_ = z.Close()
	}
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html><title>Just a moment...</title></html>")
		}
	}
	encoded := func(encoding, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", encoding)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name string
		h    http.HandlerFunc
		kind error
		says string
	}{
		{"a challenge page", page(200), state.ErrService, "Just a moment"},
		{"a refusal", page(403), state.ErrDenied, "Just a moment"},
		{"a failure", page(502), state.ErrService, "502"},
		{"a bomb", bomb, state.ErrService, "longer than"},
		{"not zstd", encoded("zstd", "StorePath: x"), state.ErrService, "read body"},
		{"not gzip", encoded("gzip", "StorePath: x"), state.ErrService, "decode gzip"},
		{"unknown encoding", encoded("br", "x"), state.ErrService, "unknown Content-Encoding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cache := handle(t, c.h)
			_, _, err := cache.Narinfo(t.Context(), store+"00000000000000000000000000000000-x", key)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("narinfo: %v, want %v with %q", err, c.kind, c.says)
			}
			if _, _, err := cache.Info(t.Context()); !errors.Is(err, c.kind) {
				t.Errorf("info: %v, want %v", err, c.kind)
			}
		})
	}
}

// A challenge page comes with 200 too, and a HEAD shows only its type.
func TestPageInPlaceOfAnArchive(t *testing.T) {
	t.Parallel()
	c := handle(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	})
	if there, err := c.NAR(t.Context(), state.Narinfo{StorePath: store + "0-x", URL: "nar/x"}); there || !errors.Is(err, state.ErrService) {
		t.Errorf("%v, %v", there, err)
	}
}

func TestRefusesBadArguments(t *testing.T) {
	t.Parallel()
	c := handle(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	for _, bad := range []string{"", "nix/store/x-y", "/nix/store/x"} {
		if _, _, err := c.Narinfo(t.Context(), bad, key); err == nil {
			t.Errorf("path %q taken", bad)
		}
	}
	for _, bad := range []string{"", "name", "name:AAAA", ":" + strings.TrimPrefix(key, "cache.nixos.org-1:")} {
		if _, _, err := c.Narinfo(t.Context(), store+"0-x", bad); err == nil {
			t.Errorf("key %q taken", bad)
		}
	}
	for _, bad := range []string{"", "https://elsewhere/nar", "nar/../../x"} {
		if _, err := c.NAR(t.Context(), state.Narinfo{URL: bad}); err == nil {
			t.Errorf("URL %q taken", bad)
		}
	}
}

func TestRecordedCacheInfo(t *testing.T) {
	t.Parallel()
	data := os.Getenv("NIXWRIGHT_TESTDATA")
	if data == "" {
		t.Skip("NIXWRIGHT_TESTDATA is not set: no recorded answers")
	}
	c := serve(t, filepath.Join(data, "captures", "niks3"), "")
	i, found, err := c.Info(t.Context())
	if want := (state.CacheInfo{StoreDir: "/nix/store", Priority: 30}); err != nil || !found || i != want {
		t.Errorf("got %+v, %v, %v, want %+v", i, found, err, want)
	}
}
