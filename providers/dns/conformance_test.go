package dns_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/nixwright/nixwright/providers/dns"
	"github.com/nixwright/nixwright/state"
)

// These tests put the resolver before a server with the answers that servers
// in the wild give: truncated ones, chains, failures for one kind of address
// only, noise from strangers.

// zone answers one question; nil: with silence. tcp says how it was asked.
type zone func(q dnsmessage.Message, tcp bool) []byte

// nameserver serves a zone over UDP and TCP on one port of loopback.
func nameserver(t *testing.T, z zone) string {
	t.Helper()
	var lc net.ListenConfig
	var udp net.PacketConn
	var tcp net.Listener
	for range 20 { // until a port is free for both
		var err error
		if tcp, err = lc.Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if udp, err = lc.ListenPacket(t.Context(), "udp", tcp.Addr().String()); err == nil {
			break
		}
		_ = tcp.Close()
	}
	if udp == nil {
		t.Fatal("no port is free for both UDP and TCP")
	}
	t.Cleanup(func() { _ = udp.Close(); _ = tcp.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) == nil {
				if out := z(m, false); out != nil {
					_, _ = udp.WriteTo(out, from)
				}
			}
		}
	}()
	go func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			go serveTCP(c, z)
		}
	}()
	return tcp.Addr().String()
}

func serveTCP(c net.Conn, z zone) {
	defer func() { _ = c.Close() }()
	for {
		var size uint16
		if binary.Read(c, binary.BigEndian, &size) != nil {
			return
		}
		buf := make([]byte, size)
		var m dnsmessage.Message
		if _, err := io.ReadFull(c, buf); err != nil || m.Unpack(buf) != nil {
			return
		}
		out := z(m, true)
		if out == nil {
			return
		}
		_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
	}
}

// reply packs an answer: records are "name A 192.0.2.1", "name AAAA ::1" and
// "name CNAME other"; only those that fit the question's kind are told.
func reply(q dnsmessage.Message, code dnsmessage.RCode, records ...string) []byte {
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, RecursionDesired: true, RecursionAvailable: true, RCode: code}, Questions: q.Questions}
	for _, record := range records {
		part := strings.Fields(record)
		head := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(part[0]), Class: dnsmessage.ClassINET, TTL: 60}
		switch asked := q.Questions[0].Type; {
		case part[1] == "CNAME":
			out.Answers = append(out.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(part[2])}})
		case part[1] == "A" && asked == dnsmessage.TypeA:
			out.Answers = append(out.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: netip.MustParseAddr(part[2]).As4()}})
		case part[1] == "AAAA" && asked == dnsmessage.TypeAAAA:
			out.Answers = append(out.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(part[2]).As16()}})
		}
	}
	raw, err := out.Pack()
	if err != nil {
		return nil
	}
	return raw
}

// many are more addresses than a datagram of old holds.
func many(n int) (records, addrs []string) {
	for i := range n {
		a := fmt.Sprintf("192.0.2.%d", i)
		records, addrs = append(records, "ci.phlip9.com. A "+a), append(addrs, a)
	}
	slices.SortFunc(addrs, func(a, b string) int { return netip.MustParseAddr(a).Compare(netip.MustParseAddr(b)) })
	return records, addrs
}

func v6(q dnsmessage.Message) bool { return q.Questions[0].Type == dnsmessage.TypeAAAA }

