package nixfiles

import (
	"crypto/sha256"
	_ "embed" // the Nix files below
	"encoding/hex"
	"slices"
)

// The names under which Shipped knows the files.
const (
	ModuleName    = "buildbot-ci.nix"
	ClientName    = "nix-cache.nix"
	RepoFlakeName = "repo-flake.nix"
)

var (
	//go:embed buildbot-ci.nix
	module string
	//go:embed nix-cache.nix
	client string
	//go:embed repo-flake.nix
	repoFlake string
)

// shipped lists the SHA-256 of every version of every file that was ever
// released, oldest first; the last one is today's. A line is never removed: a
// user who updates after a year is to be told that the file is still ours.
var shipped = map[string][]string{
	ModuleName: {
		"65c4fce5e52e3eff46b74094a4f04d5cb2030eb17588255cf347b2ff76a2867b",
		"a8ddce14e6e5a1da95fd8091df2f4b125ab238b26503028e7de83da2a1125b2f",
		"fc7dff6a6a1eb26926c05d445714798ac3fd1f91aa34771068961a5a5ac41df0",
	},
	ClientName: {
		"7cc0f8d85ca673250c10c530cf1e6fbd91e85130c63c0e4f701ddf1189368153",
		"a3d6416c367db56979d417701fd10e7a6d1f6594f7048be545060749ca097c99",
	},
	RepoFlakeName: {"3fe6e7a63f676fc00a9830cf33a99b11b82768c517a344f6ef19c18f0aa39a27"},
}

// Module is today's NixOS module of the CI host and its build machines. It
// finds its facts at ../<networking.hostName>/ci-facts.json.
func Module() string { return module }

// Client is today's NixOS module for machines that fetch from the cache. It
// finds its facts at ../*/ci-facts.json.
func Client() string { return client }

// RepoFlake is the flake.nix proposed to a repository that has none. It offers
// what default.nix gives as checks, and has no inputs and so no lock file.
func RepoFlake() string { return repoFlake }

// Shipped says whether text is, byte for byte, some released version of the
// named file: then it may be replaced, since nobody's own work is lost. name is
// one of the constants above, wherever the file lies on disk.
func Shipped(name, text string) bool {
	sum := sha256.Sum256([]byte(text))
	return slices.Contains(shipped[name], hex.EncodeToString(sum[:]))
}
