// Package nixfiles holds the Nix files that setup writes into an infra
// repository. They are fixed text, the same for everybody: what differs from
// one CI to the next is data in ci-facts.json (Facts), which the module reads
// itself. So no Nix is ever put together from strings, and a file on disk is
// ours exactly if its text was shipped by some version (Shipped).
package nixfiles
