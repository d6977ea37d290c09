package buildbottest

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/state"
)

// wire is the way to a master that a test can cut, or hold.
type wire struct {
	ln    net.Listener
	to    string
	dials net.Dialer

	mu    sync.Mutex
	conns []net.Conn
	held  bool
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	w := &wire{ln: need((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t), to: strings.TrimPrefix(to, "http://")}
	t.Cleanup(w.cut)
	go w.accept(t.Context())
	return w
}

func (w *wire) url() string { return "http://" + w.ln.Addr().String() }

func (w *wire) accept(ctx context.Context) {
	for {
		a, err := w.ln.Accept()
		if err != nil {
			return
		}
		b, err := w.dials.DialContext(ctx, "tcp", w.to)
		if err != nil {
			_ = a.Close()
			return
		}
		w.mu.Lock()
		w.conns = append(w.conns, a, b)
		w.mu.Unlock()
		go w.carry(a, b)
		go w.carry(b, a)
	}
}

// carry moves bytes until the connection ends; held, it swallows them.
func (w *wire) carry(to io.Writer, from io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		held := w.held
		w.mu.Unlock()
		if !held {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = true
}

// cut closes everything.
func (w *wire) cut() {
	_ = w.ln.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
}

// cut ends the connection while somebody watches: an error, at once.
func (x *suite) cut(t *testing.T) {
	x.both(t, time.Minute, (*wire).cut)
}

// silence holds the connection: nothing comes any more, and nothing says so.
func (x *suite) silence(t *testing.T) {
	x.both(t, 300*time.Millisecond, (*wire).hold)
}

func (x *suite) both(t *testing.T, patience time.Duration, happens func(*wire)) {
	t.Helper()
	for name, way := range map[string]func(*buildbot.Client, context.Context, buildbot.Watch, func(state.BuildEvent)) error{
		"WebSocket": (*buildbot.Client).Watch, "server sent events": (*buildbot.Client).Listen,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, x.URL)
			c := buildbot.New(client(), w.url())
			o := watching(t, func(ctx context.Context, b buildbot.Watch, emit func(state.BuildEvent)) error {
				return way(c, ctx, b, emit)
			},
				buildbot.Watch{Paths: []string{"builds/*/*"}, Patience: patience})
			happens(w)
			begin := time.Now()
			kind(t, "the end", <-o.ended, state.ErrOffline, "builds")
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("noticed after %v", took)
			}
		})
	}
}

// cancelled is a caller that has left already.
func (x *suite) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	nobody := func(state.BuildEvent) {}
	paths := buildbot.Watch{Paths: []string{"builds/*/*"}}
	_, err := x.c.Builds(ctx, buildbot.BuildQuery{})
	kind(t, "builds", err, context.Canceled, "list builds")
	_, err = x.c.Login(ctx, x.Admin, x.Password)
	kind(t, "login", err, context.Canceled, "sign in")
	_, err = x.c.Force(ctx, x.s, x.scheduler, "")
	kind(t, "force", err, context.Canceled, "force")
	kind(t, "watch", x.c.Watch(ctx, paths, nobody), context.Canceled, "watch builds")
	kind(t, "listen", x.c.Listen(ctx, paths, nobody), context.Canceled, "listen to builds")
}
