package setup

import (
	"os"
	"testing"
)

// TestMain keeps the worlds' files in memory where the machine offers that:
// they are written durably, which takes longer than all the rest.
func TestMain(m *testing.M) {
	if dir, err := os.MkdirTemp("/dev/shm", "setup"); err == nil {
		_ = os.Setenv("TMPDIR", dir)
		defer func() { _ = os.RemoveAll(dir) }()
	}
	m.Run()
}
