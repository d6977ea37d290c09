package fake

import (
	"slices"
	"strings"
)

// AddGitHubToken gives the owner another token and returns its value: a
// classic one with these scopes or, where permissions are not nil, a
// fine-grained one with these (key to level) on all of the owner's
// repositories, or the user token of a GitHub App that has them.
func (s *State) AddGitHubToken(scopes []string, permissions map[string]string) string {
	t := ghToken{Login: theOwner, Classic: permissions == nil, Scopes: scopes, Permissions: permissions}
	prefix := "ghp_"
	if !t.Classic {
		prefix = "github_pat_"
	}
	t.Value = prefix + s.Make("github-token", 36)
	s.GitHub.Tokens = append(s.GitHub.Tokens, t)
	return t.Value
}

// AddCloudflareToken makes a token that may what the named permission groups
// allow, and returns its value; own: the account's own token, else the user's.
// Each group is given on all that it can be given on: the user, the account,
// its zones.
func (s *State) AddCloudflareToken(own bool, groups ...string) string {
	t := CloudToken{Name: "given", Policies: s.policies(groups)}
	if own {
		t.Account = theAccount
	}
	_, value := s.addToken(t)
	return value
}

// policies give the named permission groups on what their scopes are for.
func (s *State) policies(groups []string) []CloudPolicy {
	var out []CloudPolicy
	for _, resource := range []string{userResource + s.Cloud.User, accountResource + theAccount, zoneResource + "*"} {
		scope, fitting := resource[:strings.LastIndex(resource, ".")], []string{}
		for _, g := range permissionGroups() {
			if slices.Contains(groups, g.Name) && slices.Contains(g.Scopes, scope) {
				fitting = append(fitting, g.Name)
			}
		}
		if len(fitting) > 0 {
			out = append(out, grant(resource, fitting...))
		}
	}
	return out
}

// AddInstallation installs an App with these permissions (key to level) on all
// that the account has, and returns a token of that installation.
func (s *State) AddInstallation(account string, permissions map[string]string) string {
	g := &s.GitHub
	i := ghInstall{ID: g.nextID(), Account: account, All: true, Permissions: permissions}
	g.Installs = append(g.Installs, i)
	t := ghToken{Value: "ghs_" + s.Make("installation-token", 36), Install: i.ID}
	g.Tokens = append(g.Tokens, t)
	return t.Value
}

// AddS3Keys makes a token with the named permission groups on one bucket, and
// returns the pair of S3 keys that it is.
func (s *State) AddS3Keys(bucket string, groups ...string) (access, secret string) {
	id, value := s.addToken(CloudToken{
		Name: "given keys", Account: theAccount,
		Policies: []CloudPolicy{grant(bucketResource+theAccount+"_default_"+bucket, groups...)},
	})
	return id, hashAPIToken(value)
}
