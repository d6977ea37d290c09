package live

import (
	"testing"
	"unsafe"

	"github.com/nixwright/nixwright/state"
)

// TestRowFits holds a row of a build to an allocation of 256 bytes: there are a
// hundred thousand.
func TestRowFits(t *testing.T) {
	if n := unsafe.Sizeof(row[Build]{}); n > 256 {
		t.Errorf("a row of a build takes %d bytes", n)
	}
}

// TestTextsAreShared: builds hold one copy of what they have in common, also
// where they are told backwards, as the past is.
func TestTextsAreShared(t *testing.T) {
	t.Parallel()
	copied := func(s string) string { return string([]byte(s)) }
	s := reduced(at(0, Builders{All: []state.Builder{{ID: 1, Name: "o/r/nix-eval"}, {ID: 2, Name: "github:o/r#checks.x86_64-linux.a"}, {ID: 3, Name: "github:o/r#checks.x86_64-linux.b"}}}))
	for _, b := range []Build{{ID: 6, Builder: 2, Parent: 5}, {ID: 3, Builder: 3, Parent: 1}, {ID: 2, Builder: 2, Parent: 1}, {ID: 1, Builder: 1}} {
		b.Commit, b.Repo, b.State, b.Done = copied("0123abc"), copied("o/r"), copied("build successful"), true
		if b.Parent > 0 {
			b.Attr = copied(map[int64]string{2: "x86_64-linux.a", 3: "x86_64-linux.b"}[b.Builder])
		}
		s = Reduce(s, at(0, Builds{All: []Build{b}}))
	}
	same := func(a, b string) bool { return a == b && unsafe.StringData(a) == unsafe.StringData(b) }
	if two, three, six := s.Build(2), s.Build(3), s.Build(6); !same(two.Commit, three.Commit) || !same(two.Attr, six.Attr) || !same(two.State, six.State) || !same(two.Repo, three.Repo) {
		t.Error("builds hold copies of the same texts")
	}
}
