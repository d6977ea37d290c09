package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listening are the ports of the host's services, as ss prints their sockets.
var listening = map[string]string{
	"buildbot-master": "127.0.0.1:8010", "niks3": "[::1]:5751", "nginx": "*:443", "oauth2-proxy": "127.0.0.1:4180", "postgresql": "127.0.0.1:5432",
}

// figure is `grep ^WORD FILE` and `ss -Hltnp --cgroup`.
func (h *HostState) figure(program string, args []string, stdout, stderr io.Writer) int {
	if program == "ss" {
		for _, unit := range serviceUnits {
			if at := listening[unit]; at != "" && h.up(unit) {
				_, _ = fmt.Fprintf(stdout, "LISTEN 0 128 %s 0.0.0.0:* users:((%q,pid=%d,fd=3)) cgroup:/system.slice/%s.service <->\n", at, unit, 1000+len(unit), unit)
			}
		}
		return 0
	}
	if len(args) != 2 {
		_, _ = fmt.Fprintln(stderr, "grep: a word and a file are all that is known here")
		return 2
	}
	exit := 1
	for line := range strings.Lines(h.Files[args[1]]) {
		if strings.HasPrefix(line, strings.TrimPrefix(args[0], "^")) {
			exit = 0
			_, _ = io.WriteString(stdout, line)
		}
	}
	return exit
}

// journal is journalctl -u UNIT -n LINES -o cat, json or short-iso; without a
// unit there is nothing.
func (h *HostState) journal(args []string, stdout, stderr io.Writer) int {
	unit, form, lines := "", "", 10
	for i, a := range args {
		switch {
		case i+1 == len(args):
		case a == "-u":
			unit = args[i+1]
		case a == "-o":
			form = args[i+1]
		case a == "-n":
			lines, _ = strconv.Atoi(args[i+1])
		}
	}
	if !slices.Contains([]string{"cat", "json", "short-iso"}, form) {
		_, _ = fmt.Fprintln(stderr, "journalctl: -o cat, json and short-iso are all that is known here")
		return 1
	}
	u := find(h.Units, func(o *hostUnit) bool { return o.Name == unit })
	if u == nil || u.Log == "" {
		_, _ = fmt.Fprintln(stdout, "-- No entries --")
		return 0
	}
	all := strings.Split(strings.TrimSuffix(u.Log, "\n"), "\n")
	for _, line := range all[max(0, len(all)-lines):] {
		switch form {
		case "cat":
		case "json":
			raw, err := json.Marshal(line)
			if err != nil {
				continue
			}
			line = fmt.Sprintf(`{"__REALTIME_TIMESTAMP":"%d","MESSAGE":%s}`, h.now.UnixMicro(), raw)
		default:
			line = hostBoot.Format("2006-01-02T15:04:05-0700") + " " + h.Name + " " + strings.TrimSuffix(unit, ".service") + "[812]: " + line
		}
		_, _ = fmt.Fprintln(stdout, line)
	}
	return 0
}

// follow is ssh with a command that follows a log: what is new of it, until the
// host goes down, the input ends or this process does.
func follow(ctx context.Context, control string, args []string, stdout, stderr io.Writer) int {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	tick := time.NewTicker(sshWatch)
	defer tick.Stop()
	told := ""
	for {
		var out strings.Builder
		if exit := askHost(ctx, control, args, &out, stderr); exit != 0 {
			return exit
		}
		if more, grown := strings.CutPrefix(out.String(), told); grown {
			_, _ = io.WriteString(stdout, more)
			told = out.String()
		}
		select {
		case <-tick.C:
		case <-ended:
			return 0
		case <-ctx.Done():
			return sshFailed
		}
	}
}
