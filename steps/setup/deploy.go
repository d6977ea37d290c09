package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// units are what must be up on the host when it is deployed.
var units = []string{"buildbot-master.service", "buildbot-worker.service", "niks3.service", "niks3-gc.timer", "oauth2-proxy.service", "nginx.service", "postgresql.service"}

// deploy brings the host to what the files say, by the command that is
// configured; without one it shows a command and waits.
type deploy struct{ Deps }

func (s deploy) Info() steps.Info {
	return steps.Info{
		ID: "deploy", Title: "Deploy", Phase: steps.PhaseNixOS,
		Does:  "deploy " + s.Config.Host.Name + ": " + s.command(),
		After: []state.Ref{state.FactModule.Ref(), state.FactSecrets.Ref(), state.FactInputs.Ref(), state.FactInstalls.Ref(), state.FactTopics.Ref(), state.FactAddress.Ref()},
		Gives: []state.Ref{state.FactDeployment.Ref()},
	}
}

// command is what deploys the host, as a line to read.
func (s deploy) command() string {
	argv := s.Config.Deploy.Command
	if len(argv) == 0 {
		argv = []string{"nixos-rebuild", "switch", "--flake", ".#" + s.Config.Host.Name, "--target-host", "root@" + s.Config.Host.SSH}
	}
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = quoted(state.CleanText(w, 0))
	}
	return strings.Join(words, " ") // whole: nothing may hide at its end
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

// filesHash is what the module writes to /etc/nixwright/applied.json on the
// host: SHA-256 over the hex digests of facts, module and secrets file. found
// is false where one of them is not there.
func (d Deps) filesHash() (hash string, found bool, err error) {
	all := sha256.New()
	for _, rel := range []string{d.Config.Paths.Facts, d.Config.Paths.Module, d.Config.Paths.Secrets} {
		text, found, err := d.Dir.Read(rel)
		if err != nil || !found {
			return "", false, err
		}
		sum := sha256.Sum256([]byte(text))
		_, _ = all.Write([]byte(hex.EncodeToString(sum[:])))
	}
	return hex.EncodeToString(all.Sum(nil)), true, nil
}

// Detect compares the files as they are with what the host runs: it needs no
// fact, so the host's truth is told also where a token is not at hand. Files
// that are written again in this run make it look again.
func (s deploy) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	want, written, err := s.filesHash()
	if err != nil {
		return steps.Finding{}, err
	}
	configured := len(s.Config.Deploy.Command) > 0
	var have state.Deployment
	var found bool
	var up []state.Unit
	err = together(ctx,
		func(ctx context.Context) (err error) { have, found, err = s.Host.Applied(ctx); return err },
		func(ctx context.Context) (err error) { up, err = s.Host.Units(ctx, units...); return err },
	)
	offline := errors.Is(err, state.ErrOffline)
	if err != nil && !offline {
		return steps.Finding{}, err
	}
	switch {
	case found && written && have.Hash == want && !offline:
		return s.running(have, up), nil
	case found && offline: // it went away in the middle
		return steps.Finding{Status: steps.Waiting, Text: s.Config.Host.SSH + " does not answer", Hint: "run this again when it does"}, nil
	case configured:
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes("run", s.command())}, nil
	case offline:
		return steps.Finding{Status: steps.Waiting, Text: s.Config.Host.SSH + " does not answer", Hint: "deploy it: " + s.command()}, nil
	case found:
		return steps.Finding{Status: steps.Waiting, Text: "the host runs an older state", Hint: "commit, then deploy: " + s.command()}, nil
	}
	return steps.Finding{Status: steps.Waiting, Text: "not deployed", Hint: "commit, then deploy: " + s.command()}, nil
}

// running looks whether what was deployed is up.
func (s deploy) running(have state.Deployment, all []state.Unit) steps.Finding {
	var failed []state.Problem
	var starting []string
	for _, u := range all {
		switch u.Active {
		case "active":
		case "failed":
			failed = append(failed, state.Problem{ID: "F48", What: u.Name + " failed: " + u.Result, Why: "its last error is in its log", Fix: "ssh " + s.Config.Host.SSH + " journalctl -u " + u.Name + " -e"})
		default:
			starting = append(starting, u.Name+" "+u.Active)
		}
	}
	switch {
	case len(failed) > 0:
		return blocked(failed...)
	case len(starting) > 0:
		return steps.Finding{Status: steps.Waiting, Text: strings.Join(starting, ", "), Hint: "the units are starting", Again: 5 * time.Second}
	}
	return ready(fmt.Sprintf("%s runs these files, %d units up", s.Config.Host.Name, len(all)), state.One(state.FactDeployment, have))
}

// Apply runs the command to its end, also where the run is interrupted
// meanwhile: a switch that is cut off half-way is worse than a late one.
func (s deploy) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, out steps.Out) error {
	return s.Deployer.Deploy(context.WithoutCancel(ctx), s.Config.Deploy.Command, func(line string) { out.Logf("%s", line) })
}
