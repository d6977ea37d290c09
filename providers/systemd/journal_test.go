package systemd_test

import (
	"strings"
	"testing"

	"github.com/nixwright/nixwright/providers/systemd"
)

const around = `niks3.service: Scheduled restart job, restart counter is at 5.
Starting niks3...
LOG
niks3.service: Main process exited, code=exited, status=1/FAILURE
niks3.service: Failed with result 'exit-code'.
Failed to start niks3.
niks3.service: Start request repeated too quickly.
niks3.service: Consumed 1.204s CPU time, 32M memory peak.
`

func TestLastError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ log, want string }{
		"one line":        {"API token must be at least 36 characters", "API token must be at least 36 characters"},
		"the cause first": {"time=2026 level=INFO msg=starting\n2026/11/23 FATAL: password authentication failed for user \"niks3\"\nfailed to close pool\nbye", `2026/11/23 FATAL: password authentication failed for user "niks3"`},
		"Python":          {"Traceback (most recent call last):\n  File \"/nix/store/x/master.cfg\", line 3, in <module>\n    raise ValueError()\nbuildbot.util.ConfigError: no workers: error\nproblem while loading", "buildbot.util.ConfigError: no workers: error"},
		"Go panics":       {"panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:\nmain.main()\n\t/build/errors.go:12 +0x1d\nexit status 2", "panic: runtime error: index out of range [3]"},
		"not started":     {"niks3.service: Failed at step EXEC spawning /nix/store/x/bin/niks3: No such file or directory", "niks3.service: Failed at step EXEC spawning /nix/store/x/bin/niks3: No such file or directory"},
		"nginx":           {`2026/11/23 08:00:00 [emerg] 12#12: cannot load certificate "/var/lib/acme/ci/fullchain.pem"` + "\nnginx: configuration file /etc/nginx.conf test failed", `2026/11/23 08:00:00 [emerg] 12#12: cannot load certificate "/var/lib/acme/ci/fullchain.pem"`},
		"no such word":    {"going down\nreason 7", "reason 7"},
		"a secret":        {"error: refused token=ghp_abcdefghijklmnop0123", "error: refused token=[hidden]"},
		"an escape":       {"\x1b[31mERROR\x1b[0m: x\a", "ERROR: x"},
		"nothing":         {"", ""},
		"no entries":      {"-- No entries --", ""},
		"long":            {"error: " + strings.Repeat("ab ", 500), "error: " + strings.TrimSpace(strings.Repeat("ab ", 77)) + " a…"},
	} {
		got := systemd.LastError(strings.Replace(around, "LOG", c.log, 1))
		if name == "long" {
			got, c.want = got[:40], c.want[:40]
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}
