package nixfiles

import "regexp"

// What may stand in a line of nix.conf as one word: it knows no quotes and no
// escapes, and a # begins a comment. The module for clients wants the same.
var (
	cacheURL = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/-]+$`)
	cacheKey = regexp.MustCompile(`^[A-Za-z0-9._-]+:[A-Za-z0-9+/]+=*$`)
)

// NixConf is what machines that are not NixOS put into /etc/nix/nix.conf to
// fetch from the cache: two lines, which add to what is trusted already and
// replace nothing. ok is false where the address or the key cannot be written
// there.
func NixConf(c Cache) (lines []string, ok bool) {
	if !cacheURL.MatchString(c.URL) || !cacheKey.MatchString(c.PublicKey) {
		return nil, false
	}
	return []string{"extra-substituters = " + c.URL, "extra-trusted-public-keys = " + c.PublicKey}, true
}
