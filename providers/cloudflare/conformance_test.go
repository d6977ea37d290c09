package cloudflare_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// TestConformance drives the adapter through what the built-in Cloudflare does,
// with a token of the account and with one of the user, and with both of the
// codes that a refusal may have where none is documented. What goes wrong on
// the way (slow, cut, wrong, cancelled) is TestStorm's.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"fresh", "half-done"} {
		for _, other := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, other codes %v", scenario, other), func(t *testing.T) {
				t.Parallel()
				l := newLab(t, scenario)
				l.change(t, func(s *fake.State) { s.Cloud.Knobs.OtherCodes = other })
				l.furnish(t)
				l.keep(t)
				for name, f := range map[string]func(*testing.T, *lab){
					"token": tokens, "buckets": buckets, "domains": domains, "keys": keys, "records": records, "reading": reading,
					"pages": pages, "denied": denied, "not accepted": notAccepted, "limited": limited,
				} {
					if name == "pages" && other {
						continue // it meets no refusal
					}
					l.reset(t)
					t.Run(name, func(t *testing.T) { f(t, l) })
				}
			})
		}
	}
}

func tokens(t *testing.T, l *lab) {
	t.Helper()
	ctx, c := t.Context(), l.client(quiet())
	for _, known := range []string{account, ""} {
		got, err := c.Token(ctx, known)
		if err != nil || got.Account != l.own || got.Status != "active" || !got.Known || !slices.Contains(got.Groups, "Zone Read") || got.Clock.IsZero() {
			t.Errorf("token with account %q: %+v, %v", known, got, err)
		}
	}
	l.change(t, func(s *fake.State) {
		for i := range s.Cloud.Tokens {
			if s.Cloud.Tokens[i].Name == bootstrap {
				s.Cloud.Tokens[i].Expires = time.Unix(1, 0).UTC()
			}
		}
	})
	// It is expired, and so may not even look at itself.
	if got, err := c.Token(ctx, account); err != nil || got.Status != "expired" || got.Known {
		t.Errorf("expired: %+v, %v", got, err)
	}
	l.reset(t)
	me, err := c.Token(ctx, account)
	if err == nil {
		err = c.Revoke(ctx, me)
	}
	if err != nil || len(l.tokens(bootstrap)) != 0 {
		t.Errorf("revoke: %v", err)
	}
	if _, err := c.Token(ctx, account); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("after it: %v", err)
	}
}

func buckets(t *testing.T, l *lab) {
	t.Helper()
	ctx, c := t.Context(), l.client(quiet())
	for _, jurisdiction := range []string{"", "eu"} {
		want := state.Bucket{Name: "made", Account: account, Location: "weur", Jurisdiction: jurisdiction, StorageClass: "Standard"}
		if _, found, err := c.Bucket(ctx, account, want.Name, jurisdiction); found || err != nil {
			t.Errorf("absent: %v, %v", found, err)
		}
		if err := c.CreateBucket(ctx, want); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateBucket(ctx, want); !errors.Is(err, state.ErrExists) || !strings.HasPrefix(err.Error(), "create bucket made: ") {
			t.Errorf("already there: %v", err)
		}
		want.Endpoint = state.R2Endpoint(account, jurisdiction)
		if got, found, err := c.Bucket(ctx, account, want.Name, jurisdiction); !found || err != nil || got != want {
			t.Errorf("found: %+v, %v, %v, want %+v", got, found, err, want)
		}
		if on, err := c.DevURL(ctx, want); on || err != nil {
			t.Errorf("r2.dev: %v, %v", on, err)
		}
	}
	l.change(t, func(s *fake.State) {
		for i := range s.Cloud.Buckets {
			s.Cloud.Buckets[i].DevURL = true
		}
	})
	if on, err := c.DevURL(ctx, l.bucket()); !on || err != nil {
		t.Errorf("r2.dev: %v, %v", on, err)
	}
	if _, err := c.DevURL(ctx, state.Bucket{Name: "none", Account: account}); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("r2.dev of no bucket: %v", err)
	}
	if _, found, err := c.Bucket(ctx, "00000000000000000000000000000000", "made", ""); found || !errors.Is(err, state.ErrDenied) {
		t.Errorf("another account: %v, %v", found, err)
	}
	l.change(t, func(s *fake.State) { s.Cloud.Accounts[0].R2 = false })
	var p state.Problem
	if _, _, err := c.Bucket(ctx, account, "made", ""); !errors.As(err, &p) || p.ID != "10042" || p.URL == "" || p.Fix == "" {
		t.Errorf("R2 off: %v", err)
	}
}

