package setup

import (
	"context"
	"path"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// Join makes a worker of a machine that is to build, too: it is asked over ssh
// for what is not said, and nothing is written. A state.Problem says why it
// cannot be one.
func Join(ctx context.Context, d Deps, j state.Joining) (state.Worker, error) {
	w := state.Worker{Name: j.Name, Cores: j.Cores, Recipient: j.Recipient}
	if !j.Shared {
		w.Password = state.OwnPassword
	}
	if j.System != "" && j.System != d.Config.Host.System {
		return w, state.Problem{
			What: j.Name + " builds for " + state.CleanText(j.System, 40) + ", the CI host for " + d.Config.Host.System,
			Why:  "buildbot-nix gives any build to any worker, so a machine of another system would be given builds that it cannot do",
			Fix: "let the CI host's Nix hand those builds on: nix.distributedBuilds = true; nix.buildMachines = [ { hostName = \"" + j.Name + "\"; systems = [ \"" +
				state.CleanText(j.System, 40) + "\" ]; sshUser = \"nixremote\"; sshKey = \"/root/.ssh/nixremote\"; maxJobs = 4; } ]; and add the system to ci.build_systems",
		}
	}
	if w.Cores > 0 && w.Recipient != "" {
		return w, nil
	}
	dest := j.SSH
	if dest == "" {
		dest = j.Name
	}
	h, err := d.Machine(dest).Describe(ctx)
	if err != nil {
		p := state.AsProblem(state.Explain(err))
		p.Fix = "make ssh " + dest + " work (--ssh names another destination), or give both --cores and --recipient"
		return w, p
	}
	if w.Cores == 0 {
		w.Cores = h.Threads
	}
	if w.Recipient == "" {
		w.Recipient = h.Recipient
	}
	if w.Cores == 0 {
		return w, state.Problem{What: "the cores of " + j.Name + " are not known", Why: "it did not tell them over ssh", Fix: "give them: --cores 8"}
	}
	return w, nil
}

// WorkerLines are the lines that a further machine's NixOS configuration needs,
// for a person to put in; the paths in them are as seen from the folder that
// its file of secrets is in.
func WorkerLines(d Deps, name string) string {
	c := d.Config
	here := path.Dir(d.workerFile(name))
	way := func(to string) string {
		rel, err := relative(here, to)
		if err != nil {
			return to
		}
		return rel
	}
	return strings.NewReplacer(
		"@MODULE@", way(c.Paths.Module), "@FACTS@", way(c.Paths.Facts), "@SECRETS@", way(d.workerFile(name)), "@HOST@", nixText(c.Host.SSH),
	).Replace(workerLines)
}

// nixText is a text between the quotes of Nix.
func nixText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `${`, `\${`).Replace(s)
}

// workerLines reach the master, and the niks3 that the upload asks, through one
// ssh connection: buildbot's own protocol is not encrypted, and niks3 listens on
// the CI host's loopback only. The master tells each worker the same address of
// niks3, [::1]:5751, so that is where it must be (buildbot-nix
// nixosModules/niks3.nix).
const workerLines = `imports = [
  inputs.buildbot-nix.nixosModules.buildbot-master
  inputs.buildbot-nix.nixosModules.buildbot-worker
  inputs.niks3.nixosModules.niks3
  inputs.sops-nix.nixosModules.sops
  @MODULE@
];
services.nixwright-ci = {
  enable = true;
  factsFile = @FACTS@;
  secretsFile = @SECRETS@;
  masterUrl = "tcp:host=127.0.0.1:port=9989";
};
systemd.services.nixwright-ci-tunnel = {
  wantedBy = [ "multi-user.target" ];
  wants = [ "network-online.target" ];
  after = [ "network-online.target" ];
  serviceConfig = {
    ExecStart = "${pkgs.openssh}/bin/ssh -N -o ExitOnForwardFailure=yes -o ServerAliveInterval=30 -L 127.0.0.1:9989:127.0.0.1:9989 -L [::1]:5751:[::1]:5751 @HOST@";
    Restart = "always";
    RestartSec = 10;
  };
};
`
