package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// trusted refuses a file of answers that would send credentials elsewhere or
// run a program: it may have come with a repository. --trust-config lets it
// pass; a person is shown the addresses and asked once per directory.
// ask: nobody is there where it is nil.
func (c *command) trusted(l loaded, ask func(q state.Question) (yes bool)) error {
	if len(l.foreign) == 0 || c.trust {
		return nil
	}
	record, entry, err := c.trustRecord(l)
	if err != nil {
		return err
	}
	if known, _, err := state.ReadFile(record); err == nil && !c.nonInteractive && strings.Contains(string(known), entry) {
		return nil
	}
	problem := state.Problem{
		What: state.ConfigName + " sets " + strings.Join(l.foreign, ", "),
		Why:  "your tokens would go there, or that program would run, and the file may have come with the repository",
		Fix:  "look at the file; if it is right, pass --trust-config",
	}
	if ask == nil {
		return wrongUse(problem)
	}
	q := state.Question{Key: "trust", Kind: state.KindYes, Ask: problem.What + ". Are they right?", Why: problem.Why + "."}
	for _, key := range state.ConfigKeys() { // all of them, whole: nothing may hide at the end
		if v, ok := (state.Config{Endpoints: l.ends}).Value(key); ok && strings.HasPrefix(key, "endpoints.") {
			q.How = append(q.How, key+" = "+state.CleanText(v, 0))
		}
	}
	if !ask(q) {
		return wrongUse(problem)
	}
	known, _, err := state.ReadFile(record)
	if err != nil {
		return err
	}
	return state.WriteFile(record, append(known, entry...), 0o600)
}

// trustRecord is where a confirmation is remembered, and its line: in the
// user's own state folder, never in the repository, which could bring it along.
func (c *command) trustRecord(l loaded) (file, entry string, err error) {
	folder := c.io.Env("XDG_STATE_HOME")
	if folder == "" {
		folder = filepath.Join(c.io.Env("HOME"), ".local", "state")
	}
	shown, err := json.Marshal(l.ends)
	if err != nil {
		return "", "", fmt.Errorf("remember trust: %w", err)
	}
	sum := sha256.Sum256([]byte(l.dir.Root + "\x00" + string(shown)))
	return filepath.Join(folder, "nixwright", "trusted"), hex.EncodeToString(sum[:]) + "\n", nil
}
