package realtest

import (
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// masterConfig makes a master with the builders, rules and events of
// buildbot-nix.
//
//go:embed testdata/buildbot/master.cfg
var masterConfig string

// BuildbotOptions are what a test chooses of a master; the zero value is a
// fully private one.
type BuildbotOptions struct {
	Mode          string   // as ci.access: "fully-private" (also for ""), else GitHub's login
	Port          int      // 0: a free one
	BaseURL       string   // what links begin with; empty: its own address
	WebhookSecret string   // of /change_hook/github; empty: "hook-secret"
	Admins        []string // who may control; none: phlip9
	Password      string   // of the basic login; empty: "basic-password"
	Repo          string   // owner/name; empty: phlip9/dotfiles
	UploadFails   bool     // the step "Upload to niks3" fails, which only warns
	Workers       string   // buildbot-nix's workers file, JSON: machines that may connect; empty: none
	PB            int      // port that workers connect to; 0: any, which nobody learns
}

// BuildbotMaster is a running buildbot 4.3 with four workers. An evaluation,
// begun by a push to master or by the force scheduler OWNER-NAME-force, builds
// the attributes x86_64-linux.{hello,bad,slow}: the first succeeds, the second
// fails, the third waits for Release. OWNER-NAME-run-effect-force asks for a
// worker that never connects, so its requests stay unclaimed.
type BuildbotMaster struct {
	*Process

	URL     string          // http://127.0.0.1:PORT
	Options BuildbotOptions // with what was filled in

	dir string
}

// Buildbot starts a master on 127.0.0.1 with SQLite in a directory of the test.
// It takes some seconds and ends with the test.
func Buildbot(t *testing.T, o BuildbotOptions) *BuildbotMaster {
	t.Helper()
	o = o.filled(t)
	path := Find(t, "buildbot")
	m := &BuildbotMaster{URL: "http://127.0.0.1:" + strconv.Itoa(o.Port), Options: o, dir: t.TempDir()}
	upload := "echo uploaded"
	if o.UploadFails {
		upload = "echo 'the server says 502' >&2; exit 1"
	}
	options, err := json.Marshal(map[string]any{
		"mode": o.Mode, "port": o.Port, "base_url": o.BaseURL, "webhook_secret": o.WebhookSecret,
		"admins": o.Admins, "password": o.Password, "repo": o.Repo, "upload": upload, "workers": o.Workers, "pb": o.PB,
	})
	if err != nil {
		t.Fatal(err)
	}
	File(t, filepath.Join(m.dir, "options.json"), string(options))
	File(t, filepath.Join(m.dir, "master.cfg"), masterConfig)
	own := func(c *exec.Cmd) {
		c.Dir = m.dir
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.dir, "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"}
	}
	made := Start(t, own, path, "create-master", "--relocatable", "--no-logrotate", m.dir)
	<-made.done
	program, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	// What "buildbot start" runs, with the log on standard output.
	twistd := filepath.Join(filepath.Dir(program), "twistd")
	m.Process = Start(t, own, twistd, "--nodaemon", "--no_save", "--logfile=-", "--python=buildbot.tac")
	m.Await(t, m.Says("BuildMaster is running"))
	m.Await(t, Answers(m.URL+"/api/v2/masters"))
	return m
}

// Worker starts a worker of a machine, as buildbot-nix does for each of its
// cores: it connects to the master's PB port under NAME-000 and so on.
func (m *BuildbotMaster) Worker(t *testing.T, name, password string) *Process {
	t.Helper()
	dir := t.TempDir()
	program, err := filepath.EvalSymlinks(Find(t, "buildbot"))
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(program)
	own := func(c *exec.Cmd) {
		c.Dir = dir
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"}
	}
	made := Start(t, own, filepath.Join(bin, "buildbot-worker"), "create-worker", "--relocatable", "--no-logrotate", dir, "127.0.0.1:"+strconv.Itoa(m.Options.PB), name, password)
	<-made.done
	return Start(t, own, filepath.Join(bin, "twistd"), "--nodaemon", "--no_save", "--logfile=-", "--python=buildbot.tac")
}

// Release lets the build of slow, which waits, go on and succeed.
func (m *BuildbotMaster) Release(t *testing.T) {
	t.Helper()
	File(t, filepath.Join(m.dir, "release"), "")
}

func (o BuildbotOptions) filled(t *testing.T) BuildbotOptions {
	t.Helper()
	for value, other := range map[*string]string{
		&o.Mode: "fully-private", &o.WebhookSecret: "hook-secret", &o.Password: "basic-password", &o.Repo: "phlip9/dotfiles",
	} {
		if *value == "" {
			*value = other
		}
	}
	if len(o.Admins) == 0 {
		o.Admins = []string{"phlip9"}
	}
	if o.Port == 0 {
		o.Port = Port(t)
	}
	if o.BaseURL == "" {
		o.BaseURL = "http://127.0.0.1:" + strconv.Itoa(o.Port) + "/"
	}
	return o
}
