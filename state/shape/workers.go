package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// WorkerEntry is one worker of the master's list.
type WorkerEntry struct {
	Name  string
	Pass  state.Secret
	Cores int
}

// ComposeWorkers makes the master's list of workers: a JSON array of name,
// pass and cores, one entry per machine, all with one password (buildbot-nix
// models.py, WorkerConfig).
func ComposeWorkers(pass state.Secret, ws []state.Worker) state.Secret {
	all := make([]WorkerEntry, 0, len(ws))
	for _, w := range ws {
		all = append(all, WorkerEntry{w.Name, pass, w.Cores})
	}
	return composeEntries(all)
}

// WorkerPassword is the password under which the master knows a machine.
func WorkerPassword(list state.Secret, name string) (pass state.Secret, found bool) {
	all, err := ParseWorkerEntries(list)
	if err != nil {
		return state.Secret{}, false
	}
	i := slices.IndexFunc(all, func(e WorkerEntry) bool { return e.Name == name })
	if i < 0 {
		return state.Secret{}, false
	}
	return all[i].Pass, true
}

// WithoutWorker is the master's list less a machine; changed is false where it
// is not on it, or the list cannot be read.
func WithoutWorker(list state.Secret, name string) (without state.Secret, changed bool) {
	all, err := ParseWorkerEntries(list)
	if err != nil {
		return list, false
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(e WorkerEntry) bool { return e.Name == name })
	if len(kept) == len(all) {
		return list, false
	}
	return composeEntries(kept), true
}

func composeEntries(all []WorkerEntry) state.Secret {
	type entry struct {
		Name  string `json:"name"`
		Pass  string `json:"pass"`
		Cores int    `json:"cores"`
	}
	list := make([]entry, 0, len(all))
	for _, w := range all {
		list = append(list, entry{w.Name, w.Pass.Reveal(), w.Cores})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(list) //nolint:errchkjson,gosec // texts and numbers cannot fail; the password belongs there: the whole is a secret
	return state.NewSecret(strings.TrimSuffix(b.String(), "\n"))
}

// ParseWorkerEntries reads the master's list as buildbot-nix does: keys by
// their exact name, others passed over, cores also as a text of digits.
func ParseWorkerEntries(v state.Secret) ([]WorkerEntry, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(v.Reveal()), &list); err != nil {
		return nil, refuse("F38", "is not a JSON list of tables", "the master does not start")
	}
	if len(list) == 0 {
		return nil, refuse("F38", "lists no worker", "the master does not start without one")
	}
	out, seen := make([]WorkerEntry, 0, len(list)), map[string]bool{}
	for i, fields := range list {
		e, wrong := workerEntry(fields)
		switch {
		case wrong != "":
			return nil, refuse("F38", fmt.Sprintf("worker %d %s", i+1, wrong), "the master does not start")
		case seen[e.Name]:
			return nil, refuse("F38", fmt.Sprintf("worker %d has the name of another", i+1), "buildbot keeps one connection per name")
		}
		seen[e.Name] = true
		out = append(out, e)
	}
	return out, nil
}

// workerEntry reads one entry; wrong says what is wrong with it.
func workerEntry(fields map[string]json.RawMessage) (e WorkerEntry, wrong string) {
	_, password := fields["password"]
	name, named := jsonText(fields["name"])
	pass, passed := jsonText(fields["pass"])
	cores, counted := jsonCount(fields["cores"])
	switch {
	case !named || name == "":
		wrong = "has no name"
	case !passed && password:
		wrong = "says password in place of pass"
	case !passed || pass == "":
		wrong = "has no pass"
	case !counted || cores < 1:
		wrong = "has no number of cores"
	}
	return WorkerEntry{Name: name, Pass: state.NewSecret(pass), Cores: cores}, wrong
}

func jsonText(raw json.RawMessage) (string, bool) {
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// jsonCount reads a number of cores, which may stand in quotes.
func jsonCount(raw json.RawMessage) (int, bool) {
	s, quoted := jsonText(raw)
	if !quoted {
		s = string(raw)
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= 10000
}

// ParseWorkers is the master's list without the passwords.
func ParseWorkers(v state.Secret) ([]state.Worker, error) {
	entries, err := ParseWorkerEntries(v)
	if err != nil {
		return nil, err
	}
	out := make([]state.Worker, 0, len(entries))
	for _, e := range entries {
		out = append(out, state.Worker{Name: e.Name, Cores: e.Cores})
	}
	return out, nil
}

// WorkersMatch compares the master's list with the worker password and the
// wanted workers, in any order; 0 wanted cores are any. A machine with a
// password of its own must not have the worker password, all others must.
// Others on the list are somebody's and pass. The error is F38 or F39 and
// repeats no password.
func WorkersMatch(list, pass state.Secret, wanted []state.Worker) error {
	entries, err := ParseWorkerEntries(list)
	if err != nil {
		return err
	}
	have := map[string]WorkerEntry{}
	for _, e := range entries {
		have[e.Name] = e
	}
	for _, w := range wanted {
		e, found := have[w.Name]
		switch {
		case !found:
			return refuse("F39", "lacks the worker "+shown(w.Name), "the master refuses who is not listed")
		case w.Password == state.OwnPassword && e.Pass.Equal(pass):
			return refuse("F39", "has the CI host's password for "+shown(e.Name), "it is to have its own: a machine that leaks its password gives away no other")
		case w.Password != state.OwnPassword && !e.Pass.Equal(pass):
			return refuse("F39", "has another password for "+shown(e.Name), "the worker's is "+string(WorkerPasswordName)+", and the master refuses it")
		case w.Cores != 0 && w.Cores != e.Cores:
			return refuse("F39", fmt.Sprintf("gives %s %d cores in place of %d", shown(w.Name), e.Cores, w.Cores), "a surplus tries again for ever")
		}
	}
	return nil
}

// shown is a worker's name for a message.
func shown(name string) string { return state.CleanText(name, 63) }

func acceptWorkers(v state.Secret, _ state.Config) error {
	_, err := ParseWorkerEntries(v)
	return err
}
