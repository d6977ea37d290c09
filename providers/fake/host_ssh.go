package fake

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"
)

// sshFailed is ssh's own exit status.
const sshFailed = 255

// SSH behaves as the ssh program: options, then a destination, then a command
// that the pretend host runs. It returns the exit status; stderr may be nil.
func (w *World) SSH(args []string, stdout, stderr io.Writer) int {
	if stderr == nil {
		stderr = io.Discard
	}
	call, ok := sshArgs(args)
	if !ok {
		_, _ = fmt.Fprintln(stderr, "usage: ssh [-o option] [-GN] [-W host:port] destination [command]")
		return sshFailed
	}
	w.hostLooked(call)
	var h HostState
	var want string
	anyHost := false
	var further []HostState
	w.Look(func(s *State) {
		h = s.Host
		h.Units, h.Files = slices.Clone(h.Units), maps.Clone(h.Files)
		want, anyHost = s.Config.Host.SSH, s.AnyHost
		further = slices.Clone(s.Further)
	})
	h.now = w.opts.Now()
	if l := w.living(); l != nil {
		l.host(&h)
	}
	user, host := destination(call.dest)
	if i := slices.IndexFunc(further, func(o HostState) bool { return o.Name == host || o.Address == host }); i >= 0 && host != h.Name {
		h, want, anyHost = further[i], host, false
	}
	if anyHost {
		w.hostCalled(host)
	}
	if call.show {
		_, _ = fmt.Fprintf(stdout, "host %s\nuser %s\nhostname %s\nport 22\n", host, user, host)
		return 0
	}
	_, wantHost := destination(want)
	switch {
	case !anyHost && host != wantHost && host != h.Name && host != h.Address:
		_, _ = fmt.Fprintf(stderr, "ssh: Could not resolve hostname %s: Name or service not known\n", host)
		return sshFailed
	case h.Down:
		_, _ = fmt.Fprintf(stderr, "ssh: connect to host %s port 22: Connection timed out\n", host)
		return sshFailed
	case !h.Known:
		_, _ = fmt.Fprintf(stderr, "No ED25519 host key is known for %s and you have requested strict checking.\r\nHost key verification failed.\r\n", host)
		return sshFailed
	}
	return h.shell(call.command, stdout, stderr)
}

// destination is who and where of an ssh destination: [user@]host, or a URI
// ssh://[user@]host[:port] (ssh(1)). Without a user it is root.
func destination(dest string) (user, host string) {
	if u, err := url.Parse(dest); err == nil && u.Scheme == "ssh" {
		return cmp.Or(u.User.Username(), "root"), u.Hostname()
	}
	if i := strings.LastIndexByte(dest, '@'); i >= 0 {
		return dest[:i], dest[i+1:]
	}
	return "root", dest
}

// sshCall is what ssh was asked to do.
type sshCall struct {
	dest, command string
	show          bool              // -G
	forward       string            // -W: host:port
	options       map[string]string // -o, by name
}

// sshArgs reads ssh's arguments (ssh(1)).
func sshArgs(args []string) (call sshCall, ok bool) {
	const withValue = "BbcDEeFIiJLlmOoPpQRSwW"
	call.options = map[string]string{}
	i := 0
options:
	for ; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			i++
			break options
		case len(a) < 2 || a[0] != '-':
			break options
		case a == "-G":
			call.show = true
		case (a == "-o" || a == "-W") && i+1 < len(args):
			i++
			if name, value, _ := strings.Cut(args[i], "="); a == "-o" {
				call.options[name] = value
			} else {
				call.forward = args[i]
			}
		case strings.ContainsRune(withValue, rune(a[1])) && len(a) == 2:
			i++
		}
	}
	if i >= len(args) {
		return call, false
	}
	call.dest, call.command = args[i], strings.Join(args[i+1:], " ")
	return call, true
}

// shell runs the few commands that the host knows, joined by && or ;, as they
// are or as the script of an sh -c.
func (h *HostState) shell(line string, stdout, stderr io.Writer) int {
	exit := 0
	if script, is := strings.CutPrefix(line, "sh -c '"); is {
		line = strings.TrimSuffix(script, "'")
	}
	if strings.HasPrefix(line, "exec 2>&1") {
		stderr = stdout
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(line, ";", "\x00"), "\x00") {
		for one := range strings.SplitSeq(part, "&&") {
			if exit = h.run(strings.Fields(unquote(one)), stdout, stderr); exit != 0 {
				break
			}
		}
	}
	return exit
}

// unquote takes quotes away: no argument here holds a blank.
func unquote(s string) string { return strings.NewReplacer(`'`, "", `"`, "").Replace(s) }

