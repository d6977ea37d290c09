package cloudflare

import (
	"context"
	"net/netip"
	"strings"

	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/dns"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/packages/pagination"
	"github.com/cloudflare/cloudflare-go/v7/zones"

	"github.com/nixwright/nixwright/state"
)

// Accounts lists the accounts that the token sees, all pages (GET /accounts).
func (c *Client) Accounts(ctx context.Context) ([]state.Account, error) {
	got, err := all("list accounts", func(page float64) (*pagination.V4PagePaginationArray[accounts.Account], error) {
		var p accounts.AccountListParams
		p.Page.Value, p.Page.Present = page, true
		p.PerPage.Value, p.PerPage.Present = perPage, true
		return c.accounts.List(ctx, p)
	}, func(a accounts.Account) bool { return a.ID != "" && a.Name != "" })
	if err != nil {
		return nil, err
	}
	out := make([]state.Account, 0, len(got))
	for _, a := range got {
		out = append(out, state.Account{ID: clean(a.ID), Name: clean(a.Name)})
	}
	return out, nil
}

// Zones lists the zones that the token sees, all pages (GET /zones).
func (c *Client) Zones(ctx context.Context) ([]state.Zone, error) {
	got, err := all("list zones", func(page float64) (*pagination.V4PagePaginationArray[zones.Zone], error) {
		var p zones.ZoneListParams
		p.Page.Value, p.Page.Present = page, true
		p.PerPage.Value, p.PerPage.Present = perPage, true
		return c.zones.List(ctx, p)
	}, func(z zones.Zone) bool { return z.ID != "" && z.Name != "" && z.Account.ID != "" })
	if err != nil {
		return nil, err
	}
	out := make([]state.Zone, 0, len(got))
	for _, z := range got {
		out = append(out, state.Zone{
			ID: clean(z.ID), Name: clean(z.Name), Account: clean(z.Account.ID), Type: clean(string(z.Type)), Status: clean(string(z.Status)),
		})
	}
	return out, nil
}

// AddressRecords lists the A and AAAA records of a name in a zone, by its id
// (GET /zones/{zone_id}/dns_records?name=).
func (c *Client) AddressRecords(ctx context.Context, zone, name string) ([]state.DNSRecord, error) {
	op := "list address records of " + name
	got, err := all(op, func(page float64) (*pagination.V4PagePaginationArray[dns.RecordResponse], error) {
		var p dns.RecordListParams
		p.ZoneID.Value, p.ZoneID.Present = zone, true
		p.Page.Value, p.Page.Present = page, true
		p.PerPage.Value, p.PerPage.Present = perPage, true
		return c.records.List(ctx, p, option.WithQuery("name", name))
	}, func(r dns.RecordResponse) bool { return r.Name != "" && r.Type != "" })
	if err != nil {
		return nil, err
	}
	var out []state.DNSRecord
	for _, r := range got {
		if (r.Type != dns.RecordResponseTypeA && r.Type != dns.RecordResponseTypeAAAA) || !strings.EqualFold(r.Name, name) {
			continue
		}
		addr, err := netip.ParseAddr(r.Content)
		if err != nil {
			return nil, nonsense(op, "a record holds no address")
		}
		out = append(out, state.DNSRecord{Name: name, Addr: addr, Proxied: r.Proxied})
	}
	return out, nil
}

// CreateAddressRecord makes an A or AAAA record with an automatic lifetime
// (POST /zones/{zone_id}/dns_records); state.ErrExists where the name has such
// a record or a CNAME.
func (c *Client) CreateAddressRecord(ctx context.Context, zone string, r state.DNSRecord) error {
	var p dns.RecordNewParams
	p.ZoneID.Value, p.ZoneID.Present = zone, true
	if addr := r.Addr.Unmap(); addr.Is4() {
		var a dns.ARecordParam
		a.Name.Value, a.Name.Present = r.Name, true
		a.TTL.Value, a.TTL.Present = dns.TTL1, true
		a.Type.Value, a.Type.Present = dns.ARecordTypeA, true
		a.Content.Value, a.Content.Present = addr.String(), true
		a.Proxied.Value, a.Proxied.Present = r.Proxied, true
		p.Body = a
	} else {
		var a dns.AAAARecordParam
		a.Name.Value, a.Name.Present = r.Name, true
		a.TTL.Value, a.TTL.Present = dns.TTL1, true
		a.Type.Value, a.Type.Present = dns.AAAARecordTypeAAAA, true
		a.Content.Value, a.Content.Present = addr.String(), true
		a.Proxied.Value, a.Proxied.Present = r.Proxied, true
		p.Body = a
	}
	op := "make an address record for " + r.Name
	got, err := c.records.New(ctx, p)
	if err != nil {
		return failed(op, err)
	}
	if !strings.EqualFold(got.Name, r.Name) {
		return nonsense(op, "the answer names another record")
	}
	return nil
}
