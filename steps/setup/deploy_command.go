package setup

import (
	"cmp"
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// command is what deploys the host, as a line to read: what is configured, else
// nixos-rebuild for a flake and a root that ssh reaches.
func (s *deploy) command() string {
	if argv := s.Config.Deploy.Command; len(argv) > 0 {
		return commandLine(argv)
	}
	w := wayOf(s.Config.Host.SSH)
	return rebuild([]string{"--flake", ".#" + s.Config.Host.Name}, w, "")
}

// fitting is the nixos-rebuild that fits this repository, this machine and the
// way to the host. What cannot be found out is as usual.
func (s *deploy) fitting(ctx context.Context) string {
	if len(s.Config.Deploy.Command) > 0 {
		return s.command()
	}
	from := []string{"--flake", ".#" + s.Config.Host.Name}
	if have, err := s.Nix.Inputs(ctx); err == nil && have.Kind != "flake" {
		from = s.withoutFlake()
	}
	w, err := s.Host.Way(ctx)
	if err != nil {
		w = wayOf(s.Config.Host.SSH)
	}
	return rebuild(from, w, s.Nix.Release())
}

// withoutFlake says where the configuration is: the host's own file for
// NixOS's configuration, else what the repository's default.nix gives.
func (s *deploy) withoutFlake() []string {
	dir := path.Dir(s.Config.Paths.Facts)
	for _, at := range []string{path.Join(dir, "default.nix"), path.Join(dir, "configuration.nix"), "configuration.nix"} {
		if _, found, err := s.Dir.Read(at); err == nil && found {
			return []string{"-I", "nixos-config=./" + at}
		}
	}
	return []string{"-f", "./default.nix", "-A", "nixosConfigurations." + s.Config.Host.Name}
}

// wayOf is the way that a destination itself tells: ssh://user@name:port, or
// user@name, of which the user is root where none is named.
func wayOf(dest string) state.Way {
	rest, uri := strings.CutPrefix(dest, "ssh://")
	w := state.Way{User: "root"}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		w.User, rest = rest[:i], rest[i+1:]
	}
	if i := strings.LastIndexByte(rest, ':'); uri && i > strings.LastIndexByte(rest, ']') {
		rest, w.Port = rest[:i], rest[i+1:]
	}
	w.Host = strings.Trim(rest, "[]")
	return w
}

// rebuild is nixos-rebuild as a line: on this machine with sudo, else on its
// way to the host, with sudo there for all but root. Since NixOS 25.11 the
// option is --sudo; before, and as a word that is still taken, --use-remote-sudo.
// The port has no option of its own (nixos-rebuild(8)).
func rebuild(from []string, w state.Way, release string) string {
	argv := append([]string{"nixos-rebuild", "switch"}, from...)
	if w.Local {
		if sudoSince(release) {
			return commandLine(append(argv, "--sudo"))
		}
		return "sudo " + commandLine(argv)
	}
	user := cmp.Or(w.User, "root")
	argv = append(argv, "--target-host", user+"@"+w.Host)
	if user != "root" {
		sudo := "--use-remote-sudo"
		if sudoSince(release) {
			sudo = "--sudo"
		}
		argv = append(argv, sudo)
	}
	if w.Port != "" {
		return "NIX_SSHOPTS=" + quoted("-p "+w.Port) + " " + commandLine(argv)
	}
	return commandLine(argv)
}

// sudoSince says whether a NixOS has the nixos-rebuild that knows --sudo.
func sudoSince(release string) bool {
	year, month, _ := strings.Cut(release, ".")
	y, err := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	return err == nil && (y > 25 || y == 25 && m >= 11)
}

// commandLine is a command as a line to read, whole: nothing may hide at its end.
func commandLine(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = quoted(state.CleanText(w, 0))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell would take it.
func quoted(w string) string {
	if w != "" && !strings.ContainsFunc(w, func(r rune) bool { return !strings.ContainsRune(plainWord, r) }) {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// plainWord are the characters that need no quotes.
const plainWord = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./,:@%#"
