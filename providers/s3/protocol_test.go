package s3_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minio/minio-go/v7"
)

// protocol is what niks3 does with its bucket (server/pending_multipart.go,
// server/uploads.go, server/objects_model.go, client/simple_uploads.go), with
// the client that it has: the built-in world must answer as real servers do.
func (s service) protocol(t *testing.T) {
	t.Run("presigned", s.presigned)
	t.Run("presigned long ago", s.presignedLongAgo)
	t.Run("parts", s.parts)
	t.Run("parts that do not fit", s.badParts)
	t.Run("many deleted", s.manyDeleted)
}

func code(err error) string { return minio.ToErrorResponse(err).Code }

// send makes a request that needs no signature of its own.
func send(t *testing.T, method, to string, header map[string]string, body []byte) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, to, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func (s service) presigned(t *testing.T) {
	c, ctx := s.client(t), t.Context()
	const key = "26xbg1ndr7hbcncrlf9nhx5is2b25d13.narinfo"
	put, err := c.PresignedPutObject(ctx, s.Bucket, key, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte("compressed")
	resp, said := send(t, http.MethodPut, put.String(), map[string]string{"Content-Type": "application/octet-stream", "Content-Encoding": "zstd"}, body)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("ETag") == "" {
		t.Fatalf("put: %s %v %s", resp.Status, resp.Header, said)
	}
	info, err := c.StatObject(ctx, s.Bucket, key, minio.StatObjectOptions{})
	if err != nil || info.Metadata.Get("Content-Encoding") != "zstd" || info.Size != int64(len(body)) || info.ETag != strings.Trim(resp.Header.Get("ETag"), `"`) {
		t.Errorf("stat: %+v %v", info, err)
	}
	get, err := c.PresignedGetObject(ctx, s.Bucket, key, time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, said = send(t, http.MethodGet, get.String(), map[string]string{"Accept-Encoding": "zstd"}, nil); said != string(body) || resp.Header.Get("Content-Encoding") != "zstd" {
		t.Errorf("get: %s %q", resp.Status, said)
	}
	if _, err := c.StatObject(ctx, s.Bucket, "none", minio.StatObjectOptions{}); code(err) != minio.NoSuchKey {
		t.Errorf("stat of nothing: %v", err)
	}
	if err := c.RemoveObject(ctx, s.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		t.Error(err)
	}
	if err := c.RemoveObject(ctx, s.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		t.Errorf("removed again: %v", err)
	}
	if !s.Refuses {
		return
	}
	for what, change := range map[string]func(*url.URL){
		"another key": func(u *url.URL) { u.Path += "x" },
		"a longer time": func(u *url.URL) {
			q := u.Query()
			q.Set("X-Amz-Expires", "7200")
			u.RawQuery = q.Encode()
		},
	} {
		u := *put
		change(&u)
		if resp, said := send(t, http.MethodPut, u.String(), nil, body); resp.StatusCode != http.StatusForbidden || !strings.Contains(said, "SignatureDoesNotMatch") {
			t.Errorf("%s: %s %s", what, resp.Status, said)
		}
	}
	if resp, said := send(t, http.MethodGet, put.String(), nil, nil); resp.StatusCode != http.StatusForbidden || !strings.Contains(said, "SignatureDoesNotMatch") {
		t.Errorf("another method: %s %s", resp.Status, said)
	}
}

// presignedLongAgo signs at the beginning of the year 2000, when a bubble's
// time begins.
func (s service) presignedLongAgo(t *testing.T) {
	if !s.Refuses {
		return // it looks at no signature
	}
	var to string
	synctest.Test(t, func(t *testing.T) {
		u, err := s.client(t).PresignedPutObject(t.Context(), s.Bucket, "k", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		to = u.String()
	})
	resp, said := send(t, http.MethodPut, to, nil, nil)
	if want := map[bool]string{true: "ExpiredRequest", false: "AccessDenied"}[s.even]; !strings.Contains(said, want) || resp.StatusCode/100 != 4 {
		t.Errorf("%s %s, want %s", resp.Status, said, want)
	}
}

// part puts a part as the client of niks3 does, with a presigned URL.
func (s service) part(t *testing.T, c minio.Core, key, id string, n int, body []byte) minio.CompletePart {
	t.Helper()
	u, err := c.Presign(t.Context(), http.MethodPut, s.Bucket, key, time.Hour, url.Values{"uploadId": {id}, "partNumber": {strconv.Itoa(n)}})
	if err != nil {
		t.Fatal(err)
	}
	resp, said := send(t, http.MethodPut, u.String(), nil, body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("part %d: %s %s", n, resp.Status, said)
	}
	return minio.CompletePart{PartNumber: n, ETag: resp.Header.Get("ETag")}
}

const partSize = 5 << 20 // the least one that S3 takes

func (s service) parts(t *testing.T) {
	c, ctx := s.client(t), t.Context()
	const key = "nar/1ngi2dxw1f7khrrjamzkkdai393lwcm8s78gvs1ag8k3n82w7bvp.nar.zst"
	id, err := c.NewMultipartUpload(ctx, s.Bucket, key, minio.PutObjectOptions{ContentType: "application/x-nix-nar"})
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Repeat([]byte("nar archive "), partSize/12+1)
	all := []minio.CompletePart{s.part(t, c, key, id, 1, []byte("overwritten"))}
	all[0] = s.part(t, c, key, id, 1, whole[:partSize])
	all = append(all, s.part(t, c, key, id, 2, whole[partSize:]))
	if _, err := c.StatObject(ctx, s.Bucket, key, minio.StatObjectOptions{}); code(err) != minio.NoSuchKey {
		t.Errorf("before it is complete: %v", err)
	}
	wrong := slices.Clone(all)
	wrong[0].ETag = all[1].ETag
	if _, err := c.CompleteMultipartUpload(ctx, s.Bucket, key, id, wrong, minio.PutObjectOptions{}); code(err) != "InvalidPart" {
		t.Errorf("a wrong ETag: %v", err)
	}
	done, err := c.CompleteMultipartUpload(ctx, s.Bucket, key, id, all, minio.PutObjectOptions{})
	if err != nil || !strings.HasSuffix(done.ETag, "-2") {
		t.Fatalf("complete: %+v %v", done, err)
	}
	body, info, _, err := c.GetObject(ctx, s.Bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body)
	// gofakes3 (Public) tells another ETag later than at first.
	if err != nil || !bytes.Equal(got, whole) || info.ContentType != "application/x-nix-nar" || info.ETag != done.ETag && !s.Public {
		t.Errorf("get: %d bytes, %+v, %v", len(got), info, err)
	}
	if err := c.RemoveObject(ctx, s.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		t.Error(err)
	}
}

func (s service) badParts(t *testing.T) {
	c, ctx := s.client(t), t.Context()
	const key = "nar/bad"
	uneven := map[bool]string{true: "InvalidPart", false: ""}[s.even]
	small := "EntityTooSmall"
	if s.Public {
		small = "" // gofakes3 takes parts of any size
	}
	for _, x := range []struct {
		name  string
		sizes []int
		code  string
	}{
		{"small", []int{100, 100, 100}, small},
		{"uneven", []int{partSize, partSize + 1, 1}, uneven},
		{"the last one larger", []int{partSize, partSize + 1}, uneven},
	} {
		id, err := c.NewMultipartUpload(ctx, s.Bucket, key, minio.PutObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var all []minio.CompletePart
		for i, size := range x.sizes {
			all = append(all, s.part(t, c, key, id, i+1, make([]byte, size)))
		}
		if _, err := c.CompleteMultipartUpload(ctx, s.Bucket, key, id, all, minio.PutObjectOptions{}); code(err) != x.code {
			t.Errorf("%s: %v, want %s", x.name, err, x.code)
		}
		if x.code == "" {
			continue
		}
		if err := c.AbortMultipartUpload(ctx, s.Bucket, key, id); err != nil {
			t.Errorf("abort: %v", err)
		}
		if err := c.AbortMultipartUpload(ctx, s.Bucket, key, id); code(err) != minio.NoSuchUpload {
			t.Errorf("aborted again: %v", err)
		}
		if _, err := c.CompleteMultipartUpload(ctx, s.Bucket, key, id, all, minio.PutObjectOptions{}); code(err) != minio.NoSuchUpload {
			t.Errorf("complete what is aborted: %v", err)
		}
	}
	if err := c.RemoveObject(ctx, s.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		t.Error(err)
	}
}

// lists is what the pages of a list hold.
func (s service) lists(t *testing.T) {
	c, ctx := s.as(t, s.owner), t.Context()
	all := []string{"a b", "log/x", "nar/1+ü", "nar/2", "z"}
	for _, key := range all {
		if err := s.put(ctx, s.Other, key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		o    minio.ListObjectsOptions
		want []string
	}{
		{minio.ListObjectsOptions{Recursive: true}, all},
		{minio.ListObjectsOptions{Recursive: true, MaxKeys: 2}, all},
		{minio.ListObjectsOptions{Prefix: "nar/", Recursive: true}, all[2:4]},
		{minio.ListObjectsOptions{Prefix: "none", Recursive: true}, nil},
		{minio.ListObjectsOptions{Recursive: true, StartAfter: "nar/1+ü"}, all[3:]},
		{minio.ListObjectsOptions{MaxKeys: 3}, []string{"a b", "log/", "nar/", "z"}},
	} {
		found := map[string]bool{}
		for o := range c.Client.ListObjects(ctx, s.Other, x.o) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			found[o.Key] = true
		}
		if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, x.want) {
			t.Errorf("%+v: %q, want %q", x.o, got, x.want)
		}
	}
}

// manyDeleted empties the bucket: it holds more than one request takes.
func (s service) manyDeleted(t *testing.T) {
	c, ctx := s.client(t), t.Context()
	names := make(chan minio.ObjectInfo)
	found := 1
	go func() {
		defer close(names)
		names <- minio.ObjectInfo{Key: "none"}
		for o := range c.Client.ListObjects(ctx, s.Bucket, minio.ListObjectsOptions{Recursive: true}) {
			found++
			names <- o
		}
	}()
	gone := 0
	for r := range c.RemoveObjectsWithResult(ctx, s.Bucket, names, minio.RemoveObjectsOptions{}) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.ObjectName, r.Err)
		}
		gone++
	}
	left, _, err := s.adapter().Usage(ctx, s.At(), s.Keys, nil)
	if gone != found || gone < 1001 || left != 0 || err != nil {
		t.Errorf("%d of %d deleted, %d left, %v", gone, found, left, err)
	}
}
