package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// TestTheConsoleOnRealPrograms: buildbot 4.3 and niks3 v1.7.0 as the console
// and the commands see them: builds, a log, the collection; what v1.7.0 lacks;
// what a session may do.
func TestTheConsoleOnRealPrograms(t *testing.T) {
	t.Parallel()
	realtest.Find(t, "buildbot")
	realtest.Find(t, "niks3-server")
	l := newLab(t, "done")
	sealed := l.world().CI.Secrets
	m := realtest.Buildbot(t, realtest.BuildbotOptions{Password: sealed[string(shape.BasicAuthName)]})
	s3 := realtest.Gofakes3(t)
	files := realtest.NewNiks3Files(t, s3)
	files.Token = state.NewSecret(sealed[string(shape.APITokenName)])
	n := realtest.RunNiks3(t, s3, realtest.Postgres(t), files)
	n.Process.Await(t, realtest.Answers(n.Base+"/health"))
	those := []string{"--set", "endpoints.buildbot=" + m.URL, "--set", "endpoints.niks3=" + n.Base}
	command := func(code int, args ...string) string {
		t.Helper()
		r := l.must(code, append(args, those...)...)
		return r.out + r.err
	}

	s := l.sit(100, 30, nil, append([]string{"console"}, those...)...)
	s.sees("buildbot live", "niks3", "not offered by this niks3")
	c := buildbot.New(http.DefaultClient, m.URL)
	in, err := c.Login(t.Context(), m.Options.Admins[0], state.NewSecret(m.Options.Password))
	if err == nil {
		_, err = c.Force(t.Context(), in, "phlip9-dotfiles-force", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.sees("bad failed")
	s.press("2").sees("hello", "slow", "running")
	s.press("!")
	s.until("the failing line", func(now string) bool { return regexp.MustCompile(`▸ +\d+ .*exit code 7`).MatchString(now) })
	s.press("esc").sees("ATTRIBUTE")

	list := command(0, "builds", "list")
	slow, bad := idOf(list, "x86_64-linux.slow"), idOf(list, "x86_64-linux.bad")
	if slow == "" || bad == "" {
		t.Fatal(list)
	}
	if log := command(0, "builds", "log", bad); !strings.Contains(log, "exit code 7") {
		t.Errorf("the log of bad:\n%s", log)
	}
	command(0, "builds", "stop", slow)
	s.sees("cancelled")
	if out := command(0, "builds", "restart", bad); !strings.Contains(out, "asked for as request") {
		t.Error(out)
	}
	if out := command(1, "builds", "restart", bad, "--set", "ci.access=two-logins"); !strings.Contains(out, "only from a browser") {
		t.Error(out)
	}

	path := n.PushText(t, "ci-hello", "hello")
	s.press("5").sees("No collection ran")
	if out := command(0, "gc", "run"); !strings.Contains(out, "it is running") && !strings.Contains(out, "it is succeeded") {
		t.Error(out)
	}
	s.sees("went well")
	if out := command(0, "gc", "status"); !strings.Contains(out, "succeeded") || !strings.Contains(out, "720h") {
		t.Errorf("%s was pushed a moment ago:\n%s", path, out)
	}
	s.press("q").ends(0)
}

// idOf is the number of the build of an attribute in the table of builds.
func idOf(table, attr string) string {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); strings.Contains(line, attr) {
			return f[0]
		}
	}
	return ""
}
