package dns_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/nixwright/nixwright/providers/dns"
	"github.com/nixwright/nixwright/state"
)

// serve answers queries on loopback: address records for known names, and
// whatever the first label of others says.
func serve(t *testing.T, records map[string][]string) string {
	t.Helper()
	var listen net.ListenConfig
	conn, err := listen.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := answer(buf[:n], records); out != nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func answer(query []byte, records map[string][]string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable = true, true
	m.Additionals = nil
	addrs, known := records[strings.TrimSuffix(q.Name.String(), ".")]
	switch {
	case strings.HasPrefix(q.Name.String(), "silent."):
		return nil
	case strings.HasPrefix(q.Name.String(), "broken."):
		m.RCode = dnsmessage.RCodeServerFailure
	case !known:
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, s := range addrs {
		head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}
		switch a := netip.MustParseAddr(s); {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

func TestLookup(t *testing.T) {
	r := dns.New(serve(t, map[string][]string{
		"ci.phlip9.com": {"192.0.2.9", "2001:db8::7", "192.0.2.7"}, "v4.phlip9.com": {"192.0.2.7"}, "empty.phlip9.com": nil,
	}))
	cases := []struct {
		name string
		want []string
		kind error
	}{
		{"ci.phlip9.com", []string{"192.0.2.7", "192.0.2.9", "2001:db8::7"}, nil},
		{"ci.phlip9.com.", []string{"192.0.2.7", "192.0.2.9", "2001:db8::7"}, nil},
		{"v4.phlip9.com", []string{"192.0.2.7"}, nil},
		{"empty.phlip9.com", nil, nil},
		{"none.phlip9.com", nil, nil},
		{"broken.phlip9.com", nil, state.ErrService},
	}
	for _, c := range cases {
		got, err := r.Lookup(t.Context(), c.name)
		var text []string
		for _, a := range got {
			text = append(text, a.String())
		}
		if !slices.Equal(text, c.want) || !errors.Is(err, c.kind) {
			t.Errorf("%s: got %v, %v", c.name, text, err)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	r := dns.New(serve(t, nil))
	late, cancelLate := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelLate()
	if _, err := r.Lookup(late, "silent.phlip9.com"); !errors.Is(err, state.ErrOffline) {
		t.Errorf("too late: %v", err)
	}
	given, up := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, up)
	if _, err := r.Lookup(given, "silent.phlip9.com"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	var listen net.ListenConfig
	conn, err := listen.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := conn.LocalAddr().String()
	_ = conn.Close()
	if _, err := dns.New(nobody).Lookup(t.Context(), "ci.phlip9.com"); !errors.Is(err, state.ErrOffline) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestSystem(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dns.New("").Lookup(ctx, "ci.phlip9.com"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
