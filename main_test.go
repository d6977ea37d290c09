package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/schematest"
	"github.com/nixwright/nixwright/ui/cli"
)

// asProgram makes the test binary the program itself, for tests that kill it.
const asProgram = "NIXWRIGHT_TEST_AS_PROGRAM"

// TestMain lets the test binary be what the program is to itself: the roles of
// the pretend world, and the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cli.RoleCommand || os.Getenv(asProgram) != "" {
		noteArguments()
		os.Exit(start())
	}
	dir, err := os.MkdirTemp("", "nixwright-test-")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(argumentsFile, filepath.Join(dir, "argv")); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// argumentsFile collects the arguments of every program that is run.
const argumentsFile = "NIXWRIGHT_TEST_ARGV"

func noteArguments() {
	f, err := os.OpenFile(os.Getenv(argumentsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(strings.Join(os.Args, " ") + "\n")
	_ = f.Close()
}

// lab is a directory with a pretend world that is served, and the program in it.
type lab struct {
	t     *testing.T
	dir   string
	env   map[string]string
	ends  state.Endpoints
	base  http.RoundTripper // under the program's clients; nil: its own
	wraps []func(service string, h http.Handler) http.Handler
	mu    sync.Mutex
	stop  func() // the world; it is up again with newLabIn
}

// newLab serves the scenario's world until the test ends. Every request and
// answer is checked against the contracts where they are at hand.
func newLab(t *testing.T, scenario string) *lab {
	t.Helper()
	return newLabIn(t, t.TempDir(), scenario, options{})
}

func newLabIn(t *testing.T, dir, scenario string, o options) *lab {
	t.Helper()
	return serveLab(t, dir, scenario, o, strings.NewReader(""))
}

// serveLab serves a world with further flags; what goes wrong in it is read
// from in.
func serveLab(t *testing.T, dir, scenario string, o options, in io.Reader, more ...string) *lab {
	t.Helper()
	l := &lab{t: t, dir: dir}
	o.wrap = func(service string, h http.Handler) http.Handler {
		return contracts(t, service, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			l.mu.Lock()
			wraps := slices.Clone(l.wraps)
			l.mu.Unlock()
			inner := h
			for _, wrap := range wraps {
				inner = wrap(service, inner)
			}
			inner.ServeHTTP(w, r)
		}))
	}
	ctx, stop := context.WithCancel(t.Context())
	pr, pw := io.Pipe()
	ended := make(chan int, 1)
	var talk bytes.Buffer
	go func() {
		code := run(ctx, append([]string{"rehearse", "--serve", "-C", dir, "--scenario", scenario, "--output", "json"}, more...), cli.Streams{
			In: in, Out: pw, Err: &talk, Env: os.Getenv, Dir: dir,
		}, o)
		_ = pw.Close()
		ended <- code
	}()
	lines := bufio.NewReader(pr)
	line, err := lines.ReadBytes('\n')
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	if err != nil {
		stop()
		t.Fatalf("the world does not come up: %v, exit %d, %s", err, <-ended, talk.String())
	}
	var world struct {
		Env       map[string]string `json:"env"`
		Endpoints state.Endpoints   `json:"endpoints"`
	}
	if err := json.Unmarshal(line, &world); err != nil {
		t.Fatal(err)
	}
	l.env, l.ends = world.Env, world.Endpoints
	l.stop = sync.OnceFunc(func() { stop(); <-ended })
	t.Cleanup(l.stop)
	return l
}

// result is what one command did.
type result struct {
	code     int
	out, err string
}

// run runs a command in the lab's directory, with the world's environment and
// nothing else but PATH.
func (l *lab) run(args ...string) result {
	l.t.Helper()
	return l.runWith("", nil, args...)
}

func (l *lab) runWith(stdin string, env map[string]string, args ...string) result {
	l.t.Helper()
	var out, talk bytes.Buffer
	all := maps.Clone(l.env)
	all["PATH"], all["HOME"] = os.Getenv("PATH"), filepath.Join(l.dir, ".nixwright", "world")
	maps.Copy(all, env)
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	code := run(ctx, args, cli.Streams{
		In: strings.NewReader(stdin), Out: &out, Err: &talk, Dir: l.dir, Env: func(n string) string { return all[n] },
	}, options{base: l.base})
	return result{code, out.String(), talk.String()}
}

