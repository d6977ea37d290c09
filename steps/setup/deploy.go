package setup

import (
	"context"
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
		Needs: []state.Ref{state.FactModule.Ref(), state.FactSecrets.Ref()},
		After: []state.Ref{state.FactInputs.Ref(), state.FactInstalls.Ref(), state.FactTopics.Ref(), state.FactAddress.Ref()},
		Gives: []state.Ref{state.FactDeployment.Ref()},
	}
}

// command is what deploys the host, as a line to read.
func (s deploy) command() string {
	argv := s.Config.Deploy.Command
	if len(argv) == 0 {
		argv = []string{"nixos-rebuild", "switch", "--flake", ".#" + s.Config.Host.Name, "--target-host", "root@" + s.Config.Host.SSH}
	}
	return state.CleanText(strings.Join(argv, " "), 300)
}

func (s deploy) Detect(ctx context.Context, in state.Facts) (steps.Finding, error) {
	want, err := state.Get(in, state.FactModule)
	if err != nil {
		return steps.Finding{}, err
	}
	configured := len(s.Config.Deploy.Command) > 0
	have, found, err := s.Host.Applied(ctx)
	offline := errors.Is(err, state.ErrOffline)
	if err != nil && !offline {
		return steps.Finding{}, err
	}
	switch {
	case found && have.Hash == want:
		return s.running(ctx, have)
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
func (s deploy) running(ctx context.Context, have state.Deployment) (steps.Finding, error) {
	all, err := s.Host.Units(ctx, units...)
	if err != nil {
		return steps.Finding{}, err
	}
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
		return blocked(failed...), nil
	case len(starting) > 0:
		return steps.Finding{Status: steps.Waiting, Text: strings.Join(starting, ", "), Hint: "the units are starting", Again: 5 * time.Second}, nil
	}
	return ready(fmt.Sprintf("%s runs these files, %d units up", s.Config.Host.Name, len(all)), state.One(state.FactDeployment, have)), nil
}

func (s deploy) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, out steps.Out) error {
	return s.Deployer.Deploy(ctx, s.Config.Deploy.Command, func(line string) { out.Logf("%s", line) })
}
