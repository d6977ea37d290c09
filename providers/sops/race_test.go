package sops_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/sops"
	"github.com/nixwright/nixwright/state"
)

// contextThatEnds ends soon.
func contextThatEnds(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), 300*time.Millisecond)
}

// meanwhile is a File between whose reading and writing something happens, a
// number of times: sealing asks for the time just before it writes.
func (w world) meanwhile(times int, do func()) *sops.File {
	return sops.New(sops.Options{Root: w.root, File: w.path(), Home: w.home, Env: func(string) string { return "" }, Now: func() time.Time {
		if times > 0 {
			times--
			do()
		}
		return time.Now()
	}})
}

// What the CLI writes between our read and our write stays, and ours too.
func TestTheCLIWritesMeanwhile(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"set":    {"set", "FILE", `["theirs"]`, `"1"`},
		"rotate": {"rotate", "--in-place", "FILE"},
		"unset":  {"unset", "FILE", `["gone"]`},
		"edit":   {"edit", "FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keep("a", "first", "gone", "x")
			for i, arg := range args {
				if arg == "FILE" {
					args[i] = w.path()
				}
			}
			var theirs string
			f := w.meanwhile(1, func() { w.judge(args...); theirs = w.read(w.path()) })
			if err := f.Keep(t.Context(), sealed("ours", "2")...); err != nil {
				t.Fatal(err)
			}
			changed(t, theirs, w.read(w.path()), "ours:", "lastmodified:", "mac:")
			if got := w.judge("decrypt", "--extract", `["ours"]`, w.path()); got != "2" {
				t.Errorf("ours: %q", got)
			}
		})
	}
}

// Two that make the file at once: the second adds to what the first made.
func TestTheFileAppearsMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.meanwhile(1, func() {
		w.write(w.path(), "theirs: \"1\"\n")
		w.judge("encrypt", "--in-place", w.path())
	})
	if err := f.Keep(t.Context(), sealed("ours", "2")...); err != nil {
		t.Fatal(err)
	}
	if got := w.secret("theirs") + w.secret("ours"); got != "12" {
		t.Errorf("values %q", got)
	}
}

// One that writes without end is told; nothing of its is overwritten.
func TestSomebodyWritesWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep("a", "1")
	f := w.meanwhile(100, func() { w.judge("rotate", "--in-place", w.path()) })
	err := f.Keep(t.Context(), sealed("ours", "2")...)
	if p, ok := errors.AsType[state.Problem](err); !ok || !strings.Contains(p.Why, "another program writes") {
		t.Errorf("error %v", err)
	}
	if got := w.secret("a"); got != "1" {
		t.Errorf("a is %q", got)
	}
}

// An editor that was opened before our write puts the old file back: that is
// told, and the next value brings the lost one back.
func TestAnEditorPutsTheOldFileBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.file()
	if err := f.Keep(t.Context(), sealed("a", "1")...); err != nil {
		t.Fatal(err)
	}
	old := w.read(w.path())
	if err := f.Keep(t.Context(), sealed("once", "only")...); err != nil {
		t.Fatal(err)
	}
	w.write(w.path(), old)
	_, found, err := f.Secret(t.Context(), "once")
	if p, ok := errors.AsType[state.Problem](err); found || !ok || !strings.Contains(p.Why, "wrote back") || strings.Contains(p.Why+p.Fix, "only") {
		t.Errorf("a lost value: found %v, %v", found, err)
	}
	if v, found, err := f.Secret(t.Context(), "a"); !found || err != nil || v.Reveal() != "1" {
		t.Errorf("another value: %v, %v", found, err)
	}
	if err := f.Keep(t.Context(), sealed("b", "2")...); err != nil {
		t.Fatal(err)
	}
	if got := w.secret("once") + w.secret("b"); got != "only2" {
		t.Errorf("values %q", got)
	}
	// Who comes later takes the file as it is.
	w.write(w.path(), old)
	if _, found, err := w.file().Secret(t.Context(), "once"); found || err != nil {
		t.Errorf("another run: %v, %v", found, err)
	}
}

// The recipients are updated while somebody writes a value.
func TestUpdateKeysMeanwhile(t *testing.T) {
	t.Parallel()
	w, host := newWorld(t), recipient(t)
	w.keep("a", "1")
	if err := w.file().AddRule(t.Context(), []string{w.me, host}); err != nil {
		t.Fatal(err)
	}
	reads := 0 // the data key is unwrapped when the file is read, and before it is written
	f := sops.New(sops.Options{Root: w.root, File: w.path(), Home: w.home, Env: func(name string) string {
		if name == "SOPS_AGE_KEY_CMD" {
			if reads++; reads == 2 {
				w.judge("set", w.path(), `["theirs"]`, `"2"`)
			}
		}
		return ""
	}})
	if err := f.UpdateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reads < 3 || w.secret("theirs") != "2" {
		t.Errorf("unwrapped %d times, theirs is %q", reads, w.secret("theirs"))
	}
	if r, err := w.file().Recipients(t.Context()); err != nil || len(r.File) != 2 {
		t.Errorf("recipients %+v, %v", r, err)
	}
}
