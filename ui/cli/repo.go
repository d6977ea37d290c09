package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/plain"
)

// reposKey is the answer that the commands of this file change.
const reposKey = "github.repos"

func (c *command) repoCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "repo", Short: "More repositories: list, add, remove", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(c.repoListCommand(), c.repoAddCommand(), c.repoRemoveCommand())
	return cmd
}

func (c *command) repoListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show every repository with what is true of it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := c.settled()
			if err != nil {
				return err
			}
			s, err := c.asked(cmd.Context(), l)
			if err != nil {
				return err
			}
			defer s.Close()
			sights := s.More.Repos(cmd.Context())
			switch c.output {
			case "json":
				return plain.WriteDocument(c.io.Out, sights)
			case "quiet":
			default:
				plain.WriteRepos(c.io.Out, sights)
			}
			return nil
		},
	}
}

type repoOptions struct {
	setupOptions

	private bool
}

func (c *command) repoAddCommand() *cobra.Command {
	var o repoOptions
	cmd := &cobra.Command{
		Use: "add OWNER/NAME", Short: "Have a repository built, too", Args: cobra.ExactArgs(1),
		Long: "add puts the repository into github.repos, has the App see it, adds the topic, and writes\n" +
			"the facts again. Then deploy, and run it again: it sees the hook that buildbot-nix makes,\n" +
			"and begins the first build. Nothing is ever pushed to your repositories.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c.patient(cmd, &o.setupOptions)
			return c.addRepo(cmd.Context(), args[0], o)
		},
	}
	c.personFlags(cmd, &o.setupOptions)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "propose a flake.nix by pull request where there is none")
	cmd.Flags().BoolVar(&o.private, "private", false, "a private repository: what it builds may be read by everybody, from the cache")
	return cmd
}

// personFlags are for steps that only a person can do.
func (c *command) personFlags(cmd *cobra.Command, o *setupOptions) {
	cmd.Flags().DurationVar(&o.wait, "wait", 0, "how long each human step is waited for")
	cmd.Flags().BoolVar(&o.open, "open", false, "open the pages of human steps in $BROWSER")
}

// patient waits for the person who is there, unless they said how long.
func (c *command) patient(cmd *cobra.Command, o *setupOptions) {
	if c.interactive() {
		if !cmd.Flags().Changed("wait") {
			o.wait = time.Hour
		}
		o.open = o.open || !cmd.Flags().Changed("open")
	}
}

// named is the repository of the list that has the name, in any case.
func named(repos []string, name string) (string, bool) {
	i := slices.IndexFunc(repos, func(r string) bool { return strings.EqualFold(r, name) })
	if i < 0 {
		return name, false
	}
	return repos[i], true
}

// withRepo adds a repository.
func withRepo(name string) func(*state.Config) {
	return func(c *state.Config) {
		if _, there := named(c.GitHub.Repos, name); !there {
			c.GitHub.Repos = append(slices.Clone(c.GitHub.Repos), name)
		}
	}
}

// withoutRepo takes one out.
func withoutRepo(name string) func(*state.Config) {
	return func(c *state.Config) {
		c.GitHub.Repos = slices.DeleteFunc(slices.Clone(c.GitHub.Repos), func(r string) bool { return strings.EqualFold(r, name) })
	}
}

func (c *command) addRepo(ctx context.Context, name string, o repoOptions) error {
	l, err := c.settled()
	if err != nil {
		return err
	}
	name, there := named(l.said.GitHub.Repos, name)
	if !there {
		if _, err := l.with(withRepo(name)); err != nil {
			return err
		}
		if name, err = c.joins(ctx, l, name, o.private); err != nil {
			return err
		}
	}
	next, err := l.with(withRepo(name))
	if err != nil {
		return err
	}
	if err := next.rewrite(ctx, reposKey, withRepo(name)); err != nil {
		return err
	}
	next.added = name
	o.only = []string{"github-install", "repo-topic", "nix-module", "repo-flake"}
	r, files, err := c.do(ctx, next, o.setupOptions, "check-webhook", "first-build")
	if err != nil {
		return err
	}
	return c.ended(r, files, "nixwright repo add "+name+", which sees its hook and begins its first build")
}

// joins asks GitHub whether the repository can be built, and gives its name as
// GitHub has it.
func (c *command) joins(ctx context.Context, l loaded, name string, private bool) (string, error) {
	s, err := c.asked(ctx, l)
	if err != nil {
		return "", err
	}
	defer s.Close()
	repo, err := s.More.JoinRepo(ctx, name)
	if err != nil {
		return "", refused(err)
	}
	if !repo.Private || private {
		return repo.Name, nil
	}
	p := state.Problem{
		What: repo.Name + " is private, and the cache is public",
		Why: "whatever is built of it can be fetched by everybody who knows or guesses a store path; " +
			"the logs stay behind the login, and the App reads the source with its permission Contents",
		Fix: "pass --private where that may be so, or leave it out",
	}
	if c.confirm(ctx, state.Question{Key: "private", Kind: state.KindYes, Ask: p.What + ". Build it all the same?", Why: p.Why + "."}) {
		return repo.Name, nil
	}
	return "", wrongUse(p)
}

// refused is an argument that cannot be: where the world says so by a Problem it
// is wrong use. A token that is not taken, or a service that does not answer, is
// not.
func refused(err error) error {
	if p, ok := errors.AsType[state.Problem](err); ok && p.Key != "github.token" {
		return wrongUse(err)
	}
	return err
}

func (c *command) repoRemoveCommand() *cobra.Command {
	var o setupOptions
	cmd := &cobra.Command{
		Use: "remove OWNER/NAME", Short: "Have a repository built no more", Args: cobra.ExactArgs(1),
		Long: "remove takes the repository out of github.repos, our topic off it, and writes the facts\n" +
			"again. With --yes, or where you say so, it also takes it out of the App's installation\n" +
			"and deletes the hook that buildbot-nix made there. Everything else of it stays.",
		RunE: func(cmd *cobra.Command, args []string) error { return c.removeRepo(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.yes, "yes", false, "also take it out of the App's installation, and delete its hook")
	return cmd
}

func (c *command) removeRepo(ctx context.Context, name string, o setupOptions) error {
	l, err := c.settled()
	if err != nil {
		return err
	}
	name, there := named(l.said.GitHub.Repos, name)
	if there && len(l.said.GitHub.Repos) == 1 {
		return wrongUse(state.Problem{
			Key: reposKey, What: name + " is the last repository", Why: "the module, the App and the checks are about one at least",
			Fix: "add another first: nixwright repo add OWNER/NAME",
		})
	}
	if _, err := l.with(withRepo(name)); err != nil { // also one that is not on the list, but was
		return err
	}
	next, err := l.with(withoutRepo(name))
	if err != nil {
		return err
	}
	o.yes = o.yes || c.confirm(ctx, state.Question{
		Key: "leave", Kind: state.KindYes, Ask: "Also take " + name + " out of the App's installation, and delete the hook that buildbot-nix made there?",
		Why: "Its topic goes either way, so it is built no more.",
	})
	if there {
		if err := next.rewrite(ctx, reposKey, withoutRepo(name)); err != nil {
			return err
		}
	}
	next.left = name
	o.only = []string{"leave-topic", "leave-install", "leave-hooks", "nix-module"}
	r, files, err := c.do(ctx, next, o)
	if err != nil {
		return err
	}
	return c.ended(r, files, "")
}

// row is a step's status in a report; unknown where it is not in it.
func rowStatus(r steps.Report, id string) steps.Status {
	row, found := r.Row(id)
	if !found {
		return steps.Unknown
	}
	return row.Status()
}
