package live

import (
	"testing"
	"unsafe"
)

// TestRowFits holds a row of a build to an allocation of 256 bytes: there are a
// hundred thousand.
func TestRowFits(t *testing.T) {
	if n := unsafe.Sizeof(row[Build]{}); n > 256 {
		t.Errorf("a row of a build takes %d bytes", n)
	}
}