func domains(t *testing.T, l *lab) {
	t.Helper()
	ctx, c, b, zone := t.Context(), l.client(quiet()), l.bucket(), l.zone("phlip9.com")
	for _, polls := range []int{0, 2} {
		l.change(t, func(s *fake.State) { s.Cloud.Knobs.DomainPolls = polls })
		want := state.CacheDomain{Domain: fmt.Sprintf("d%d.phlip9.com", polls), Zone: zone, Enabled: true, MinTLS: "1.2"}
		if _, found, err := c.CacheDomain(ctx, b, want.Domain); found || err != nil {
			t.Errorf("absent: %v, %v", found, err)
		}
		if err := c.ConnectDomain(ctx, b, want); err != nil {
			t.Fatal(err)
		}
		if err := c.ConnectDomain(ctx, b, want); !errors.Is(err, state.ErrExists) {
			t.Errorf("already there: %v", err)
		}
		for i := range polls + 1 {
			want.Ownership, want.SSL = "pending", "pending"
			if i == polls {
				want.Ownership, want.SSL = "active", "active"
			}
			if got, found, err := c.CacheDomain(ctx, b, want.Domain); !found || err != nil || got != want {
				t.Errorf("after %d looks: %+v, %v, %v, want %+v", i, got, found, err, want)
			}
		}
	}
	if err := c.ConnectDomain(ctx, b, state.CacheDomain{Domain: "cache.elsewhere.org", Zone: zone, Enabled: true}); !errors.Is(err, state.ErrInvalid) {
		t.Errorf("not of the zone: %v", err)
	}
	// Whether a permission on the zone is needed is documented nowhere.
	less := l.as(t, l.policies(t, "DNS Write"))
	for _, needs := range []bool{false, true} {
		l.change(t, func(s *fake.State) { s.Cloud.Knobs.DomainNeedsZone = needs })
		d := state.CacheDomain{Domain: fmt.Sprintf("needs-%v.phlip9.com", needs), Zone: zone, Enabled: true}
		if err := less.client(quiet()).ConnectDomain(ctx, b, d); errors.Is(err, state.ErrDenied) != needs {
			t.Errorf("without the permission, which is needed: %v: %v", needs, err)
		}
		d.Domain = "with-" + d.Domain
		if err := c.ConnectDomain(ctx, b, d); err != nil {
			t.Errorf("with the permission: %v", err)
		}
	}
}

func keys(t *testing.T, l *lab) {
	t.Helper()
	ctx, c, b := t.Context(), l.client(quiet()), l.bucket()
	if all, err := c.FindR2Tokens(ctx, account, "made", l.own); len(all) != 0 || err != nil {
		t.Errorf("absent: %v, %v", all, err)
	}
	made, err := c.CreateR2Token(ctx, b, "made", l.own)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.FindR2Tokens(ctx, account, "made", l.own)
	if err != nil || len(all) != 1 || !all[0].ID.Equal(made.Access) || all[0].Account != l.own || all[0].Status != "active" || all[0].Modified.IsZero() ||
		!slices.Equal(all[0].Groups, []string{"Workers R2 Storage Bucket Item Write"}) ||
		!slices.Equal(all[0].Buckets, []string{"com.cloudflare.edge.r2.bucket." + account + "_default_" + b.Name}) {
		t.Fatalf("found: %+v, %v", all, err)
	}
	// The secret is the SHA-256 of the value (R2 docs, API tokens), which is
	// how Cloudflare checks a bearer too.
	if !made.Secret.Equal(state.NewSecret(l.tokens("made")[0].Hash)) {
		t.Error("the secret key is another")
	}
	rolled, err := c.RollR2Token(ctx, account, all[0])
	if err != nil || !rolled.Access.Equal(made.Access) || rolled.Secret.Equal(made.Secret) || !rolled.Secret.Equal(state.NewSecret(l.tokens("made")[0].Hash)) {
		t.Errorf("roll: %v", err)
	}
	// A name may be taken twice: who asks again gets a second one.
	if _, err := c.CreateR2Token(ctx, b, "made", l.own); err != nil {
		t.Errorf("again: %v", err)
	}
	if all, err := c.FindR2Tokens(ctx, account, "made", l.own); err != nil || len(all) != 2 {
		t.Errorf("both: %d, %v", len(all), err)
	}
	gone := state.R2Token{ID: state.NewSecret(strings.Repeat("0", 32)), Name: "gone", Account: l.own}
	if _, err := c.RollR2Token(ctx, account, gone); !errors.Is(err, state.ErrNotFound) || strings.Contains(err.Error(), gone.ID.Reveal()) {
		t.Errorf("roll what is not there: %v", err)
	}
	if err := c.Revoke(ctx, state.CloudflareToken{ID: gone.ID.Reveal(), Account: l.own, Owner: account}); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("delete what is not there: %v", err)
	}
}

