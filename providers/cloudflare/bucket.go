package cloudflare

import (
	"context"
	"net/url"
	"strings"

	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/r2"

	"github.com/nixwright/nixwright/state"
)

// everywhere is R2's word for no jurisdiction.
const everywhere = "default"

// in names the jurisdiction, which R2 wants in a header of every request about
// a bucket that has one.
func in(jurisdiction string) option.RequestOption {
	if jurisdiction == "" {
		jurisdiction = everywhere
	}
	return option.WithHeader("cf-r2-jurisdiction", jurisdiction)
}

// Bucket looks at a bucket (GET /accounts/{account_id}/r2/buckets/{bucket}).
// jurisdiction: empty, eu or fedramp; a bucket is found only in its own. An
// account without R2 is the state.Problem 10042.
func (c *Client) Bucket(ctx context.Context, account, name, jurisdiction string) (b state.Bucket, found bool, err error) {
	var p r2.BucketGetParams
	p.AccountID.Value, p.AccountID.Present = account, true
	op := "look at bucket " + name
	got, err := c.buckets.Get(ctx, url.PathEscape(name), p, in(jurisdiction))
	if absent(err) {
		return state.Bucket{}, false, nil
	}
	if err != nil {
		return state.Bucket{}, false, failed(op, err)
	}
	if got.Name != name {
		return state.Bucket{}, false, nonsense(op, "the answer names another bucket, or none")
	}
	b = state.Bucket{
		Name: clean(got.Name), Account: account, Location: strings.ToLower(clean(string(got.Location))),
		Jurisdiction: clean(string(got.Jurisdiction)), StorageClass: clean(string(got.StorageClass)),
	}
	if b.Jurisdiction == "" {
		b.Jurisdiction = jurisdiction
	}
	if b.Jurisdiction == everywhere {
		b.Jurisdiction = ""
	}
	b.Endpoint = state.R2Endpoint(account, b.Jurisdiction)
	return b, true, nil
}

// CreateBucket makes a bucket (POST /accounts/{account_id}/r2/buckets). Of
// what is wanted, an empty location or storage class leaves the choice to
// Cloudflare. state.ErrExists where the name is taken in the account.
func (c *Client) CreateBucket(ctx context.Context, want state.Bucket) error {
	var p r2.BucketNewParams
	p.AccountID.Value, p.AccountID.Present = want.Account, true
	p.Name.Value, p.Name.Present = want.Name, true
	p.LocationHint.Value, p.LocationHint.Present = r2.BucketNewParamsLocationHint(want.Location), want.Location != ""
	p.StorageClass.Value, p.StorageClass.Present = r2.BucketNewParamsStorageClass(want.StorageClass), want.StorageClass != ""
	op := "create bucket " + want.Name
	got, err := c.buckets.New(ctx, p, in(want.Jurisdiction))
	if err != nil {
		return failed(op, err)
	}
	if got.Name != want.Name {
		return nonsense(op, "the answer names another bucket")
	}
	return nil
}

// CacheDomain looks at a custom domain of a bucket (GET
// .../buckets/{bucket}/domains/custom/{domain}).
func (c *Client) CacheDomain(ctx context.Context, b state.Bucket, domain string) (d state.CacheDomain, found bool, err error) {
	var p r2.BucketDomainCustomGetParams
	p.AccountID.Value, p.AccountID.Present = b.Account, true
	op := "look at domain " + domain + " of bucket " + b.Name
	got, err := c.buckets.Domains.Custom.Get(ctx, url.PathEscape(b.Name), url.PathEscape(domain), p, in(b.Jurisdiction))
	if absent(err) {
		return state.CacheDomain{}, false, nil
	}
	if err != nil {
		return state.CacheDomain{}, false, failed(op, err)
	}
	if !strings.EqualFold(got.Domain, domain) {
		return state.CacheDomain{}, false, nonsense(op, "the answer names another domain, or none")
	}
	return state.CacheDomain{
		Domain: clean(got.Domain), Zone: clean(got.ZoneID), Enabled: got.Enabled, MinTLS: clean(string(got.MinTLS)),
		Ownership: clean(string(got.Status.Ownership)), SSL: clean(string(got.Status.SSL)),
	}, true, nil
}

// ConnectDomain connects a custom domain to a bucket, as far as d says how:
// name, zone, whether enabled, least TLS version (POST
// .../buckets/{bucket}/domains/custom). Cloudflare makes the DNS record; the
// domain is pending at first.
func (c *Client) ConnectDomain(ctx context.Context, b state.Bucket, d state.CacheDomain) error {
	var p r2.BucketDomainCustomNewParams
	p.AccountID.Value, p.AccountID.Present = b.Account, true
	p.Domain.Value, p.Domain.Present = d.Domain, true
	p.Enabled.Value, p.Enabled.Present = d.Enabled, true
	p.ZoneID.Value, p.ZoneID.Present = d.Zone, true
	p.MinTLS.Value, p.MinTLS.Present = r2.BucketDomainCustomNewParamsMinTLS(d.MinTLS), d.MinTLS != ""
	op := "connect domain " + d.Domain + " to bucket " + b.Name
	got, err := c.buckets.Domains.Custom.New(ctx, url.PathEscape(b.Name), p, in(b.Jurisdiction))
	if err != nil {
		return failed(op, err)
	}
	if !strings.EqualFold(got.Domain, d.Domain) {
		return nonsense(op, "the answer names another domain")
	}
	return nil
}

// DevURL says whether the bucket answers on r2.dev too (GET
// .../buckets/{bucket}/domains/managed).
func (c *Client) DevURL(ctx context.Context, b state.Bucket) (bool, error) {
	var p r2.BucketDomainManagedListParams
	p.AccountID.Value, p.AccountID.Present = b.Account, true
	op := "look at r2.dev of bucket " + b.Name
	got, err := c.buckets.Domains.Managed.List(ctx, url.PathEscape(b.Name), p, in(b.Jurisdiction))
	if err != nil {
		return false, failed(op, err)
	}
	if got.Domain == "" {
		return false, nonsense(op, "the answer names no domain")
	}
	return got.Enabled, nil
}
