// Package fake is the built-in world: a pretend GitHub, Cloudflare, S3, DNS,
// host, buildbot, niks3 and the public edges, stateful and deterministic from
// a seed. Its state is one JSON file that is written before a request is
// answered, so it survives kill -9; it is served over HTTP on loopback, so the
// ordinary program works on it without knowing that it is pretend.
package fake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nixwright/nixwright/state"
)

// State is everything that the world remembers. Each service has its part.
type State struct {
	Seed     string            `json:"seed"`
	Scenario string            `json:"scenario"`
	Config   state.Config      `json:"config"`             // what the scenario is about: names, domains, repositories
	AnyHost  bool              `json:"any_host,omitempty"` // every ssh destination is the host
	Count    int               `json:"count"`              // of values made by Make, so that each is new
	Ports    map[string]int    `json:"ports"`              // service -> port, the same again after a restart
	Writes   []Write           `json:"writes"`             // every request that changes something, in order
	GitHub   GitHubState       `json:"github"`
	Cloud    CloudState        `json:"cloud"`
	Host     HostState         `json:"host"`
	Further  []HostState       `json:"further"` // machines that could build, too
	CI       CIState           `json:"ci"`
	Env      map[string]string `json:"env"` // the environment for the ordinary commands
}

// Write is one request that changed something, or was meant to.
type Write struct {
	Service string `json:"service"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	Status  int    `json:"status"`
}

// Options are what tests and the command line may set.
type Options struct {
	// Wrap goes around every service's handler: contract checks, delays,
	// power cuts. nil: none.
	Wrap func(service string, h http.Handler) http.Handler
	// Delay is added to every request.
	Delay time.Duration
	// Now is the world's clock. nil: time.Now.
	Now func() time.Time
	// Open decrypts a sops file with an age identity, for the pretend
	// deployment; main passes the sops provider in.
	Open func(path, identity string) (map[string]string, error)
	// Seal writes a sops file for the recipients of the scenario.
	Seal func(path string, recipients []string, secrets []state.Sealed) error
	// Exe is this program, for the commands that are it in another role.
	Exe string
}

// World is the pretend world of one directory.
type World struct {
	dir  string
	opts Options

	mu     sync.Mutex
	st     State
	lns    map[string]net.Listener
	serve  []*http.Server
	before map[string]int // the ports of the last time, by service
	stop   []func()
	master *master                // of buildbot
	life   atomic.Pointer[Living] // nil: nothing happens by itself
	counts cloudCounts
}

// Open loads the world of the directory's .nixwright/world/, or makes it from
// the scenario and the seed. It does not serve yet.
func Open(dir, scenario, seed string, cfg state.Config, opts Options) (*World, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	w := &World{dir: filepath.Join(dir, ".nixwright", "world"), opts: opts, lns: map[string]net.Listener{}}
	b, err := os.ReadFile(w.file())
	switch {
	case err == nil:
		if err := json.Unmarshal(b, &w.st); err != nil {
			return nil, fmt.Errorf("read world %s: %w", w.file(), err)
		}
		return w, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read world: %w", err)
	}
	w.st = State{Seed: seed, Scenario: scenario, Config: cfg, Ports: map[string]int{}, Env: map[string]string{}}
	return w, nil
}

func (w *World) file() string { return filepath.Join(w.dir, "state.json") }

// Update changes the state under the lock and writes it before it returns.
// When f fails, nothing is written; f must then not have changed anything.
func (w *World) Update(f func(*State) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := f(&w.st); err != nil {
		return err
	}
	return w.save()
}

// Look reads the state under the lock; f keeps nothing of it.
func (w *World) Look(f func(*State)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.st)
}

func (w *World) save() error {
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return err
	}
	b, err := json.Marshal(w.st)
	if err != nil {
		return err
	}
	// A rename is enough against kill -9; the world need not survive a power cut.
	tmp := w.file() + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, w.file())
}

// Make returns n hex characters that follow from the seed, the label and the
// number of values made before; call it inside Update.
func (s *State) Make(label string, n int) string {
	s.Count++
	out := ""
	for i := 0; len(out) < n; i++ {
		m := hmac.New(sha256.New, []byte(s.Seed))
		_, _ = m.Write([]byte(label + "/" + strconv.Itoa(s.Count) + "/" + strconv.Itoa(i)))
		out += hex.EncodeToString(m.Sum(nil))
	}
	return out[:n]
}

// Listen opens the service's port on loopback: the one it had before, where
// that is free, else a new one. It returns host:port.
func (w *World) Listen(ctx context.Context, service string) (string, error) {
	if ln, ok := w.lns[service]; ok {
		return ln.Addr().String(), nil
	}
	listen := net.ListenConfig{}
	ln, err := listen.Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(w.st.Ports[service]))
	if err != nil {
		if ln, err = listen.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return "", fmt.Errorf("listen for %s: %w", service, err)
		}
	}
	w.lns[service] = ln
	if addr, ok := ln.Addr().(*net.TCPAddr); ok {
		w.st.Ports[service] = addr.Port
	}
	return ln.Addr().String(), nil
}

// Handle serves a service on its port until Close.
func (w *World) Handle(ctx context.Context, service string, h http.Handler) error {
	if _, err := w.Listen(ctx, service); err != nil {
		return err
	}
	if w.opts.Delay > 0 {
		h = delayed(h, w.opts.Delay)
	}
	if w.opts.Wrap != nil {
		h = w.opts.Wrap(service, h)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.serve = append(w.serve, srv)
	go func() { _ = srv.Serve(w.lns[service]) }()
	return nil
}

// delayed answers after a while, or not at all to a caller that has left.
func delayed(h http.Handler, delay time.Duration) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			h.ServeHTTP(rw, r)
		case <-r.Context().Done():
		}
	})
}

// Close stops serving; the state stays on disk.
func (w *World) Close() {
	for _, s := range w.serve {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = s.Shutdown(ctx)
		cancel()
	}
	for _, f := range w.stop {
		f()
	}
}
