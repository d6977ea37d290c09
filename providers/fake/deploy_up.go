package fake

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"
)

// cookieAccepted is oauth2-proxy's rule: URL-safe base64 of 16, 24 or 32
// bytes, or as many characters (oauth2-proxy pkg/encryption/utils.go). Line
// ends at the end do not reach it: buildbot-nix's shell takes them off.
func cookieAccepted(v string) bool {
	v = strings.TrimRight(v, "\n")
	n := len(v)
	if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(v, "=")); err == nil && slices.Contains([]int{16, 24, 32}, len(raw)) {
		n = len(raw)
	}
	return slices.Contains([]int{16, 24, 32}, n) && !strings.ContainsAny(v, "\r\n")
}

// appWithKey finds the App whose key the PEM is.
func (g *GitHubState) appWithKey(private string) *ghApp {
	block, _ := pem.Decode([]byte(private))
	if block == nil {
		return nil
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}))
	return find(g.Apps, func(a *ghApp) bool { return slices.Contains(a.publicKeys(), public) })
}

// comeUp does what buildbot-nix does when its master starts: it lists the
// installations of its App, makes the missing repository hooks (which GitHub
// pings), and builds and reports the default branch of every repository with
// the topic; niks3 takes what was built. An App with a hook of its own gets a push.
func (w *World) comeUp(ctx context.Context, line func(string)) error {
	var up started
	err := w.Update(func(s *State) error {
		a := s.GitHub.app(s.CI.App)
		if a == nil {
			line("buildbot-master: the App's key is refused by GitHub: no projects")
			return nil
		}
		s.builder("__Janitor", 0, false)
		s.builder("reload-github-projects", 0, false)
		for n := range s.GitHub.Installs {
			if i := &s.GitHub.Installs[n]; i.App == a.ID && !i.Suspended {
				up.load(s, a, i, w.now(), line)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, at := range up.pings {
		w.deliver(ctx, at, "ping", "", "")
	}
	if up.app.app != 0 && up.app.repo != 0 {
		w.deliver(ctx, up.app, "push", "", "")
	}
	for _, b := range up.builds {
		if err := w.upload(b); err != nil { // warn only: the build stays green
			line("buildbot-worker: Upload to niks3: " + err.Error())
		}
	}
	return nil
}

// started is what a master that starts has GitHub deliver, and builds.
type started struct {
	pings  []hookAt
	app    hookAt // the App's own hook, where it is on
	builds []ciBuild
}

// load loads the projects of an installation.
func (up *started) load(s *State, a *ghApp, i *ghInstall, now time.Time, line func(string)) {
	if a.Hook.Active && a.Hook.URL != "" {
		up.app = hookAt{app: a.ID}
	}
	for _, r := range s.GitHub.covered(i) {
		if !slices.Contains(r.Topics, s.Config.GitHub.Topic) {
			continue
		}
		up.app.repo = r.ID
		if at, made := s.projectHook(i, r, now); made {
			up.pings = append(up.pings, at)
			line("buildbot-master: created webhook for " + r.full())
		}
		if b, built := s.project(i, r, now, line); built {
			up.builds = append(up.builds, b)
		}
	}
}

// project builds the repository's newest commit and reports it, as far as the
// installation may.
func (s *State) project(i *ghInstall, r *ghRepo, now time.Time, line func(string)) (b ciBuild, built bool) {
	if !allows(i.Permissions, "contents", "read") {
		line("buildbot-worker: git fetch of " + r.full() + ": Repository not found.")
		return ciBuild{}, false
	}
	b = s.firstBuild(r, now)
	switch {
	case !allows(i.Permissions, "statuses", "write"):
		line("buildbot-master: GitHub refuses the status of " + r.full() + ": Resource not accessible by integration")
	case len(r.Statuses[b.Commit]) == 0:
		r.addStatus(b.Commit, ghStatus{State: "success", Context: "buildbot/nix-build", At: now})
	}
	return b, true
}

// projectHook is buildbot-nix's create_project_hook: a repository hook at
// <webhookBaseUrl>change_hook/github, unless one with that URL is there; it
// needs the installation's repository_hooks: write.
func (s *State) projectHook(i *ghInstall, r *ghRepo, now time.Time) (hookAt, bool) {
	to := "https://" + s.Config.CI.Domain + "/change_hook/github"
	if !allows(i.Permissions, "repository_hooks", "write") || find(r.Hooks, func(h *ghHook) bool { return h.URL == to }) != nil {
		return hookAt{}, false
	}
	h, ok := s.addHook(r, ghHook{
		URL: to, ContentType: "json", Active: true, Events: []string{"push", "pull_request"}, At: now,
		Secret: s.CI.Secrets["buildbot-github-webhook-secret"],
	})
	if !ok {
		return hookAt{}, false
	}
	return hookAt{repo: r.ID, hook: h.ID}, true
}

// builder returns the builder of the name, made where it is missing.
func (s *State) builder(name string, project int, virtual bool) int {
	if b := find(s.CI.Builders, func(b *ciBuilder) bool { return b.Name == name }); b != nil {
		return b.ID
	}
	s.CI.Builders = append(s.CI.Builders, ciBuilder{ID: len(s.CI.Builders) + 1, Name: name, Project: project, Virtual: virtual})
	return len(s.CI.Builders)
}

// firstBuild is the build of the repository's newest commit, made once.
func (s *State) firstBuild(r *ghRepo, now time.Time) ciBuild {
	const attr, name = "x86_64-linux.hello", "ci-hello"
	commit := r.Heads[r.Branch]
	if b := find(s.CI.Builds, func(b *ciBuild) bool { return b.Repo == r.full() && b.Commit == commit }); b != nil {
		return *b
	}
	project := 1
	for _, b := range s.CI.Builders {
		if strings.HasSuffix(b.Name, "/nix-eval") && b.Name != r.full()+"/nix-eval" {
			project = max(project, b.Project+1)
		}
		if b.Name == r.full()+"/nix-eval" {
			project = b.Project
			break
		}
	}
	for _, kind := range projectBuilders {
		s.builder(r.full()+"/"+kind, project, false)
	}
	virtual := s.builder("github:"+r.full()+"#checks."+attr, project, true)
	number := 1
	for _, b := range s.CI.Builds {
		if b.Builder == virtual {
			number++
		}
	}
	b := ciBuild{
		ID: len(s.CI.Builds) + 1, Builder: virtual, Number: number, Repo: r.full(), Attr: attr, Commit: commit, Branch: r.Branch,
		OutPath: "/nix/store/" + s.storeHash(r.full()+commit) + "-" + name,
		DrvPath: "/nix/store/" + s.storeHash(r.full()+commit+".drv") + "-" + name + ".drv",
		Start:   now, End: now,
	}
	s.CI.Builds = append(s.CI.Builds, b)
	return b
}

// upload is "niks3 push": narinfo and NAR of the build's output through the
// sealed pair of S3 keys. What is there already stays.
func (w *World) upload(b ciBuild) error {
	var secrets map[string]string
	var bucket string
	w.Look(func(s *State) { secrets, bucket = s.CI.Secrets, s.Config.Cache.R2.Bucket })
	if !w.KeysWork(bucket, secrets["niks3-s3-access-key"], secrets["niks3-s3-secret-key"], true) {
		return fmt.Errorf("upload %s: the S3 keys are refused", b.OutPath)
	}
	key, err := parseSigningKey(secrets["niks3-signing-key"])
	if err != nil {
		return fmt.Errorf("upload %s: %w", b.OutPath, err)
	}
	objects, err := packed(b.OutPath, "Hello from "+b.Repo+"\n", key)
	if err != nil {
		return fmt.Errorf("upload %s: %w", b.OutPath, err)
	}
	for _, o := range objects {
		if w.HasObject(bucket, o.key) {
			continue
		}
		if err := w.PutObject(bucket, o.key, o.body, o.kind, o.encoding); err != nil {
			return fmt.Errorf("upload %s: %w", b.OutPath, err)
		}
	}
	return nil
}
