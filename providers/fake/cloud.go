package fake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// CloudState is the Cloudflare part of the world: accounts, zones with their
// records, R2 buckets, API tokens, and the names that DNS knows besides.
type CloudState struct {
	User     string              `json:"user"` // id of the one user; 32 hex characters
	Accounts []CloudAccount      `json:"accounts"`
	Zones    []CloudZone         `json:"zones"`
	Records  []CloudRecord       `json:"records"`
	Buckets  []CloudBucket       `json:"buckets"`
	Tokens   []CloudToken        `json:"tokens"`
	Names    map[string][]string `json:"names"` // static names -> addresses, in no zone
	Knobs    CloudKnobs          `json:"knobs"`
}

// CloudKnobs set what Cloudflare documents nowhere, so that both answers can be
// tried. The first addAccount sets the defaults; a scenario changes them
// afterwards.
type CloudKnobs struct {
	// DomainPolls is how many GETs of a new custom domain still say pending.
	// Default 2. R2 docs, Public buckets, say that it takes a few minutes.
	DomainPolls int `json:"domain_polls"`
	// FreshKeyRefusals is how many signed requests S3 refuses after a token
	// was made or rolled. Default 1. R2 docs, API tokens, say no delay.
	FreshKeyRefusals int `json:"fresh_key_refusals"`
	// DynamicNarinfo leaves narinfo files uncached at the edge, as Cloudflare
	// does without a cache rule: its default file types know no .narinfo.
	DynamicNarinfo bool `json:"dynamic_narinfo"`
	// OtherCodes answers refusals whose code is documented nowhere, or in two
	// ways, with another code.
	OtherCodes bool `json:"other_codes"`
	// DomainNeedsZone wants DNS Write on the zone, besides the bucket's
	// permission, of who connects a custom domain: R2 docs, Public buckets, do
	// not say whether it takes that.
	DomainNeedsZone bool `json:"domain_needs_zone"`
	// PageSize is the most that a list gives at once, though more is asked for;
	// 0: what is asked for.
	PageSize int `json:"page_size"`
	// Limited is how many requests are still refused for the rate limit, and
	// LimitedFor how many seconds each asks to be left alone; 0: one.
	Limited    int `json:"limited"`
	LimitedFor int `json:"limited_for"`
}

// CloudAccount is an account; R2 says whether it has accepted R2's terms.
type CloudAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	R2   bool   `json:"r2"`
}

// CloudZone is a DNS zone. Type is full, partial or secondary.
type CloudZone struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Account string    `json:"account"`
	Type    string    `json:"type"`
	Status  string    `json:"status"` // active, pending, ...
	Created time.Time `json:"created"`
}

// CloudRecord is a DNS record of a zone; Name is the full name.
type CloudRecord struct {
	ID      string    `json:"id"`
	Zone    string    `json:"zone"`
	Type    string    `json:"type"`
	Name    string    `json:"name"`
	Content string    `json:"content"`
	Proxied bool      `json:"proxied"`
	TTL     int       `json:"ttl"` // seconds; 1: automatic
	Comment string    `json:"comment,omitempty"`
	Created time.Time `json:"created"`
}

// CloudBucket is an R2 bucket. Other holds the settings that nixwright never
// makes (cors, lifecycle), as the one who set them sent them.
type CloudBucket struct {
	ID           string                     `json:"id"`
	Account      string                     `json:"account"`
	Name         string                     `json:"name"`
	Jurisdiction string                     `json:"jurisdiction"` // default, eu, fedramp
	Location     string                     `json:"location"`
	StorageClass string                     `json:"storage_class"`
	Created      time.Time                  `json:"created"`
	Domains      []CloudDomain              `json:"domains"`
	DevURL       bool                       `json:"dev_url"` // answers on r2.dev
	Other        map[string]json.RawMessage `json:"other,omitempty"`
}

// CloudDomain is a custom domain of a bucket. Polls is how many GETs still
// find it pending.
type CloudDomain struct {
	Domain    string   `json:"domain"`
	Zone      string   `json:"zone"`
	Enabled   bool     `json:"enabled"`
	MinTLS    string   `json:"min_tls"`
	Ciphers   []string `json:"ciphers,omitempty"`
	Ownership string   `json:"ownership"`
	SSL       string   `json:"ssl"`
	Polls     int      `json:"polls"`
}

// live says whether the domain serves its bucket.
func (d CloudDomain) live() bool {
	return d.Enabled && d.Ownership == "active" && d.SSL == "active"
}

// CloudToken is an API token. Hash is the SHA-256 of its value in lowercase
// hex: it checks a bearer, and it is the S3 secret of the token
// (R2 docs, API tokens, "Get S3 API credentials from an API token"). The value
// is not kept.
type CloudToken struct {
	ID       string        `json:"id"`
	Account  string        `json:"account"` // the account that owns it; empty: the user's own
	Name     string        `json:"name"`
	Status   string        `json:"status"` // active, disabled
	Policies []CloudPolicy `json:"policies"`
	Hash     string        `json:"hash"`
	Issued   time.Time     `json:"issued"`
	Modified time.Time     `json:"modified"`
	Expires  time.Time     `json:"expires,omitzero"`
	Refusals int           `json:"refusals"` // signed requests that S3 still refuses
}

// status is the token's status at that time: active, disabled or expired.
func (t CloudToken) status(now time.Time) string {
	if !t.Expires.IsZero() && now.After(t.Expires) {
		return "expired"
	}
	return t.Status
}

// CloudPolicy is a policy of a token. Groups are ids of permission groups;
// a resource's value is "*", or for an account an object of its zones.
type CloudPolicy struct {
	ID        string         `json:"id"`
	Effect    string         `json:"effect"` // allow, deny
	Groups    []string       `json:"groups"`
	Resources map[string]any `json:"resources"`
}

func (c *CloudState) account(id string) *CloudAccount {
	for i := range c.Accounts {
		if c.Accounts[i].ID == id {
			return &c.Accounts[i]
		}
	}
	return nil
}

func (c *CloudState) zone(id string) *CloudZone {
	for i := range c.Zones {
		if c.Zones[i].ID == id {
			return &c.Zones[i]
		}
	}
	return nil
}

// full says whether Cloudflare answers for the zone in DNS.
func (c *CloudState) full(zone string) bool {
	z := c.zone(zone)
	return z != nil && z.Type == "full"
}

func (c *CloudState) bucket(account, jurisdiction, name string) *CloudBucket {
	for i, b := range c.Buckets {
		if b.Account == account && b.Jurisdiction == jurisdiction && b.Name == name {
			return &c.Buckets[i]
		}
	}
	return nil
}

func (c *CloudState) tokenByID(id string) *CloudToken {
	for i := range c.Tokens {
		if c.Tokens[i].ID == id {
			return &c.Tokens[i]
		}
	}
	return nil
}

// inZone says whether the name is the zone's or below it.
func inZone(name, zone string) bool {
	return name == zone || strings.HasSuffix(name, "."+zone)
}

// recordWrite counts a request that is not GET or HEAD; call it inside Update.
func (s *State) recordWrite(service string, r *http.Request, status int) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return
	}
	s.Writes = append(s.Writes, Write{Service: service, Method: r.Method, Path: r.URL.Path, Status: status})
}

// recordWrite is the same outside of Update; it is on disk when it returns.
func (w *World) recordWrite(service string, r *http.Request, status int) error {
	return w.Update(func(s *State) error {
		s.recordWrite(service, r, status)
		return nil
	})
}