// must runs a command that has to end with the code.
func (l *lab) must(code int, args ...string) result {
	l.t.Helper()
	r := l.run(args...)
	if r.code != code {
		l.t.Fatalf("%v: exit %d, want %d\n%s\n%s", args, r.code, code, r.out, r.err)
	}
	return r
}

// setup is the whole main job, with the person at the browser.
func (l *lab) setup(more ...string) result {
	l.t.Helper()
	return l.must(0, append([]string{"setup", "-n", "--open", "--wait", "30s"}, more...)...)
}

// world is the state that the pretend world keeps.
func (l *lab) world() fake.State {
	l.t.Helper()
	var s fake.State
	b, err := os.ReadFile(filepath.Join(l.dir, ".nixwright", "world", "state.json"))
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// writes are the requests by which the program changed the world: all but the
// person's own clicks.
func (l *lab) writes() []string {
	l.t.Helper()
	var out []string
	for _, w := range l.world().Writes {
		if w.Service != "github-web" && w.Service != "cloudflare-web" {
			out = append(out, w.Service+" "+w.Method+" "+w.Path)
		}
	}
	return out
}

// files are the directory's files with their digests, but for the world's own
// and those named.
func (l *lab) files(but ...string) map[string]string {
	l.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && path == filepath.Join(l.dir, ".nixwright", "world") {
				return fs.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(l.dir, path)
		if err != nil || slices.Contains(but, filepath.ToSlash(rel)) {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		out[filepath.ToSlash(rel)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// journalAside are our own files that a run may touch.
var journalAside = []string{".nixwright/journal.jsonl", ".nixwright/lock"}

func (l *lab) read(rel string) string {
	l.t.Helper()
	b, err := os.ReadFile(filepath.Join(l.dir, rel))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

func (l *lab) write(rel, text string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, rel), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// through puts a handler around one service of the world.
func (l *lab) through(service string, around func(w http.ResponseWriter, r *http.Request, inner http.Handler)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wraps = append(l.wraps, func(s string, h http.Handler) http.Handler {
		if s != service && service != "" {
			return h
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { around(w, r, h) })
	})
}

// program is the lab's program as a process of its own.
func (l *lab) program(ctx context.Context, args ...string) *exec.Cmd {
	l.t.Helper()
	self, err := os.Executable()
	if err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = l.dir
	cmd.Env = append(os.Environ(), asProgram+"=1")
	for k, v := range l.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

func same(t *testing.T, what string, before, after map[string]string) {
	t.Helper()
	for name, sum := range after {
		if before[name] != sum {
			t.Errorf("%s: %s is another", what, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.Errorf("%s: %s is gone", what, name)
		}
	}
}

// status is the checklist as JSON tells it.
type status struct {
	True  int
	Total int
	Lines []struct {
		Number int
		Step   string
		True   bool
		Status string
	}
	Steps []struct {
		ID       string
		Status   string
		Text     string
		Hint     string
		Problems []state.Problem
		Changes  []struct{ Verb, What string }
	}
}

func (l *lab) status() status {
	l.t.Helper()
	var s status
	if err := json.Unmarshal([]byte(l.must(0, "status", "--output", "json").out), &s); err != nil {
		l.t.Fatal(err)
	}
	return s
}

func (s status) problems(step string) []string {
	var ids []string
	for _, one := range s.Steps {
		if one.ID == step {
			for _, p := range one.Problems {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids
}

// document is what a command prints as JSON, fitting its schema.
func (l *lab) document(schema string, into any, args ...string) {
	l.t.Helper()
	out := []byte(l.must(0, append(args, "--output", "json")...).out)
	schematest.Reader(l.t, filepath.Join("docs/schemas", schema))(l.t, out)
	if err := json.Unmarshal(out, into); err != nil {
		l.t.Fatal(err)
	}
}
