package fake

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// zoneOps are the operations on accounts, zones and DNS records
// (accounts-list-accounts, zones-get, dns-records-for-a-zone-*).
func zoneOps() []cloudOp {
	return []cloudOp{
		{
			method: "GET", path: "/accounts", run: listAccounts,
			groups: []string{"Account Settings Read", "Account Settings Write"},
		},
		{method: "GET", path: "/zones", run: listZones, groups: []string{"Zone Read", "Zone Write"}},
		{
			method: "GET", path: "/zones/{zone}/dns_records", run: listRecords,
			groups: []string{"DNS Read", "DNS Write"},
		},
		{method: "POST", path: "/zones/{zone}/dns_records", run: createRecord, groups: []string{"DNS Write"}},
	}
}

// accounts are those on which the token has the operation's permission.
func (c *cloudCall) accounts() []CloudAccount {
	return slices.DeleteFunc(slices.Clone(c.cloud.Accounts), func(a CloudAccount) bool {
		return !c.token.mayAccount(a.ID, c.op.groups)
	})
}

// zones are those on which the token has the operation's permission.
func (c *cloudCall) zones() []CloudZone {
	return slices.DeleteFunc(slices.Clone(c.cloud.Zones), func(z CloudZone) bool {
		return !c.token.mayZone(z, c.op.groups)
	})
}

func listAccounts(c *cloudCall) cloudAnswer {
	out := []any{}
	for _, a := range c.accounts() {
		if name := c.r.URL.Query().Get("name"); name == "" || name == a.Name {
			out = append(out, map[string]any{
				"id": a.ID, "name": a.Name, "type": "standard", "created_on": cloudBegan(),
				"settings": map[string]any{"enforce_twofactor": false},
			})
		}
	}
	return c.page(out, cloudPages{20, 5, 50})
}

func listZones(c *cloudCall) cloudAnswer {
	q, out := c.r.URL.Query(), []any{}
	for _, z := range c.zones() {
		if cloudMatches(q.Get("name"), z.Name) && cloudMatches(q.Get("account.id"), z.Account) && cloudMatches(q.Get("status"), z.Status) {
			out = append(out, c.zone(z))
		}
	}
	return c.page(out, cloudPages{20, 5, 50})
}

// cloudMatches says whether the filter is absent or is the value.
func cloudMatches(filter, value string) bool { return filter == "" || strings.EqualFold(filter, value) }

// zone is a zone as it is answered.
func (c *cloudCall) zone(z CloudZone) map[string]any {
	account := map[string]any{"id": z.Account}
	if a := c.cloud.account(z.Account); a != nil {
		account["name"] = a.Name
	}
	out := map[string]any{
		"id": z.ID, "name": z.Name, "status": z.Status, "type": z.Type, "paused": false,
		// The owner's id and name are null; the schema knows only strings, so they are left out.
		"account": account, "owner": map[string]any{"type": "organization"},
		"development_mode": 0, "meta": map[string]any{"step": 2, "page_rule_quota": 3, "phishing_detected": false},
		"name_servers":          []string{"bob.ns.cloudflare.com", "lola.ns.cloudflare.com"},
		"original_name_servers": nil, "original_registrar": nil, "original_dnshost": nil,
		"created_on": z.Created, "modified_on": z.Created, "activated_on": nil,
	}
	if z.Status == "active" {
		out["activated_on"] = z.Created
	}
	return out
}

func listRecords(c *cloudCall) cloudAnswer {
	q, out := c.r.URL.Query(), []any{}
	filter := func(name string) string { return q.Get(name) + q.Get(name+".exact") } // the older and the newer name
	for _, r := range c.cloud.Records {
		if r.Zone == c.r.PathValue("zone") && cloudMatches(q.Get("type"), r.Type) &&
			cloudMatches(filter("name"), r.Name) && cloudMatches(filter("content"), r.Content) {
			out = append(out, c.record(r))
		}
	}
	return c.page(out, cloudPages{100, 1, 5_000_000})
}

// record is a DNS record as it is answered.
func (c *cloudCall) record(r CloudRecord) map[string]any {
	out := map[string]any{
		"id": r.ID, "type": r.Type, "name": r.Name, "content": r.Content, "ttl": r.TTL,
		"proxied": r.Proxied, "proxiable": proxiable(r.Type), "tags": []string{},
		"meta": map[string]any{"auto_added": false}, "created_on": r.Created, "modified_on": r.Created,
	}
	if r.Comment != "" {
		out["comment"] = r.Comment
	}
	if !proxiable(r.Type) {
		delete(out, "proxied")
	}
	return out
}

func proxiable(typ string) bool { return typ == "A" || typ == "AAAA" || typ == "CNAME" }

// createRecord refuses what is there already as callers of the API have seen it
// (DNS docs name no codes): 81058 for the same record, which was 81057 earlier,
// and 81053 for a CNAME beside another record of the name.
func createRecord(c *cloudCall) cloudAnswer {
	var in struct {
		Type, Name, Content, Comment string
		TTL                          float64
		Proxied                      bool
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	zone := c.cloud.zone(c.r.PathValue("zone"))
	name := strings.ToLower(strings.TrimSuffix(in.Name, "."))
	switch {
	case in.Name == "@":
		name = zone.Name
	case !inZone(name, zone.Name):
		name += "." + zone.Name
	}
	addr, err := netip.ParseAddr(in.Content)
	switch {
	case in.Name == "" || in.Content == "":
		return cloudBad(9000, "DNS name is invalid.")
	case in.Type == "A" && (err != nil || !addr.Is4()):
		return cloudBad(9005, "Content for A record must be a valid IPv4 address.")
	case in.Type == "AAAA" && (err != nil || !addr.Is6()):
		return cloudBad(9006, "Content for AAAA record must be a valid IPv6 address.")
	case !proxiable(in.Type) && in.Type != "TXT":
		return cloudBad(1004, "DNS Validation Error")
	}
	for _, r := range c.cloud.Records {
		switch {
		case r.Zone != zone.ID || r.Name != name:
		case r.Type == in.Type && r.Content == in.Content:
			return cloudBad(81058, "An identical record already exists.").or(81057)
		case proxiable(r.Type) && proxiable(in.Type) && (r.Type == "CNAME" || in.Type == "CNAME"):
			return cloudBad(81053, "An A, AAAA, or CNAME record with that host already exists.").or(0)
		}
	}
	return cloudOK(c.record(c.s.addRecord(CloudRecord{
		Zone: zone.ID, Type: in.Type, Name: name, Content: in.Content, Proxied: in.Proxied,
		TTL: int(in.TTL), Comment: in.Comment, Created: c.now.Truncate(time.Second),
	})))
}
