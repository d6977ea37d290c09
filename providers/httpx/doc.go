// Package httpx is the one way out to HTTP services: a client that limits time
// and size, tries again what may be tried again, waits where a service says
// for how long, keeps credentials with the host they are meant for, and tells
// of every attempt in a line that holds no secret. It also names what went
// wrong by the kinds of package state.
package httpx
