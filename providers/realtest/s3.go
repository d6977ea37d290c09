package realtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/nixwright/nixwright/state"
)

// The keys and buckets of the S3 servers.
const (
	s3Bucket = "niks3"
	s3Other  = "phlip9-backups"
	s3Region = "auto"
)

// S3 is an S3 server with two buckets, in a region of R2's name, auto. It takes
// the bucket in the path.
type S3 struct {
	Name     string       // the program and its version
	Endpoint string       // "http://127.0.0.1:PORT"
	Host     string       // the endpoint without its scheme, as niks3 wants it
	Region   string       // what a signature names
	Bucket   string       // there, empty
	Other    string       // there too, and empty
	Keys     state.S3Keys // they may do everything
	Stranger state.S3Keys // the server knows them, and lets them do nothing; empty where it asks nobody

	Refuses bool // it refuses unknown keys and wrong signatures
	Public  bool // whoever knows the name of an object may get it, as on R2's public domain
}

// At is the bucket as the adapters name it.
func (s S3) At() state.Bucket { return state.Bucket{Name: s.Bucket, Endpoint: s.Host} }

// Gofakes3 starts gofakes3 with everything in memory. It asks nobody for keys,
// and everybody may read: it stands in for R2's public domain.
func Gofakes3(t *testing.T) S3 {
	t.Helper()
	path := Find(t, "gofakes3")
	s := newS3(t, "gofakes3 v1.2.0")
	p := Start(t, nil, path, "-quiet", "-host", s.Host, "-backend", "mem", "-initialbucket", s.Bucket)
	p.Await(t, Listens(s.Host))
	s.Public = true
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.Endpoint+"/"+s.Other, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Fatalf("make bucket %s: %s", s.Other, resp.Status)
	}
	return s
}

// Publish lets everybody read the bucket of a server that asks for keys, as R2's
// public domain does, and returns the server as it is then.
func (s S3) Publish(t *testing.T) S3 {
	t.Helper()
	c, err := minio.New(s.Host, &minio.Options{
		Creds: credentials.NewStaticV4(s.Keys.Access.Reveal(), s.Keys.Secret.Reveal(), ""), Region: s.Region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	// Who may not list is told of nothing that it is not there.
	policy := fmt.Sprintf(`{"Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::%[1]s/*"},
		{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::%[1]s"}]}`, s.Bucket)
	if err := c.SetBucketPolicy(t.Context(), s.Bucket, policy); err != nil {
		t.Fatal(err)
	}
	s.Public = true
	return s
}

// Versitygw starts versitygw on a directory of the test. It checks signatures
// and permissions, and gives nothing to the anonymous.
func Versitygw(t *testing.T) S3 {
	t.Helper()
	path := Find(t, "versitygw")
	s := newS3(t, "versitygw v1.8.0")
	s.Refuses = true
	s.Stranger = state.S3Keys{Access: state.NewSecret("c0ffee0000000000000000000000cafe"), Secret: state.NewSecret("a stranger's secret")}
	dir := t.TempDir()
	for _, d := range []string{"iam", "root/" + s.Bucket, "root/" + s.Other} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	users, err := json.Marshal(map[string]any{"accessAccounts": map[string]any{
		s.Stranger.Access.Reveal(): map[string]string{
			"access": s.Stranger.Access.Reveal(), "secret": s.Stranger.Secret.Reveal(), "role": "user",
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	File(t, filepath.Join(dir, "iam", "users.json"), string(users))
	p := Start(t, func(cmd *exec.Cmd) {
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.Keys.Access.Reveal(), "ROOT_SECRET_KEY="+s.Keys.Secret.Reveal())
	}, path, "--port", s.Host, "--region", s.Region, "--keep-alive", "--quiet", "--iam-dir", filepath.Join(dir, "iam"),
		"posix", "--sidecar", side(t, dir), filepath.Join(dir, "root"))
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // it would wait for idle connections
	p.Await(t, Answers(s.Endpoint))
	return s
}

// side is a directory for what versitygw notes of objects: not every file
// system takes it as extended attributes.
func side(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "side")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// newS3 is a server that is to be, at a free port.
func newS3(t *testing.T, name string) S3 {
	t.Helper()
	host := fmt.Sprintf("127.0.0.1:%d", Port(t))
	return S3{
		Name: name, Endpoint: "http://" + host, Host: host, Region: s3Region, Bucket: s3Bucket, Other: s3Other,
		Keys: state.S3Keys{
			Access: state.NewSecret("ed17574386854bf78a67040be0a770b0"),
			Secret: state.NewSecret("5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c5f2a8e0c"),
		},
	}
}
