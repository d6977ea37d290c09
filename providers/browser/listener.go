package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nixwright/nixwright/state"
)

// usualPort is tried first, so that the address is the same from run to run.
const usualPort = 8976

// Listener serves pages to the browser on this machine, and takes the answers
// with which a service sends it back.
type Listener struct {
	port    int
	server  *http.Server
	on      []net.Listener
	form    atomic.Pointer[shown]
	answers chan string
}

// Listen starts a page server on loopback: on the port, on the usual one
// (8976) where port is 0, and where that is taken, on any. It listens on
// 127.0.0.1 and ::1, since a browser may take either for localhost.
func Listen(port int) (*Listener, error) {
	if port == 0 {
		port = usualPort
	}
	listeners, err := bind(port)
	for range 4 {
		if err == nil {
			break
		}
		listeners, err = bind(0)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	addr, _ := listeners[0].Addr().(*net.TCPAddr)
	l := &Listener{port: addr.Port, on: listeners, answers: make(chan string, 8)}
	l.server = &http.Server{Handler: http.HandlerFunc(l.serve), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	for _, on := range listeners {
		go func() { _ = l.server.Serve(on) }()
	}
	return l, nil
}

// bind listens on both loopback addresses, or on IPv4 alone where there is no
// IPv6; a port that somebody else has on either is not taken.
func bind(port int) ([]net.Listener, error) {
	var lc net.ListenConfig
	four, err := lc.Listen(context.Background(), "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	_, same, _ := net.SplitHostPort(four.Addr().String())
	six, err := lc.Listen(context.Background(), "tcp6", net.JoinHostPort("::1", same))
	switch {
	case err == nil:
		return []net.Listener{four, six}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		_ = four.Close()
		return nil, fmt.Errorf("bind: %w", err)
	}
	return []net.Listener{four}, nil
}

// Callback is the address to which a service is to send the browser back.
func (l *Listener) Callback() string { return fmt.Sprintf("http://localhost:%d/", l.port) }

// shown is the page that is open, at its path.
type shown struct {
	path string
	form *state.Form
}

// Serve makes this form the page at Callback; nil: there is no page.
func (l *Listener) Serve(form *state.Form) { l.ServeAt("/", form) }

// ServeAt makes this form the page at a path under Callback, and the only one.
func (l *Listener) ServeAt(path string, form *state.Form) { l.form.Store(&shown{path, form}) }

// Answers gives the full addresses, with their code or error, to which the
// browser was sent back. Whether an answer belongs to a question (its state)
// is for the reader to check: any page can send a browser here.
func (l *Listener) Answers() <-chan string { return l.answers }

// Close stops the server.
func (l *Listener) Close() error {
	err := l.server.Close()
	for _, on := range l.on {
		_ = on.Close() // the server knows only those that it serves already
	}
	if err != nil {
		return fmt.Errorf("stop page server: %w", err)
	}
	return nil
}

// serve answers one request. Only names of this machine are accepted as Host,
// so that no page of another name can read what is served here.
func (l *Listener) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	q, now := r.URL.Query(), l.form.Load()
	port := strconv.Itoa(l.port)
	switch {
	case r.Host != "localhost:"+port && r.Host != "127.0.0.1:"+port && r.Host != "[::1]:"+port:
		http.Error(w, "this server answers to localhost only", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet:
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
	case r.URL.Path == "/" && (q.Get("code") != "" || q.Get("error") != ""):
		select {
		case l.answers <- fmt.Sprintf("http://localhost:%d%s", l.port, r.URL.RequestURI()):
		default: // nobody reads
		}
		page(w, thanksPage)
	case now == nil || now.form == nil || r.URL.Path != "/" && r.URL.Path != now.path:
		http.Error(w, "This page is not open: nixwright is at another question, or not waiting any more.", http.StatusNotFound)
	default:
		page(w, FormHTML(*now.form))
	}
}

func page(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, text)
}
