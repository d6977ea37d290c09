// Package nixcachetest checks in tests that a binary cache answers the probe as
// one should: the built-in world's, one that Nix filled and a real S3 server
// serves, the one into which a real niks3 pushed.
package nixcachetest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// Cache is the probe: what nixcache.New returns.
type Cache interface {
	Info(ctx context.Context) (i state.CacheInfo, found bool, err error)
	Narinfo(ctx context.Context, storePath, publicKey string) (n state.Narinfo, found bool, err error)
	NAR(ctx context.Context, n state.Narinfo) (bool, error)
}

// World is a cache with a store path in it.
type World struct {
	Base     string   // "http://127.0.0.1:PORT/niks3"
	Path     string   // "/nix/store/HASH-NAME", which it has, signed with Key
	Key      string   // "NAME:BASE64"
	SignedBy []string // every key name on the narinfo, in any order; nil: Key's alone
	Encoding string   // of the narinfo as it is stored: "zstd", or "" where nothing says so
	Edge     bool     // Cloudflare's words are on the answers
}

// absent is a store path that no cache has.
const absent = "/00000000000000000000000000000000-not-there"

// Conformance runs the probe against the cache.
func Conformance(t *testing.T, open func(hc *http.Client, base string) Cache, w World) {
	t.Helper()
	hc := httpx.New(httpx.Options{})
	c := open(hc, w.Base)
	t.Run("nix-cache-info", func(t *testing.T) { w.info(t, c, open(hc, w.Base+"/nothing/here")) })
	t.Run("narinfo and archive", func(t *testing.T) { w.narinfo(t, c) })
	t.Run("other keys", func(t *testing.T) { w.otherKeys(t, c) })
	t.Run("as it is stored", func(t *testing.T) { w.stored(t) })
	t.Run("cancelled", func(t *testing.T) { w.cancelled(t, c) })
}

func (w World) info(t *testing.T, c, nothing Cache) {
	t.Helper()
	i, found, err := c.Info(t.Context())
	if store := path.Dir(w.Path); err != nil || !found || i.StoreDir != store {
		t.Errorf("%+v, %v, %v, want %s", i, found, err, store)
	}
	if _, found, err = nothing.Info(t.Context()); found || err != nil {
		t.Errorf("where there is none: %v, %v", found, err)
	}
}

func (w World) narinfo(t *testing.T, c Cache) {
	t.Helper()
	n, found, err := c.Narinfo(t.Context(), w.Path, w.Key)
	if err != nil || !found {
		t.Fatalf("%+v, %v, %v", n, found, err)
	}
	w.signed(t, n)
	if w.Edge != (n.Edge != "") {
		t.Errorf("edge: %q", n.Edge)
	}
	if there, err := c.NAR(t.Context(), n); !there || err != nil {
		t.Errorf("archive %s: %v, %v", n.URL, there, err)
	}
	n.URL = "nar/none.nar"
	if there, err := c.NAR(t.Context(), n); there || err != nil {
		t.Errorf("no archive: %v, %v", there, err)
	}
	if n, found, err := c.Narinfo(t.Context(), path.Dir(w.Path)+absent, w.Key); found || err != nil {
		t.Errorf("no narinfo: %+v, %v, %v", n, found, err)
	}
	if n, found, err := c.Narinfo(t.Context(), w.Path+"-and-more", w.Key); found || !errors.Is(err, state.ErrService) {
		t.Errorf("the narinfo of another name: %+v, %v, %v", n, found, err)
	}
}

// otherKeys changes the key's name, then the key itself.
func (w World) otherKeys(t *testing.T, c Cache) {
	t.Helper()
	name, encoded, _ := strings.Cut(w.Key, ":")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) == 0 {
		t.Fatalf("the key is not one: %v", err)
	}
	raw[0] ^= 1
	for _, key := range []string{"other-" + name + ":" + encoded, name + ":" + base64.StdEncoding.EncodeToString(raw)} {
		if n, found, err := c.Narinfo(t.Context(), w.Path, key); err != nil || !found || n.Verified {
			t.Errorf("%s: %+v, %v, %v", key, n, found, err)
		}
	}
}

func (w World) cancelled(t *testing.T, c Cache) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, info := c.Info(ctx)
	_, _, narinfo := c.Narinfo(ctx, w.Path, w.Key)
	_, nar := c.NAR(ctx, state.Narinfo{StorePath: w.Path, URL: "nar/none.nar"})
	for _, err := range []error{info, narinfo, nar} {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// signed checks what the narinfo says of its signatures.
func (w World) signed(t *testing.T, n state.Narinfo) {
	t.Helper()
	name, _, _ := strings.Cut(w.Key, ":")
	want := w.SignedBy
	if want == nil {
		want = []string{name}
	}
	got := slices.Clone(n.SignedBy)
	slices.Sort(got)
	if !n.Verified || n.StorePath != w.Path || !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("%+v, want it signed by %q", n, want)
	}
}

// stored looks at the narinfo as it comes, for an encoding that nobody takes
// off on the way.
func (w World) stored(t *testing.T) {
	t.Helper()
	hash, _, _ := strings.Cut(path.Base(w.Path), "-")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Base+"/"+hash+".narinfo", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "zstd")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("Content-Encoding"); got != w.Encoding || resp.StatusCode != http.StatusOK {
		t.Errorf("%s, Content-Encoding %q, want %q", resp.Status, got, w.Encoding)
	}
}
