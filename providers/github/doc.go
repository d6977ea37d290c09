// Package github asks GitHub: the account and its repositories, Apps and their
// installations, webhooks and their deliveries, sign-in credentials, and the
// pull request that brings a flake.nix. Requests and errors go through
// google/go-github; what that drops (client ids, permission keys that it does
// not know) is decoded here. A refused or unanswered call is a
// *state.CallError. Paths name operations of https://docs.github.com/rest.
package github
