package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/state"
)

// service is what listens on the host's loopback: /echo (WebSocket), /events
// (one a line, with a pause that the test ends), /ID.
func service(t *testing.T, next <-chan struct{}) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.CloseNow() }()
		for {
			kind, text, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, text) != nil {
				return
			}
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; ; i++ {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path+strings.Repeat("x", 100_000))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// over is an HTTP client through the host.
func over(t *testing.T, h *ssh.Host) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return h.Dial(ctx, addr) }}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func forwarded(t *testing.T, h *ssh.Host, parallel int) {
	t.Helper()
	next := make(chan struct{})
	s := service(t, next)
	hc := over(t, h)
	var all sync.WaitGroup
	for i := range parallel {
		all.Go(func() {
			path := fmt.Sprintf("/%d", i)
			resp, err := get(t, hc, s.URL+path)
			if err != nil {
				t.Error(err)
				return
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || len(body) != len(path)+100_000 || !strings.HasPrefix(string(body), path+"x") {
				t.Errorf("%s: %d bytes, %v", path, len(body), err)
			}
		})
	}
	all.Wait()

	c, _, err := websocket.Dial(t.Context(), s.URL+"/echo", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"hello", strings.Repeat("y", 30_000)} {
		if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(t.Context()); err != nil || string(got) != text {
			t.Errorf("echo of %d bytes: %d, %v", len(text), len(got), err)
		}
	}
	_ = c.CloseNow()

	events, err := get(t, hc, s.URL+"/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = events.Body.Close() }()
	for i := range 20 { // each arrives before the next is made
		want := fmt.Sprintf("data: %d\n\n", i)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(events.Body, got); err != nil || string(got) != want {
			t.Fatalf("event %q, %v, want %q", got, err, want)
		}
		next <- struct{}{}
	}
}

// quiet is the address of something that listens and says nothing.
func quiet(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// cut ends the connection under a stream: the stream and the master say so
// within a limit; once nothing is kept, all says so.
func cut(t *testing.T, m met) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s := service(t, nil)
	master := ssh.NewMaster(m.Options)
	defer master.Close()
	if err := errors.Join(master.Connect(ctx), master.Connect(ctx)); err != nil {
		t.Fatal(err)
	}
	events, err := get(t, over(t, master.Host()), s.URL+"/events")
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("data: 0\n\n"))
	if _, err := io.ReadFull(events.Body, first); err != nil {
		t.Fatal(err)
	}
	m.cut()
	if _, err := events.Body.Read(first); !errors.Is(err, state.ErrOffline) {
		t.Errorf("stream: %v, want ErrOffline", err)
	}
	_ = events.Body.Close()
	master.Close()
	if _, err := master.Host().Units(ctx, "a.service"); !errors.Is(err, state.ErrOffline) {
		t.Errorf("while there is no connection: %v, want ErrOffline", err)
	}
}
