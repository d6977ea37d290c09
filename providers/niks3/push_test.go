package niks3_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// TestPushed: what is pushed to a real niks3 is read back over the public
// address, with the key that niks3 tells and with the one that follows from the
// secret which setup makes.
func TestPushed(t *testing.T) {
	t.Parallel()
	n := realtest.StartNiks3(t, realtest.Gofakes3(t))
	path := n.PushText(t, "demo-hello", rand.Text())
	readBack(t, n, path)
}

func readBack(t *testing.T, n *realtest.Niks3, path string) {
	t.Helper()
	ctx, hc := t.Context(), httpx.New(httpx.Options{})
	told, found, err := niks3.New(hc, n.Base).Config(ctx)
	if err != nil || !found || len(told.PublicKeys) != 1 || told.PublicKeys[0] != n.PublicKey {
		t.Fatalf("config %+v, %v, %v; the secret's own public key is %s", told, found, err, n.PublicKey)
	}
	cache := nixcache.New(hc, told.Substituter)
	if i, found, err := cache.Info(ctx); err != nil || !found || i.StoreDir != "/nix/store" || i.Priority != 30 {
		t.Errorf("nix-cache-info %+v, %v, %v", i, found, err)
	}
	info, found, err := cache.Narinfo(ctx, path, told.PublicKeys[0])
	if err != nil || !found || !info.Verified || info.StorePath != path || len(info.SignedBy) != 1 {
		t.Fatalf("narinfo %+v, %v, %v", info, found, err)
	}
	if found, err := cache.NAR(ctx, info); err != nil || !found {
		t.Errorf("archive %v, %v", found, err)
	}
	other, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := shape.PublicKey(other)
	if err != nil {
		t.Fatal(err)
	}
	if info, _, err := cache.Narinfo(ctx, path, public); err != nil || info.Verified {
		t.Errorf("with another key of that name: %+v, %v", info, err)
	}
}

// TestPushedFromNix: Nix builds, niks3's client pushes, Nix fetches.
func TestPushedFromNix(t *testing.T) {
	t.Parallel()
	path := nixBuild(t, rand.Text())
	n := realtest.StartNiks3(t, realtest.Gofakes3(t))
	if said := n.Push(t, path); !strings.Contains(said, "Uploading 2 paths") || !strings.Contains(said, "Upload complete") {
		t.Errorf("push says %s", said)
	}
	if said := n.Push(t, path); !strings.Contains(said, "(2 already cached)") {
		t.Errorf("push again says %s", said)
	}
	readBack(t, n, path)
	if said, err := nixCopy(t, n, path, "cache.phlip9.com-1:"+strings.Repeat("A", 43)+"="); err == nil || !strings.Contains(said, "signature") {
		t.Errorf("Nix fetches it with another key: %s", said)
	}
	if said, err := nixCopy(t, n, path, n.PublicKey); err != nil {
		t.Errorf("Nix does not fetch it: %v\n%s", err, said)
	}
}

// nixBuild builds a new store path, a text that refers to another path, a file
// with this content.
func nixBuild(t *testing.T, content string) string {
	t.Helper()
	bin := filepath.Dir(realtest.Find(t, "nix-instantiate"))
	if !storeIsOpen() {
		t.Skip("Nix can build nothing here: /nix/store is not this user's to write, and there is no daemon")
	}
	file := realtest.File(t, filepath.Join(t.TempDir(), "demo-dep"), content)
	expr := fmt.Sprintf(`derivation {
  name = "demo-hello"; system = builtins.currentSystem; builder = "/bin/sh";
  args = [ "-c" "echo building; echo hello ${%s} %s > $out" ];
}`, file, rand.Text())
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "nix-build"), "--no-out-link", "--option", "substitute", "false",
		"--option", "sandbox", "false", "--option", "build-users-group", "", "-E", expr)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nix-build: %v\n%s", err, stderr.String())
	}
	path := strings.TrimSpace(string(out))
	store := filepath.Join(bin, "nix-store")
	made := []string{"--delete", path}
	for _, what := range []string{"--deriver", "--references"} { // the derivation keeps what it refers to
		out, err := exec.CommandContext(t.Context(), store, "--query", what, path).Output()
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, strings.Fields(string(out))...)
	}
	t.Cleanup(func() { _ = exec.Command(store, made...).Run() })
	return path
}

// storeIsOpen says whether this user may add to the store, or a daemon does it.
func storeIsOpen() bool {
	if _, err := os.Stat("/nix/var/nix/daemon-socket/socket"); err == nil {
		return true
	}
	f, err := os.CreateTemp("/nix/store", ".nixwright")
	if err != nil {
		return false
	}
	_ = f.Close()
	return os.Remove(f.Name()) == nil
}

// nixCopy has Nix fetch the path into a store of its own, trusting one key.
func nixCopy(t *testing.T, n *realtest.Niks3, path, key string) (said string, err error) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), realtest.Find(t, "nix"), "--extra-experimental-features", "nix-command", "copy",
		"--from", n.CacheURL, "--to", filepath.Join(home, "root"), "--option", "trusted-public-keys", key, path)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
	out, err := cmd.CombinedOutput()
	if err == nil {
		text, err := os.ReadFile(filepath.Join(home, "root", path))
		if err != nil || !strings.HasPrefix(string(text), "hello /nix/store/") {
			t.Errorf("Nix fetched %q, %v", text, err)
		}
	}
	t.Logf("nix copy: %s", out)
	return string(out), err
}

// TestDeletionsAreNoObjects: a collection that removes two objects tells of
// thousands, with the ordinary grace too.
func TestDeletionsAreNoObjects(t *testing.T) {
	t.Parallel()
	n := realtest.StartNiks3(t, realtest.Gofakes3(t))
	n.PushText(t, "demo-hello", rand.Text())
	if got := collect(t, n); got != (state.GCCounts{Closures: 1, Marked: 2}) {
		t.Errorf("the first marks: %+v", got)
	}
	n.Database.Do(t, "UPDATE objects SET deleted_at = deleted_at - interval '7 hours', first_deleted_at = first_deleted_at - interval '7 hours'")
	if got := collect(t, n); got.Marked != 0 || got.Deletions < 1000 || got.Failures != 0 {
		t.Errorf("the second removes: %+v", got)
	}
	if left := n.Database.Do(t, "SELECT count(*) FROM objects"); left != "0" {
		t.Errorf("%s objects are left", left)
	}
}

// collect has niks3 collect everything that was pushed, and waits for the end.
func collect(t *testing.T, n *realtest.Niks3) state.GCCounts {
	t.Helper()
	c := niks3.New(httpx.New(httpx.Options{}), n.Base)
	if _, started, err := c.StartGC(t.Context(), n.Token, state.GCPolicy{OlderThan: "0s"}); err != nil || !started {
		t.Fatalf("%v, %v", started, err)
	}
	var s state.GCStatus
	n.Process.Await(t, func(ctx context.Context) (err error) {
		if s, err = c.GC(ctx, n.Token); err == nil && s.State == state.GCRunning {
			err = errors.New("it is running")
		}
		return err
	})
	return s.Counts
}
