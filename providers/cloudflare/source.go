package cloudflare

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// SourceName is what the source is called.
const SourceName = "Cloudflare"

// How often the figures are asked for, which costs at most three requests, and
// how far back requests are counted: a day is what a free plan answers for.
const (
	sourceEvery = 3 * time.Minute
	trafficBack = 24 * time.Hour
)

// SourceOptions say whose figures are wanted.
type SourceOptions struct {
	// Bucket is the cache's: name and jurisdiction. Where its account is not
	// known, it is that of the zone of the domain.
	Bucket state.Bucket
	// Domain is the cache's, cache.phlip9.com. Its zone is looked up once.
	Domain string
	Every  time.Duration // 0: 3 minutes
	Clock  live.Clock
}

// Source tells the bucket's size and the cache's traffic as Cloudflare counts
// them (live.Size of live.FromGraphQL or live.FromR2, live.Traffic). What the
// token may not read is said in the note of the link, and the rest goes on.
type Source struct {
	c *Client
	o SourceOptions
}

// NewSource returns the source "Cloudflare". The client's token reads only; the
// console's own has the permissions of state.ForReadToken.
func NewSource(c *Client, o SourceOptions) *Source {
	if o.Every <= 0 {
		o.Every = sourceEvery
	}
	return &Source{c: c, o: o}
}

// Name is "Cloudflare".
func (s *Source) Name() string { return SourceName }

// Watch tells the figures until ctx ends. It fails where nothing at all could
// be read and another try may help, or where the token itself is refused.
func (s *Source) Watch(ctx context.Context, emit func(live.Update)) error {
	var last live.Link
	var zone state.Zone
	for {
		r := s.round(ctx, &zone)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.fatal(); err != nil {
			return err
		}
		if link := r.link(); link != last {
			emit(live.Update{News: link})
			last = link
		}
		for _, u := range r.told {
			emit(u)
		}
		if err := s.o.Clock.Sleep(ctx, s.o.Every); err != nil {
			return err
		}
	}
}

// round is what one look found.
type round struct {
	told  []live.Update
	notes []string
	errs  []error // of the figures that were not told
}

// round asks for everything once. zone is kept from one to the next.
func (s *Source) round(ctx context.Context, zone *state.Zone) *round {
	r := &round{}
	b := s.o.Bucket
	zoneErr := s.findZone(ctx, zone)
	if b.Account == "" {
		b.Account = zone.Account
	}
	to := s.o.Clock.Now().UTC().Truncate(time.Minute)
	from := to.Add(-trafficBack)
	var bucket BucketFigures
	var edge live.Traffic
	bucketErr, edgeErr := zoneErr, zoneErr
	var wg sync.WaitGroup
	if b.Account != "" {
		wg.Go(func() { bucket, bucketErr = s.c.BucketFigures(ctx, b, from, to) })
	}
	if zoneErr == nil {
		wg.Go(func() { edge, edgeErr = s.c.EdgeFigures(ctx, zone.ID, s.o.Domain, from, to) })
	}
	wg.Wait()
	s.size(ctx, r, b.Account, bucket, bucketErr)
	if edgeErr != nil {
		r.errs = append(r.errs, edgeErr)
		r.note(edgeErr, "hits and misses", state.ZoneAnalytics+" or Zone Read on the zone of "+s.o.Domain)
	}
	// One that could not be read this time must not be told as none.
	if bucketErr == nil && settled(edgeErr) || edgeErr == nil && settled(bucketErr) {
		edge.From, edge.ClassA, edge.ClassB = from, bucket.ClassA, bucket.ClassB
		r.told = append(r.told, live.Update{News: live.Tell[live.Traffic]{Value: edge}})
	}
	return r
}

// settled says whether there is nothing to wait for.
func settled(err error) bool { return err == nil || errors.Is(err, state.ErrDenied) }

// size tells that of the bucket, with the time that it is of, or where
// analytics do not answer that of all buckets.
func (s *Source) size(ctx context.Context, r *round, account string, f BucketFigures, err error) {
	switch {
	case err == nil && f.At.IsZero():
		r.notes = append(r.notes, "Cloudflare has not counted the bucket yet")
	case err == nil:
		r.told = append(r.told, live.Update{At: f.At, News: live.Tell[live.Size]{Value: f.Size}})
	case account == "":
		r.notes = append(r.notes, "no size: the cache's Cloudflare account is not known")
	default:
		r.errs = append(r.errs, err)
		r.note(err, "size and requests of the bucket", state.AccountAnalytics)
		all, err := s.c.AccountSize(ctx, account)
		if err != nil {
			r.errs = append(r.errs, err)
			return
		}
		r.notes = append(r.notes, "the size is that of all buckets of the account")
		r.told = append(r.told, live.Update{News: live.Tell[live.Size]{Value: all}})
	}
}

// findZone looks the zone of the domain up where it is not known yet.
func (s *Source) findZone(ctx context.Context, zone *state.Zone) error {
	if zone.ID != "" {
		return nil
	}
	zones, err := s.c.Zones(ctx)
	if err != nil {
		return err
	}
	for _, z := range zones {
		if (s.o.Domain == z.Name || strings.HasSuffix(s.o.Domain, "."+z.Name)) && len(z.Name) > len(zone.Name) {
			*zone = z
		}
	}
	if zone.ID == "" {
		return unseen("find the zone of "+s.o.Domain, "it")
	}
	return nil
}

// note says in the user's words why a figure is not told.
func (r *round) note(err error, what, permission string) {
	if errors.Is(err, state.ErrDenied) {
		r.notes = append(r.notes, "no "+what+": the Cloudflare token lacks "+permission)
		return
	}
	r.notes = append(r.notes, what+" not told: "+err.Error())
}

// fatal is why nothing goes on: the token itself is not taken, or nothing was
// told for another reason than that it may not be read.
func (r *round) fatal() error {
	var other error
	for _, err := range r.errs {
		if errors.Is(err, state.ErrUnauthorized) {
			return err
		}
		if other == nil && !errors.Is(err, state.ErrDenied) {
			other = err
		}
	}
	if len(r.told) > 0 {
		return nil
	}
	return other
}

// link is how the source is connected.
func (r *round) link() live.Link {
	return live.Link{Up: true, Via: "polling", Note: strings.Join(r.notes, "; ")}
}
