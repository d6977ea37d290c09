package systemd

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// memory reads /proc/meminfo (proc_meminfo(5)): what is not available is used.
func memory(meminfo string) (total, used int64, err error) {
	has := map[string]int64{}
	for line := range strings.Lines(meminfo) {
		if f := strings.Fields(line); len(f) >= 2 {
			if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				has[f[0]] = kib << 10
			}
		}
	}
	total, available := has["MemTotal:"], has["MemAvailable:"]
	if total <= 0 || available < 0 || available > total {
		return 0, 0, errors.New("read memory: no figures in /proc/meminfo")
	}
	return total, total - available, nil
}

// boot reads the line btime of /proc/stat (proc_stat(5)).
func boot(stat string) (time.Time, error) {
	if f := strings.Fields(stat); len(f) == 2 && f[0] == "btime" {
		if seconds, err := strconv.ParseInt(f[1], 10, 64); err == nil {
			return time.Unix(seconds, 0).UTC(), nil
		}
	}
	return time.Time{}, errors.New("read boot: no btime in /proc/stat")
}

// storePath is where Nix keeps what it builds.
const storePath = "/nix/store"

// disks reads what df printed: a heading, and a line for each path that is
// there, that of the store first. One file system is told once, however often
// it is mounted. What only root may fill does not count, as in df's own
// percentage. store is what the store takes, where it has a file system of its
// own; else 0.
func disks(df string) (all live.Disks, store int64, err error) {
	const figures = 6 // target, size, used, avail, itotal, iused; the source may hold blanks
	var sources []string
	for line := range strings.Lines(df) {
		f := strings.Fields(line)
		if len(f) <= figures || !strings.HasPrefix(f[len(f)-figures], "/") {
			continue
		}
		source := strings.Join(f[:len(f)-figures], " ")
		f = f[len(f)-figures:]
		n := make([]int64, len(f))
		for i := range f { // a dash is a figure that there is not: 0
			n[i], _ = strconv.ParseInt(f[i], 10, 64)
		}
		d := live.Disk{Mount: state.CleanText(f[0], 200), Bytes: n[2] + n[3], Used: n[2], Inodes: n[4], InodesUsed: n[5]}
		if d.Bytes <= 0 || d.Used < 0 {
			continue
		}
		if at := slices.Index(sources, source); at >= 0 {
			if len(d.Mount) < len(all[at].Mount) {
				all[at].Mount = d.Mount
			}
			continue
		}
		all, sources = append(all, d), append(sources, source)
	}
	if len(all) == 0 {
		return nil, 0, fmt.Errorf("read disks: %s", cmp.Or(state.CleanText(df, 100), "df printed nothing"))
	}
	if first := all[0].Mount; first == storePath || first == "/nix" {
		store = all[0].Used
	}
	return all, store, nil
}

var (
	socketUnit    = regexp.MustCompile(`\bcgroup:\S*/([^/\s]+)\.service\b`)
	socketProgram = regexp.MustCompile(`\busers:\(\("([^"]+)"`)
)

// sockets reads what ss -Hltnp --cgroup printed (ss(8)), by port. The program is
// the unit's name, else the process's, which ss tells only of one's own unless
// it runs as root.
func sockets(ss string) (live.Sockets, error) {
	type one struct {
		live.Socket

		port int
	}
	var all []one
	for line := range strings.Lines(ss) {
		f := strings.Fields(line)
		if len(f) < 5 || f[0] != "LISTEN" {
			continue
		}
		s := one{Socket: live.Socket{Address: state.CleanText(f[3], 100)}}
		_, port, err := net.SplitHostPort(s.Address)
		if err != nil {
			continue
		}
		if s.port, err = strconv.Atoi(port); err != nil {
			continue
		}
		if m := socketUnit.FindStringSubmatch(line); m != nil {
			s.Program = text(m[1])
		} else if m := socketProgram.FindStringSubmatch(line); m != nil {
			s.Program = text(m[1])
		}
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if len(all) == 0 && strings.TrimSpace(ss) != "" {
		return nil, fmt.Errorf("read sockets: %s", state.CleanText(ss, 100))
	}
	slices.SortStableFunc(all, func(a, b one) int { return cmp.Compare(a.port, b.port) })
	out := make(live.Sockets, len(all))
	for i := range all {
		out[i] = all[i].Socket
	}
	return out, nil
}
