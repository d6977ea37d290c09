package fake

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// edgeAddrs are what a name behind Cloudflare's proxy resolves to: addresses
// that are nobody's (RFC 5737, RFC 3849).
func edgeAddrs() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("198.51.100.24"), netip.MustParseAddr("2001:db8::24")}
}

// serveDNS answers A and AAAA queries over UDP on loopback until Close, on the
// port it had before where that is free. It returns host:port.
func (w *World) serveDNS(ctx context.Context) (string, error) {
	port := 0
	w.Look(func(s *State) { port = s.Ports["dns"] })
	listen := net.ListenConfig{}
	conn, err := listen.ListenPacket(ctx, "udp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		if conn, err = listen.ListenPacket(ctx, "udp", "127.0.0.1:0"); err != nil {
			return "", fmt.Errorf("listen for dns: %w", err)
		}
	}
	addr, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err == nil {
		err = w.Update(func(s *State) error {
			s.Ports["dns"] = int(addr.Port())
			return nil
		})
	}
	if err != nil {
		_ = conn.Close()
		return "", fmt.Errorf("listen for dns: %w", err)
	}
	w.stop = append(w.stop, func() { _ = conn.Close() })
	go w.answerDNS(conn)
	return addr.String(), nil
}

// answerDNS reads queries until the connection is closed.
func (w *World) answerDNS(conn net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if out, err := w.dnsReply(buf[:n]); err == nil {
			_, _ = conn.WriteTo(out, from)
		}
	}
}

// dnsReply answers the first question of a query. A name without any address
// does not exist.
func (w *World) dnsReply(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	head, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := p.Question()
	if err != nil {
		return nil, err
	}
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: head.ID, Response: true, Authoritative: true,
			RecursionDesired: head.RecursionDesired, RecursionAvailable: true,
		},
		Questions: []dnsmessage.Question{question},
	}
	addrs := w.resolve(question.Name.String())
	if len(addrs) == 0 {
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		var body dnsmessage.ResourceBody
		switch {
		case question.Type == dnsmessage.TypeA && a.Is4():
			body = &dnsmessage.AResource{A: a.As4()}
		case question.Type == dnsmessage.TypeAAAA && a.Is6():
			body = &dnsmessage.AAAAResource{AAAA: a.As16()}
		default:
			continue
		}
		reply.Answers = append(reply.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 1}, Body: body,
		})
	}
	return reply.Pack()
}

// resolve looks a name up as the world's DNS does: static names, then the
// records of the zones. Names behind the proxy have the edge's addresses.
func (w *World) resolve(name string) []netip.Addr {
	var out []netip.Addr
	w.Look(func(s *State) { out = s.Cloud.resolve(name, 8) })
	return out
}

// resolve follows CNAMEs for that many steps.
func (c *CloudState) resolve(name string, steps int) []netip.Addr {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	var out []netip.Addr
	for _, text := range c.Names[name] {
		if a, err := netip.ParseAddr(text); err == nil {
			out = append(out, a)
		}
	}
	for _, r := range c.Records {
		switch {
		case r.Name != name || !proxiable(r.Type):
		case r.Proxied:
			return edgeAddrs()
		case r.Type == "CNAME" && steps > 0:
			out = append(out, c.resolve(r.Content, steps-1)...)
		default:
			if a, err := netip.ParseAddr(r.Content); err == nil {
				out = append(out, a)
			}
		}
	}
	return out
}
