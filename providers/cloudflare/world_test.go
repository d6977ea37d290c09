package cloudflare_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/state"
)

// TestInTheBuiltInWorld goes through the story of a set-up in the pretend
// Cloudflare, with a token of the account and with one of the user.
func TestInTheBuiltInWorld(t *testing.T) {
	for scenario, own := range map[string]bool{"fresh": true, "half-done": false} {
		t.Run(scenario, func(t *testing.T) {
			w, err := fake.Start(t.Context(), t.TempDir(), scenario, fake.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(w.Close)
			c := cloudflare.New(quiet(), w.Endpoints().CloudflareAPI, state.NewSecret(w.Env()["CLOUDFLARE_API_TOKEN"]))
			look(t, c, own)
			makeKeys(t, c, makeBucket(t, c), own)
			makeRecord(t, c)
			revoke(t, c)
			none := cloudflare.New(quiet(), w.Endpoints().CloudflareAPI, state.NewSecret("wrong"))
			if _, err := none.Token(t.Context(), account); !errors.Is(err, state.ErrUnauthorized) {
				t.Errorf("a wrong token: %v", err)
			}
		})
	}
}

func look(t *testing.T, c *cloudflare.Client, own bool) {
	t.Helper()
	ctx := t.Context()
	for _, known := range []string{account, ""} {
		got, err := c.Token(ctx, known)
		if err != nil || got.Account != own || got.Status != "active" || !got.Known || len(got.Groups) == 0 {
			t.Errorf("token with account %q: %+v, %v", known, got, err)
		}
	}
	if all, err := c.Accounts(ctx); err != nil || len(all) != 1 || all[0].ID != account {
		t.Errorf("accounts %+v, %v", all, err)
	}
	if z := theZone(t, c); z.Account != account || z.Type != "full" || z.Status != "active" {
		t.Errorf("zone %+v", z)
	}
}

// theZone is the one of the story; a user's token sees others too.
func theZone(t *testing.T, c *cloudflare.Client) state.Zone {
	t.Helper()
	all, err := c.Zones(t.Context())
	i := slices.IndexFunc(all, func(z state.Zone) bool { return z.Name == "phlip9.com" })
	if err != nil || i < 0 {
		t.Fatalf("zones %+v, %v", all, err)
	}
	return all[i]
}

func makeBucket(t *testing.T, c *cloudflare.Client) state.Bucket {
	t.Helper()
	ctx := t.Context()
	b := state.Bucket{Name: "made-in-a-test", Account: account, Location: "weur"}
	if _, found, err := c.Bucket(ctx, account, b.Name, ""); found || err != nil {
		t.Errorf("bucket before: %v, %v", found, err)
	}
	if err := c.CreateBucket(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateBucket(ctx, b); !errors.Is(err, state.ErrExists) {
		t.Errorf("again: %v", err)
	}
	b, found, err := c.Bucket(ctx, account, b.Name, "")
	if !found || err != nil || b.Location != "weur" {
		t.Fatalf("bucket %+v, %v, %v", b, found, err)
	}
	if on, err := c.DevURL(ctx, b); on || err != nil {
		t.Errorf("r2.dev: %v, %v", on, err)
	}
	d := state.CacheDomain{Domain: "made.phlip9.com", Zone: theZone(t, c).ID, Enabled: true, MinTLS: "1.2"}
	if err := c.ConnectDomain(ctx, b, d); err != nil {
		t.Fatal(err)
	}
	if got, found, err := c.CacheDomain(ctx, b, d.Domain); !found || err != nil || got.MinTLS != "1.2" || got.Ownership == "" {
		t.Errorf("domain %+v, %v, %v", got, found, err)
	}
	return b
}

func makeKeys(t *testing.T, c *cloudflare.Client, b state.Bucket, own bool) {
	t.Helper()
	ctx := t.Context()
	keys, err := c.CreateR2Token(ctx, b, "made-in-a-test", own)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := c.FindR2Tokens(ctx, account, "made-in-a-test", own)
	if err != nil || len(tokens) != 1 || !tokens[0].ID.Equal(keys.Access) || len(tokens[0].Groups) != 1 {
		t.Fatalf("tokens %+v, %v", tokens, err)
	}
	rolled, err := c.RollR2Token(ctx, account, tokens[0])
	if err != nil || !rolled.Access.Equal(keys.Access) || rolled.Secret.Equal(keys.Secret) {
		t.Errorf("roll: %v", err)
	}
}

func makeRecord(t *testing.T, c *cloudflare.Client) {
	t.Helper()
	ctx, zone := t.Context(), theZone(t, c).ID
	r := state.DNSRecord{Name: "ci2.phlip9.com", Addr: netip.MustParseAddr("203.0.113.7")}
	if err := c.CreateAddressRecord(ctx, zone, r); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateAddressRecord(ctx, zone, r); !errors.Is(err, state.ErrExists) {
		t.Errorf("again: %v", err)
	}
	if all, err := c.AddressRecords(ctx, zone, r.Name); err != nil || len(all) != 1 || all[0] != r {
		t.Errorf("records %+v, %v", all, err)
	}
}

func revoke(t *testing.T, c *cloudflare.Client) {
	t.Helper()
	me, err := c.Token(t.Context(), account)
	if err == nil {
		err = c.Revoke(t.Context(), me, account)
	}
	if err != nil {
		t.Errorf("revoke: %v", err)
	}
	if _, err := c.Token(t.Context(), account); !errors.Is(err, state.ErrUnauthorized) {
		t.Errorf("after it: %v", err)
	}
}
