package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func newDir(t *testing.T) Dir {
	t.Helper()
	return Dir{Root: t.TempDir()}
}

func TestWriteFileIsWholeAndKeepsTheMode(t *testing.T) {
	d := newDir(t)
	if err := d.Write("a/b/c", "one"); err != nil {
		t.Fatal(err)
	}
	path := d.Abs("a/b/c")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, d.Abs("link")); err != nil {
		t.Fatal(err)
	}
	if err := d.Write("link", "two"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if text, found, _ := d.Read("a/b/c"); err != nil || info.Mode().Perm() != 0o640 || !found || text != "two" {
		t.Errorf("%q %v %v", text, info.Mode(), err)
	}
	if err := d.Write("a/b/c/d", "x"); err == nil {
		t.Error("a file was written under a file")
	}
	all, err := os.ReadDir(d.Abs("a/b"))
	if err != nil || len(all) != 1 {
		t.Errorf("temporary files are left: %v %v", all, err)
	}
	if _, found, err := d.Read("nothing"); found || err != nil {
		t.Errorf("a file that is not there: %v %v", found, err)
	}
}

func TestOwnFilesFollowNoLink(t *testing.T) {
	d := newDir(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := d.MakeOwn(); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, d.Own("pending.json")); err != nil {
		t.Fatal(err)
	}
	if err := WriteOwn(d.Own("pending.json"), []byte("ours")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(d.Own("pending.json"))
	if b, _ := os.ReadFile(victim); string(b) != "theirs" || err != nil || info.Mode() != 0o600 {
		t.Errorf("victim %q, ours %v %v", b, info.Mode(), err)
	}
	other := newDir(t)
	if err := os.Symlink(t.TempDir(), filepath.Join(other.Root, ".nixwright")); err != nil {
		t.Fatal(err)
	}
	if err := other.MakeOwn(); err == nil {
		t.Error("a folder of ours that is a link")
	}
}

func TestInside(t *testing.T) {
	d := newDir(t)
	if err := os.MkdirAll(d.Abs("nixos/mods"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"out": t.TempDir(), "in": d.Abs("nixos"), "dangling": "/nowhere/at/all"} {
		if err := os.Symlink(target, d.Abs(link)); err != nil {
			t.Fatal(err)
		}
	}
	if p := d.Inside("nixos/mods/x.nix", "new/folder/y", "in/mods/z", "w"); len(p) != 0 {
		t.Errorf("refused: %+v", p)
	}
	if p := (Dir{Root: filepath.Join(d.Root, "not", "yet")}).Inside("nixos/x", "y"); len(p) != 0 {
		t.Errorf("of a folder that is not there: %v", p)
	}
	if p := d.Inside("out/x", "dangling", "out"); len(p) != 3 {
		t.Errorf("taken: %+v", p)
	}
}

func TestFindDir(t *testing.T) {
	d := newDir(t)
	deep := d.Abs("a/b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := FindDir(deep); err != nil || got != deep {
		t.Errorf("without a file: %s %v", got, err)
	}
	if err := d.Write(ConfigName, ""); err != nil {
		t.Fatal(err)
	}
	if got, err := FindDir(deep); err != nil || got != d.Root {
		t.Errorf("with one above: %s %v", got, err)
	}
}

func TestLockKeepsTwoRunsApart(t *testing.T) {
	d := newDir(t)
	first, err := TakeLock(d, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, err = TakeLock(d, time.Now())
	if p, ok := errors.AsType[Problem](err); !ok || !strings.Contains(p.Why, "process") {
		t.Errorf("taken twice: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := TakeLock(d, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestJournalSurvivesATornLine(t *testing.T) {
	d := newDir(t)
	if err := d.MakeOwn(); err != nil {
		t.Fatal(err)
	}
	j := NewJournal(d)
	if j.Exists() || j.Asked("token x") {
		t.Error("an empty journal")
	}
	if err := j.Asking("token x"); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(d.Own("journal.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"kind":"asking","asking":"tor`)
	_ = f.Close()
	again := NewJournal(d)
	if err := again.Asking("token y"); err != nil {
		t.Fatal(err)
	}
	if err := again.Append(map[string]string{"kind": "step"}, false); err != nil {
		t.Fatal(err)
	}
	if !again.Asked("token x") || !again.Asked("token y") || again.Asked("tor") || again.Asked("token") {
		t.Error("what was asked for is not known")
	}
}

func TestPendingPages(t *testing.T) {
	d := newDir(t)
	now := time.Date(2026, 8, 24, 12, 0, 0, 0, time.UTC)
	p := NewPendingPages(d)
	one := Pending{Step: "github-app", State: "s1", Digest: "d1", At: now}
	two := Pending{Step: "login-proxy", State: "s2", Digest: "d2", At: now.Add(30 * time.Minute)}
	for _, x := range []Pending{one, two} {
		if err := p.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(d.Own("pending.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if got, found, _ := p.Find("github-app", "d1", now); !found || got.State != "s1" {
		t.Error("an open page is not found again")
	}
	if _, found, _ := p.Find("github-app", "d2", now); found {
		t.Error("another manifest's page was found")
	}
	if step, found, _ := p.Owner("s2", now); !found || step != "login-proxy" {
		t.Error("the owner is not known")
	}
	if _, found, _ := p.Owner("s1", now.Add(time.Hour+time.Second)); found {
		t.Error("a page older than an hour is open")
	}
	if err := p.Use("s1", now); err != nil {
		t.Fatal(err)
	}
	if step, found, _ := p.Owner("s1", now); !found || step != "github-app" {
		t.Error("this run has used it, and does not know")
	}
	if _, found, _ := NewPendingPages(d).Owner("s1", now); found {
		t.Error("it is good once")
	}
	if err := p.Use("s2", now); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.Own("pending.json")); !errors.Is(err, os.ErrNotExist) {
		t.Error("an empty file is left")
	}
	if err := WriteOwn(d.Own("pending.json"), []byte("rubbish")); err != nil {
		t.Fatal(err)
	}
	if _, found, err := p.Owner("s9", now); found || err != nil {
		t.Errorf("rubbish in the file: %v %v", found, err)
	}
}

func TestHasRoom(t *testing.T) {
	d := newDir(t)
	if err := d.HasRoom("nixos/omnara1/secrets.yaml"); err != nil {
		t.Error(err)
	}
	if err := d.Write("file", ""); err != nil {
		t.Fatal(err)
	}
	if err := d.HasRoom("file/secrets.yaml"); err == nil {
		t.Error("room under a file")
	}
	if all, err := os.ReadDir(d.Abs("nixos/omnara1")); err != nil || len(all) != 0 {
		t.Errorf("left: %v %v", all, err)
	}
}
