package fake

import (
	"net/http"
	"strings"
)

// describeDomain is a custom domain as it is answered.
func (c *cloudCall) describeDomain(d CloudDomain) map[string]any {
	out := map[string]any{
		"domain": d.Domain, "enabled": d.Enabled, "minTLS": d.MinTLS, "zoneId": d.Zone,
		"status": map[string]any{"ownership": d.Ownership, "ssl": d.SSL},
	}
	if z := c.cloud.zone(d.Zone); z != nil {
		out["zoneName"] = z.Name
	}
	if d.Ciphers != nil {
		out["ciphers"] = d.Ciphers
	}
	return out
}

func listDomains(c *cloudCall, b *CloudBucket) cloudAnswer {
	out := make([]any, 0, len(b.Domains))
	for _, d := range b.Domains {
		out = append(out, c.describeDomain(d))
	}
	return cloudOK(map[string]any{"domains": out})
}

// getDomain counts: after its knob's number of GETs a pending domain is active.
// One in a partial zone stays pending: its record would have to be made where
// the zone's DNS is (DNS docs, Partial (CNAME) setup), and nobody does.
func getDomain(c *cloudCall, b *CloudBucket) cloudAnswer {
	for i := range b.Domains {
		d := &b.Domains[i]
		switch {
		case d.Domain != c.r.PathValue("domain"):
			continue
		case d.Polls > 0:
			d.Polls--
		case d.Ownership == "pending" && c.cloud.full(d.Zone):
			d.Ownership, d.SSL = "active", "active"
		}
		return cloudOK(c.describeDomain(*d))
	}
	// Callers of the API have seen 10053; no page names it.
	return cloudRefuse(http.StatusNotFound, 10053, "The specified custom domain does not exist.").or(10056)
}

// createDomain connects a domain; its answer has no status, and the domain is
// pending at first. The zone must be one of the same account, whatever its type
// (R2 docs, Public buckets, "Add your domain to Cloudflare"). Which codes refuse
// is documented nowhere; that a domain in use is 409 is what callers have seen.
func createDomain(c *cloudCall, b *CloudBucket) cloudAnswer {
	var in struct {
		Domain, ZoneID, MinTLS string
		Enabled                bool
		Ciphers                []string
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	in.Domain = strings.ToLower(in.Domain)
	zone := c.cloud.zone(in.ZoneID)
	switch {
	case zone == nil || zone.Account != b.Account:
		return cloudBad(10052, "The zone does not belong to this account.")
	case c.cloud.Knobs.DomainNeedsZone && !c.token.mayZone(*zone, []string{"DNS Write"}):
		return cloudDenied()
	case in.Domain == "" || !inZone(in.Domain, zone.Name):
		return cloudBad(10054, "The domain does not belong to the zone.")
	}
	for _, r := range c.cloud.Records {
		if r.Zone == zone.ID && r.Name == in.Domain && proxiable(r.Type) {
			return cloudRefuse(http.StatusConflict, 10055, "The domain is already in use.").or(10062)
		}
	}
	d := CloudDomain{
		Domain: in.Domain, Zone: zone.ID, Enabled: in.Enabled, MinTLS: in.MinTLS, Ciphers: in.Ciphers,
		Ownership: "pending", SSL: "pending", Polls: c.cloud.Knobs.DomainPolls,
	}
	if d.MinTLS == "" {
		d.MinTLS = "1.0"
	}
	c.s.attachDomain(b, d)
	out := c.describeDomain(d)
	delete(out, "status")
	delete(out, "zoneName")
	return cloudOK(out)
}
