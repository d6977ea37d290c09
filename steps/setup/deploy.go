package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// deploy brings the host to what the files say, by the command that is
// configured; without one it shows a command and waits.
type deploy struct {
	Deps

	mu   sync.Mutex
	at   time.Time // the command ended in this run
	seen map[string]watched
}

// lookAgain is the longest pause before the host is looked at again.
const lookAgain = 5 * time.Second

// settles is how long after the command the host may still run another state:
// some commands only ask for a deployment.
const settles = time.Minute

func (s *deploy) Info() steps.Info {
	return steps.Info{
		ID: "deploy", Title: "Deploy", Phase: steps.PhaseNixOS,
		Does:  "deploy " + s.Config.Host.Name + ": " + s.command(),
		After: []state.Ref{state.FactModule.Ref(), state.FactSecrets.Ref(), state.FactInputs.Ref(), state.FactInstalls.Ref(), state.FactTopics.Ref(), state.FactAddress.Ref()},
		Gives: []state.Ref{state.FactDeployment.Ref()},
	}
}

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
func (s *deploy) Detect(ctx context.Context, _ state.Facts) (steps.Finding, error) {
	want, written, err := s.filesHash()
	if err != nil {
		return steps.Finding{}, err
	}
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
	if found && written && have.Hash == want && !offline {
		return s.running(ctx, have, up)
	}
	return s.other(ctx, found, offline), nil
}

// other is a host that does not run these files, or does not answer.
func (s *deploy) other(ctx context.Context, found, offline bool) steps.Finding {
	away := s.Config.Host.SSH + " does not answer"
	f := steps.Finding{Status: steps.Waiting}
	since, deployed := s.deployed()
	switch {
	case deployed: // the command has run, and it is not to be run again
		f.Text, f.Hint = "the command has ended, and the host runs another state", "it deployed other files than these: commit them, and push them where it takes them from there; then run this again"
		if offline {
			f.Text, f.Hint = away+" after the deployment", "look at it on its console; run this again when it answers"
		}
		if since < settles {
			f.Again = lookAgain
		}
	case found && offline: // it went away in the middle
		f.Text, f.Hint = away, "run this again when it does"
	case len(s.Config.Deploy.Command) > 0:
		return steps.Finding{Status: steps.Missing, Changes: steps.Changes("run", s.command())}
	case offline:
		f.Text, f.Hint = away, "deploy it: "+s.fitting(ctx)
	case found:
		f.Text, f.Hint = "the host runs an older state", "commit, then deploy: "+s.fitting(ctx)
	default:
		f.Text, f.Hint = "not deployed", "commit, then deploy: "+s.fitting(ctx)
	}
	return f
}

// deployed says whether the command has ended in this run, and how long ago.
func (s *deploy) deployed() (since time.Duration, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		return 0, false
	}
	return s.Now().Sub(s.at), true
}

// Apply runs the command to its end, also where the run is interrupted
// meanwhile: a switch that is cut off half-way is worse than a late one. Where
// the command failed, but the host runs these files, the units say more.
func (s *deploy) Apply(ctx context.Context, _ state.Facts, _ steps.Finding, out steps.Out) error {
	ctx = context.WithoutCancel(ctx)
	tell, end := newDeployLog(out)
	err := s.Deployer.Deploy(ctx, s.Config.Deploy.Command, tell)
	end()
	if err != nil && !s.switched(ctx) {
		return err
	}
	s.mu.Lock()
	s.at, s.seen = s.Now(), nil
	s.mu.Unlock()
	if err != nil {
		out.Logf("%s", state.AsProblem(err).Error())
	}
	return nil
}

// switched says whether the host runs these files.
func (s *deploy) switched(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, steps.OnceLimit)
	defer cancel()
	want, written, err := s.filesHash()
	if err != nil || !written {
		return false
	}
	have, found, err := s.Host.Applied(ctx)
	return err == nil && found && have.Hash == want
}
