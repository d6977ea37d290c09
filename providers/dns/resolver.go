// Package dns looks addresses up, by the system's resolver or by one that is
// named.
package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// lookupTime is how long an answer may take.
const lookupTime = 5 * time.Second

// misbehaving is what package net says of a server that answers with a failure;
// both that and a server that is not there are temporary to it.
const misbehaving = "server misbehaving"

// Resolver looks names up at one server.
type Resolver struct{ r *net.Resolver }

// New returns a resolver that asks server, "host:port"; empty: the servers
// that the system is set to.
func New(server string) *Resolver {
	if server == "" {
		return &Resolver{r: &net.Resolver{}}
	}
	return &Resolver{r: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server)
		},
	}}
}

// Lookup returns the IPv4 and IPv6 addresses of a name, in order and each
// once. A name that does not exist, or has no address, has none and is no
// error. No answer within five seconds is state.ErrOffline, a server that
// fails state.ErrService.
func (r *Resolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	limited, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	// The dot at the end keeps search domains out.
	got, err := r.r.LookupNetIP(limited, "ip", strings.TrimSuffix(name, ".")+".")
	if err == nil {
		for i := range got {
			got[i] = got[i].Unmap()
		}
		slices.SortFunc(got, netip.Addr.Compare)
		return slices.Compact(got), nil
	}
	e := &state.CallError{Service: "DNS", Op: "look up " + name, Kind: state.ErrService}
	var failed *net.DNSError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Kind = context.Canceled
		return nil, e
	case !errors.As(err, &failed):
		e.Text = state.CleanText(err.Error(), 0)
		return nil, e
	case failed.IsNotFound:
		return nil, nil
	case failed.IsTimeout, limited.Err() != nil, failed.IsTemporary && failed.Err != misbehaving:
		e.Kind = state.ErrOffline
	}
	e.Text = state.CleanText(failed.Err, 0)
	return nil, e
}
