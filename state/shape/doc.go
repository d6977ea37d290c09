// Package shape is the table of the secrets in the sops file: their names,
// how each is made, what is accepted, who reads it on the host, and which are
// composed of which. Detect, secrets check and rotation use this one table.
//
// It holds pure functions on the standard library. Values are revealed only
// here; no error repeats one.
package shape
