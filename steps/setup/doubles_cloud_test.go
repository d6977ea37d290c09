package setup

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// The account of the tests, and another.
const (
	account      = "0123456789abcdef0123456789abcdef"
	otherAccount = "fedcba9876543210fedcba9876543210"
)

// token is an R2 token with its value.
type token struct {
	state.R2Token

	value state.Secret
}

// cloudDouble is a Cloudflare with its S3 and its name servers.
type cloudDouble struct {
	*ground

	clock    steps.Clock
	token    state.CloudflareToken
	accounts []state.Account
	zones    []state.Zone
	buckets  map[string]state.Bucket
	domains  map[string]state.CacheDomain
	dev      bool
	tokens   []token
	deaf     int // how often new tokens are refused as tokens
	lag      int // how often S3 refuses keys before it knows them
	slow     int // how many looks a new domain takes to be active
	records  []state.DNSRecord
	hidden   int // how many lookups do not show the records yet
	resolved []netip.Addr
	born     []state.Secret
}

func newCloud(g *ground, clock steps.Clock) *cloudDouble {
	c := &cloudDouble{
		ground: g, clock: clock,
		token:    state.CloudflareToken{Status: "active", Known: true},
		accounts: []state.Account{{ID: account, Name: "phlip9"}},
		zones:    []state.Zone{{ID: "z1", Name: "phlip9.com", Account: account, Type: "full", Status: "active"}},
		buckets:  map[string]state.Bucket{}, domains: map[string]state.CacheDomain{},
	}
	for _, p := range state.PermissionsFor(state.ForCloudflareUser) {
		c.token.Groups = append(c.token.Groups, p.Name)
	}
	return c
}

func (c *cloudDouble) Token(context.Context, string) (t state.CloudflareToken, err error) {
	err = c.look("Token", func() { t = c.token })
	return t, err
}

func (c *cloudDouble) Accounts(context.Context) (a []state.Account, err error) {
	err = c.look("Accounts", func() { a = slices.Clone(c.accounts) })
	return a, err
}

func (c *cloudDouble) Zones(context.Context) (z []state.Zone, err error) {
	err = c.look("Zones", func() { z = slices.Clone(c.zones) })
	return z, err
}

func (c *cloudDouble) Bucket(_ context.Context, _, name, _ string) (b state.Bucket, found bool, err error) {
	err = c.look("Bucket", func() { b, found = c.buckets[name] })
	return b, found, err
}

func (c *cloudDouble) CreateBucket(_ context.Context, want state.Bucket) error {
	return c.write("CreateBucket", func() error {
		if _, found := c.buckets[want.Name]; found {
			return call(state.ErrExists)
		}
		if want.Location == "" {
			want.Location = "WEUR"
		}
		want.Endpoint = want.Account + ".r2.cloudflarestorage.com"
		c.buckets[want.Name] = want
		return nil
	})
}

func (c *cloudDouble) CacheDomain(_ context.Context, _ state.Bucket, domain string) (d state.CacheDomain, found bool, err error) {
	err = c.look("CacheDomain", func() {
		d, found = c.domains[domain]
		if found && d.Ownership == "pending" {
			if c.slow--; c.slow <= 0 {
				d.Ownership, d.SSL = "active", "active"
				c.domains[domain] = d
			}
		}
	})
	return d, found, err
}

func (c *cloudDouble) ConnectDomain(_ context.Context, _ state.Bucket, d state.CacheDomain) error {
	return c.write("ConnectDomain", func() error {
		if _, found := c.domains[d.Domain]; found {
			return call(state.ErrExists)
		}
		d.Ownership, d.SSL = "pending", "initializing"
		c.domains[d.Domain] = d
		return nil
	})
}

func (c *cloudDouble) DevURL(_ context.Context, b state.Bucket) (on bool, err error) {
	err = c.look("DevURL", func() { on = c.dev })
	if _, found := c.buckets[b.Name]; err == nil && !found {
		err = call(state.ErrNotFound)
	}
	return on, err
}

func (c *cloudDouble) FindR2Tokens(_ context.Context, _, name string, own bool) (out []state.R2Token, err error) {
	err = c.look(fmt.Sprintf("FindR2Tokens own=%v", own), func() {
		for _, t := range c.tokens {
			if t.Name == name && t.Account == own {
				out = append(out, t.R2Token)
			}
		}
	})
	return out, err
}

// birth makes a value that is shown once; callers hold the lock.
func (c *cloudDouble) birth(form string) state.Secret {
	v := state.NewSecret(fmt.Sprintf(form, len(c.born)+1))
	c.born = append(c.born, v)
	return v
}

// has adds a token that is there.
func (c *cloudDouble) has(name string, own bool, buckets ...string) state.S3Keys {
	t := token{R2Token: state.R2Token{
		ID: c.birth("%032x"), Name: name, Account: own, Status: "active", Groups: []string{itemWrite}, Modified: c.clock.Now(),
	}, value: c.birth("value-of-a-token-%023d")}
	for _, b := range buckets {
		t.Buckets = append(t.Buckets, "com.cloudflare.edge.r2.bucket."+account+"_default_"+b)
	}
	c.tokens = append(c.tokens, t)
	return state.S3Keys{Access: t.ID, Secret: shape.S3Secret(t.value)}
}

