package state

import (
	"net/url"
	"slices"
	"testing"
)

func TestPermissionsFor(t *testing.T) {
	tests := []struct {
		what string
		want []string
	}{
		{ForGitHubToken, []string{"repo"}},
		{ForGitHubFine, []string{"metadata", "administration", "repository_hooks", "contents", "pull_requests"}},
		{ForCIApp, []string{"contents", "metadata", "pull_requests", "statuses", "repository_hooks"}},
		{ForCIAppOrg, []string{"contents", "metadata", "pull_requests", "statuses", "repository_hooks", "members"}},
		{ForLoginApp, []string{"email_addresses"}},
		{ForCloudflareUser, []string{"api_tokens", "workers_r2", "account_settings", "zone", "dns"}},
		{ForCloudflareAccount, []string{"account_api_tokens", "workers_r2", "account_settings", "zone", "dns"}},
		{ForR2Token, []string{"com.cloudflare.edge.r2.bucket"}},
		{"nonsense", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, p := range PermissionsFor(tt.what) {
			if p.Name == "" || p.Why == "" || p.Step == "" {
				t.Errorf("%s: %s is incomplete", tt.what, p.Key)
			}
			got = append(got, p.Key)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

func TestLinks(t *testing.T) {
	me, org := Owner{Login: "phlip9", ID: 918989}, Owner{Login: "lexe-app", ID: 7, Org: true}
	tests := []struct{ name, got, want string }{
		{"user's Cloudflare token", CloudflareTokenURL("", false), "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22api_tokens%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22workers_r2%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22account_settings%22%2C%22type%22%3A%22read%22%7D%2C%7B%22key%22%3A%22zone%22%2C%22type%22%3A%22read%22%7D%2C%7B%22key%22%3A%22dns%22%2C%22type%22%3A%22edit%22%7D%5D&accountId=*&zoneId=all&name=nixwright"},
		{"account's Cloudflare token", CloudflareTokenURL("", true)[:110], "https://dash.cloudflare.com/?to=/:account/api-tokens&permissionGroupKeys=%5B%7B%22key%22%3A%22account_api_toke"},
		{"a token elsewhere", CloudflareTokenURL("http://127.0.0.1:4000/client/v4", false)[:68], "http://127.0.0.1:4000/profile/api-tokens?permissionGroupKeys=%5B%7B%"},
		{"tokens elsewhere", CloudflareTokensURL("http://127.0.0.1:4000/client/v4", true), "http://127.0.0.1:4000/?to=/:account/api-tokens"},
		{"tokens at Cloudflare's own address", CloudflareTokensURL("https://api.cloudflare.com/client/v4", false), "https://dash.cloudflare.com/profile/api-tokens"},
		{"GitHub token elsewhere", GitHubTokenURL("http://127.0.0.1:4001/"), "http://127.0.0.1:4001/settings/tokens/new?description=nixwright&scopes=repo"},
		{"GitHub token", GitHubTokenURL(""), "https://github.com/settings/tokens/new?description=nixwright&scopes=repo"},
		{"install", InstallURL("", "phlip9-buildbot-ci", 918989, []int64{1, 2}), "https://github.com/apps/phlip9-buildbot-ci/installations/new/permissions?suggested_target_id=918989&repository_ids[]=1&repository_ids[]=2"},
		{"install, nothing chosen", InstallURL("", "phlip9-buildbot-ci", 918989, nil), "https://github.com/apps/phlip9-buildbot-ci/installations/new"},
		{"App", AppURL("", me, "x"), "https://github.com/settings/apps/x"},
		{"permissions", AppPermissionsURL("", me, "x"), "https://github.com/settings/apps/x/permissions"},
		{"permissions of an organisation's", AppPermissionsURL("https://ghe.example.org/", org, "x"), "https://ghe.example.org/organizations/lexe-app/settings/apps/x/permissions"},
		{"OAuth App", OAuthAppURL("", org, "n m", "https://ci.a", "https://ci.a/auth/login"), "https://github.com/organizations/lexe-app/settings/applications/new?oauth_application%5Bcallback_url%5D=https%3A%2F%2Fci.a%2Fauth%2Flogin&oauth_application%5Bname%5D=n+m&oauth_application%5Burl%5D=https%3A%2F%2Fci.a"},
		{"manifest", ManifestAction("", me, "s&t"), "https://github.com/settings/apps/new?state=s%26t"},
		{"slug", AppSlug("My Build Bot"), "my-build-bot"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s:\n%s\n%s", tt.name, tt.got, tt.want)
		}
		if _, err := url.Parse(tt.got); err != nil && tt.name != "account's Cloudflare token" {
			t.Error(err)
		}
	}
	if got := len(InstallURL("", "x", 1, make([]int64, 150))); got != len(InstallURL("", "x", 1, make([]int64, 100))) {
		t.Error("more than 100 repositories are chosen")
	}
}

func TestManifests(t *testing.T) {
	c := three().Derive()
	want := `{"name":"phlip9-buildbot-ci","url":"https://ci.phlip9.com","hook_attributes":{"url":"https://ci.phlip9.com/change_hook/github","active":false},"redirect_url":"http://localhost:8976/","description":"Builds with Nix what is pushed, and reports on commits.","public":false,"default_events":[],"default_permissions":{"contents":"read","metadata":"read","pull_requests":"read","repository_hooks":"write","statuses":"write"}}`
	if s := CIManifest(c, Owner{}, "http://localhost:8976/").JSON(); s != want {
		t.Errorf("got %s", s)
	}
	if CIManifest(c, Owner{Org: true}, "").Permissions["members"] != "read" {
		t.Error("an organisation's App cannot read its members")
	}
	m := LoginManifest(c, Owner{}, c.GitHub.ProxyLoginApp, "http://localhost:8976/")
	if !m.Public || m.HookAttributes.Active || len(m.Permissions) != 1 || m.Permissions["email_addresses"] != "read" {
		t.Errorf("got %+v", m)
	}
	if !slices.Equal(m.CallbackURLs, []string{"https://ci.phlip9.com/oauth2/callback", "https://ci.phlip9.com/auth/login"}) {
		t.Errorf("callbacks %v", m.CallbackURLs)
	}
}
