package state

import "testing"

func TestNiks3Needs(t *testing.T) {
	for what, want := range map[string]string{
		Niks3GCStatus: "not offered by this niks3 (needs v1.5.0)",
		Niks3Keys:     "not offered by this niks3 (needs v1.5.0)",
		Niks3Pins:     "not offered by this niks3 (needs v1.7.0)",
		Niks3Stats:    "not offered by this niks3 (needs newer than v1.7.0)",
		Niks3Measures: "not offered by this niks3 (needs newer than v1.7.0)",
	} {
		if got := Niks3Needs(what); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}
