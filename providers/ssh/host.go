// Package ssh looks at the CI host through OpenSSH's own client, so that the
// user's configuration, agent, jump hosts and hardware keys work as always.
//
// It only reads. It asks for nothing and trusts no host key that is not known
// already, but for the first connection of a Master that has a terminal, where
// ssh itself asks as it always does. Every remote command is one fixed text; nothing that comes
// from outside is put into it but unit names, which are checked.
package ssh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

// The places on the host: its key (OpenSSH's default), the hash that the NixOS
// module writes, the folder in which sops-nix puts secrets.
const (
	keyPath     = "/etc/ssh/ssh_host_ed25519_key.pub"
	appliedPath = "/etc/nixwright/applied.json"
	secretsPath = "/run/secrets"
)

// Options say which host, and how it is reached.
type Options struct {
	Argv   []string // the client and its first arguments; empty: ssh
	Dest   string   // any ssh destination: a name, user@name, an alias
	Runner runner.Runner
	Limit  time.Duration // for a connection to stand; 0: ten seconds

	// Terminal is the user's terminal, where ssh may ask when Master.Connect
	// first opens the connection; nil: it never asks.
	Terminal io.Writer

	// Lookup resolves a name, for Addresses.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	// Recipient makes an age recipient of a public host key's line.
	Recipient func(line string) (string, error)
}

// Host is the machine behind a destination.
type Host struct {
	o      Options
	master *Master // that leads to it; nil: each call connects
}

// New returns the host; nothing is asked yet.
func New(o Options) *Host {
	if len(o.Argv) == 0 {
		o.Argv = []string{program}
	}
	return &Host{o: o}
}

// Describe reads the host's ed25519 key, as an age recipient, and what machine
// it is, over one connection whose host key is known already.
func (h *Host) Describe(ctx context.Context) (state.Host, error) {
	r, err := h.remote(ctx, "read host key", "cat "+keyPath+" && nproc; cat /etc/os-release /proc/meminfo")
	if err != nil {
		return state.Host{}, err
	}
	var d state.Host
	for line := range strings.Lines(r.Stdout) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ssh-ed25519 ") && d.Recipient == "" {
			if d.Recipient, err = h.o.Recipient(line); err != nil {
				return state.Host{}, fmt.Errorf("read host key of %s: %w", h.o.Dest, err)
			}
		}
		if n, err := strconv.Atoi(line); err == nil && n > 0 {
			d.Threads = n
		}
		if name, ok := strings.CutPrefix(line, "NAME="); ok { // os-release(5)
			d.OS = state.CleanText(strings.Trim(name, `"'`), 40)
		}
		if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" { // proc_meminfo(5)
			if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil && kib > 0 {
				d.Memory = kib << 10
			}
		}
	}
	if d.Recipient == "" {
		return state.Host{}, state.Problem{
			Key:  "host.recipient",
			What: "read host key of " + h.o.Dest,
			Why:  "it has no ed25519 key in " + keyPath,
			Fix:  "set host.recipient to the age recipient with which its sops-nix decrypts",
		}
	}
	return d, nil
}

// Addresses resolves the destination as ssh would: through the user's
// configuration (ssh -G), and then as a name, unless it is an address.
func (h *Host) Addresses(ctx context.Context) ([]netip.Addr, error) {
	const op = "resolve host"
	if err := h.check(op); err != nil {
		return nil, err
	}
	argv := append(append([]string{}, h.o.Argv...), "-G", "--", h.o.Dest)
	r, err := h.o.Runner.Run(ctx, runner.Cmd{Argv: argv})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", op, h.o.Dest, err)
	}
	for line := range strings.Lines(r.Stdout) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "hostname ")
		if !ok {
			continue
		}
		if addr, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
			return []netip.Addr{addr}, nil
		}
		return h.o.Lookup(ctx, name)
	}
	return nil, fmt.Errorf("%s %s: ssh -G named no host: %s", op, h.o.Dest, state.CleanText(r.Stderr, 300))
}

