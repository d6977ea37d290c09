package state

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Foreign lists the endpoint keys whose host is neither the service's own nor
// loopback. A credential goes there only after a person said so, since the
// file comes with a cloned repository. ci and cache are the domains that the
// file names anyway (ci.domain, cache.domain); endpoints.ssh is ForeignSSH's.
func (e Endpoints) Foreign(ci, cache string) []string {
	const r2 = ".r2.cloudflarestorage.com"
	all := []struct {
		key, url string
		own      func(host string) bool
	}{
		{"endpoints.github_api", e.GitHubAPI, oneOf("api.github.com")},
		{"endpoints.github_web", e.GitHubWeb, oneOf("github.com")},
		{"endpoints.cloudflare_api", e.CloudflareAPI, oneOf("api.cloudflare.com")},
		{"endpoints.r2_s3", e.R2S3, func(host string) bool { return strings.HasSuffix(host, r2) && host != r2 }},
		{"endpoints.dns", e.DNS, func(string) bool { return false }},
		{"endpoints.buildbot", e.Buildbot, func(string) bool { return false }},
		{"endpoints.niks3", e.Niks3, func(string) bool { return false }},
		{"endpoints.ci", e.CI, oneOf(ci)},
		{"endpoints.cache", e.Cache, oneOf(cache)},
	}
	var out []string
	for _, one := range all {
		if one.url != "" && !Loopback(one.url) && !ownHost(one.url, one.own) {
			out = append(out, one.key)
		}
	}
	return out
}

// ownHost says whether an address is https at a service's own host and port.
func ownHost(raw string, own func(string) bool) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.User == nil && u.Hostname() != "" &&
		(u.Port() == "" || u.Port() == "443") && own(strings.ToLower(u.Hostname()))
}

// ForeignSSH says whether endpoints.ssh names another program than the plain
// ssh or self, the path of the running executable. From a file it then runs
// only after a person said so.
func (e Endpoints) ForeignSSH(self string) bool {
	switch {
	case len(e.SSH) == 0, slices.Equal(e.SSH, []string{"ssh"}):
		return false
	default:
		return self == "" || e.SSH[0] != self
	}
}

// Loopback says whether an address, a URL or host:port, can only mean this
// machine: localhost, 127.0.0.0/8 or ::1.
func Loopback(address string) bool {
	if a, err := netip.ParseAddrPort(address); err == nil {
		return a.Addr().Unmap().IsLoopback()
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Unmap().IsLoopback()
}
