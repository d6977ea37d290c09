package fake

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/nixwright/nixwright/state"
)

type s3Keys struct{ access, secret string }

// s3World is a world with a bucket and three pairs of keys: one that writes
// it, one that only reads it, and one of the whole account.
func s3World(t *testing.T) (w *World, write, read, all s3Keys) {
	t.Helper()
	w, _ = cloudWorld(t, true)
	if err := w.Update(func(s *State) error {
		s.addBucket(CloudBucket{Account: cfAccount, Name: cfBucket})
		s.addBucket(CloudBucket{Account: cfAccount, Name: "another"})
		token := func(policies []CloudPolicy) s3Keys {
			id, value := s.addToken(CloudToken{Account: cfAccount, Name: "keys", Policies: policies})
			return s3Keys{id, hashAPIToken(value)}
		}
		write = token(bucketPolicies(cfAccount, "", cfBucket))
		read = token([]CloudPolicy{grant(bucketResource+cfAccount+"_default_"+cfBucket, itemRead)})
		all = token([]CloudPolicy{grant(accountResource+cfAccount, "Workers R2 Storage Write")})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return w, write, read, all
}

func s3Client(t *testing.T, base string, k s3Keys, trailers bool, via http.RoundTripper) *minio.Client {
	t.Helper()
	c, err := minio.New(strings.TrimPrefix(base, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(k.access, k.secret, ""), Region: "auto",
		BucketLookup: minio.BucketLookupPath, TrailingHeaders: trailers, MaxRetries: 1, Transport: via,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func s3Serve(t *testing.T, w *World) string {
	t.Helper()
	srv := httptest.NewServer(w.s3Handler())
	t.Cleanup(srv.Close)
	return srv.URL
}

func s3Code(err error) string { return minio.ToErrorResponse(err).Code }

func TestS3RoundTrip(t *testing.T) {
	w, write, read, _ := s3World(t)
	base, ctx := s3Serve(t, w), t.Context()
	body := bytes.Repeat([]byte("a store path, "), 20_000) // several chunks
	for name, trailers := range map[string]bool{"chunks": false, "trailers": true} {
		t.Run(name, func(t *testing.T) {
			key := "nar/" + name + " +%ü~.narinfo"
			c := s3Client(t, base, write, trailers, nil)
			if _, err := c.PutObject(ctx, cfBucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{
				ContentType: "text/x-nix-narinfo", ContentEncoding: "zstd",
			}); err != nil {
				t.Fatal(err)
			}
			c = s3Client(t, base, read, trailers, nil)
			info, err := c.StatObject(ctx, cfBucket, key, minio.StatObjectOptions{})
			if err != nil || info.Size != int64(len(body)) || info.ContentType != "text/x-nix-narinfo" ||
				info.Metadata.Get("Content-Encoding") != "zstd" {
				t.Fatalf("stat: %+v %v", info, err)
			}
			o, err := c.GetObject(ctx, cfBucket, key, minio.GetObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(o)
			if err != nil || !bytes.Equal(got, body) {
				t.Fatalf("get: %d bytes, %v", len(got), err)
			}
			if err := c.RemoveObject(ctx, cfBucket, key, minio.RemoveObjectOptions{}); s3Code(err) != "AccessDenied" {
				t.Errorf("remove with a read key: %v", err)
			}
			c = s3Client(t, base, write, trailers, nil)
			if err := c.RemoveObject(ctx, cfBucket, key, minio.RemoveObjectOptions{}); err != nil {
				t.Error(err)
			}
			if _, err := c.StatObject(ctx, cfBucket, key, minio.StatObjectOptions{}); s3Code(err) != "NoSuchKey" {
				t.Errorf("stat after remove: %v", err)
			}
		})
	}
	w.Look(func(s *State) {
		var got []int
		for _, x := range s.Writes {
			got = append(got, x.Status)
		}
		if !slices.Equal(got, []int{200, 403, 204, 200, 403, 204}) {
			t.Errorf("writes: %v", s.Writes)
		}
	})
}

func TestS3Refuses(t *testing.T) {
	w, write, _, all := s3World(t)
	var old s3Keys
	if err := w.Update(func(s *State) error {
		id, value := s.addToken(CloudToken{
			Account: cfAccount, Name: "old", Expires: time.Unix(1, 0).UTC(), Policies: bucketPolicies(cfAccount, "", cfBucket),
		})
		old = s3Keys{id, hashAPIToken(value)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	base, ctx := s3Serve(t, w), t.Context()
	for _, tt := range []struct {
		name   string
		keys   s3Keys
		bucket string
		want   string
		head   int // what is left of the refusal in an answer without a body; 0: none
	}{
		{"its bucket", write, cfBucket, "", 0},
		{"another bucket", write, "another", "AccessDenied", 403},
		{"no such bucket, own key", write, "nowhere", "AccessDenied", 403},
		{"account's key", all, "another", "", 0},
		{"no such bucket, account's key", all, "nowhere", "NoSuchBucket", 0},
		{"unknown key", s3Keys{strings.Repeat("0", 32), write.secret}, cfBucket, "Unauthorized", 401},
		{"the token's value in place of its id", s3Keys{strings.Repeat("v", 40), write.secret}, cfBucket, "InvalidArgument", 400},
		{"expired key", old, cfBucket, "Unauthorized", 401},
		{"wrong secret", s3Keys{write.access, all.secret}, cfBucket, "SignatureDoesNotMatch", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s3Client(t, base, tt.keys, false, nil)
			_, err := (&minio.Core{Client: c}).ListObjectsV2(tt.bucket, "", "", "", "", 10)
			if s3Code(err) != tt.want {
				t.Errorf("list: %v, want %q", err, tt.want)
			}
			found, err := c.BucketExists(ctx, tt.bucket)
			if found != (tt.want == "") || minio.ToErrorResponse(err).StatusCode != tt.head {
				t.Errorf("head: %v %v, want %d", found, err, tt.head)
			}
		})
	}
	if got, err := s3Client(t, base, write, false, nil).GetBucketLocation(ctx, cfBucket); err != nil || got != "auto" {
		t.Errorf("location: %q %v", got, err)
	}
	if !w.KeysWork(cfBucket, write.access, write.secret, true) || w.KeysWork("another", write.access, write.secret, false) ||
		w.KeysWork(cfBucket, write.access, all.secret, false) || w.KeysWork(cfBucket, "", "", false) {
		t.Error("KeysWork")
	}
}

// s3Tamper changes a byte of every body on its way.
type s3Tamper struct{}

func (s3Tamper) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(b, []byte("good"), []byte("evil"), 1)))
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestS3ChecksContent(t *testing.T) {
	w, write, _, _ := s3World(t)
	base := s3Serve(t, w)
	for _, trailers := range []bool{false, true} {
		c := s3Client(t, base, write, trailers, s3Tamper{})
		_, err := c.PutObject(t.Context(), cfBucket, "k", strings.NewReader("good"), 4, minio.PutObjectOptions{})
		if s3Code(err) != "BadDigest" || w.HasObject(cfBucket, "k") {
			t.Errorf("trailers %v: %v", trailers, err)
		}
	}
	res, err := http.Get(base + "/" + cfBucket + "/k")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("anonymous: %d", res.StatusCode)
	}
}

// TestS3FreshKey makes and rolls a token over the API: each time its keys are
// refused once before they work.
func TestS3FreshKey(t *testing.T) {
	w, bootstrap := cloudWorld(t, true)
	if err := w.Update(func(s *State) error {
		s.addBucket(CloudBucket{Account: cfAccount, Name: cfBucket})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	api, base := newCloudClient(t, w, bootstrap), s3Serve(t, w)
	tokens := "/accounts/" + cfAccount + "/tokens"
	made := api.do("POST", tokens, bucketToken("niks3", bucketResource+cfAccount+"_default_"+cfBucket)).want(t, 200, 0)
	id := made.field(t, "id")
	for _, value := range []string{made.field(t, "value"), ""} {
		if value == "" {
			value = api.do("PUT", tokens+"/"+id+"/value", `{}`).want(t, 200, 0).field(t)
		}
		c := s3Client(t, base, s3Keys{id, hashAPIToken(value)}, false, nil)
		for _, want := range []bool{false, true, true} {
			if found, err := c.BucketExists(t.Context(), cfBucket); (err == nil && found) != want {
				t.Errorf("head: %v %v, want %v", found, err, want)
			}
		}
	}
}

func TestS3List(t *testing.T) {
	w, write, _, _ := s3World(t)
	all := []string{"a b", "log/x", "nar/1", "nar/2", "z"}
	for _, key := range all {
		if err := w.PutObject(cfBucket, key, []byte(key), "text/plain", ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.PutObject("nowhere", "k", nil, "", ""); err == nil {
		t.Error("put into no bucket")
	}
	again, err := Open(strings.TrimSuffix(w.dir, "/.nixwright/world"), "", "", state.Config{}, Options{})
	if err != nil || !again.HasObject(cfBucket, "nar/1") {
		t.Errorf("opened again: the object is gone, %v", err)
	}
	c := s3Client(t, s3Serve(t, w), write, false, nil)
	list := func(o minio.ListObjectsOptions) (out []string) {
		for x := range c.ListObjects(t.Context(), cfBucket, o) {
			if x.Err != nil {
				t.Fatal(x.Err)
			}
			out = append(out, x.Key)
		}
		return out
	}
	for _, tt := range []struct {
		o    minio.ListObjectsOptions
		want []string
	}{
		{minio.ListObjectsOptions{Recursive: true, MaxKeys: 2}, all},
		{minio.ListObjectsOptions{Prefix: "nar/", Recursive: true}, []string{"nar/1", "nar/2"}},
		{minio.ListObjectsOptions{Recursive: true, StartAfter: "nar/1"}, []string{"nar/2", "z"}},
		{minio.ListObjectsOptions{MaxKeys: 3}, []string{"a b", "z", "log/", "nar/"}},
	} {
		got := list(tt.o)
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("list %+v: %v, want %v", tt.o, got, tt.want)
		}
	}
}

func TestSigV4Region(t *testing.T) {
	w, write, _, _ := s3World(t)
	base := s3Serve(t, w)
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(write.access, write.secret, ""), Region: "eu-north-7", BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&minio.Core{Client: c}).ListObjectsV2(cfBucket, "", "", "", "", 10)
	if s3Code(err) != "InvalidRegionName" {
		t.Errorf("region: %v", err)
	}
}