func (h *HostState) run(argv []string, stdout, stderr io.Writer) int {
	if len(argv) > 0 && argv[0] == "env" {
		argv = argv[1:]
		for len(argv) > 0 && strings.Contains(argv[0], "=") {
			argv = argv[1:]
		}
	}
	if i := slices.Index(argv, "exec"); i > 0 { // after what runs besides
		argv = argv[i:]
	}
	if len(argv) == 0 {
		return 0
	}
	args := slices.DeleteFunc(slices.Clone(argv[1:]), func(a string) bool { return a == "--" })
	switch argv[0] {
	case "true", "export", "exit", "{", "kill":
		return 0
	case "exec": // its redirections are those of the whole script
		return h.run(slices.DeleteFunc(args, func(a string) bool { return strings.ContainsAny(a, "<>") }), stdout, stderr)
	case "echo":
		_, _ = fmt.Fprintln(stdout, strings.Join(args, " "))
		return 0
	case "nproc":
		_, _ = fmt.Fprintln(stdout, h.Threads)
		return 0
	case "cat":
		for _, f := range args {
			text, ok := h.Files[f]
			if !ok {
				_, _ = fmt.Fprintf(stderr, "cat: %s: No such file or directory\n", f)
				return 1
			}
			_, _ = io.WriteString(stdout, text)
		}
		return 0
	case "ls":
		return h.list(args, stdout, stderr)
	case "systemctl":
		if len(args) > 0 && args[0] == "show" {
			h.show(args[1:], stdout)
			return 0
		}
	case "journalctl":
		return h.journal(args, stdout, stderr)
	case "df":
		cmp.Or(h.disk, restDisk).print(args, stdout)
		return 0
	case "grep", "ss":
		return h.figure(argv[0], args, stdout, stderr)
	}
	_, _ = fmt.Fprintf(stderr, "bash: line 1: %s: command not found\n", argv[0])
	return 127
}

func (h *HostState) list(args []string, stdout, stderr io.Writer) int {
	for _, a := range args {
		switch {
		case strings.HasPrefix(a, "-"):
		case strings.TrimSuffix(a, "/") == "/run/secrets" && len(h.Secrets) > 0:
			names := make([]string, 0, len(h.Secrets))
			for n := range h.Secrets {
				names = append(names, n)
			}
			sort.Strings(names)
			_, _ = fmt.Fprintln(stdout, strings.Join(names, "\n"))
		default:
			_, _ = fmt.Fprintf(stderr, "ls: cannot access '%s': No such file or directory\n", a)
			return 2
		}
	}
	return 0
}

// show prints properties as systemctl show of systemd 255 does: one block a
// unit, a blank line between, key=value, no value for a time that is not set.
func (h *HostState) show(args []string, stdout io.Writer) {
	var props, units []string
	style := "pretty"
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case (a == "-p" || a == "--property") && i+1 < len(args):
			i++
			props = append(props, strings.Split(args[i], ",")...)
		case strings.HasPrefix(a, "--property="):
			props = append(props, strings.Split(strings.TrimPrefix(a, "--property="), ",")...)
		case strings.HasPrefix(a, "-p"):
			props = append(props, strings.Split(a[2:], ",")...)
		case strings.HasPrefix(a, "--timestamp="):
			style = strings.TrimPrefix(a, "--timestamp=")
		case strings.HasPrefix(a, "-"):
		default:
			units = append(units, a)
		}
	}
	for i, name := range units {
		if i > 0 {
			_, _ = fmt.Fprintln(stdout)
		}
		if !strings.Contains(name, ".") {
			name += ".service"
		}
		have := h.properties(name, style)
		for _, kv := range have {
			if key, _, _ := strings.Cut(kv, "="); len(props) == 0 || slices.Contains(props, key) {
				_, _ = fmt.Fprintln(stdout, kv)
			}
		}
	}
}

func (h *HostState) properties(name, style string) []string {
	u := find(h.Units, func(o *hostUnit) bool { return o.Name == name })
	if u == nil {
		u = &hostUnit{Name: name, Active: "inactive", Sub: "dead", Result: "success", Timer: strings.HasSuffix(name, ".timer")}
	}
	load := "loaded"
	if !slices.ContainsFunc(h.Units, func(o hostUnit) bool { return o.Name == name }) {
		load = "not-found"
	}
	out := []string{"Id=" + u.Name, "LoadState=" + load, "ActiveState=" + u.Active, "SubState=" + u.Sub, "Result=" + u.Result}
	if load == "loaded" {
		since := systemdTime(cmp.Or(u.Since, hostBoot), style)
		out = append(out, "ActiveEnterTimestamp="+since, "InactiveEnterTimestamp="+since, "StateChangeTimestamp="+since)
	}
	if u.Timer {
		return append(out, "NextElapseUSecRealtime="+systemdTime(u.Next, style), "NextElapseUSecMonotonic=infinity",
			"LastTriggerUSec="+systemdTime(u.Last, style), "Unit="+strings.TrimSuffix(name, ".timer")+".service")
	}
	return append(out, fmt.Sprintf("NRestarts=%d", u.Restarts), "ExecMainStatus=0")
}

// systemdTime is a time as systemctl prints it (systemctl(1), --timestamp=).
func systemdTime(t time.Time, style string) string {
	switch {
	case t.IsZero():
		return ""
	case style == "unix":
		return fmt.Sprintf("@%d", t.Unix())
	case style == "us", style == "us+utc":
		return t.UTC().Format("Mon 2006-01-02 15:04:05.000000 UTC")
	}
	return t.UTC().Format("Mon 2006-01-02 15:04:05 UTC")
}
