package realtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// Niks3 is niks3-server v1.7.0 on a database and an S3 server of its own.
type Niks3 struct {
	Base      string       // "http://127.0.0.1:PORT"
	Token     state.Secret // of its API
	PublicKey string       // "NAME:BASE64", of the key that it signs with; empty where that is none
	CacheURL  string       // where the public reads the bucket
	S3        S3
	Database  *Database
	Process   *Process

	argv []string
	dir  string
}

// Niks3Files are the secrets that niks3-server reads from files, as they are
// in the sops file.
type Niks3Files struct {
	Token, SigningKey, AccessKey, SecretKey state.Secret
}

// NewNiks3Files makes the secrets as setup does, with the keys of the server.
func NewNiks3Files(t *testing.T, s S3) Niks3Files {
	t.Helper()
	key, err := shape.NewSigningKey("cache.phlip9.com-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Niks3Files{Token: Made(t, shape.APITokenName), SigningKey: key, AccessKey: s.Keys.Access, SecretKey: s.Keys.Secret}
}

// StartNiks3 starts PostgreSQL and niks3-server on the S3 server, and returns
// when it answers.
func StartNiks3(t *testing.T, s S3) *Niks3 {
	t.Helper()
	Find(t, "niks3-server") // before a database is made for nothing
	n := RunNiks3(t, s, Postgres(t), NewNiks3Files(t, s))
	n.Process.Await(t, Answers(n.Base+"/health"))
	return n
}

// RunNiks3 starts niks3-server with these secrets and does not wait: it may
// refuse them. More arguments follow the usual ones.
func RunNiks3(t *testing.T, s S3, d *Database, f Niks3Files, args ...string) *Niks3 {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", Port(t))
	n := &Niks3{Base: "http://" + addr, Token: f.Token, CacheURL: s.Endpoint + "/" + s.Bucket, S3: s, Database: d, dir: t.TempDir()}
	if key, err := shape.PublicKey(f.SigningKey); err == nil {
		n.PublicKey = key
	}
	file := func(name string, v state.Secret) string { return File(t, filepath.Join(n.dir, name), v.Reveal()) }
	n.argv = append([]string{
		Find(t, "niks3-server"), "--db", d.URL, "--http-addr", addr, "--cache-url", n.CacheURL,
		"--s3-endpoint", s.Host, "--s3-bucket", s.Bucket, "--s3-use-ssl=false", "--s3-bucket-lookup", "path", "--s3-region", s.Region,
		"--s3-access-key-path", file("s3-access-key", f.AccessKey), "--s3-secret-key-path", file("s3-secret-key", f.SecretKey),
		"--api-token-path", n.tokenFile(t), "--sign-key-path", file("signing-key", f.SigningKey),
	}, args...)
	n.start(t)
	return n
}

// Niks3Starts says whether niks3-server starts with these secrets, and what it
// printed if it does not.
func Niks3Starts(t *testing.T, s S3, d *Database, f Niks3Files) (n *Niks3, output string, started bool) {
	t.Helper()
	n = RunNiks3(t, s, d, f)
	ready := Answers(n.Base + "/health")
	n.Process.Await(t, func(ctx context.Context) error {
		select {
		case <-n.Process.done:
			return nil
		default:
			err := ready(ctx)
			started = err == nil
			return err
		}
	})
	return n, n.Process.Output(), started
}

// tokenFile holds the token, for the server and for the client.
func (n *Niks3) tokenFile(t *testing.T) string {
	t.Helper()
	return File(t, filepath.Join(n.dir, "api-token"), n.Token.Reveal())
}

func (n *Niks3) start(t *testing.T) {
	t.Helper()
	n.Process = Start(t, func(cmd *exec.Cmd) { cmd.Dir = n.dir }, n.argv[0], n.argv[1:]...)
}

// Restart stops niks3-server and starts it again at the same address, on the
// same database and bucket.
func (n *Niks3) Restart(t *testing.T) {
	t.Helper()
	n.Process.Stop()
	n.start(t)
	n.Process.Await(t, Answers(n.Base+"/health"))
}
