package ssh

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

// LastError reads the end of a unit's log on the host ("niks3.service") and
// picks the line that says why it failed, without what looks like a secret;
// empty where the log says nothing. A user who may not read it gets
// state.ErrDenied.
func (h *Host) LastError(ctx context.Context, unit string) (string, error) {
	const op = "read log"
	if !unitName.MatchString(unit) || strings.HasPrefix(unit, "-") {
		return "", fmt.Errorf("%s: %q is not a unit's name", op, unit)
	}
	r, err := h.remote(ctx, op, "env LC_ALL=C journalctl -u "+unit+" -n 50 -o cat --no-pager")
	if err != nil {
		return "", err
	}
	says := systemd.LastError(r.Stdout)
	switch {
	case says != "":
		return says, nil
	case systemd.Denied(r.Stderr):
		return "", &state.CallError{
			Service: program, Op: h.of(op), Kind: state.ErrDenied, Text: last(r.Stderr),
			Needs: "a user who may read it: root, or one in group systemd-journal",
		}
	case r.Exit != 0:
		return "", &state.CallError{Service: "journalctl", Op: h.of(op), Kind: state.ErrService, Text: last(r.Stderr)}
	}
	return "", nil
}

// Way says how ssh gets to the host, by the user's configuration (ssh -G). It
// is this machine where the name leads to an address of it, by no way around
// and to the usual port.
func (h *Host) Way(ctx context.Context) (state.Way, error) {
	has, err := h.config(ctx, "find the way")
	if err != nil {
		return state.Way{}, err
	}
	w := state.Way{User: state.CleanText(has["user"], 100), Host: h.o.Dest}
	dest, uri := strings.CutPrefix(w.Host, "ssh://")
	if i := strings.LastIndexByte(dest, '@'); i >= 0 {
		w.User, dest = dest[:i], dest[i+1:]
	}
	w.Host = dest
	if host, port, err := net.SplitHostPort(dest); uri && err == nil {
		w.Host, w.Port = host, port
	}
	if around(has) || has["port"] != "22" && has["port"] != "" {
		return w, nil
	}
	addrs, err := h.Addresses(ctx)
	w.Local = err == nil && len(addrs) > 0 && here(addrs[0])
	return w, nil
}

// config is the user's configuration for the host, by keyword (ssh -G).
func (h *Host) config(ctx context.Context, op string) (map[string]string, error) {
	if err := h.check(op); err != nil {
		return nil, err
	}
	argv := append(append([]string{}, h.o.Argv...), "-G", "--", h.o.Dest)
	r, err := h.o.Runner.Run(ctx, runner.Cmd{Argv: argv})
	if err != nil {
		return nil, fmt.Errorf("%s to %s: %w", op, h.o.Dest, err)
	}
	has := map[string]string{}
	for line := range strings.Lines(r.Stdout) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		has[key] = value
	}
	return has, nil
}

// around says whether a configuration leads over another machine or program.
func around(has map[string]string) bool {
	return has["proxyjump"]+has["proxycommand"] != "" && has["proxycommand"] != "none"
}

// here says whether an address is one of this machine.
func here(addr netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	if err != nil || addr.IsLoopback() {
		return addr.IsLoopback()
	}
	for _, one := range all {
		if p, err := netip.ParsePrefix(one.String()); err == nil && p.Addr().WithZone("").Unmap() == addr.WithZone("").Unmap() {
			return true
		}
	}
	return false
}
