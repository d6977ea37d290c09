package s3_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/state"
)

// The pretend account, its buckets and the permission groups of Cloudflare
// that its tokens get (developers.cloudflare.com/r2/api/tokens).
const (
	account   = "30faeb30dcb2a77a72fdc0948c99de62"
	backups   = "phlip9-backups"
	itemWrite = "2efd5506f9c8494dacb1fa10a3e7d5b6"
	itemRead  = "6a018a9f2fc74eb6b293b0c548f38b39"
	allWrite  = "bf7481a1826f439697cb59a20b22293e"
)

// builtIn is the pretend R2, with keys that were made in the pretend
// Cloudflare and that it knows already.
func builtIn(t *testing.T) service {
	t.Helper()
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	at, api := w.Endpoints(), w.Env()["CLOUDFLARE_API_TOKEN"]
	s := service{
		S3: realtest.S3{
			Name: "the built-in world", Endpoint: at.R2S3, Host: strings.TrimPrefix(at.R2S3, "http://"), Region: "auto",
			Bucket: backups, Other: "phlip9-media", Refuses: true,
		},
		unknown: state.ErrUnauthorized, expired: "ExpiredRequest", even: true,
	}
	plain(t, http.MethodPost, at.CloudflareAPI+"/accounts/"+account+"/r2/buckets", api, `{"name":"`+s.Other+`"}`)
	one := func(group, bucket string) state.S3Keys {
		return makeKeys(t, at.CloudflareAPI, api, group, "com.cloudflare.edge.r2.bucket."+account+"_default_"+bucket)
	}
	s.Keys, s.reader, s.Stranger = one(itemWrite, s.Bucket), one(itemRead, s.Bucket), one(itemWrite, "elsewhere")
	s.owner = makeKeys(t, at.CloudflareAPI, api, allWrite, "com.cloudflare.api.account."+account)
	s.put = func(_ context.Context, bucket, key string, body []byte) error {
		return w.PutObject(bucket, key, body, "", "")
	}
	c := s3.New(httpx.New(httpx.Options{}), s.Endpoint)
	for _, k := range []state.S3Keys{s.Keys, s.reader, s.Stranger, s.owner} {
		if err := c.HeadBucket(t.Context(), s.At(), k); !errors.Is(err, state.ErrUnauthorized) {
			t.Errorf("fresh keys, not known yet at the first request: %v", err)
		}
	}
	return s
}

// makeKeys makes a token in the pretend Cloudflare.
func makeKeys(t *testing.T, api, token, group, resource string) state.S3Keys {
	t.Helper()
	b := plain(t, http.MethodPost, api+"/accounts/"+account+"/tokens", token, fmt.Sprintf(
		`{"name":"k","policies":[{"effect":"allow","permission_groups":[{"id":"%s"}],"resources":{"%s":"*"}}]}`, group, resource))
	var made struct {
		Result struct {
			ID    string `json:"id"`
			Value string `json:"value"`
		} `json:"result"`
	}
	if err := json.Unmarshal(b, &made); err != nil || made.Result.Value == "" {
		t.Fatalf("%s: %v", b, err)
	}
	sum := sha256.Sum256([]byte(made.Result.Value))
	return state.S3Keys{Access: state.NewSecret(made.Result.ID), Secret: state.NewSecret(hex.EncodeToString(sum[:]))}
}

// plain makes a request as anybody would.
func plain(t *testing.T, method, to, token, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %s %v", method, to, resp.Status, b, err)
	}
	return b
}
