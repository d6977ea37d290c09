package ssh_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nixwright/nixwright/providers/ssh"
)

func TestHosts(t *testing.T) {
	const config = `# Host commented
Include ~/.ssh/work

host omnara1 omnara1.phlip9.com
	HostName 203.0.113.9
	User root
Host=equals
  User = root # not git
HOST "quoted" 'single' # a comment
Host *.phlip9.com !bad.phlip9.com web? plain
Host github.com gist.github.com
  HostName ssh.github.com
  User git
Host -oProxyCommand=evil a;b $(c) deploy@builder.example.org
Match host hidden user git
  User me
Host omnara1
Host *
  User git
Host last
`
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{"omnara1", "omnara1.phlip9.com", "equals", "quoted", "plain", "deploy@builder.example.org", "last"}
	if got := ssh.Hosts(path); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := ssh.Hosts(filepath.Join(t.TempDir(), "none")); got != nil {
		t.Errorf("no file: %q", got)
	}
	if got := ssh.Hosts(t.TempDir()); got != nil {
		t.Errorf("a folder: %q", got)
	}
}

func FuzzHosts(f *testing.F) {
	f.Add("Host a b\n User git\nHost \"c")
	f.Add("Host=\nhost\t=\"\nMatch\nUser")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range ssh.Hosts(path) {
			if err := ssh.CheckDestination(name); err != nil {
				t.Error(err)
			}
		}
	})
}
