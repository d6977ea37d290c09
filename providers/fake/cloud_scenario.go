package fake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// cloudBegan is when everything was made that a scenario starts with.
func cloudBegan() time.Time { return time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC) }

// addAccount adds an account with R2 enabled. The first one brings the user
// and the default knobs.
func (s *State) addAccount(id, name string) {
	c := &s.Cloud
	if len(c.Accounts) == 0 {
		c.User = s.Make("cloudflare user", 32)
		c.Knobs = CloudKnobs{DomainPolls: 2, FreshKeyRefusals: 1}
	}
	c.Accounts = append(c.Accounts, CloudAccount{ID: id, Name: name, R2: true})
}

// addZone adds an active zone (typ: full, partial, secondary) and returns its id.
func (s *State) addZone(account, name, typ string) string {
	z := CloudZone{
		ID: s.Make("zone", 32), Name: name, Account: account, Type: typ, Status: "active", Created: cloudBegan(),
	}
	s.Cloud.Zones = append(s.Cloud.Zones, z)
	return z.ID
}

// addRecord adds a DNS record to a zone and returns it.
func (s *State) addRecord(r CloudRecord) CloudRecord {
	r.ID = s.Make("dns record", 32)
	if r.TTL == 0 {
		r.TTL = 1
	}
	if r.Created.IsZero() {
		r.Created = cloudBegan()
	}
	s.Cloud.Records = append(s.Cloud.Records, r)
	return r
}

// addBucket adds a bucket and returns it. What the given one leaves empty is
// as Cloudflare has it by default.
func (s *State) addBucket(b CloudBucket) CloudBucket {
	b.ID = s.Make("bucket", 32)
	if b.Jurisdiction == "" {
		b.Jurisdiction = "default"
	}
	if b.Location == "" {
		b.Location = "weur"
	}
	if b.StorageClass == "" {
		b.StorageClass = "Standard"
	}
	if b.Created.IsZero() {
		b.Created = cloudBegan()
	}
	s.Cloud.Buckets = append(s.Cloud.Buckets, b)
	return b
}

// addToken adds an active token and returns its id and value.
func (s *State) addToken(t CloudToken) (id, value string) {
	t.ID, value = s.Make("token id", 32), tokenValue(s.Make("token value", 60))
	if t.Status == "" {
		t.Status = "active"
	}
	if t.Issued.IsZero() {
		t.Issued = cloudBegan()
	}
	if t.Modified.IsZero() {
		t.Modified = t.Issued
	}
	for i := range t.Policies {
		t.Policies[i].ID = s.Make("policy", 32)
	}
	t.Hash = hashAPIToken(value)
	s.Cloud.Tokens = append(s.Cloud.Tokens, t)
	return t.ID, value
}

// tokenValue is a token as Cloudflare writes them: 40 letters, digits, - and _
// (its API schema, tokens_value).
func tokenValue(random string) string {
	b, _ := hex.DecodeString(random)
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashAPIToken is the S3 secret of a token's value.
func hashAPIToken(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// bootstrapPolicies are those of the token that sets everything up: the
// smallest set of the table, as the filled-in page ticks it.
func (s *State) bootstrapPolicies(own bool) []CloudPolicy {
	var groups []string
	for _, p := range state.PermissionsFor(state.CloudflareFor(own)) {
		groups = append(groups, p.Name)
	}
	return s.policies(groups)
}

// bucketPolicies are those of the token that is a bucket's S3 keys; the
// jurisdiction may be empty.
func bucketPolicies(account, jurisdiction, bucket string) []CloudPolicy {
	if jurisdiction == "" {
		jurisdiction = "default"
	}
	return []CloudPolicy{grant(bucketResource+account+"_"+jurisdiction+"_"+bucket, itemWrite)}
}

// grant allows the named permission groups on a resource.
func grant(resource string, groups ...string) CloudPolicy {
	p := CloudPolicy{Effect: "allow", Resources: map[string]any{resource: "*"}}
	for _, g := range permissionGroups() {
		for _, name := range groups {
			if g.Name == name {
				p.Groups = append(p.Groups, g.ID)
			}
		}
	}
	return p
}

// addDNSName makes DNS answer for a name that is in no zone of the world.
func (s *State) addDNSName(name string, addrs ...string) {
	if s.Cloud.Names == nil {
		s.Cloud.Names = map[string][]string{}
	}
	s.Cloud.Names[strings.ToLower(name)] = addrs
}

// connectDomain connects an active custom domain to a bucket of the account,
// in the zone that holds the name. It does nothing where there is no such
// bucket or zone.
func (s *State) connectDomain(account, bucket, domain string) {
	for i := range s.Cloud.Buckets {
		b := &s.Cloud.Buckets[i]
		if b.Account != account || b.Name != bucket {
			continue
		}
		for _, z := range s.Cloud.Zones {
			if z.Account == account && inZone(domain, z.Name) {
				s.attachDomain(b, CloudDomain{
					Domain: domain, Zone: z.ID, Enabled: true, MinTLS: "1.2", Ownership: "active", SSL: "active",
				})
				return
			}
		}
	}
}

// attachDomain adds the domain, and in a full zone the DNS record that
// Cloudflare adds itself (R2 docs, Public buckets, "Connect a bucket to a custom
// domain"): a proxied CNAME to public.r2.dev, as callers have seen it.
func (s *State) attachDomain(b *CloudBucket, d CloudDomain) {
	b.Domains = append(b.Domains, d)
	if s.Cloud.full(d.Zone) {
		s.addRecord(CloudRecord{Zone: d.Zone, Type: "CNAME", Name: d.Domain, Content: "public.r2.dev", Proxied: true})
	}
}