// Applied reads what the deployed NixOS module left in
// /etc/nixwright/applied.json; found is false where it is not there.
func (h *Host) Applied(ctx context.Context) (d state.Deployment, found bool, err error) {
	const op = "read what is deployed"
	r, err := h.remote(ctx, op, "cat "+appliedPath)
	switch {
	case err != nil:
		return d, false, err
	case r.Exit != 0 && strings.Contains(r.Stderr, "ermission denied"):
		return d, false, h.denied(op, r)
	case r.Exit != 0:
		return d, false, nil
	}
	if err := json.Unmarshal([]byte(r.Stdout), &d); err != nil || d.Hash == "" {
		return state.Deployment{}, false, fmt.Errorf("%s: %s on %s is not what the module writes", op, appliedPath, h.o.Dest)
	}
	return d, true, nil
}

// Units reads units by their full names ("niks3.service"), in that order; one
// that is not there has Load not-found.
func (h *Host) Units(ctx context.Context, names ...string) ([]state.Unit, error) {
	output, err := h.show(ctx, names)
	if err != nil {
		return nil, err
	}
	all, err := systemd.Units(output)
	if err != nil {
		return nil, fmt.Errorf("read units of %s: %w", h.o.Dest, err)
	}
	if len(all) != len(names) {
		return nil, fmt.Errorf("read units of %s: asked for %d, got %d", h.o.Dest, len(names), len(all))
	}
	return all, nil
}

// Timer reads a timer by its full name ("niks3-gc.timer").
func (h *Host) Timer(ctx context.Context, name string) (state.Timer, error) {
	output, err := h.show(ctx, []string{name})
	if err != nil {
		return state.Timer{}, err
	}
	t, err := systemd.Timer(output)
	if err != nil {
		return state.Timer{}, fmt.Errorf("read timer of %s: %w", h.o.Dest, err)
	}
	return t, nil
}

// Deployed lists the names of the secrets that sops-nix put on the host; none
// where it put none. A user who may not look gets state.ErrDenied.
func (h *Host) Deployed(ctx context.Context) ([]state.SecretName, error) {
	const op = "list deployed secrets"
	r, err := h.remote(ctx, op, "ls -1 "+secretsPath)
	switch {
	case err != nil:
		return nil, err
	case r.Exit != 0 && strings.Contains(r.Stderr, "ermission denied"):
		return nil, h.denied(op, r)
	case r.Exit != 0:
		return nil, nil
	}
	var all []state.SecretName
	for line := range strings.Lines(r.Stdout) {
		if name := state.CleanText(line, 200); name != "" {
			all = append(all, state.SecretName(name))
		}
	}
	return all, nil
}

// unitName is what systemd takes as a unit's name (systemd.unit(5)).
var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.@-]+$`)

// show runs systemctl for units.
func (h *Host) show(ctx context.Context, names []string) (string, error) {
	const op = "read units"
	for _, name := range names {
		if !unitName.MatchString(name) || strings.HasPrefix(name, "-") {
			return "", fmt.Errorf("%s: %q is not a unit's name", op, name)
		}
	}
	if len(names) == 0 {
		return "", errors.New("read units: none named")
	}
	r, err := h.remote(ctx, op, "env LC_ALL=C TZ=UTC systemctl show --no-pager --property="+systemd.Properties+" -- "+strings.Join(names, " "))
	if err != nil {
		return "", err
	}
	if r.Exit == 0 {
		return r.Stdout, nil
	}
	for _, words := range []string{"has not been booted with systemd", "Failed to connect to bus", "systemctl: command not found", "systemctl: not found"} {
		if strings.Contains(r.Stderr, words) {
			return "", state.Problem{
				What: h.of(op),
				Why:  "no systemd answers there: " + last(r.Stderr),
				Fix:  "see that this works: ssh " + h.o.Dest + " systemctl status; the CI host is a NixOS machine",
			}
		}
	}
	return "", &state.CallError{Service: "systemctl", Op: h.of(op), Kind: state.ErrService, Text: last(r.Stderr)}
}
