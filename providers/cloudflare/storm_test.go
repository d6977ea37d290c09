package cloudflare_test

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/state"
)

// TestStorm tries every operation under everything that can go wrong, with a
// token of the account and with one of the user.
func TestStorm(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"fresh", "half-done"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			var made labs
			httpxtest.Storm(t, func(t *testing.T) (httpxtest.World, []httpxtest.Operation) {
				t.Helper()
				l := made.of(t, scenario, func(l *lab) { l.furnish(t) })
				w := httpxtest.World{Writes: l.writes, Hidden: []string{l.token}}
				for _, name := range []string{keysName, bootstrap} {
					for _, one := range l.tokens(name) {
						w.Hidden = append(w.Hidden, one.ID, one.Hash)
					}
				}
				ops := l.operations()
				if !l.own { // the others ask the same whoever owns the token
					ops = slices.DeleteFunc(ops, func(op httpxtest.Operation) bool { return !strings.Contains(op.Name, "token") })
				}
				return w, ops
			})
		})
	}
}

const (
	keysName = "keys-of-the-lab"
	domain   = "lab.phlip9.com"
)

// furnish makes what operations look at, and lists of two pages.
func (l *lab) furnish(t *testing.T) {
	t.Helper()
	ctx, c, b := t.Context(), l.client(quiet()), l.bucket()
	zone := l.zone("phlip9.com")
	err := c.CreateBucket(ctx, b)
	if err == nil {
		err = c.ConnectDomain(ctx, b, state.CacheDomain{Domain: domain, Zone: zone, Enabled: true, MinTLS: "1.2"})
	}
	if err == nil {
		_, err = c.CreateR2Token(ctx, b, keysName, l.own)
	}
	for _, addr := range []string{"192.0.2.1", "2001:db8::1"} {
		if err == nil {
			err = c.CreateAddressRecord(ctx, zone, state.DNSRecord{Name: "ci.lab.phlip9.com", Addr: netip.MustParseAddr(addr)})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := l.w.PutObject(b.Name, "x.narinfo", []byte("twelve bytes"), "text/plain", ""); err != nil {
		t.Fatal(err)
	}
	l.change(t, func(s *fake.State) { s.Cloud.Knobs.PageSize = 1; l.reads(s) })
}

// reads gives the bootstrap token the permissions of the console's as well.
func (l *lab) reads(s *fake.State) {
	for i, t := range s.Cloud.Tokens {
		if t.Name == bootstrap {
			s.Cloud.Tokens[i].Policies = append(s.Cloud.Tokens[i].Policies, readPolicies(l.zoneIn(s, "phlip9.com"))...)
		}
	}
}

// readPolicies are those of the console's token, by the ids that Cloudflare
// has for its permission groups.
func readPolicies(zone string) []fake.CloudPolicy {
	return []fake.CloudPolicy{
		{Effect: "allow", Groups: []string{"b89a480218d04ceb98b4fe57ca29dc1f", "b4992e1108244f5d8bfbd5744320c2e1"}, Resources: map[string]any{"com.cloudflare.api.account." + account: "*"}},
		{Effect: "allow", Groups: []string{"9c88f9c5bce24ce7af9a958ba9c504db", "c8fed203ed3043cba015a93ad1616f1f"}, Resources: map[string]any{"com.cloudflare.api.account.zone." + zone: "*"}},
	}
}

func (l *lab) bucket() state.Bucket {
	return state.Bucket{Name: "bucket-of-the-lab", Account: account, Location: "weur"}
}

// operations are all that the adapter has.
func (l *lab) operations() []httpxtest.Operation {
	type found[T any] struct {
		Value T
		Found bool
	}
	b, zone, own := l.bucket(), l.zone("phlip9.com"), l.own
	// A token that may not look at itself is a good one; and of the two ways to
	// verify it one is always refused, so that its error may be the one to show.
	verify := []string{"400", "401", "403", "404", "422", "replayed"}
	op := func(name string, call func(context.Context, *http.Client) (any, error), fine ...string) httpxtest.Operation {
		return httpxtest.Operation{Name: name, Call: call, Fine: fine}
	}
	return []httpxtest.Operation{
		op("verify the token", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := l.client(hc).Token(ctx, account)
			return timeless(got), err
		}, verify...),
		op("verify the token", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := l.client(hc).Token(ctx, "")
			return timeless(got), err
		}, verify...),
		op("list accounts", func(ctx context.Context, hc *http.Client) (any, error) { return l.client(hc).Accounts(ctx) }),
		op("list zones", func(ctx context.Context, hc *http.Client) (any, error) { return l.client(hc).Zones(ctx) }),
		op("list address records of ci.lab.phlip9.com", func(ctx context.Context, hc *http.Client) (any, error) {
			return l.client(hc).AddressRecords(ctx, zone, "ci.lab.phlip9.com")
		}),
		op("make an address record for new.phlip9.com", func(ctx context.Context, hc *http.Client) (any, error) {
			return nil, l.client(hc).CreateAddressRecord(ctx, zone, state.DNSRecord{Name: "new.phlip9.com", Addr: netip.MustParseAddr("192.0.2.7")})
		}),
		op("look at bucket "+b.Name, func(ctx context.Context, hc *http.Client) (any, error) {
			got, there, err := l.client(hc).Bucket(ctx, account, b.Name, "")
			return found[state.Bucket]{got, there}, err
		}),
		op("look at bucket none", func(ctx context.Context, hc *http.Client) (any, error) {
			got, there, err := l.client(hc).Bucket(ctx, account, "none", "")
			return found[state.Bucket]{got, there}, err
		}),
		op("create bucket new-bucket", func(ctx context.Context, hc *http.Client) (any, error) {
			return nil, l.client(hc).CreateBucket(ctx, state.Bucket{Name: "new-bucket", Account: account, Location: "weur"})
		}),
		op("look at domain "+domain, func(ctx context.Context, hc *http.Client) (any, error) {
			got, there, err := l.client(hc).CacheDomain(ctx, b, domain)
			got.Ownership, got.SSL = "", "" // they change by themselves
			return found[state.CacheDomain]{got, there}, err
		}),
		op("look at domain none.phlip9.com", func(ctx context.Context, hc *http.Client) (any, error) {
			got, there, err := l.client(hc).CacheDomain(ctx, b, "none.phlip9.com")
			return found[state.CacheDomain]{got, there}, err
		}),
		op("connect domain new.phlip9.com", func(ctx context.Context, hc *http.Client) (any, error) {
			return nil, l.client(hc).ConnectDomain(ctx, b, state.CacheDomain{Domain: "new.phlip9.com", Zone: zone, Enabled: true})
		}),
		op("look at r2.dev of bucket "+b.Name, func(ctx context.Context, hc *http.Client) (any, error) { return l.client(hc).DevURL(ctx, b) }),
		op("list tokens named "+keysName, func(ctx context.Context, hc *http.Client) (any, error) {
			return l.client(hc).FindR2Tokens(ctx, account, keysName, own)
		}),
		op("create token new-keys", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := l.client(hc).CreateR2Token(ctx, b, "new-keys", own)
			return [2]int{len(got.Access.Reveal()), len(got.Secret.Reveal())}, err
		}),
		op("roll token "+keysName, func(ctx context.Context, hc *http.Client) (any, error) {
			t := l.tokens(keysName)[0]
			got, err := l.client(hc).RollR2Token(ctx, account, state.R2Token{ID: state.NewSecret(t.ID), Name: keysName, Account: own})
			return got.Access.Reveal() == t.ID && len(got.Secret.Reveal()) == 64, err
		}),
		op("create token new-reader", func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := l.client(hc).CreateReadToken(ctx, account, zone, "new-reader", own)
			return len(got.Reveal()), err
		}),
		op("roll token "+keysName, func(ctx context.Context, hc *http.Client) (any, error) {
			got, err := l.client(hc).RollReadToken(ctx, account, state.R2Token{ID: state.NewSecret(l.tokens(keysName)[0].ID), Name: keysName, Account: own})
			return len(got.Reveal()), err
		}),
		op("read analytics of bucket "+b.Name, func(ctx context.Context, hc *http.Client) (any, error) {
			return l.client(hc).BucketFigures(ctx, b, figuresFrom, figuresTo)
		}),
		op("read analytics of "+domain, func(ctx context.Context, hc *http.Client) (any, error) {
			return l.client(hc).EdgeFigures(ctx, zone, domain, figuresFrom, figuresTo)
		}),
		op("read the size of all buckets", func(ctx context.Context, hc *http.Client) (any, error) {
			return l.client(hc).AccountSize(ctx, account)
		}),
		op("delete the bootstrap token", func(ctx context.Context, hc *http.Client) (any, error) {
			t := l.tokens(bootstrap)[0]
			return nil, l.client(hc).Revoke(ctx, state.CloudflareToken{ID: t.ID, Account: own, Owner: account})
		}),
	}
}

// The day whose figures are read.
var (
	figuresFrom = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	figuresTo   = figuresFrom.Add(24 * time.Hour)
)

// timeless is the token without what each answer has anew.
func timeless(t state.CloudflareToken) state.CloudflareToken {
	t.Clock = time.Time{}
	return t
}
