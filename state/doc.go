// Package state is the vocabulary that every other package points at: what is
// wanted (Config, Question), what is known (Facts and the values in them),
// what is secret (Secret, Sealed), what can go wrong (Problem, the failure
// table), which permissions are needed, and the few files of ours on disk
// (Dir, Lock, Journal, Pending).
//
// It knows no service and opens no connection. It imports the standard
// library, and go-toml in config_toml.go.
package state
