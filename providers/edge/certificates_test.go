package edge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nixwright/nixwright/providers/edge"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state/live"
)

const (
	ciName    = "ci.phlip9.com"
	cacheName = "cache.phlip9.com"
)

// hosts are TLS servers by name, within the process.
type hosts struct {
	mu    sync.Mutex
	certs map[string]tls.Certificate
	how   map[string]string // "refused", "hangs"
	dials int
}

// dial connects to a host; each connection is a server of its own.
func (h *hosts) dial(ctx context.Context, _, address string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil || port != "443" {
		return nil, errors.New("dial " + address)
	}
	h.mu.Lock()
	cert, how := h.certs[name], h.how[name]
	h.dials++
	h.mu.Unlock()
	switch how {
	case "refused":
		return nil, errors.New("connect: connection refused")
	case "hangs":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	here, there := net.Pipe()
	server := tls.Server(there, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if how == "mute" {
		return here, nil
	}
	go func() {
		_ = server.Handshake()
		_, _ = server.Read(make([]byte, 1)) // until the other side goes
		_ = there.Close()
	}()
	return here, nil
}

func (h *hosts) set(name, how string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.how[name] = how
}

// looks are how often somebody dialled since the last time.
func (h *hosts) looks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.dials
	h.dials = 0
	return n
}

// story watches the certificates of two names in a bubble, whose time is that
// of the certificates; how is what is wrong with the hosts at first.
func story(t *testing.T, how map[string]string, tell func(t *testing.T, h *hosts, ends time.Time, now func() live.Snapshot)) {
	t.Helper()
	h := &hosts{certs: map[string]tls.Certificate{}, how: how}
	file, key, trust := realtest.Certificate(t, ciName, cacheName)
	cert, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	h.certs[ciName], h.certs[cacheName] = cert, cert
	synctest.Test(t, func(t *testing.T) {
		shift := time.Until(made.NotBefore) + time.Hour // a bubble begins in 2000
		clock := live.Clock{Now: func() time.Time { return time.Now().Add(shift) }, Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		s := live.New()
		src := edge.NewCertificates([]string{ciName, cacheName}, edge.CertificatesOptions{Clock: clock, Roots: trust, Dial: h.dial})
		go live.Supervise(ctx, src, func(u live.Update) {
			mu.Lock()
			defer mu.Unlock()
			s = live.Reduce(s, u)
		}, clock, func() float64 { return 0 })
		tell(t, h, made.NotAfter, func() live.Snapshot {
			mu.Lock()
			defer mu.Unlock()
			return s
		})
		cancel()
	}) // it fails where a goroutine is left
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func link(s live.Snapshot) live.Origin {
	o, _ := s.Source("certificates")
	return o
}

func TestCertificates(t *testing.T) {
	story(t, map[string]string{}, func(t *testing.T, h *hosts, ends time.Time, now func() live.Snapshot) {
		t.Helper()
		pass(time.Second)
		s := now()
		got, _ := s.Certificates.Get()
		if len(got) != 2 || got[0] != (live.Certificate{Name: ciName, Ends: ends}) || got[1] != (live.Certificate{Name: cacheName, Ends: ends}) {
			t.Errorf("%+v, want %v", got, ends)
		}
		if l := link(s); !l.Up || l.Note != "" {
			t.Errorf("%+v", l)
		}
		h.looks()
		pass(18*time.Hour + time.Minute)
		if n := h.looks(); n != 6 {
			t.Errorf("in eighteen hours it looks %d times", n)
		}
		pass(12 * time.Hour) // it has ended; its date is told, and why nobody trusts it
		s = now()
		got, _ = s.Certificates.Get()
		if l := link(s); !l.Up || !strings.Contains(l.Note, "verify certificate of ci.phlip9.com: x509: certificate has expired") || len(got) != 2 || !got[0].Ends.Equal(ends) {
			t.Errorf("%+v, %+v", l, got)
		}
	})
}

func TestCertificatesOneFails(t *testing.T) {
	for _, how := range []string{"refused", "hangs", "mute"} {
		t.Run(how, func(t *testing.T) {
			story(t, map[string]string{cacheName: how}, func(t *testing.T, h *hosts, _ time.Time, now func() live.Snapshot) {
				t.Helper()
				pass(30 * time.Second)
				s := now()
				got, _ := s.Certificates.Get()
				if l := link(s); !l.Up || !strings.HasPrefix(l.Note, "read certificate of cache.phlip9.com: the server: no answer") || len(got) != 1 || got[0].Name != ciName {
					t.Errorf("%+v, %+v", l, got)
				}
				h.looks()
				pass(time.Hour)
				if n := h.looks(); n < 8 || n > 14 {
					t.Errorf("in the hour after that it looks %d times", n)
				}
				h.set(cacheName, "")
				pass(2 * time.Hour)
				s = now()
				got, _ = s.Certificates.Get()
				if l := link(s); l.Note != "" || len(got) != 2 {
					t.Errorf("%+v, %+v", l, got)
				}
				h.set(cacheName, how)
				h.looks()
				pass(7 * time.Hour)
				if n := h.looks(); n < 8 {
					t.Errorf("once it fails again it looks %d times", n)
				}
				if got, _ = now().Certificates.Get(); len(got) != 2 {
					t.Errorf("what was read before is gone: %+v", got)
				}
			})
		})
	}
}

func TestCertificatesDown(t *testing.T) {
	for _, how := range []string{"refused", "hangs", "mute"} {
		t.Run(how, func(t *testing.T) {
			story(t, map[string]string{ciName: how, cacheName: how}, func(t *testing.T, h *hosts, _ time.Time, now func() live.Snapshot) {
				t.Helper()
				pass(time.Minute)
				s := now()
				if l := link(s); l.Up || !strings.Contains(l.Err, "ci.phlip9.com: the server: no answer") || s.Certificates != nil {
					t.Errorf("down at start: %+v", l)
				}
				h.set(ciName, "")
				h.set(cacheName, "")
				pass(2 * time.Minute)
				was := now()
				if l := link(was); !l.Up || was.Certificates == nil {
					t.Errorf("up: %+v", l)
				}
				h.set(ciName, how)
				h.set(cacheName, how)
				h.looks()
				pass(7 * time.Hour)
				if n := h.looks(); n < 8 {
					t.Errorf("once it fails again it looks %d times", n)
				}
				s = now()
				if l := link(s); l.Up || s.Certificates != was.Certificates {
					t.Errorf("down later: %+v", l)
				}
			})
		})
	}
}

// A certificate of another name, and one that nobody signed, have a date too.
func TestCertificatesNotTrusted(t *testing.T) {
	file, key, trust := realtest.Certificate(t, "else.phlip9.com")
	cert, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = c.Read(make([]byte, 1)); _ = c.Close() }()
		}
	}()
	for name, c := range map[string]struct {
		roots *x509.CertPool
		want  string
	}{
		"another name": {trust, "is valid for else.phlip9.com, not ci.phlip9.com"},
		"unknown":      {x509.NewCertPool(), "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			src := edge.NewCertificates([]string{ciName}, edge.CertificatesOptions{
				Roots: c.roots,
				Clock: live.Clock{Now: time.Now, Sleep: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }},
				Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
				},
			})
			note, ends := "", time.Time{}
			err := src.Watch(ctx, func(u live.Update) {
				switch n := u.News.(type) {
				case live.Link:
					note = n.Note
				case live.Tell[live.Certificates]:
					ends = n.Value[0].Ends
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) || !strings.Contains(note, c.want) || time.Until(ends) < 23*time.Hour {
				t.Errorf("%v, %q, %v", err, note, ends)
			}
		})
	}
}
