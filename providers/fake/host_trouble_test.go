package fake

import (
	"strings"
	"testing"
)

// units reads niks3's state as systemctl prints it.
func niks3Now(t *testing.T, w *World) string {
	t.Helper()
	_, out, _ := ssh(t, w, "--", "omnara1.phlip9.com", "systemctl show --property=ActiveState,SubState,NRestarts -- niks3.service")
	return strings.Join(strings.Fields(out), " ")
}

func TestTroubleOnTheHost(t *testing.T) {
	t.Parallel()
	w, _ := freshDeployed(t)
	deploy := func(trouble Trouble) {
		t.Helper()
		err := w.Update(func(s *State) error { s.Host.Trouble = map[string]Trouble{"niks3.service": trouble}; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if exit, out := deployNow(t, w); exit != 0 {
			t.Fatalf("deploy: %d %s", exit, out)
		}
	}
	const failed, starts, up = "ActiveState=failed SubState=failed", "ActiveState=activating SubState=start", "ActiveState=active SubState=running NRestarts=0"
	for name, c := range map[string]struct {
		trouble Trouble
		sees    []string
	}{
		"fails":         {Trouble{Fails: true}, []string{failed, failed, failed}},
		"fails a while": {Trouble{Fails: true, Looks: 2}, []string{failed, up, up}},
		"slow":          {Trouble{Looks: 3}, []string{starts, starts, up}},
		"flaps":         {Trouble{Flaps: true}, []string{failed + " NRestarts=1", "ActiveState=activating SubState=auto-restart NRestarts=2", failed + " NRestarts=3"}},
	} {
		deploy(c.trouble)
		for i, want := range c.sees {
			if got := niks3Now(t, w); !strings.HasPrefix(got, want) {
				t.Errorf("%s, look %d: %s, want %s", name, i+1, got, want)
			}
		}
	}
	deploy(Trouble{Fails: true, Log: "one\ntwo"})
	if _, out, _ := ssh(t, w, "--", "omnara1.phlip9.com", "env LC_ALL=C journalctl -u niks3.service -n 50 -o cat --no-pager"); !strings.HasPrefix(out, "Starting niks3...\none\ntwo\nniks3.service: Main process exited") {
		t.Errorf("its log is %q", out)
	}
	if _, out, _ := ssh(t, w, "--", "omnara1.phlip9.com", "journalctl -u nginx.service -n 50 -o cat --no-pager"); out != "-- No entries --\n" {
		t.Errorf("another's log is %q", out)
	}
}

func TestAnOlderStateIsDeployed(t *testing.T) {
	t.Parallel()
	w, _ := freshDeployed(t)
	if err := w.Update(func(s *State) error { s.Host.Older = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if exit, _ := deployNow(t, w); exit != 0 {
		t.Errorf("exit %d", exit)
	}
	if _, out, _ := ssh(t, w, "--", "omnara1.phlip9.com", "cat "+appliedFile); !strings.Contains(out, olderHash) {
		t.Errorf("applied: %s", out)
	}
}
