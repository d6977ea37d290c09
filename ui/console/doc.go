// Package console is the screen that answers, in this order: is anything
// broken, what is building, is it cached, is the cache healthy, is the host
// healthy, what do I do.
//
// It draws a live.Snapshot and nothing else: Feed makes Snapshots of what
// sources tell, outside of the program, and hands over the newest one as a
// Told. What is asked for on a key (a log, an action) goes through the Desk,
// by commands. Read-only unless Options.Off is empty.
package console
