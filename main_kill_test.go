package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// counted says whether a request writes, by the list of those that only ask.
func counted(service string, r *http.Request) bool {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return false
	case service == "github-web" || service == "control" || service == "ci":
		return false
	}
	return !strings.HasSuffix(r.URL.Path, "/access_tokens") && r.URL.Path != "/graphql"
}

// killed runs setup as a process and kills it, without a chance to say
// goodbye, at its n-th write: before the world sees it, or after the world has
// done it and before the reply arrives. It returns whether there was an n-th,
// and what it was.
func (l *lab) killed(n int64, after bool) (what string, cut bool) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	cmd := l.program(ctx, "setup", "-n", "--open", "--wait", "30s")
	var seen atomic.Int64
	done := make(chan string, 1)
	for _, service := range []string{"github", "cloudflare", "s3"} {
		l.through(service, func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
			if !counted(service, r) || seen.Add(1) != n {
				inner.ServeHTTP(w, r)
				return
			}
			if after {
				inner.ServeHTTP(&nowhere{h: http.Header{}}, r)
			}
			done <- r.Method + " " + r.URL.Path
			_ = cmd.Process.Kill()
			w.Header().Set("X-Not-From-The-World", "killed")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	}
	out, err := cmd.CombinedOutput()
	l.mu.Lock()
	l.wraps = nil
	l.mu.Unlock()
	select {
	case what := <-done:
		return what, true
	default:
		if err != nil {
			l.t.Fatalf("setup: %v\n%s", err, out)
		}
		return "", false
	}
}

// nowhere is a reply that never arrives.
type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header         { return n.h }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}

// TestKilledAtEveryWrite ends setup with SIGKILL at each of its writes and
// runs it again. Everything comes to the same end, but where an App was made
// and its one-time keys, or the address that fetches them, died with the
// process: that waits, says the ways out, and the way with another name comes
// to the end.
func TestKilledAtEveryWrite(t *testing.T) {
	l := newLab(t, "fresh")
	const never = 1 << 30
	if _, cut := l.killed(never, false); cut {
		t.Fatal("cut at no write")
	}
	var writes int
	for _, w := range l.writes() {
		if !strings.Contains(w, "access_tokens") {
			writes++
		}
	}
	if writes < 8 {
		t.Fatalf("setup made only %d writes: %v", writes, l.writes())
	}
	for n := range writes {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d after=%v", n+1, after), func(t *testing.T) {
				t.Parallel()
				l := newLab(t, "fresh")
				if what, cut := l.killed(int64(n+1), after); cut {
					t.Log(what)
				}
				l.recovers()
			})
		}
	}
}

// recovers runs setup again after a kill, to the end.
func (l *lab) recovers() {
	l.t.Helper()
	args := []string{"setup", "-n", "--open", "--wait", "3s"}
	r, lost := l.run(args...), 0
	for tries := 0; r.code == 3; tries++ {
		for _, name := range []string{"phlip9-buildbot-ci", "phlip9-ci-oauth2-proxy"} {
			if strings.Contains(r.out, "when it made "+name) || strings.Contains(r.out, "the App "+name+" exists, and its keys are not sealed here") {
				lost++
			}
		}
		if lost > 0 {
			r = l.run(append(args, "--set", "github.app_name=phlip9-ci-again", "--set", "github.proxy_login_app=phlip9-login-again")...)
			break
		}
		if tries == 2 {
			l.t.Fatalf("the next run waits for what is not lost:\n%s", r.out)
		}
		// The pretend person outlived the killed run and pressed its button
		// meanwhile, so the page that was open here said that the name is taken.
		r = l.run(args...)
	}
	if r.code != 0 {
		l.t.Fatalf("the next run: exit %d\n%s\n%s", r.code, r.out, r.err)
	}
	w := l.world()
	names := map[string]int{}
	for _, b := range w.Cloud.Buckets {
		names["bucket "+b.Name]++
	}
	for _, token := range w.Cloud.Tokens {
		names["token "+token.Name]++
	}
	for _, one := range []string{"bucket phlip9-nix-cache", "token niks3-omnara1"} {
		if names[one] != 1 {
			l.t.Errorf("%d of %s", names[one], one)
		}
	}
	// Without a loss there are two; with one the two of the old names may be
	// there as well, depending on how far the person got.
	if n := len(w.GitHub.Apps); n < 2 || n > 4 || lost == 0 && n != 2 {
		l.t.Errorf("%d Apps, %d of them lost", n, lost)
	}
}

// TestInterruptedInTheMiddle sends SIGINT while the token is being made: the
// call and its seal finish, nothing new begins, and the next run goes on.
func TestInterruptedInTheMiddle(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := l.program(ctx, "setup", "-n", "--open", "--wait", "30s")
	l.through("cloudflare", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/tokens") {
			_ = cmd.Process.Signal(os.Interrupt)
			<-time.After(300 * time.Millisecond) // the signal arrives while the answer is on its way
		}
		inner.ServeHTTP(w, r)
	})
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	if !strings.Contains(string(out), "sealed niks3-s3-access-key") {
		t.Errorf("the token's keys were not sealed:\n%s", out)
	}
	l.mu.Lock()
	l.wraps = nil
	l.mu.Unlock()
	l.recovers()
}
