package niks3_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/state"
)

// TestOnTheBuiltInR2: a real niks3 on the pretend R2, with keys and a domain
// that were made as setup makes them. What is pushed, by hand and by niks3's
// own client in parts, is read back over the cache's domain, and collected.
func TestOnTheBuiltInR2(t *testing.T) {
	t.Parallel()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	at := w.Endpoints()
	bucket, keys := pretendBucket(t, w)
	server := realtest.S3{
		Name: "the built-in world", Endpoint: at.R2S3, Host: strings.TrimPrefix(at.R2S3, "http://"), Region: "auto", Bucket: bucket.Name, Keys: keys,
	}
	n := realtest.RunNiks3(t, server, realtest.Postgres(t), realtest.NewNiks3Files(t, server), "--cache-url", at.Cache)
	n.CacheURL = at.Cache
	n.Process.Await(t, realtest.Answers(n.Base+"/health"))
	readBack(t, n, n.PushText(t, "demo-hello", rand.Text()))
	t.Run("in parts", func(t *testing.T) {
		large := make([]byte, 25_000_000) // three parts
		_, _ = rand.Read(large)
		path := nixBuild(t, string(large))
		if said := n.Push(t, path); !strings.Contains(said, "Upload complete") {
			t.Errorf("push says %s", said)
		}
		readBack(t, n, path)
		if said, err := nixCopy(t, n, path, n.PublicKey); err != nil {
			t.Errorf("Nix does not fetch it: %v\n%s", err, said)
		}
	})
	collect(t, n)
	n.Database.Do(t, "UPDATE objects SET deleted_at = deleted_at - interval '7 hours', first_deleted_at = first_deleted_at - interval '7 hours'")
	collect(t, n)
	left, _, err := s3.New(httpx.New(httpx.Options{}), at.R2S3).Usage(t.Context(), bucket, keys, nil)
	if err != nil || left != 2 { // nix-cache-info and the page for browsers
		t.Errorf("%d objects are left, %v", left, err)
	}
}

// pretendBucket makes a bucket with a domain, and keys for it.
func pretendBucket(t *testing.T, w *fake.World) (state.Bucket, state.S3Keys) {
	t.Helper()
	at, ctx := w.Endpoints(), t.Context()
	hc := httpx.New(httpx.Options{Sleep: func(context.Context, time.Duration) error { return nil }})
	cf := cloudflare.New(hc, at.CloudflareAPI, state.NewSecret(w.Env()["CLOUDFLARE_API_TOKEN"]))
	var c state.Config
	w.Look(func(s *fake.State) { c = s.Config })
	b := state.Bucket{Name: c.Cache.R2.Bucket, Account: c.Cache.R2.Account, Location: "weur"}
	if err := cf.CreateBucket(ctx, b); err != nil {
		t.Fatal(err)
	}
	b, _, err := cf.Bucket(ctx, b.Account, b.Name, "")
	if err != nil {
		t.Fatal(err)
	}
	zones, err := cf.Zones(ctx)
	if err != nil || len(zones) == 0 {
		t.Fatal(err)
	}
	d := state.CacheDomain{Domain: c.Cache.Domain, Zone: zones[0].ID, Enabled: true, MinTLS: "1.2"}
	if err := cf.ConnectDomain(ctx, b, d); err != nil {
		t.Fatal(err)
	}
	for range 4 { // pending at first
		if d, _, err = cf.CacheDomain(ctx, b, d.Domain); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := cf.CreateR2Token(ctx, b, "niks3-omnara1", true)
	if err != nil {
		t.Fatal(err)
	}
	_ = s3.New(hc, at.R2S3).HeadBucket(ctx, b, keys) // fresh keys are refused once
	if err := s3.New(hc, at.R2S3).HeadBucket(ctx, b, keys); err != nil {
		t.Fatal(err)
	}
	return b, keys
}
