package setup

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// dns makes the CI's domain lead to the host. A record that is there and leads
// elsewhere is somebody's, and stays.
type dns struct{ Deps }

func (s dns) Info() steps.Info {
	return steps.Info{
		ID: "dns", Title: "DNS of the CI", Phase: steps.PhaseNixOS, Limit: 2 * time.Minute,
		Does:  "make " + s.Config.CI.Domain + " lead to the host",
		Needs: []state.Ref{state.FactZones.Ref()},
		Gives: []state.Ref{state.FactAddress.Ref()},
	}
}

type namesSeen struct{ host, ci []netip.Addr }

// carrier are the addresses that carriers and private networks share (RFC 6598).
var carrier = netip.MustParsePrefix("100.64.0.0/10")

// public are the host's addresses that the world can reach.
func (n namesSeen) public() []netip.Addr {
	return slices.DeleteFunc(slices.Clone(n.host), func(a netip.Addr) bool {
		a = a.Unmap()
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || carrier.Contains(a)
	})
}

func (s dns) look(ctx context.Context) (seen namesSeen, err error) {
	err = together(ctx,
		func(ctx context.Context) (err error) { seen.host, err = s.Host.Addresses(ctx); return err },
		func(ctx context.Context) (err error) {
			seen.ci, err = s.Resolver.Lookup(ctx, s.Config.CI.Domain)
			return err
		},
	)
	return seen, err
}

func (s dns) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	seen, err := s.look(ctx)
	if err != nil {
		return steps.Finding{}, err
	}
	domain := s.Config.CI.Domain
	if len(seen.public()) == 0 {
		return s.unreachable(seen), nil
	}
	if slices.ContainsFunc(seen.ci, func(a netip.Addr) bool { return slices.Contains(seen.host, a) }) {
		return ready(domain+" leads to "+s.Config.Host.Name, state.One(state.FactAddress, seen.host)), nil
	}
	seen.host = seen.public()
	zones, err := state.Get(in, state.FactZones)
	if err != nil {
		return steps.Finding{}, err
	}
	elsewhere := state.Problem{ID: "F40", What: domain + " does not lead to " + s.Config.Host.Name, Why: "its addresses are others than the host's", Fix: "point its A and AAAA records at " + s.Config.Host.SSH}
	zone, found := zoneOf(zones, domain)
	if !found {
		return blocked(elsewhere), nil
	}
	records, err := s.Records.AddressRecords(ctx, zone.ID, domain)
	if err != nil {
		return steps.Finding{}, err
	}
	lacks := slices.Clone(seen.host)
	foreign := len(records) == 0 && len(seen.ci) > 0
	for _, r := range records {
		here := slices.Contains(seen.host, r.Addr)
		if here && r.Proxied {
			return ready(domain+" leads to "+s.Config.Host.Name+" through Cloudflare", state.One(state.FactAddress, seen.host)), nil
		}
		foreign = foreign || !here
		lacks = slices.DeleteFunc(lacks, func(a netip.Addr) bool { return a == r.Addr })
	}
	switch {
	case foreign && len(lacks) == len(seen.host):
		return blocked(elsewhere), nil
	case foreign || len(lacks) == 0:
		return steps.Finding{Status: steps.Waiting, Text: "the record is there, name servers do not show it yet", Again: 5 * time.Second}, nil
	}
	f := steps.Finding{Status: steps.Missing}
	for _, a := range lacks {
		f.Changes = append(f.Changes, steps.Change{Verb: "create", What: kindOf(a) + " record " + domain + " to " + a.String()})
	}
	return f, nil
}

// unreachable is about a host whose public address is not known: there is
// nothing to compare with, and nothing to publish.
func (s dns) unreachable(seen namesSeen) steps.Finding {
	domain := s.Config.CI.Domain
	if len(seen.host) == 0 {
		return blocked(state.Problem{Key: "host.ssh", What: "the address of " + s.Config.Host.SSH + " is not known", Why: "no name server knows it", Fix: "give it an address record, or set host.ssh to its address"})
	}
	why := "ssh reaches the host at a private address, " + seen.host[0].String()
	if len(seen.ci) == 0 {
		return blocked(state.Problem{
			ID: "F40", What: domain + " has no address, and the host's public one is not known", Why: why + ", which the world cannot",
			Fix: "make an A or AAAA record for " + domain + " with the host's public address",
		})
	}
	f := ready(domain+" has an address", state.One(state.FactAddress, seen.ci))
	f.Problems = []state.Problem{{What: "not checked whether " + domain + " leads to " + s.Config.Host.Name, Why: why, Fix: "compare the record with the host's public address"}}
	return f
}

func kindOf(a netip.Addr) string {
	if a.Is4() {
		return "A"
	}
	return "AAAA"
}

func (s dns) Apply(ctx context.Context, in state.Facts, _ steps.Finding, _ steps.Out) error {
	seen, err := s.look(ctx)
	if err != nil {
		return err
	}
	zones, err := state.Get(in, state.FactZones)
	if err != nil {
		return err
	}
	zone, _ := zoneOf(zones, s.Config.CI.Domain)
	have, err := s.Records.AddressRecords(ctx, zone.ID, s.Config.CI.Domain)
	if err != nil {
		return err
	}
	for _, a := range seen.public() {
		if slices.ContainsFunc(have, func(r state.DNSRecord) bool { return r.Addr == a }) {
			continue
		}
		if err := s.Records.CreateAddressRecord(ctx, zone.ID, state.DNSRecord{Name: s.Config.CI.Domain, Addr: a}); err != nil && !errors.Is(err, state.ErrExists) {
			return err
		}
	}
	return nil
}
