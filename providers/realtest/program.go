// Package realtest starts the real programs that the set-up consists of, for
// tests: buildbot, niks3 on PostgreSQL and S3, oauth2-proxy behind nginx, sshd,
// chromium.
// They listen on loopback, keep everything in the test's own directory and end
// with it. Where a program is not installed the test is skipped and says how
// to get it; the continuous integration lets no test skip.
package realtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// program is one that tests may want.
type program struct {
	name    string
	install string   // the line that installs it
	places  []string // where it may be besides PATH, as patterns
}

// programs is every one; what .ci/run installs has the versions named here.
var programs = []program{
	{"sops", "go install github.com/getsops/sops/v3/cmd/sops@v3.13.3", nil},
	{"age-keygen", "go install filippo.io/age/cmd/age-keygen@v1.3.2", nil},
	{"gpg", "apt-get install gnupg", nil},
	{"git", "apt-get install git", nil},
	{"nix", "apt-get install nix-bin", nil},
	{"nix-instantiate", "apt-get install nix-bin", nil},
	{"nix-build", "apt-get install nix-bin", nil},
	{"initdb", "apt-get install postgresql", []string{"/usr/lib/postgresql/*/bin/initdb"}},
	{"pg_ctl", "apt-get install postgresql", []string{"/usr/lib/postgresql/*/bin/pg_ctl"}},
	{"versitygw", "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", nil},
	{"gofakes3", "go install github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0", nil},
	{"niks3", ".ci/programs niks3", nil},
	{"niks3-server", ".ci/programs niks3", nil},
	{"oauth2-proxy", ".ci/programs oauth2-proxy", nil},
	{"nginx", "apt-get install nginx-light", []string{"/usr/sbin/nginx"}},
	{"buildbot", ".ci/programs buildbot", nil},
	{"sshd", "apt-get install openssh-server", []string{"/usr/sbin/sshd"}},
	{"ssh", "apt-get install openssh-client", nil},
	{"ssh-keygen", "apt-get install openssh-client", nil},
	{"journalctl", "apt-get install systemd", nil},
	{"systemctl", "apt-get install systemd", nil},
	{"dbus-daemon", "apt-get install dbus", nil},
	{"systemd", "apt-get install systemd", []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd"}},
	{"unshare", "apt-get install util-linux", nil},
	{"chromium", "apt-get install chromium", nil},
}

// Find returns the path of a program, looked for where .ci/programs puts it,
// then in PATH, then where Debian has it; it skips the test where the program
// is nowhere.
func Find(t *testing.T, name string) string {
	t.Helper()
	i := slices.IndexFunc(programs, func(p program) bool { return p.name == name })
	if i < 0 {
		t.Fatalf("%s is not in the table of programs", name)
	}
	places := programs[i].places
	if cache, err := os.UserCacheDir(); err == nil {
		places = append([]string{filepath.Join(cache, "nixwright-programs", "bin", name)}, places...)
	}
	if path, err := exec.LookPath(name); err == nil {
		places = slices.Insert(slices.Clone(places), min(1, len(places)), path)
	}
	for _, pattern := range places {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Skipf("%s is not installed: %s", name, programs[i].install)
	return ""
}
