package realtest

import (
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Database is a PostgreSQL server with one empty database.
type Database struct {
	URL string // "postgres://niks3@127.0.0.1:PORT/postgres?sslmode=disable"

	Process *Process
	psql    string
}

// Postgres starts PostgreSQL on loopback, without a password and without care
// for its files. It refuses to run as root, so it is somebody else then.
func Postgres(t *testing.T) *Database {
	t.Helper()
	initdbPath, err := filepath.EvalSymlinks(Find(t, "initdb"))
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(initdbPath) // the others are there, and not in PATH
	home := openDir(t)
	other := unprivileged(t, home)
	data := filepath.Join(home, "data")
	initdb := exec.CommandContext(t.Context(), initdbPath, "-D", data, "-U", "niks3", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = &syscall.SysProcAttr{Credential: other}, home
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := strconv.Itoa(Port(t))
	d := &Database{URL: "postgres://niks3@127.0.0.1:" + port + "/postgres?sslmode=disable", psql: filepath.Join(bin, "psql")}
	d.Process = Start(t, func(cmd *exec.Cmd) {
		cmd.Dir, cmd.SysProcAttr.Credential = home, other
	}, filepath.Join(bin, "postgres"), "-D", data, "-k", home, "-h", "127.0.0.1", "-p", port,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB")
	d.Process.Await(t, d.Process.Says("database system is ready to accept connections"))
	return d
}

// Hold runs a statement in a transaction that stays open until the returned
// function is called, or the test ends: what it locks stays locked.
func (d *Database) Hold(t *testing.T, statement string) (release func()) {
	t.Helper()
	const held = "it is held"
	in, out := io.Pipe()
	p := Start(t, func(cmd *exec.Cmd) { cmd.Stdin = in }, d.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", d.URL)
	release = func() {
		_ = out.Close()
		p.Stop()
	}
	t.Cleanup(release)
	if _, err := io.WriteString(out, "BEGIN; "+statement+"; SELECT '"+held+"';\n"); err != nil {
		t.Fatal(err)
	}
	p.Await(t, p.Says(held))
	return release
}

// Do runs statements and returns what they print, a line for each row.
func (d *Database) Do(t *testing.T, statements string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", d.URL, "-c", statements)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// openDir is a directory that every user can reach; those of testing are not.
// Its path is short: a socket is made in it.
func openDir(t *testing.T) string {
	t.Helper()
	//nolint:usetesting // a directory of t.TempDir is closed to other users
	dir, err := os.MkdirTemp("", "nixwright-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // to be reached is what it is for
		t.Fatal(err)
	}
	return dir
}

// unprivileged is who runs what refuses to be root, and owns the directory;
// nil, the user of the test, where that is not root.
func unprivileged(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
