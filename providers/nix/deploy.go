package nix

import (
	"context"
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// Deployer runs the deploy command in the infra repository.
type Deployer struct {
	Runner runner.Runner
	Dir    string
}

// Deploy runs the command and hands over what it says, line by line. The
// error is a state.Problem (F48) where the command failed.
func (d Deployer) Deploy(ctx context.Context, argv []string, line func(string)) error {
	res, err := d.Runner.Run(ctx, runner.Cmd{Argv: argv, Dir: d.Dir, Line: line})
	if err != nil {
		return err
	}
	if res.Exit != 0 {
		return state.Problem{
			ID: "F48", Key: "deploy.command", What: fmt.Sprintf("the deploy command ended with %d", res.Exit), Why: lastLine(res.Stderr, res.Stdout),
			Fix: "mend what it says and run this again; what is done stays done",
		}
	}
	return nil
}

func lastLine(texts ...string) string {
	for _, t := range texts {
		lines := strings.Split(strings.TrimSpace(t), "\n")
		if last := state.CleanText(lines[len(lines)-1], 200); last != "" {
			return last
		}
	}
	return "it printed nothing"
}
