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
// fails state.ErrService; where that is so for one kind of address alone
// (routers that know no IPv6), the others are the answer, if there are any.
func (r *Resolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	limited, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	// The dot at the end keeps search domains out.
	name = strings.TrimSuffix(name, ".")
	var six []netip.Addr
	var failed6 error
	done := make(chan struct{})
	go func() {
		defer close(done)
		six, failed6 = r.r.LookupNetIP(limited, "ip6", name+".")
	}()
	got, failed := r.r.LookupNetIP(limited, "ip4", name+".")
	<-done
	got = append(got, six...)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, &state.CallError{Service: "DNS", Op: "look up " + name, Kind: context.Canceled}
	case len(got) > 0:
		for i := range got {
			got[i] = got[i].Unmap()
		}
		slices.SortFunc(got, netip.Addr.Compare)
		return slices.Compact(got), nil
	case !none(failed):
		return nil, verdict(limited, name, failed)
	case !none(failed6):
		return nil, verdict(limited, name, failed6)
	}
	return nil, nil // both say so
}

// none says whether an error means that there is no address of the kind.
func none(err error) bool {
	var failed *net.DNSError
	var other *net.AddrError // an address of the other kind in the answer
	return errors.As(err, &failed) && failed.IsNotFound || errors.As(err, &other)
}

// verdict says what failed.
func verdict(limited context.Context, name string, err error) error {
	e := &state.CallError{Service: "DNS", Op: "look up " + name, Kind: state.ErrService}
	var failed *net.DNSError
	if !errors.As(err, &failed) {
		e.Text = state.CleanText(err.Error(), 0)
		return e
	}
	if failed.IsTimeout || limited.Err() != nil || failed.IsTemporary && failed.Err != misbehaving {
		e.Kind = state.ErrOffline
	}
	e.Text = state.CleanText(failed.Err, 0)
	return e
}
