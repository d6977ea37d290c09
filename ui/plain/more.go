package plain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// WriteRepos writes what is true of every repository, and below it what is
// wrong.
func WriteRepos(w io.Writer, all state.RepoSights) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "REPOSITORY\tWANTED\tAPP\tTOPIC\tFACTS\tFLAKE\tHOOK\tNEWEST BUILD")
	var problems []state.Problem
	for _, r := range all.Repos {
		wanted := state.TruthOf(r.Wanted, nil)
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", state.CleanText(r.Name, 0), wanted, r.Installed, r.Topic, r.Listed, r.Flake, r.Hook, r.Build)
		problems = append(problems, r.Problems...)
	}
	_ = t.Flush()
	Problems(w, append(problems, all.Problems...))
}

// WriteWorkers writes what is true of every build machine, and below it what is
// wrong.
func WriteWorkers(w io.Writer, all state.WorkerSights) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "MACHINE\tCORES\tSEALED\tFACTS\tPASSWORD\tCONNECTED")
	var problems []state.Problem
	for _, m := range all.Workers {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", state.CleanText(m.Name, 0), count(m.Cores), count(m.Sealed), count(m.Listed), m.Password, up(m))
		problems = append(problems, m.Problems...)
	}
	_ = t.Flush()
	_, _ = fmt.Fprintln(w, "Built for "+strings.Join(all.Systems, ", ")+".")
	Problems(w, append(problems, all.Problems...))
}

// count is a number of cores; a dash where there is none.
func count(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// up is how many of a machine's workers are connected.
func up(m state.WorkerSight) string {
	if m.Connected < 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d of %d", m.Connected, m.Sealed)
}

// WriteWorkerLines writes what a machine's NixOS configuration needs.
func WriteWorkerLines(w io.Writer, m state.WorkerSight) {
	_, _ = fmt.Fprintf(w, "\nInto the configuration of %s, in the folder of %s:\n\n", m.Name, m.File)
	for line := range strings.Lines(m.Config) {
		_, _ = fmt.Fprint(w, "  "+line)
	}
	_, _ = fmt.Fprintln(w, "\nIts root needs an ssh key that the CI host takes for the tunnel. Into the configuration of the CI host:\n\n"+
		"  services.nixwright-ci.workersAddress = \"::1\";\n\n"+
		"On a private network (WireGuard) there is no need of a tunnel: masterUrl and workersAddress name the CI host's\n"+
		"address there, and the CI host opens both ports on that interface alone:\n\n"+
		"  networking.firewall.interfaces.wg0.allowedTCPPorts = [ 9989 5751 ];\n\n"+
		"Never open them to the internet: nothing of it is encrypted.")
}

// WriteEnd writes how a change ended, and what is left: commit, deploy, then.
func WriteEnd(w io.Writer, r steps.Report, commit, deploy, then string) {
	o := r.Outcome()
	verb := "done"
	if o.Status != steps.Ready {
		verb = "stopped: " + o.Err
	}
	_, _ = fmt.Fprintf(w, "%s; %s.\n", verb, o.Text)
	switch {
	case o.Status != steps.Ready:
		_, _ = fmt.Fprintln(w, "Run it again to go on; what is done stays done.")
	case deploy != "":
		next := commit + "; then " + deploy
		if then != "" {
			next += "; then " + then
		}
		_, _ = fmt.Fprintln(w, "next: "+next)
	}
}
