package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// link puts a link into the lab's directory in place of what is there.
func (l *lab) link(rel, target string) {
	l.t.Helper()
	path := filepath.Join(l.dir, rel)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		l.t.Fatal(err)
	}
}

func TestARepositoryCannotWriteElsewhere(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		link string
		code int
	}{
		"the lock":         {".nixwright/lock", 1},
		"the journal":      {".nixwright/journal.jsonl", 1},
		"pending pages":    {".nixwright/pending.json", 3},
		"the App's page":   {".nixwright/create-app.html", 3},
		"the facts":        {"nixos/omnara1/ci-facts.json", 2},
		"the secrets":      {"nixos/omnara1/secrets.yaml", 2},
		"a folder of ours": {"nixos/mods", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "fresh")
			victim := filepath.Join(t.TempDir(), "victim")
			if strings.HasSuffix(tc.link, "mods") {
				victim = t.TempDir()
			} else if err := os.WriteFile(victim, []byte("theirs\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			l.link(tc.link, victim)
			r := l.run("setup", "-n")
			if r.code != tc.code {
				t.Errorf("exit %d, want %d\n%s", r.code, tc.code, tail(r.out+r.err))
			}
			if info, err := os.Stat(victim); err != nil {
				t.Error(err)
			} else if info.IsDir() {
				if all, err := os.ReadDir(victim); err != nil || len(all) > 0 {
					t.Errorf("files were written there: %v %v", all, err)
				}
			} else if b, err := os.ReadFile(victim); err != nil || string(b) != "theirs\n" {
				t.Errorf("it was overwritten: %q %v", b, err)
			}
		})
	}
}

func TestAFactsFileOfSomebodysStays(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.write("package.json", `{"name":"theirs"}`)
	r := l.run("setup", "-n", "--open", "--wait", "30s", "--set", "paths.facts=package.json")
	l.told(r, 3, "package.json is somebody's")
	if got := l.read("package.json"); got != `{"name":"theirs"}` {
		t.Errorf("it was overwritten: %s", got)
	}
}

func TestOnlyIsJudgedByWhatItNames(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	r := l.must(0, "setup", "-n", "--only", "r2-bucket")
	if strings.Contains(r.out, "deploy") && strings.Contains(r.out, "world-role deploy") {
		t.Errorf("what is not done is said to be done:\n%s", r.out)
	}
	if w := l.writes(); len(w) != 1 || !strings.HasSuffix(w[0], "/r2/buckets") {
		t.Errorf("wrote %v", w)
	}
}

func TestTokensAreTakenFromWhereTheyAreSaidToBe(t *testing.T) {
	t.Parallel()
	l := newLab(t, "done")
	github, cloud := l.env["GH_TOKEN"], l.env["CLOUDFLARE_API_TOKEN"]
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(github+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := map[string]string{"GH_TOKEN": "ghp_wrong", "CLOUDFLARE_API_TOKEN": "wrong"}
	if r := l.runWith("", map[string]string{"GH_TOKEN": "", "CLOUDFLARE_API_TOKEN": "", "NIXWRIGHT_GITHUB_TOKEN": github, "NIXWRIGHT_CLOUDFLARE_TOKEN": cloud}, "plan"); r.code != 0 {
		t.Errorf("from the environment: exit %d\n%s", r.code, r.out+r.err)
	}
	if r := l.runWith(cloud, wrong, "plan", "--set", "github.token=@"+file, "--set", "cloudflare.token=@-"); r.code != 0 {
		t.Errorf("--set comes first: exit %d\n%s", r.code, r.out+r.err)
	}
}

func TestARehearsalKeepsOutOfARealSetup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nixwright.toml"), []byte("schema = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, dir: dir, env: map[string]string{}}
	l.told(l.run("rehearse", "-n", "-C", dir), 2, "is a set-up of its own")
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("files were written: %v %v", all, err)
	}
}

// TestTheDeployCommand gets none of the tokens, is shown whole, also with
// --output quiet, and is not cut by the first interrupt.
func TestTheDeployCommand(t *testing.T) {
	t.Parallel()
	l := newLab(t, "done")
	seen, done := filepath.Join(l.dir, "seen"), filepath.Join(l.dir, "done")
	script := "#!/bin/sh\nenv > '" + seen + "'\nsleep 1\necho end > '" + done + "'\n"
	l.write("deploy.sh", script)
	if err := os.Chmod(filepath.Join(l.dir, "deploy.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(l.dir, "nixos/omnara1/ci-facts.json")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	long := strings.Repeat("x", 400) + "the-end"
	cmd := l.program(ctx, "setup", "-n", "--output", "quiet", "--set", "gc.older_than=999h", "--set", "deploy.command=./deploy.sh,"+long)
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(seen); err == nil {
				_ = cmd.Process.Signal(os.Interrupt)
				return
			}
			<-time.After(10 * time.Millisecond)
		}
	}()
	out, _ := cmd.CombinedOutput()
	if !strings.Contains(string(out), "./deploy.sh "+long) {
		t.Errorf("the command is not shown whole:\n%s", out)
	}
	env, err := os.ReadFile(seen)
	if err != nil {
		t.Fatalf("it did not run: %v\n%s", err, out)
	}
	for _, secret := range []string{l.env["GH_TOKEN"], l.env["CLOUDFLARE_API_TOKEN"]} {
		if strings.Contains(string(env), secret) {
			t.Error("the deploy command was handed a token")
		}
	}
	if _, err := os.Stat(done); err != nil {
		t.Error("the deploy command was cut off")
	}
}

func TestWhatIsNoFileIsNotRead(t *testing.T) {
	t.Parallel()
	for _, rel := range []string{"flake.lock", "nixwright.toml", "nixos/mods/buildbot-ci.nix"} {
		t.Run(rel, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "fresh")
			l.link(rel, "/dev/zero")
			if r := l.run("plan"); r.code == 0 || r.code == 130 || !strings.Contains(r.out+r.err, "do  ") {
				t.Errorf("exit %d\n%s", r.code, tail(r.out+r.err))
			}
		})
	}
}
