package setup

import (
	"context"
	"errors"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// minTLS is the oldest TLS that a domain we connect answers.
const minTLS = "1.2"

// r2Domain is line 2: the public name of the cache. A domain that is there
// already is looked at, not changed.
type r2Domain struct{ Deps }

func (s r2Domain) Info() steps.Info {
	return steps.Info{
		ID: "r2-domain", Title: "Cache domain", Phase: steps.PhaseBefore, Lines: []int{2},
		Does:  "connect " + s.Config.Cache.Domain + " to the bucket",
		Needs: []state.Ref{state.FactAccount.Ref(), state.FactZones.Ref()},
		After: []state.Ref{state.FactBucket.Ref()},
		Gives: []state.Ref{state.FactDomain.Ref()},
	}
}

func (s r2Domain) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	account, err := state.Get(in, state.FactAccount)
	if err != nil {
		return steps.Finding{}, err
	}
	zones, err := state.Get(in, state.FactZones)
	if err != nil {
		return steps.Finding{}, err
	}
	bucket := s.wantBucket(account)
	var d state.CacheDomain
	var found, dev bool
	err = together(ctx,
		func(ctx context.Context) (err error) {
			d, found, err = s.Domains.CacheDomain(ctx, bucket, s.Config.Cache.Domain)
			return err
		},
		func(ctx context.Context) (err error) {
			if dev, err = s.Domains.DevURL(ctx, bucket); errors.Is(err, state.ErrNotFound) {
				return nil // no bucket yet
			}
			return err
		},
	)
	if err != nil {
		return steps.Finding{}, err
	}
	if !found {
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes("connect", "domain "+s.Config.Cache.Domain+", TLS "+minTLS+" or newer")}, nil
	}
	f := s.judge(d, dashboardBucket(account, bucket))
	if zone, _ := zoneOf(zones, d.Domain); f.Status == steps.Waiting && zone.Type == "partial" {
		// Source: Cloudflare's page on partial (CNAME) setups.
		f.Hint = zone.Name + "'s DNS is elsewhere: make a CNAME record there, " + d.Domain + " to " + d.Domain + ".cdn.cloudflare.net"
	}
	f.Facts = state.One(state.FactDomain, d)
	if dev {
		f.Problems = append(f.Problems, state.Problem{
			What: bucket.Name + " answers on r2.dev too", Why: "that address is rate-limited and passes by the cache", Fix: "switch the public development URL off on the page", URL: dashboardBucket(account, bucket),
		})
	}
	return f, nil
}

func dashboardBucket(a state.Account, b state.Bucket) string {
	return "https://dash.cloudflare.com/" + a.ID + "/r2/default/buckets/" + b.Name + "/settings"
}

// judge reads Cloudflare's words (R2 custom domain status: ownership and ssl).
func (s r2Domain) judge(d state.CacheDomain, page string) steps.Finding {
	wrong := func(what, why string) steps.Finding {
		return blocked(state.Problem{ID: "F23", What: what, Why: why, Fix: "mend it on the page", URL: page})
	}
	switch {
	case !d.Enabled:
		return wrong(d.Domain+" is connected but switched off", "nothing is served under it")
	case d.Ownership == "active" && d.SSL == "active":
		f := ready(d.Domain, state.Facts{})
		if d.MinTLS == "1.0" || d.MinTLS == "1.1" {
			f.Problems = []state.Problem{{What: d.Domain + " still answers TLS " + d.MinTLS, Why: "that version is broken", Fix: "set the minimum TLS version to " + minTLS + " on the page", URL: page}}
		}
		return f
	case pending(d.Ownership) && pending(d.SSL):
		return steps.Finding{Status: steps.Waiting, Text: "ownership " + d.Ownership + ", certificate " + d.SSL, Hint: "Cloudflare is at work; nothing to do", Again: 5 * time.Second}
	}
	return wrong("Cloudflare does not serve "+d.Domain, "ownership is "+d.Ownership+", the certificate is "+d.SSL)
}

func pending(word string) bool {
	return word == "active" || word == "pending" || word == "initializing" || word == "unknown" || word == ""
}

func (s r2Domain) Apply(ctx context.Context, in state.Facts, _ steps.Finding, _ steps.Out) error {
	bucket, err := state.Get(in, state.FactBucket)
	if err != nil {
		return err
	}
	zones, err := state.Get(in, state.FactZones)
	if err != nil {
		return err
	}
	zone, _ := zoneOf(zones, s.Config.Cache.Domain)
	err = s.Domains.ConnectDomain(ctx, bucket, state.CacheDomain{Domain: s.Config.Cache.Domain, Zone: zone.ID, Enabled: true, MinTLS: minTLS})
	if errors.Is(err, state.ErrExists) {
		return nil
	}
	return err
}
