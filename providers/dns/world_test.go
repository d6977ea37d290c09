package dns_test

import (
	"testing"

	"github.com/nixwright/nixwright/providers/dns"
	"github.com/nixwright/nixwright/providers/fake"
)

// TestInTheBuiltInWorld asks the pretend DNS for the host and for nobody.
func TestInTheBuiltInWorld(t *testing.T) {
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	r := dns.New(w.Endpoints().DNS)
	for name, want := range map[string]int{"omnara1.phlip9.com": 1, "nobody.phlip9.com": 0} {
		if got, err := r.Lookup(t.Context(), name); err != nil || len(got) != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
