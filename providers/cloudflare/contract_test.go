package cloudflare_test

import (
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/httpx/httpxtest"
	"github.com/nixwright/nixwright/state"
)

// TestContract sends every request that there is once.
func TestContract(t *testing.T) {
	var n atomic.Int32
	srv := httpxtest.Contract(t, "cloudflare.openapi.json", "/client/v4", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if strings.HasSuffix(r.URL.Path, "/permission_groups") && r.URL.RawQuery == "" {
			var all []string
			for _, p := range state.PermissionsFor(state.ForReadToken) {
				all = append(all, `{"id":"`+group+`","name":"`+p.Name+`","scopes":["`+p.Key+`"]}`)
			}
			good(w, "["+strings.Join(all, ",")+"]")
			return
		}
		if strings.HasSuffix(r.URL.Path, "/permission_groups") {
			good(w, `[{"id":"`+group+`","name":"Workers R2 Storage Bucket Item Write","scopes":["com.cloudflare.edge.r2.bucket"]}]`)
			return
		}
		good(w, `{"id":"`+tokenID+`","value":"v"}`)
	}))
	c := cloudflare.New(quiet(), srv.URL+"/client/v4", state.NewSecret(token))
	ctx, b := t.Context(), bucket()
	want := b
	want.Location, want.StorageClass, want.Jurisdiction = "weur", "Standard", "eu"
	_, _ = c.Accounts(ctx)
	_, _ = c.Zones(ctx)
	asked := func(_ any, found bool, err error) {
		if found || err == nil {
			t.Errorf("an answer that names nothing passed: %v, %v", found, err)
		}
	}
	asked(c.Bucket(ctx, account, b.Name, ""))
	asked(c.CacheDomain(ctx, b, "cache.phlip9.com"))
	_, _ = c.DevURL(ctx, b)
	_, _ = c.AddressRecords(ctx, zoneID, "ci.phlip9.com")
	_ = c.CreateBucket(ctx, b)
	_ = c.CreateBucket(ctx, want)
	_ = c.ConnectDomain(ctx, b, state.CacheDomain{Domain: "cache.phlip9.com", Zone: zoneID, Enabled: true, MinTLS: "1.2"})
	for _, addr := range []string{"192.0.2.1", "2001:db8::1"} {
		_ = c.CreateAddressRecord(ctx, zoneID, state.DNSRecord{Name: "ci.phlip9.com", Addr: netip.MustParseAddr(addr)})
	}
	_, _ = c.Token(ctx, account)
	for _, own := range []bool{false, true} {
		_, _ = c.FindR2Tokens(ctx, account, "niks3-omnara1", own)
		_, _ = c.CreateR2Token(ctx, b, "niks3-omnara1", own)
		_, _ = c.RollR2Token(ctx, account, state.R2Token{ID: state.NewSecret(tokenID), Account: own})
		_, _ = c.CreateReadToken(ctx, account, zoneID, "nixwright-console-omnara1", own)
		_, _ = c.RollReadToken(ctx, account, state.R2Token{ID: state.NewSecret(tokenID), Account: own})
		_ = c.Revoke(ctx, state.CloudflareToken{ID: tokenID, Account: own, Owner: account})
	}
	_, _ = c.BucketFigures(ctx, b, figuresFrom, figuresTo)
	_, _ = c.EdgeFigures(ctx, zoneID, "cache.phlip9.com", figuresFrom, figuresTo)
	_, _ = c.AccountSize(ctx, account)
	if n.Load() != 33 {
		t.Errorf("%d requests, want 33", n.Load())
	}
}
