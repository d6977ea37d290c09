package station

import (
	"context"
	"sync"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/state/shape"
)

// counted is the source of what a listing of the bucket counted: it tells
// nothing by itself, since a listing is billed.
type counted struct {
	mu   sync.Mutex
	tell func(live.Update)
}

func newCounted() *counted { return &counted{} }

// Name implements live.Source.
func (*counted) Name() string { return "listing" }

// Watch implements live.Source.
func (c *counted) Watch(ctx context.Context, emit func(live.Update)) error {
	c.set(emit)
	defer c.set(nil)
	<-ctx.Done()
	return ctx.Err()
}

func (c *counted) set(emit func(live.Update)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell = emit
}

func (c *counted) told(size live.Size) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tell != nil {
		c.tell(live.Update{News: live.Tell[live.Size]{Value: size}})
	}
}

// Count lists the bucket, at a thousand objects a call, and tells what it came
// to as a source; on its way, too.
func (s *Station) Count(ctx context.Context) error {
	access, found := s.o.Secret(ctx, shape.S3AccessKeyName)
	secret, both := s.o.Secret(ctx, shape.S3SecretKeyName)
	if !found || !both {
		return state.Problem{
			What: "the bucket cannot be listed from here", Why: "the keys of niks3, " + string(shape.S3AccessKeyName) + " and its other half, cannot be opened here",
			Fix: "use the machine whose key opens the secrets, or be root on the host",
		}
	}
	const every = 10_000
	next := int64(every)
	objects, bytes, err := s.o.Objects.Usage(ctx, s.bucket(), state.S3Keys{Access: access, Secret: secret}, func(objects, bytes int64) {
		if objects >= next {
			next = objects + every
			s.count.told(live.Size{From: live.FromListing, Objects: objects, Stored: bytes})
		}
	})
	if err == nil {
		s.count.told(live.Size{From: live.FromListing, Objects: objects, Stored: bytes})
	}
	return err
}

// bucket is the cache's, as the facts and the configuration say.
func (s *Station) bucket() state.Bucket {
	r2 := s.o.Config.Cache.R2
	return state.Bucket{Name: r2.Bucket, Account: r2.Account, Jurisdiction: r2.Jurisdiction, Endpoint: "https://" + s.o.Facts.S3.Endpoint}
}
