package cloudflare_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// reading makes the console's token and asks with it for all that it is for,
// and for what it must not do.
func reading(t *testing.T, l *lab) {
	t.Helper()
	ctx, c, b, zone := t.Context(), l.client(quiet()), l.bucket(), l.zone("phlip9.com")
	value, err := c.CreateReadToken(ctx, account, zone, "reader", l.own)
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.FindR2Tokens(ctx, account, "reader", l.own)
	want := []string{"Account Analytics Read", "Analytics Read", "Zone Read"}
	if err != nil || len(found) != 1 || !slices.Equal(found[0].Groups, want) ||
		!slices.Equal(found[0].Buckets, []string{"com.cloudflare.api.account." + account, "com.cloudflare.api.account.zone." + zone}) {
		t.Fatalf("made: %+v, %v", found, err)
	}
	me, err := c.ReadToken(ctx, account, value)
	if err != nil || me.ID != found[0].ID.Reveal() || me.Account != l.own || me.Status != "active" || me.Known {
		t.Errorf("verified: %+v, %v", me, err)
	}
	reader := cloudflare.New(quiet(), l.base, value)
	figures, err := reader.BucketFigures(ctx, b, figuresFrom, figuresTo)
	if err != nil || figures.Size != (live.Size{From: live.FromGraphQL, Objects: 1, Stored: 12}) || figures.At.IsZero() || figures.At.After(figuresTo) {
		t.Errorf("bucket: %+v, %v", figures, err)
	}
	if _, err := reader.AccountSize(ctx, account); !errors.Is(err, state.ErrDenied) {
		t.Errorf("it may read R2, and so every object: %v", err)
	}
	if size, err := c.AccountSize(ctx, account); err != nil || size.From != live.FromR2 || size.Objects < 1 || size.Stored < 12 {
		t.Errorf("all buckets: %+v, %v", size, err)
	}
	if _, err := reader.EdgeFigures(ctx, zone, domain, figuresFrom, figuresTo); err != nil {
		t.Errorf("edge: %v", err)
	}
	if zones, err := reader.Zones(ctx); err != nil || len(zones) != 1 || zones[0].Account != account {
		t.Errorf("zones: %v, %v", zones, err)
	}
	onlyReads(t, l, reader)
	again, err := c.RollReadToken(ctx, account, found[0])
	if err != nil || again.Equal(value) {
		t.Errorf("roll: %v", err)
	}
	if _, err := c.ReadToken(ctx, account, value); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("the old value: %v", err)
	}
}

// onlyReads wants the console's token refused what it is not for, and the
// bootstrap token what the console's is for.
func onlyReads(t *testing.T, l *lab, reader *cloudflare.Client) {
	t.Helper()
	ctx, c, b, zone := t.Context(), l.client(quiet()), l.bucket(), l.zone("phlip9.com")
	if err := reader.CreateBucket(ctx, state.Bucket{Name: "more", Account: account}); !errors.Is(err, state.ErrDenied) {
		t.Errorf("it makes a bucket: %v", err)
	}
	if _, err := reader.CreateReadToken(ctx, account, zone, "child", l.own); !errors.Is(err, state.ErrDenied) {
		t.Errorf("it makes a token: %v", err)
	}
	// The bootstrap token may not read analytics by itself.
	l.change(t, func(s *fake.State) {
		for i, one := range s.Cloud.Tokens {
			if one.Name == bootstrap {
				s.Cloud.Tokens[i].Policies = one.Policies[:len(one.Policies)-2]
			}
		}
	})
	if _, err := c.BucketFigures(ctx, b, figuresFrom, figuresTo); !errors.Is(err, state.ErrDenied) {
		t.Errorf("bucket, not allowed: %v", err)
	}
	if _, err := c.EdgeFigures(ctx, zone, domain, figuresFrom, figuresTo); !errors.Is(err, state.ErrDenied) {
		t.Errorf("edge, not allowed: %v", err)
	}
}