func records(t *testing.T, l *lab) {
	t.Helper()
	ctx, c, zone := t.Context(), l.client(quiet()), l.zone("phlip9.com")
	name := "made.phlip9.com"
	if all, err := c.AddressRecords(ctx, zone, name); len(all) != 0 || err != nil {
		t.Errorf("absent: %v, %v", all, err)
	}
	want := []state.DNSRecord{
		{Name: name, Addr: netip.MustParseAddr("203.0.113.7")},
		{Name: name, Addr: netip.MustParseAddr("2001:db8::7"), Proxied: true},
	}
	for _, r := range want {
		if err := c.CreateAddressRecord(ctx, zone, r); err != nil {
			t.Fatal(err)
		}
		if err := c.CreateAddressRecord(ctx, zone, r); !errors.Is(err, state.ErrExists) {
			t.Errorf("already there: %v", err)
		}
	}
	if all, err := c.AddressRecords(ctx, zone, name); err != nil || !slices.Equal(all, want) {
		t.Errorf("found: %+v, %v", all, err)
	}
	beside := state.DNSRecord{Name: domain, Addr: want[0].Addr} // R2's CNAME is there
	if err := c.CreateAddressRecord(ctx, zone, beside); !errors.Is(err, state.ErrExists) {
		t.Errorf("beside a CNAME: %v", err)
	}
}

// pages: lists are read to the end, whether the pages are as large as was asked
// for or smaller, and whether the last one is full or not.
func pages(t *testing.T, l *lab) {
	t.Helper()
	ctx, zone := t.Context(), l.zone("phlip9.com")
	l.change(t, func(s *fake.State) {
		for i := range s.Cloud.Tokens {
			if one := &s.Cloud.Tokens[i]; one.Name == bootstrap {
				for _, p := range one.Policies {
					if p.Resources["com.cloudflare.api.account."+account] != nil {
						p.Resources["com.cloudflare.api.account.*"] = "*"
					}
				}
			}
		}
		for i := range many {
			id := fmt.Sprintf("%032x", i)
			s.Cloud.Zones = append(s.Cloud.Zones, fake.CloudZone{ID: id, Name: fmt.Sprintf("z%d.example", i), Account: account, Type: "full", Status: "active"})
			s.Cloud.Accounts = append(s.Cloud.Accounts, fake.CloudAccount{ID: id, Name: fmt.Sprintf("account %d", i)})
			one := s.Cloud.Tokens[len(s.Cloud.Tokens)-1]
			one.ID, one.Name, one.Hash = id, "many", id
			s.Cloud.Tokens = append(s.Cloud.Tokens, one)
			s.Cloud.Records = append(s.Cloud.Records, fake.CloudRecord{
				ID: id, Zone: zone, Type: "A", Name: "many.phlip9.com", Content: fmt.Sprintf("192.0.2.%d", i), TTL: 1,
			})
		}
	})
	for _, size := range []int{0, 11} { // 55 is five times eleven
		l.change(t, func(s *fake.State) { s.Cloud.Knobs.PageSize = size })
		requests := 0
		c := l.client(httpx.New(httpx.Options{Log: func(httpx.Line) { requests++ }}))
		if all, err := c.AddressRecords(ctx, zone, "many.phlip9.com"); err != nil || len(all) != many {
			t.Errorf("pages of %d: %d records, %v", size, len(all), err)
		}
		if want := map[int]int{0: 2, 11: 6}[size]; requests != want { // that a full page is the last one is seen by the next
			t.Errorf("pages of %d: %d requests, want %d", size, requests, want)
		}
		zones, err := c.Zones(ctx)
		if n := slices.IndexFunc(zones, func(z state.Zone) bool { return z.Name == fmt.Sprintf("z%d.example", many-1) }); err != nil || n < 0 || len(zones) <= many {
			t.Errorf("pages of %d: %d zones, %v", size, len(zones), err)
		}
		if all, err := c.FindR2Tokens(ctx, account, "many", l.own); err != nil || len(all) != many {
			t.Errorf("pages of %d: %d tokens, %v", size, len(all), err)
		}
		want := many + 2
		if l.own {
			want = 1 // one of an account sees no other
		}
		if all, err := c.Accounts(ctx); err != nil || len(all) != want {
			t.Errorf("pages of %d: %d accounts, %v, want %d", size, len(all), err, want)
		}
	}
}

// many is more than a page.
const many = 55
