package s3_test

import (
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
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/state"
)

// TestInTheBuiltInWorld tries keys on the pretend R2, which checks signatures:
// a token of its own that may write one bucket's objects.
func TestInTheBuiltInWorld(t *testing.T) {
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	const account, backups = "30faeb30dcb2a77a72fdc0948c99de62", "phlip9-backups"
	good := makeKeys(t, w, account, backups)
	c := s3.New(httpx.New(httpx.Options{}), w.Endpoints().R2S3)
	ctx, b := t.Context(), state.Bucket{Name: backups, Account: account}
	if err := c.HeadBucket(ctx, b, good); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("fresh keys, not known yet at the first request: %v", err)
	}
	if err := c.HeadBucket(ctx, b, good); err != nil {
		t.Error(err)
	}
	if err := c.Exercise(ctx, b, good); err != nil {
		t.Error(err)
	}
	if w.HasObject(backups, ".nixwright/probe") {
		t.Error("the probe is still there")
	}
	if err := c.HeadBucket(ctx, state.Bucket{Name: "another-bucket"}, good); !errors.Is(err, state.ErrDenied) {
		t.Errorf("another bucket: %v", err)
	}
	wrong := good
	wrong.Secret = state.NewSecret(strings.Repeat("0", 64))
	if err := c.Exercise(ctx, b, wrong); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("a wrong secret: %v", err)
	}
	if err := c.HeadBucket(ctx, b, wrong); !errors.Is(err, state.ErrDenied) {
		t.Errorf("a wrong secret, looking: %v", err)
	}
	wrong.Access = state.NewSecret(strings.Repeat("0", 32))
	for name, try := range map[string]func() error{
		"look":     func() error { return c.HeadBucket(ctx, b, wrong) },
		"exercise": func() error { return c.Exercise(ctx, b, wrong) },
	} {
		if err := try(); !errors.Is(err, state.ErrUnauthorized) {
			t.Errorf("%s with keys that nobody knows: %v", name, err)
		}
	}
}

// makeKeys makes a token in the pretend Cloudflare, with plain requests.
func makeKeys(t *testing.T, w *fake.World, account, bucket string) state.S3Keys {
	t.Helper()
	body := fmt.Sprintf(`{"name":"k","policies":[{"effect":"allow","permission_groups":[{"id":"2efd5506f9c8494dacb1fa10a3e7d5b6"}],
		"resources":{"com.cloudflare.edge.r2.bucket.%s_default_%s":"*"}}]}`, account, bucket)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Endpoints().CloudflareAPI+"/accounts/"+account+"/tokens", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.Env()["CLOUDFLARE_API_TOKEN"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
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