func TestAnswersOfTheWild(t *testing.T) {
	t.Parallel()
	records, addrs := many(200)
	const ok, name = dnsmessage.RCodeSuccess, "ci.phlip9.com."
	for what, c := range map[string]struct {
		zone zone
		want []string
		kind error // nil: none
	}{
		"both kinds": {func(q dnsmessage.Message, _ bool) []byte {
			return reply(q, ok, name+" AAAA 2001:db8::7", name+" A 192.0.2.7", name+" A 192.0.2.7")
		}, []string{"192.0.2.7", "2001:db8::7"}, nil},
		"an IPv4 address in an IPv6 record": {func(q dnsmessage.Message, _ bool) []byte { return reply(q, ok, name+" AAAA ::ffff:192.0.2.7") }, nil, nil},
		"a chain": {func(q dnsmessage.Message, _ bool) []byte {
			return reply(q, ok, name+" CNAME a.x.", "a.x. CNAME b.x.", "b.x. CNAME c.x.", "c.x. A 192.0.2.7")
		}, []string{"192.0.2.7"}, nil},
		"a chain to nothing": {func(q dnsmessage.Message, _ bool) []byte { return reply(q, ok, name+" CNAME a.x.") }, nil, nil},
		"a chain to a name that is not": {func(q dnsmessage.Message, _ bool) []byte {
			return reply(q, dnsmessage.RCodeNameError, name+" CNAME a.x.")
		}, nil, nil},
		"no such name": {func(q dnsmessage.Message, _ bool) []byte { return reply(q, dnsmessage.RCodeNameError) }, nil, nil},
		"no address":   {func(q dnsmessage.Message, _ bool) []byte { return reply(q, ok) }, nil, nil},
		"many, over TCP": {func(q dnsmessage.Message, tcp bool) []byte {
			if !tcp {
				return truncated(q)
			}
			return reply(q, ok, records...)
		}, addrs, nil},
		"truncated, and nothing over TCP": {func(q dnsmessage.Message, tcp bool) []byte {
			if tcp {
				return nil
			}
			return truncated(q)
		}, nil, state.ErrService},
		"failure":         {func(q dnsmessage.Message, _ bool) []byte { return reply(q, dnsmessage.RCodeServerFailure) }, nil, state.ErrService},
		"refused":         {func(q dnsmessage.Message, _ bool) []byte { return reply(q, dnsmessage.RCodeRefused) }, nil, state.ErrService},
		"not implemented": {func(q dnsmessage.Message, _ bool) []byte { return reply(q, dnsmessage.RCodeNotImplemented) }, nil, state.ErrService},
		// A router that knows IPv4 alone does not keep anybody from going on.
		"failure for IPv6 alone": {func(q dnsmessage.Message, _ bool) []byte {
			if v6(q) {
				return reply(q, dnsmessage.RCodeServerFailure)
			}
			return reply(q, ok, name+" A 192.0.2.7")
		}, []string{"192.0.2.7"}, nil},
		"silence for IPv6 alone": {func(q dnsmessage.Message, _ bool) []byte {
			if v6(q) {
				return nil
			}
			return reply(q, ok, name+" A 192.0.2.7")
		}, []string{"192.0.2.7"}, nil},
		// Half a failure and no address is no "there is none".
		"failure for IPv6, no IPv4": {func(q dnsmessage.Message, _ bool) []byte {
			if v6(q) {
				return reply(q, dnsmessage.RCodeServerFailure)
			}
			return reply(q, ok)
		}, nil, state.ErrService},
		"another's answer": {func(q dnsmessage.Message, _ bool) []byte {
			q.ID++
			return reply(q, ok, name+" A 203.0.113.66")
		}, nil, state.ErrOffline},
		"the answer to another question": {func(q dnsmessage.Message, _ bool) []byte {
			q.Questions[0].Name = dnsmessage.MustNewName("evil.example.")
			return reply(q, ok, "evil.example. A 203.0.113.66")
		}, nil, state.ErrOffline},
		"noise":   {func(dnsmessage.Message, bool) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, nil, state.ErrOffline},
		"silence": {func(dnsmessage.Message, bool) []byte { return nil }, nil, state.ErrOffline},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			limit := 5 * time.Second
			if errors.Is(c.kind, state.ErrOffline) || strings.HasPrefix(what, "silence") {
				limit = 300 * time.Millisecond // the resolver waits for a better answer
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			begin := time.Now()
			got, err := dns.New(nameserver(t, c.zone)).Lookup(ctx, "ci.phlip9.com")
			var text []string
			for _, a := range got {
				text = append(text, a.String())
			}
			if !slices.Equal(text, c.want) || !errors.Is(err, c.kind) || c.kind == nil && err != nil {
				t.Errorf("got %v, %v", text, err)
			}
			var call *state.CallError
			if err != nil && (!errors.As(err, &call) || call.Service != "DNS" || !strings.Contains(err.Error(), "ci.phlip9.com")) {
				t.Errorf("the error names no operation: %v", err)
			}
			if took := time.Since(begin); took > limit+2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// truncated says that the answer does not fit.
func truncated(q dnsmessage.Message) []byte {
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, Truncated: true, RecursionAvailable: true}, Questions: q.Questions}
	raw, err := out.Pack()
	if err != nil {
		return nil
	}
	return raw
}

// A lookup that nobody wants any more ends at once, whatever the server does.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	r := dns.New(nameserver(t, func(dnsmessage.Message, bool) []byte { asked <- struct{}{}; return nil }))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	begin := time.Now()
	if _, err := r.Lookup(ctx, "ci.phlip9.com"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Names that are none are answered without asking, and never panic.
func TestNamesThatAreNone(t *testing.T) {
	t.Parallel()
	r := dns.New(nameserver(t, func(q dnsmessage.Message, _ bool) []byte { return reply(q, dnsmessage.RCodeNameError) }))
	for _, name := range []string{"", ".", "..", "a..b", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 200), "a b.com", "a\x00.com", "ünï.com", "_x._tcp.phlip9.com", "-", "*.phlip9.com", strconv.Itoa(1)} {
		if got, err := r.Lookup(t.Context(), name); len(got) > 0 || err != nil && !errors.Is(err, state.ErrService) {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
}
