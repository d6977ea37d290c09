package state

import (
	"net/netip"
	"slices"
	"strings"
)

// ProposeDomain is the domain that suggests itself for the CI of a host: ci
// beside it (omnara1.example.org: ci.example.org), or below it where nothing
// can stand beside it (example.org: ci.example.org). Empty where the ssh
// destination does not tell: a bare name, an address, a name that only one
// network knows.
func ProposeDomain(ssh string) string {
	name := strings.ToLower(sshHost(ssh))
	labels := strings.Split(name, ".")
	known := func(end string) bool { return strings.HasSuffix(name, "."+end) }
	if len(labels) < 2 || slices.ContainsFunc(local, known) {
		return ""
	}
	if parent := labels[1:]; len(parent) > 1 && !registry(parent) {
		labels = parent
	}
	if d := "ci." + strings.Join(labels, "."); legal("ci.domain", d) {
		return d
	}
	return ""
}

// sshHost is the host's name in an ssh destination; empty for an address.
func sshHost(ssh string) string {
	s, _ := strings.CutPrefix(ssh, "ssh://")
	s = s[strings.LastIndexByte(s, '@')+1:]
	if strings.HasPrefix(s, "[") || strings.Count(s, ":") > 1 {
		return ""
	}
	s, _, _ = strings.Cut(s, ":")
	s, _, _ = strings.Cut(s, "/")
	if _, err := netip.ParseAddr(s); err == nil {
		return ""
	}
	return s
}

// local are the ends of names that the world does not know (RFC 6761, RFC 6762,
// RFC 8375, RFC 9476; routers' own; Tailscale's).
var local = []string{
	"local", "localhost", "localdomain", "internal", "home.arpa", "test", "invalid", "alt",
	"lan", "home", "corp", "intranet", "private", "ts.net",
}

// registry says whether names are sold below these two labels, as below co.uk;
// a guess that errs by a proposal.
func registry(labels []string) bool {
	sold := []string{"ac", "co", "com", "edu", "gov", "gv", "ne", "net", "or", "org"}
	return len(labels) == 2 && len(labels[1]) == 2 && slices.Contains(sold, labels[0])
}
