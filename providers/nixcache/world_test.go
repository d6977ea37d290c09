package nixcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/providers/nixcache/nixcachetest"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

func open(hc *http.Client, base string) nixcachetest.Cache { return nixcache.New(hc, base) }

// put stores an object with its encoding.
type put func(key string, body []byte, encoding string) error

// upload stores what Nix wrote as niks3 does: narinfos with
// Content-Encoding: zstd.
func (f filled) upload(t *testing.T, to put) {
	t.Helper()
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(f.dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		key, err := filepath.Rel(f.dir, file)
		if err != nil {
			return err
		}
		if path.Ext(key) == ".narinfo" {
			return to(key, zip.EncodeAll(body, nil), "zstd")
		}
		return to(key, body, "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// edge is the public domain of the pretend R2, whose bucket holds what Nix made.
func edge(t *testing.T, f filled) nixcachetest.World {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	const bucket = "phlip9-nix-cache"
	if err := w.Update(func(s *fake.State) error {
		s.Cloud.Buckets = append(s.Cloud.Buckets, fake.CloudBucket{Name: bucket, Domains: []fake.CloudDomain{
			{Domain: s.Config.Cache.Domain, Enabled: true, Ownership: "active", SSL: "active"},
		}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	f.upload(t, func(key string, body []byte, encoding string) error {
		return w.PutObject(bucket, key, body, "", encoding)
	})
	return nixcachetest.World{Base: w.Endpoints().Cache, Path: f.top, Key: f.key, Encoding: "zstd", Edge: true}
}

// served is a real S3 server's bucket with the same, put there as the client of
// niks3 does (client/simple_uploads.go).
func served(t *testing.T, f filled, s realtest.S3) nixcachetest.World {
	t.Helper()
	c, err := minio.New(s.Host, &minio.Options{
		Creds: credentials.NewStaticV4(s.Keys.Access.Reveal(), s.Keys.Secret.Reveal(), ""), Region: s.Region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.upload(t, func(key string, body []byte, encoding string) error {
		to, err := c.PresignedPutObject(t.Context(), s.Bucket, key, time.Hour)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, to.String(), bytes.NewReader(body))
		if err != nil {
			return err
		}
		if encoding != "" {
			req.Header.Set("Content-Encoding", encoding)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("put %s: %s", key, resp.Status)
		}
		return errors.Join(err, resp.Body.Close())
	})
	return nixcachetest.World{Base: s.Endpoint + "/" + s.Bucket, Path: f.top, Key: f.key, Encoding: "zstd"}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	f := fill(t)
	f.sign(t, "other.phlip9.com-1")
	both := []string{"cache.phlip9.com-1", "other.phlip9.com-1"}
	t.Run("the built-in world", func(t *testing.T) {
		w := edge(t, f)
		w.SignedBy = both
		nixcachetest.Conformance(t, open, w)
		storm(t, w)
	})
	t.Run("gofakes3", func(t *testing.T) {
		w := served(t, f, realtest.Gofakes3(t))
		w.SignedBy = both
		nixcachetest.Conformance(t, open, w)
		storm(t, w)
	})
	t.Run("versitygw", func(t *testing.T) {
		s := realtest.Versitygw(t)
		w := served(t, f, s)
		w.SignedBy = both
		c := open(httpx.New(httpx.Options{}), w.Base)
		_, _, info := c.Info(t.Context())
		_, _, narinfo := c.Narinfo(t.Context(), w.Path, w.Key)
		_, nar := c.NAR(t.Context(), state.Narinfo{StorePath: w.Path, URL: "nar/x"})
		for _, err := range []error{info, narinfo, nar} {
			call, ok := errors.AsType[*state.CallError](err)
			if !ok || !errors.Is(err, state.ErrDenied) || call.Status != http.StatusForbidden || call.Request == "" {
				t.Errorf("before it is public: %v", err)
			}
		}
		s.Publish(t)
		nixcachetest.Conformance(t, open, w)
		storm(t, w)
	})
}

// storm tries every operation under every fault.
func storm(t *testing.T, w nixcachetest.World) {
	t.Helper()
	n, _, err := open(httpx.New(httpx.Options{}), w.Base).Narinfo(t.Context(), w.Path, w.Key)
	if err != nil {
		t.Fatal(err)
	}
	// What is not there is no error, and GitHub's words cannot be said to a HEAD.
	none, head := []string{"404"}, []string{"404", "403 secondary limit"}
	httpxtest.Storm(t, func(*testing.T) (httpxtest.World, []httpxtest.Operation) {
		return httpxtest.World{}, []httpxtest.Operation{
			// The beginning of nix-cache-info is one too.
			{Name: "read nix-cache-info", Fine: append(none, "truncated"), Call: func(ctx context.Context, hc *http.Client) (any, error) {
				i, found, err := open(hc, w.Base).Info(ctx)
				return []any{i, found}, err
			}},
			{Name: "read narinfo of " + w.Path, Fine: none, Call: func(ctx context.Context, hc *http.Client) (any, error) {
				n, found, err := open(hc, w.Base).Narinfo(ctx, w.Path, w.Key)
				n.Edge = ""
				return []any{n, found}, err
			}},
			{Name: "look for archive of " + w.Path, Fine: head, Call: func(ctx context.Context, hc *http.Client) (any, error) {
				return open(hc, w.Base).NAR(ctx, n)
			}},
		}
	})
}

// A narinfo that is served as it is, not compressed, is read to its end or not
// at all.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	f := fill(t)
	hash, _, _ := strings.Cut(path.Base(f.top), "-")
	file := filepath.Join(f.dir, hash+".narinfo")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		write(t, file, string(good[:n]))
		i, found, err := serve(t, f.dir, "").Narinfo(t.Context(), f.top, f.key)
		if n > 0 && good[n-1] == '\n' {
			continue
		}
		if i.Verified || !errors.Is(err, state.ErrService) {
			t.Fatalf("%d of %d bytes: %+v, %v, %v", n, len(good), i, found, err)
		}
	}
	// A line ends where the limit of a megabyte is.
	const limit, line = 1 << 20, 64
	long := "Unknown: " + strings.Repeat("x", line-len("Unknown: \n")) + "\n"
	first := long[:len("Unknown: ")] + strings.Repeat("x", line+line-len(good)%line-len("Unknown: \n")) + "\n"
	write(t, file, string(good)+first+strings.Repeat(long, (limit-len(good)-len(first))/line+1))
	if _, _, err := serve(t, f.dir, "").Narinfo(t.Context(), f.top, f.key); !errors.Is(err, state.ErrService) || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a megabyte and more: %v", err)
	}
}
