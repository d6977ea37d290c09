package edge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// The pauses between two looks: while all is well, and after one that was not,
// doubled each time.
const (
	calmPause    = 6 * time.Hour
	firstPause   = time.Minute
	handshakeMax = 10 * time.Second
)

// CertificatesOptions are what Certificates need besides the names.
type CertificatesOptions struct {
	Clock live.Clock
	Roots *x509.CertPool                                                       // that are trusted; nil: the system's
	Dial  func(ctx context.Context, network, address string) (net.Conn, error) // nil: a net.Dialer's
}

// Certificates tells until when the TLS certificates of names are good. It
// looks every six hours, and sooner where a name did not answer or a certificate
// is not to be trusted; which one, and why, is in the note of its link.
type Certificates struct {
	names []string
	o     CertificatesOptions
	ends  map[string]time.Time // as last read
}

// NewCertificates returns the live.Source "certificates" of names
// ("ci.example", port 443).
func NewCertificates(names []string, o CertificatesOptions) *Certificates {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return &Certificates{names: names, o: o, ends: map[string]time.Time{}}
}

// Name is "certificates".
func (c *Certificates) Name() string { return "certificates" }

// Watch implements live.Source. It ends where no name answers.
func (c *Certificates) Watch(ctx context.Context, emit func(live.Update)) error {
	wait := firstPause
	for {
		silent, notes := c.look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case silent == len(c.names) && silent > 0:
			return errors.New(strings.Join(notes, "; "))
		}
		emit(live.Update{News: live.Link{Up: true, Via: "TLS", Note: strings.Join(notes, "; ")}})
		emit(live.Update{News: live.Tell[live.Certificates]{Value: c.told()}})
		pause := calmPause
		if len(notes) > 0 {
			pause, wait = wait, min(2*wait, calmPause)
		} else {
			wait = firstPause
		}
		if err := c.o.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// look reads all certificates. notes say what is wrong, and silent is how many
// names did not answer: what was read of those before stays.
func (c *Certificates) look(ctx context.Context) (silent int, notes []string) {
	for _, name := range c.names {
		ends, err := c.read(ctx, name)
		if ends.IsZero() {
			silent++
		} else {
			c.ends[name] = ends
		}
		if err != nil {
			notes = append(notes, err.Error())
		}
	}
	return silent, notes
}

func (c *Certificates) told() live.Certificates {
	out := live.Certificates{}
	for _, name := range c.names {
		if ends, known := c.ends[name]; known {
			out = append(out, live.Certificate{Name: name, Ends: ends})
		}
	}
	return out
}

// read makes a handshake with a name. Where the certificate is not to be
// trusted there is an error, and its end all the same.
func (c *Certificates) read(ctx context.Context, name string) (ends time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeMax)
	defer cancel()
	op := "read certificate of " + name
	offline := func(err error) error {
		return &state.CallError{Service: "the server", Op: op, Kind: state.ErrOffline, Text: httpx.Cause(err)}
	}
	raw, err := c.o.Dial(ctx, "tcp", net.JoinHostPort(name, "443"))
	if err != nil {
		return time.Time{}, offline(err)
	}
	conn := tls.Client(raw, &tls.Config{
		ServerName: name, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // nothing is said over it, and it is verified below: what is wrong is to be told with its date
	})
	defer func() { _ = raw.Close() }()
	if err := conn.HandshakeContext(ctx); err != nil {
		return time.Time{}, offline(err)
	}
	chain := conn.ConnectionState().PeerCertificates
	between := x509.NewCertPool()
	for _, one := range chain[1:] {
		between.AddCert(one)
	}
	_, err = chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: c.o.Roots, Intermediates: between, CurrentTime: c.o.Clock.Now()})
	if err != nil {
		err = fmt.Errorf("verify certificate of %s: %s", name, httpx.Cause(err))
	}
	return chain[0].NotAfter, err
}
