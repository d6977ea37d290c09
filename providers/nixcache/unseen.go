package nixcache

import (
	"cmp"
	"slices"

	"github.com/nixwright/nixwright/state/live"
)

// looked is how many builds of a status Unseen looks at.
const looked = 20

// Unseen are the newest green builds of a snapshot whose output was not seen in
// the cache: those that were pushed, and those of which nobody knows whether
// they were, since the steps of older builds are not told. The newest is first.
func Unseen(s *live.Snapshot) []live.Build {
	var out []live.Build
	for _, status := range []live.Status{live.Success, live.Warnings} {
		n := 0
		for b := range s.ByStatus(status, 0) {
			if n++; n > looked {
				break
			}
			if b.OutPath != "" && b.Served != live.Present && (b.Upload == live.Uploaded || b.Upload == live.NoUpload) {
				out = append(out, *b)
			}
		}
	}
	slices.SortFunc(out, func(a, b live.Build) int { return cmp.Compare(b.ID, a.ID) })
	return out
}
