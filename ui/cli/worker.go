package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// workersKey is the answer that the commands of this file change.
const workersKey = "workers"

func (c *command) workerCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "worker", Short: "More machines: list, add, remove", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(c.workerListCommand(), c.workerAddCommand(), c.workerRemoveCommand())
	return cmd
}

func (c *command) workerListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show every build machine with what is true of it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := c.settled()
			if err != nil {
				return err
			}
			sights, err := c.workers(cmd.Context(), l)
			if err != nil {
				return err
			}
			switch c.output {
			case "json":
				return plain.WriteDocument(c.io.Out, sights)
			case "quiet":
			default:
				plain.WriteWorkers(c.io.Out, sights)
			}
			return nil
		},
	}
}

// workers looks at all build machines.
func (c *command) workers(ctx context.Context, l loaded) (state.WorkerSights, error) {
	s, err := c.asked(ctx, l)
	if err != nil {
		return state.WorkerSights{}, err
	}
	defer s.Close()
	return s.More.Workers(ctx), nil
}

type workerOptions struct {
	state.Joining

	password string
}

func (c *command) workerAddCommand() *cobra.Command {
	var o workerOptions
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Have a machine build, too", Args: cobra.ExactArgs(1),
		Long: "add puts the machine under [[workers]] and on the master's list, seals its password into a\n" +
			"file that only you and it can open, writes the facts again, and shows the lines that its\n" +
			"NixOS configuration needs. NAME is its networking.hostName. It is asked over ssh for its\n" +
			"threads and its age recipient; --cores and --recipient give them where it cannot be.\n\n" +
			"The machine reaches the master at port 9989 through an ssh tunnel or a private network;\n" +
			"that protocol is not encrypted, and the port is never open to the internet.\n\n" +
			"buildbot-nix evaluates on one worker, and gives each build to any of them: machines whose\n" +
			"Nix stores are apart cannot build what another one evaluated. Remote builders\n" +
			"(nix.buildMachines on the CI host) have no such limit, and are the way for other systems\n" +
			"(aarch64-linux): one worker, on the CI host, and ci.build_systems names the systems.",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name = args[0]
			return c.addWorker(cmd.Context(), o, cmd.Flags().Changed("password"))
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Cores, "cores", 0, "how many builds it runs at once (default: its threads)")
	f.StringVar(&o.System, "system", "", "the system it builds for; another than the CI host's wants a remote builder, and is told how")
	f.StringVar(&o.password, "password", state.OwnPassword, "own, or shared with the CI host")
	f.StringVar(&o.Recipient, "recipient", "", "its age recipient, where it cannot be asked")
	f.StringVar(&o.SSH, "ssh", "", "its ssh destination (default: NAME)")
	return cmd
}

// withWorker adds a machine, or says anew what one is.
func withWorker(base []state.Worker, w state.Worker) func(*state.Config) {
	return func(c *state.Config) {
		all := slices.Clone(base)
		if i := slices.IndexFunc(all, func(o state.Worker) bool { return o.Name == w.Name }); i >= 0 {
			all[i] = w
		} else {
			all = append(all, w)
		}
		c.Workers = all
	}
}

// base are the machines that are wanted, the CI host with the cores that it
// has: where nothing is said it is the only one.
func base(l loaded, sights state.WorkerSights) []state.Worker {
	all := slices.Clone(l.config.Workers)
	for i, w := range all {
		j := slices.IndexFunc(sights.Workers, func(s state.WorkerSight) bool { return s.Name == w.Name })
		if w.Cores == 0 && j >= 0 {
			all[i].Cores = sights.Workers[j].Sealed
		}
	}
	return all
}

