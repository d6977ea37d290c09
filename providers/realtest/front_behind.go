package realtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// Behind stands in for buildbot behind a front: it writes down what reaches
// it, and answers every path.
type Behind struct {
	Addr string // host:port

	mu   sync.Mutex
	came []*http.Request
}

// NewBehind serves it on loopback until the test ends.
func NewBehind(t *testing.T) *Behind {
	t.Helper()
	b := &Behind{}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	b.Addr = strings.TrimPrefix(s.URL, "http://")
	return b
}

// Came lists the requests that reached it.
func (b *Behind) Came() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*http.Request(nil), b.came...)
}

// ServeHTTP implements http.Handler: /ws says back what it hears, /sse sends
// one event and holds the line, all else is a page with the path on it.
func (b *Behind) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.came = append(b.came, r.Clone(r.Context()))
	b.mu.Unlock()
	switch {
	case r.URL.Path == "/ws":
		b.echo(w, r)
	case strings.HasPrefix(r.URL.Path, "/sse/"):
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: handshake\ndata: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	default:
		_, _ = fmt.Fprintf(w, "behind: %s", r.URL.EscapedPath()) //nolint:gosec // to tests only
	}
}

func (b *Behind) echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer func() { _ = c.CloseNow() }()
	kind, text, err := c.Read(r.Context())
	if err == nil {
		_ = c.Write(r.Context(), kind, text)
	}
}

// Relay passes connections on to host:port, from a port of its own, until stop
// is called or the test ends: so that one program can be gone for one test
// and there for another.
func Relay(t *testing.T, to string) (addr string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop = func() { cancel(); _ = l.Close() }
	t.Cleanup(stop)
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go relay(ctx, from, to)
		}
	}()
	return l.Addr().String(), stop
}

// relay copies both ways until one of them ends.
func relay(ctx context.Context, from net.Conn, to string) {
	defer func() { _ = from.Close() }()
	behind, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = behind.Close() }()
	over := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{from, behind}, {behind, from}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			over <- struct{}{}
		}()
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
}
