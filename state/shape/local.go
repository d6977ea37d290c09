package shape

import (
	"fmt"
	"io"
	"slices"

	"github.com/nixwright/nixwright/state"
)

// WorkersDrifted says whether the master's list of workers no longer follows
// from the worker password and the wanted workers.
func WorkersDrifted(set Set, wanted []state.Worker) bool {
	return WorkersMatch(set[WorkersName], set[WorkerPasswordName], wanted) != nil
}

// MakeLocal makes the local secrets that the set lacks, and composes the list
// of workers again where its source changed, others on it kept. What is there
// stays. host tells
// the cores of a worker that is the host itself.
func MakeLocal(set Set, c state.Config, host state.Host, rand io.Reader) ([]state.Sealed, error) {
	var out []state.Sealed
	pass := set[WorkerPasswordName]
	for _, spec := range Local(c.CI.Access) {
		if _, found := set[spec.Name]; found || spec.Make == nil {
			continue
		}
		v, err := spec.Make(rand, c)
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", spec.Name, err)
		}
		if spec.Name == WorkerPasswordName {
			pass = v
		}
		out = append(out, state.Sealed{Name: spec.Name, Value: v})
	}
	list := set[WorkersName]
	if WorkersMatch(list, pass, c.Workers) == nil {
		return out, nil
	}
	ws, err := counted(c, list, host)
	if err != nil {
		return nil, err
	}
	wanted, err := wantedEntries(list, pass, ws, rand)
	if err != nil {
		return nil, err
	}
	return append(out, state.Sealed{Name: WorkersName, Value: composeEntries(append(wanted, others(list, ws)...))}), nil
}

// wantedEntries are the entries of the wanted workers. Who has a password of
// its own keeps it; a new one is made where there is none.
func wantedEntries(list, pass state.Secret, ws []state.Worker, rand io.Reader) ([]WorkerEntry, error) {
	out := make([]WorkerEntry, 0, len(ws))
	for _, w := range ws {
		e := WorkerEntry{w.Name, pass, w.Cores}
		if w.Password == state.OwnPassword {
			own, found := WorkerPassword(list, w.Name)
			if !found || own.Equal(pass) {
				var err error
				if own, err = urlSafe(passwordLength)(rand, state.Config{}); err != nil {
					return nil, fmt.Errorf("make the password of the worker %s: %w", w.Name, err)
				}
			}
			e.Pass = own
		}
		out = append(out, e)
	}
	return out, nil
}

// others are the entries of a list that are not ours to change: machines that
// somebody added by hand.
func others(list state.Secret, ws []state.Worker) []WorkerEntry {
	all, err := ParseWorkerEntries(list)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(e WorkerEntry) bool {
		return slices.ContainsFunc(ws, func(w state.Worker) bool { return w.Name == e.Name })
	})
}

// counted fills the cores that are not said: as the list has them, else what
// the host has to spare.
func counted(c state.Config, list state.Secret, host state.Host) ([]state.Worker, error) {
	have := map[string]int{}
	if known, err := ParseWorkers(list); err == nil {
		for _, w := range known {
			have[w.Name] = w.Cores
		}
	}
	out := make([]state.Worker, 0, len(c.Workers))
	for _, w := range c.Workers {
		if w.Cores == 0 {
			w.Cores = have[w.Name]
		}
		if w.Cores == 0 && w.Name == c.Host.Name {
			w.Cores, _ = state.SpareCores(host)
		}
		if w.Cores == 0 {
			return nil, state.Problem{
				Key:  "workers",
				What: "the cores of the worker " + w.Name + " are not known",
				Why:  "they are not said, and the machine could not be asked",
				Fix:  "say them: --set workers=" + w.Name + "=8, or cores under [[workers]]",
			}
		}
		out = append(out, w)
	}
	return out, nil
}