func (c *command) addWorker(ctx context.Context, o workerOptions, chosen bool) error {
	l, err := c.settled()
	if err != nil {
		return err
	}
	if o.password != state.OwnPassword && o.password != "shared" {
		return wrongUse(state.Problem{What: "--password " + state.CleanText(o.password, 40) + " is neither own nor shared", Why: "a machine has a password of its own, or the CI host's; none is given on a command line", Fix: "leave it out"})
	}
	if o.Name == l.config.Host.Name {
		return wrongUse(state.Problem{Key: workersKey, What: o.Name + " is the CI host", Why: "it builds already; its cores are under [[workers]]", Fix: "set its cores there, then nixwright setup"})
	}
	o.Shared = o.password == "shared"
	if i := slices.IndexFunc(l.said.Workers, func(w state.Worker) bool { return w.Name == o.Name }); i >= 0 {
		have := l.said.Workers[i]
		if o.Cores == 0 {
			o.Cores = have.Cores
		}
		if o.Recipient == "" {
			o.Recipient = have.Recipient
		}
		if !chosen {
			o.Shared = have.Password != state.OwnPassword && have.Recipient != ""
		}
	}
	// What is wrong with the names is said before anybody is asked.
	if _, err := l.with(withWorker(l.config.Workers, state.Worker{Name: o.Name, Cores: o.Cores, Recipient: o.Recipient})); err != nil {
		return err
	}
	s, err := c.asked(ctx, l)
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.More.Join(ctx, o.Joining)
	if err != nil {
		return refused(err)
	}
	to := withWorker(base(l, s.More.Workers(ctx)), w)
	next, err := l.with(to)
	if err != nil {
		return err
	}
	if err := next.rewrite(ctx, workersKey, to); err != nil {
		return err
	}
	r, files, err := c.do(ctx, next, setupOptions{only: workerSteps})
	if err != nil {
		return err
	}
	sights, err := c.workers(ctx, next)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sights.Workers, func(s state.WorkerSight) bool { return s.Name == w.Name })
	if i < 0 || rowStatus(r, "nix-module") != steps.Ready {
		return c.ended(r, files, "")
	}
	if c.output != "json" && c.output != "quiet" {
		plain.WriteWorkerLines(c.io.Out, sights.Workers[i])
		plain.Problems(c.io.Err, sights.Problems)
	}
	return c.ended(r, append(files, sights.Workers[i].File), fmt.Sprintf("deploy %s with its lines; nixwright worker list shows its %d workers connected", w.Name, w.Cores))
}

// workerSteps are what the list of machines concerns.
var workerSteps = []string{"local-secrets", "worker-secrets", "nix-module"}

func (c *command) workerRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Have a machine build no more", Args: cobra.ExactArgs(1),
		Long: "remove takes the machine out of [[workers]], off the master's list and out of the facts.\n" +
			"Its own file of secrets and its rule in .sops.yaml stay: git rm is yours.",
		RunE: func(cmd *cobra.Command, args []string) error { return c.removeWorker(cmd.Context(), args[0]) },
	}
}

func (c *command) removeWorker(ctx context.Context, name string) error {
	l, err := c.settled()
	if err != nil {
		return err
	}
	if name == l.config.Host.Name {
		return wrongUse(state.Problem{
			Key: workersKey, What: name + " is the CI host", Why: "its own worker evaluates, and the set-up is checked by it; a list without a worker keeps the master from starting",
			Fix: "leave it; fewer cores under [[workers]] spare it",
		})
	}
	sights, err := c.workers(ctx, l)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sights.Workers, func(s state.WorkerSight) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, w := range sights.Workers {
			names = append(names, w.Name)
		}
		p := state.Problem{Key: workersKey, What: "there is no worker " + state.CleanText(name, 63), Why: "neither [[workers]] nor the master's list nor the facts name it", Fix: "nixwright worker list"}
		if near := state.Suggest(name, names); near != "" {
			p.Fix = "did you mean " + near + "?"
		}
		return wrongUse(p)
	}
	to := func(c *state.Config) {
		c.Workers = slices.DeleteFunc(slices.Clone(c.Workers), func(w state.Worker) bool { return w.Name == name })
	}
	next, err := l.with(to)
	if err != nil {
		return err
	}
	if sights.Workers[i].Wanted {
		if err := next.rewrite(ctx, workersKey, to); err != nil {
			return err
		}
	}
	next.gone = name
	r, files, err := c.do(ctx, next, setupOptions{only: workerSteps})
	if err != nil {
		return err
	}
	then := ""
	if file := sights.Workers[i].File; file != "" {
		then = "take services.nixwright-ci out of " + name + " and deploy it; git rm " + file + ", and take its rule out of .sops.yaml"
	}
	return c.ended(r, files, then)
}
