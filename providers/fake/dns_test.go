package fake

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestDNS(t *testing.T) {
	w, _ := cloudWorld(t, true)
	zone := zoneID(w, "phlip9.com")
	if err := w.Update(func(s *State) error {
		s.addDNSName("omnara1.phlip9.com", "192.0.2.7", "2001:db8::7")
		s.addBucket(CloudBucket{Account: cfAccount, Name: cfBucket})
		s.connectDomain(cfAccount, cfBucket, "cache.phlip9.com")
		s.addRecord(CloudRecord{Zone: zone, Type: "A", Name: "ci.phlip9.com", Content: "192.0.2.8"})
		s.addRecord(CloudRecord{Zone: zone, Type: "TXT", Name: "ci.phlip9.com", Content: "192.0.2.9"})
		s.addRecord(CloudRecord{Zone: zone, Type: "CNAME", Name: "www.phlip9.com", Content: "Omnara1.phlip9.com."})
		s.addRecord(CloudRecord{Zone: zone, Type: "CNAME", Name: "loop.phlip9.com", Content: "loop.phlip9.com"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	addr, err := w.serveDNS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", addr)
	}}
	for name, want := range map[string][]string{
		"omnara1.phlip9.com.": {"192.0.2.7", "2001:db8::7"},
		"OMNARA1.phlip9.com.": {"192.0.2.7", "2001:db8::7"},
		"www.phlip9.com.":     {"192.0.2.7", "2001:db8::7"},
		"ci.phlip9.com.":      {"192.0.2.8"},
		"cache.phlip9.com.":   {"198.51.100.24", "2001:db8::24"},
		"nothing.phlip9.com.": nil,
		"loop.phlip9.com.":    nil,
	} {
		got, err := resolver.LookupHost(t.Context(), name)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v %v, want %v", name, got, err, want)
		}
		if missing, ok := errors.AsType[*net.DNSError](err); want == nil && (!ok || !missing.IsNotFound) {
			t.Errorf("%s: %v, want no such host", name, err)
		}
	}
	w.Close()
	again, err := Open(strings.TrimSuffix(w.dir, "/.nixwright/world"), "", "", state.Config{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	if got, err := again.serveDNS(t.Context()); err != nil || got != addr {
		t.Errorf("after a restart: %s %v, want %s", got, err, addr)
	}
}
