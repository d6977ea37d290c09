package state

// Joining is a machine that is to build, too.
type Joining struct {
	Name      string
	SSH       string // where it is asked; empty: by its name
	Recipient string // its age recipient; empty: it is asked
	Cores     int    // 0: its threads
	System    string // empty: the CI host's
	Shared    bool   // it has the CI host's password, rather than its own
}

// Truth is what is known of one thing: yes, no, or unknown where it could not
// be looked at.
type Truth string

// The truths.
const (
	TrueSight    Truth = "yes"
	FalseSight   Truth = "no"
	UnknownSight Truth = "unknown"
)

// TruthOf is what a look that went well has seen.
func TruthOf(seen bool, err error) Truth {
	switch {
	case err != nil:
		return UnknownSight
	case seen:
		return TrueSight
	}
	return FalseSight
}

// RepoSight is a repository with what is true of it.
type RepoSight struct {
	Name      string    `json:"name"`
	Wanted    bool      `json:"wanted"` // github.repos names it
	Private   bool      `json:"private"`
	Installed Truth     `json:"installed"` // the App sees it
	Topic     Truth     `json:"topic"`     // it carries the topic
	Listed    Truth     `json:"listed"`    // the facts, which the host is deployed with, name it
	Flake     Truth     `json:"flake"`     // it has a flake.nix
	Hook      Truth     `json:"hook"`      // a hook leads to this CI
	Build     string    `json:"build"`     // how its newest build ended: success; running, none, unknown
	Problems  []Problem `json:"problems"`
}

// RepoSights are all repositories that are built or look as if they were.
type RepoSights struct {
	Kind     string      `json:"kind"` // repos
	Repos    []RepoSight `json:"repos"`
	Problems []Problem   `json:"problems"` // what could not be looked at
}

// WorkerSight is a build machine with what is true of it.
type WorkerSight struct {
	Name      string    `json:"name"`
	Host      bool      `json:"host"`      // it is the CI host itself
	Wanted    bool      `json:"wanted"`    // [[workers]] names it
	Cores     int       `json:"cores"`     // wanted; 0: not said
	Sealed    int       `json:"sealed"`    // cores in the master's list; 0: it is not there, or cannot be read
	Listed    int       `json:"listed"`    // cores in the facts; 0: it is not there
	Password  string    `json:"password"`  // own, shared; of machines whose file is not ours: theirs
	File      string    `json:"file"`      // of its password; empty: not ours
	Connected int       `json:"connected"` // of its workers, one per core; -1: not known
	Config    string    `json:"config"`    // the lines of its NixOS configuration; empty for the CI host
	Problems  []Problem `json:"problems"`
}

// WorkerSights are all build machines.
type WorkerSights struct {
	Kind     string        `json:"kind"`    // workers
	Systems  []string      `json:"systems"` // that are built: each worker must be able to build all of them
	Workers  []WorkerSight `json:"workers"`
	Problems []Problem     `json:"problems"` // of all of them, and what could not be looked at
}