func (c *cloudDouble) CreateR2Token(_ context.Context, b state.Bucket, name string, own bool) (keys state.S3Keys, err error) {
	err = c.write("CreateR2Token", func() error { keys = c.has(name, own, b.Name); return nil })
	return keys, err
}

func (c *cloudDouble) RollR2Token(_ context.Context, _ string, old state.R2Token) (keys state.S3Keys, err error) {
	err = c.write("RollR2Token", func() error {
		i := slices.IndexFunc(c.tokens, func(t token) bool { return t.ID.Equal(old.ID) })
		c.tokens[i].value = c.birth("value-of-a-token-%023d")
		c.tokens[i].Modified = c.clock.Now()
		keys = state.S3Keys{Access: old.ID, Secret: shape.S3Secret(c.tokens[i].value)}
		return nil
	})
	return keys, err
}

func (c *cloudDouble) CreateReadToken(_ context.Context, account, zone, name string, own bool) (v state.Secret, err error) {
	err = c.write("CreateReadToken", func() error {
		c.has(name, own)
		t := &c.tokens[len(c.tokens)-1]
		t.Buckets, t.Groups = []string{account, zone}, nil
		for _, p := range state.PermissionsFor(state.ForReadToken) {
			t.Groups = append(t.Groups, p.Name)
		}
		v = t.value
		return nil
	})
	return v, err
}

func (c *cloudDouble) RollReadToken(_ context.Context, _ string, old state.R2Token) (v state.Secret, err error) {
	err = c.write("RollReadToken", func() error {
		i := slices.IndexFunc(c.tokens, func(t token) bool { return t.ID.Equal(old.ID) })
		v = c.birth("value-of-a-token-%023d")
		c.tokens[i].value, c.tokens[i].Modified = v, c.clock.Now()
		return nil
	})
	return v, err
}

func (c *cloudDouble) ReadToken(_ context.Context, _ string, value state.Secret) (t state.CloudflareToken, err error) {
	failed := c.look("ReadToken", func() {
		i := slices.IndexFunc(c.tokens, func(t token) bool { return t.value.Equal(value) })
		if i < 0 || c.deaf > 0 {
			c.deaf--
			err = call(state.ErrUnauthorized)
			return
		}
		t = state.CloudflareToken{ID: c.tokens[i].ID.Reveal(), Account: c.tokens[i].Account, Status: c.tokens[i].Status}
	})
	if failed != nil {
		return t, failed
	}
	return t, err
}

func (c *cloudDouble) HeadBucket(_ context.Context, b state.Bucket, k state.S3Keys) (err error) {
	if failed := c.look("HeadBucket "+b.Name, func() { err = c.s3(b, k) }); failed != nil {
		return failed
	}
	return err
}

// s3 is R2's answer to a signed request: whoever may look at all buckets is
// told that one is not there, whoever may not is refused.
func (c *cloudDouble) s3(b state.Bucket, k state.S3Keys) error {
	i := slices.IndexFunc(c.tokens, func(t token) bool { return t.ID.Equal(k.Access) && shape.S3Secret(t.value).Equal(k.Secret) })
	if c.lag > 0 {
		c.lag--
		return call(state.ErrUnauthorized)
	}
	_, there := c.buckets[b.Name]
	switch {
	case i < 0:
		return call(state.ErrUnauthorized)
	case len(c.tokens[i].Buckets) > 0 && !slices.ContainsFunc(c.tokens[i].Buckets, func(r string) bool { return strings.HasSuffix(r, "_"+b.Name) }):
		return call(state.ErrDenied)
	case !there:
		return call(state.ErrNotFound)
	}
	return nil
}

func (c *cloudDouble) Exercise(_ context.Context, b state.Bucket, k state.S3Keys) error {
	return c.write("Exercise", func() error { return c.s3(b, k) })
}

func (c *cloudDouble) AddressRecords(_ context.Context, _, name string) (out []state.DNSRecord, err error) {
	err = c.look("AddressRecords", func() {
		for _, r := range c.records {
			if r.Name == name {
				out = append(out, r)
			}
		}
	})
	return out, err
}

func (c *cloudDouble) CreateAddressRecord(_ context.Context, _ string, r state.DNSRecord) error {
	return c.write("CreateAddressRecord", func() error {
		if slices.Contains(c.records, r) {
			return call(state.ErrExists)
		}
		c.records = append(c.records, r)
		return nil
	})
}

func (c *cloudDouble) Lookup(_ context.Context, name string) (out []netip.Addr, err error) {
	err = c.look("Lookup", func() {
		out = slices.Clone(c.resolved)
		if c.hidden > 0 && len(c.records) > 0 {
			c.hidden--
			return
		}
		for _, r := range c.records {
			if r.Name == name {
				out = append(out, r.Addr)
			}
		}
	})
	return out, err
}
