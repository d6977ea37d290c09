// Package live is what is happening now: sources tell Updates, Reduce makes of
// a Snapshot and an Update the next Snapshot, and every view, the JSON one too,
// draws a Snapshot.
//
// Reduce is pure. A Snapshot is a value that never changes: the next one shares
// with it all that stayed the same, so that holding on to an old one is safe and
// an update costs microseconds at a hundred thousand builds. Updates may come
// twice, late, or not at all; a Resync puts right what was missed.
package live
