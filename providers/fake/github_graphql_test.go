package fake_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/realtest"
)

// askViewer is buildbot's own code for who signed in.
const askViewer = `
import sys
from buildbot.www.oauth2 import GitHubAuth
auth = GitHubAuth("id", "secret", apiVersion=4)
auth.apiResourceEndpoint, auth.ssl_verify = sys.argv[1] + "/graphql", True
print(auth.getUserInfoFromOAuthClient(auth.createSessionFromToken({"access_token": sys.stdin.read()})))
`

// TestWhoBuildbotSeesSignIn has the real buildbot ask for the user of a GitHub
// App's token, in each of the ways that GitHub may answer for organizations:
// with anything but them, nobody gets in.
func TestWhoBuildbotSeesSignIn(t *testing.T) {
	t.Parallel()
	program, err := filepath.EvalSymlinks(realtest.Find(t, "buildbot"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := fake.Start(t.Context(), t.TempDir(), "fresh", fake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for how, want := range map[string]string{
		"":        "'username': 'phlip9', 'groups': ['phlip9-labs']",
		"null":    "TypeError: 'NoneType' object is not subscriptable",
		"refused": "KeyError: 'data'",
	} {
		var token string
		if err := w.Update(func(s *fake.State) error {
			s.GitHub.Knobs.ViewerOrganizations = how
			token = s.AddGitHubToken(nil, map[string]string{"emails": "read"})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(program), "python3"), "-c", askViewer, w.Endpoints().GitHubAPI)
		cmd.Stdin = strings.NewReader(token)
		out, err := cmd.CombinedOutput()
		cancel()
		if !strings.Contains(string(out), want) || (err == nil) != (how == "") {
			t.Errorf("%q: %v\n%s", how, err, out)
		}
	}
}
