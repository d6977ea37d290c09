package fake

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// lifeDisk are the file systems of a living host, in bytes.
type lifeDisk struct{ size, used, inodes, inodesUsed int }

// restDisk is that of a host on which nothing happens.
var restDisk = lifeDisk{size: 468 << 30, used: 285 << 30, inodes: 31_000_000, inodesUsed: 6_800_000}

// host puts the figures that move onto a copy of the host.
func (l *Living) host(h *HostState) {
	l.m.mu.RLock()
	running, now := len(l.plays), l.now
	l.m.mu.RUnlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	seconds := int(now.Sub(l.begun) / time.Second)
	wave := below(l.draw(drawHost, seconds/5), 1000)
	const total = 65745920
	free := total - 6_000_000 - running*1_800_000 - wave*1000
	h.Files["/proc/meminfo"] = fmt.Sprintf("MemTotal:       %8d kB\nMemFree:        %8d kB\nMemAvailable:   %8d kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n",
		total, max(free-9_000_000, 500_000), max(free, 1_000_000))
	load := float64(running) + float64(wave)/2000
	h.Files["/proc/loadavg"] = fmt.Sprintf("%.2f %.2f %.2f %d/812 %d\n", load, load*0.9, load*0.8, running+1, 4000+seconds%28000)
	h.Files["/proc/uptime"] = fmt.Sprintf("%d.00 %d.00\n", 900000+seconds, 5000000+seconds)
	h.now = now
	h.disk = lifeDisk{size: 1 << 40, used: 400<<30 + l.cache.bytes%(200<<30) + len(l.jobs)*(40<<20), inodes: 60_000_000, inodesUsed: 9_000_000 + len(l.jobs)*4000}
	if until, down := l.fault.until[FaultBuildbot]; down {
		h.setUnit(hostUnit{Since: until.Add(-FaultTime), Name: "buildbot-master.service", Active: "activating", Sub: "auto-restart", Result: "exit-code", Restarts: 3, Log: failedLog("buildbot-master")})
	}
	if l.cache.gc == nil {
		return
	}
	unit := hostUnit{Name: "niks3-gc.service", Active: "inactive", Sub: "dead", Result: "success", Since: l.cache.gc.Started}
	if l.cache.gc.State == gcRunning {
		unit.Active, unit.Sub = "activating", "start"
	}
	h.setUnit(unit)
	if timer := find(h.Units, func(u *hostUnit) bool { return u.Name == "niks3-gc.timer" }); timer != nil {
		timer.Last, timer.Next = l.cache.gc.Started, now.Truncate(24*time.Hour).Add(24*time.Hour)
	}
}

// print is df, POSIX's form in units of 1024 bytes, or with -B1 of one, or with
// -i of inodes.
func (d lifeDisk) print(args []string, stdout io.Writer) {
	size, used, unit, head := d.size, d.used, 1024, "1024-blocks"
	switch {
	case slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--output=") }): // source,target,size,used,avail,itotal,iused
		_, _ = fmt.Fprintln(stdout, "Filesystem     Mounted on 1B-blocks Used Avail Inodes IUsed")
		_, _ = fmt.Fprintf(stdout, "/dev/nvme0n1p2 / %d %d %d %d %d\n", d.size, d.used, d.size-d.used, d.inodes, d.inodesUsed)
		return
	case slices.Contains(args, "-i"):
		size, used, unit, head = d.inodes, d.inodesUsed, 1, "Inodes"
	case slices.Contains(args, "-B1"), slices.Contains(args, "--block-size=1"):
		unit, head = 1, "1-blocks"
	}
	_, _ = fmt.Fprintf(stdout, "Filesystem     %s Used Available Capacity Mounted on\n", head)
	_, _ = fmt.Fprintf(stdout, "/dev/nvme0n1p2 %d %d %d %d%% /\n", size/unit, used/unit, (size-used)/unit, used*100/size)
}
