package systemd

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// Shell runs scripts of sh on a host. All of them are fixed texts but for names
// of units, which are checked, and hold no single quote.
type Shell interface {
	// Sh runs a script, with a standard input that is open until the script or
	// ctx ends, and hands over its standard output. Another exit status than 0
	// is an error. op is what it is for, as errors say it: "read units".
	Sh(ctx context.Context, op, script string, out io.Writer) error
	// Gone is closed when what leads to the host has ended; nil: it has no end.
	Gone() <-chan struct{}
}

// local is the shell of this machine.
type local struct{ run runner.Runner }

// Gone implements Shell.
func (l local) Gone() <-chan struct{} { return nil }

// Sh implements Shell.
func (l local) Sh(ctx context.Context, op, script string, out io.Writer) error {
	stdin, hold, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer func() { _, _ = stdin.Close(), hold.Close() }()
	r, err := l.run.Run(ctx, runner.Cmd{Argv: []string{"/bin/sh", "-c", script}, Stdin: stdin, Stdout: out})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", op, err)
	case r.Exit != 0:
		return &state.CallError{Service: "sh", Op: op, Kind: state.ErrService, Text: fmt.Sprintf("it ended with status %d", r.Exit)}
	}
	return nil
}

// unitName is what systemd takes as a unit's name (systemd.unit(5)), less what
// a shell would read as its own.
var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.@][A-Za-z0-9:_.@-]*\.[a-z]+$`)

// checkUnits refuses what is not a unit's full name.
func checkUnits(names ...string) error {
	for _, name := range names {
		if len(name) > 255 || !unitName.MatchString(name) {
			return fmt.Errorf("%q is not a unit's full name", name)
		}
	}
	return nil
}

// depth is how much of a host one look reads: units, and the figures of the
// machine, and what only its journal knows.
type depth int

const (
	units depth = iota
	figures
	journal
)

// kills finds what the kernel or systemd-oomd killed for memory, by the ids of
// systemd's messages (sd-messages.h: SD_MESSAGE_UNIT_OUT_OF_MEMORY,
// SD_MESSAGE_UNIT_OOMD_KILL), which the journal has an index of.
const kills = "journalctl --no-pager --since=-30days -n 1000 -o json --output-fields=UNIT,USER_UNIT" +
	" MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef MESSAGE_ID=d989611b15e44c9dbf31e3c81256e4ed"

// script is one look, all of it one command: sections that begin with a line
// @NAME. Errors stand in the section of the command that they are from. names
// are of units that systemctl is to tell; none: it is not asked.
func script(names []string, d depth) string {
	lines := []string{"exec 2>&1", "export LC_ALL=C TZ=UTC"}
	add := func(section, command string) { lines = append(lines, "echo @"+section, command) }
	if len(names) > 0 {
		add("units", "systemctl show --no-pager --property="+Properties+" -- "+strings.Join(names, " "))
	}
	if d >= figures {
		add("host", "cat /proc/sys/kernel/hostname")
		add("boot", "grep ^btime /proc/stat")
		add("memory", "cat /proc/meminfo")
		add("disks", "df -B1 --output=source,target,size,used,avail,itotal,iused /nix/store /var/lib /")
		add("sockets", "ss -Hltnp --cgroup")
	}
	if d >= journal {
		add("kills", kills)
	}
	return strings.Join(append(lines, "exit 0"), "; ")
}

// sections cuts what the script printed.
func sections(output string) map[string]string {
	all := map[string]string{}
	name := ""
	for line := range strings.Lines(output) {
		if section, is := strings.CutPrefix(strings.TrimSpace(line), "@"); is && slices.Contains(sectionNames, section) {
			name = section
			continue
		}
		all[name] += line
	}
	return all
}

var sectionNames = []string{"units", "host", "boot", "memory", "disks", "sockets", "kills"}

// logScript reads the end of a unit's log, one JSON object a line
// (https://systemd.io/JOURNAL_EXPORT_FORMATS).
func logScript(unit string) string {
	return "exec 2>&1; export LC_ALL=C; journalctl --no-pager -n 50 -o json --output-fields=MESSAGE -u " + unit + "; exit 0"
}

// followScript follows a unit's log. Where whoever reads it was killed, neither
// journalctl nor an ssh on the way notices while nothing is written, so that the
// end of the standard input ends it.
func followScript(unit string) string {
	return "exec 2>&1 3<&0; export LC_ALL=C; { cat <&3; kill $$; } >/dev/null 2>&1 & exec journalctl -f -n 200 -o short-iso --no-pager -u " + unit + " 3<&-"
}
