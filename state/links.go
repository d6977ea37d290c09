package state

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// GitHubWeb is GitHub's own site: what endpoints.github_web stands in for.
const GitHubWeb = "https://github.com"

// cloudflareDash is Cloudflare's dashboard, and cloudflareHost where its API is.
const (
	cloudflareDash = "https://dash.cloudflare.com"
	cloudflareHost = "api.cloudflare.com"
)

// dashboard is the site whose pages belong to an API at that address: where
// the API is not Cloudflare's own, the same origin has both.
func dashboard(api string) string {
	u, err := url.Parse(api)
	if err != nil || u.Host == "" || strings.EqualFold(u.Hostname(), cloudflareHost) {
		return cloudflareDash
	}
	return u.Scheme + "://" + u.Host
}

// CloudflareTokenURL is the page that makes the bootstrap token, its
// permissions ticked; own: owned by the account. api is the API's address,
// empty for Cloudflare's own. Source: Cloudflare's page on API token template
// URLs.
func CloudflareTokenURL(api string, own bool) string {
	may := PermissionsFor(CloudflareFor(own))
	ticked := make([]string, 0, len(may))
	for _, p := range may {
		ticked = append(ticked, fmt.Sprintf(`{"key":%q,"type":%q}`, p.Key, p.Level))
	}
	query := "permissionGroupKeys=" + url.QueryEscape("["+strings.Join(ticked, ",")+"]")
	if own {
		return CloudflareTokensURL(api, own) + "&" + query + "&name=nixwright"
	}
	return CloudflareTokensURL(api, own) + "?" + query + "&accountId=*&zoneId=all&name=nixwright"
}

// CloudflareTokensURL is the page that lists tokens; own: the account's. api is
// the API's address, empty for Cloudflare's own.
func CloudflareTokensURL(api string, own bool) string {
	if own {
		return dashboard(api) + "/?to=/:account/api-tokens"
	}
	return dashboard(api) + "/profile/api-tokens"
}

// GitHubTokenURL is the page that makes a classic token, its scopes ticked.
func GitHubTokenURL(web string) string {
	may := PermissionsFor(ForGitHubToken)
	scopes := make([]string, 0, len(may))
	for _, p := range may {
		scopes = append(scopes, p.Key)
	}
	q := url.Values{"scopes": {strings.Join(scopes, ",")}, "description": {"nixwright"}}
	return site(web) + "/settings/tokens/new?" + q.Encode()
}

// InstallURL is the page that installs an App, account and repositories
// chosen (at most 100; none: the page asks). Source: GitHub's page on
// migrating OAuth Apps to GitHub Apps.
func InstallURL(web, slug string, ownerID int64, repoIDs []int64) string {
	page := site(web) + "/apps/" + url.PathEscape(slug) + "/installations/new"
	if ownerID == 0 || len(repoIDs) == 0 {
		return page
	}
	var q strings.Builder
	q.WriteString("suggested_target_id=" + strconv.FormatInt(ownerID, 10))
	for _, id := range repoIDs[:min(len(repoIDs), 100)] {
		q.WriteString("&repository_ids[]=" + strconv.FormatInt(id, 10))
	}
	return page + "/permissions?" + q.String()
}

// AppSlug is what GitHub makes of an App's name in addresses.
func AppSlug(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
}

// AppURL is the page of an App's settings: its id, keys and webhook.
func AppURL(web string, owner Owner, slug string) string {
	return settings(web, owner) + "/apps/" + url.PathEscape(slug)
}

// AppPermissionsURL is the page on which an App's permissions and events are
// changed.
func AppPermissionsURL(web string, owner Owner, slug string) string {
	return AppURL(web, owner, slug) + "/permissions"
}

// OAuthAppURL is the form of a new OAuth App, filled in. GitHub does not
// document the fields; where it ignores them the form is empty.
func OAuthAppURL(web string, owner Owner, name, home, callback string) string {
	q := url.Values{
		"oauth_application[name]":         {name},
		"oauth_application[url]":          {home},
		"oauth_application[callback_url]": {callback},
	}
	return settings(web, owner) + "/applications/new?" + q.Encode()
}

// ManifestAction is where the form with an App's manifest is posted. state
// comes back with the code.
func ManifestAction(web string, owner Owner, state string) string {
	return settings(web, owner) + "/apps/new?" + url.Values{"state": {state}}.Encode()
}

// settings is the start of the owner's settings pages.
func settings(web string, owner Owner) string {
	if owner.Org {
		return site(web) + "/organizations/" + url.PathEscape(owner.Login) + "/settings"
	}
	return site(web) + "/settings"
}

func site(web string) string {
	if web == "" {
		return GitHubWeb
	}
	return strings.TrimSuffix(web, "/")
}

// R2Endpoint is the host of R2's S3 API for an account and a jurisdiction
// ("", "default", "eu", "fedramp"). Source: Cloudflare's page on R2 API tokens.
func R2Endpoint(account, jurisdiction string) string {
	if jurisdiction != "" && jurisdiction != "default" {
		account += "." + jurisdiction
	}
	return account + ".r2.cloudflarestorage.com"
}
