package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/plain"
)

// trusted refuses a file of answers that would send credentials elsewhere or
// run a program: it may have come with a repository. --trust-config lets it
// pass; a person is shown the addresses and asked once per directory.
func (c *command) trusted(ctx context.Context, l loaded, prompt *plain.Prompter) error {
	if len(l.foreign) == 0 || c.trust {
		return nil
	}
	shown, err := json.Marshal(l.ends)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(shown)
	digest := hex.EncodeToString(sum[:]) + "\n"
	remembered, err := os.ReadFile(l.dir.Own("trusted"))
	if err == nil && string(remembered) == digest && !c.nonInteractive {
		return nil
	}
	problem := state.Problem{
		What: state.ConfigName + " sets " + strings.Join(l.foreign, ", "),
		Why:  "your tokens would go there, or that program would run, and the file may have come with the repository",
		Fix:  "look at the file; if it is right, pass --trust-config",
	}
	if prompt == nil {
		return wrongUse(problem)
	}
	v, err := prompt.Ask(ctx, state.Question{
		Ask: problem.What + ": " + state.CleanText(string(shown), 500), Why: problem.Why + ". Type yes if they are right.",
	})
	if err != nil || !v.Equal(state.NewSecret("yes")) {
		return wrongUse(problem)
	}
	if err := l.dir.MakeOwn(); err != nil {
		return err
	}
	return state.WriteFile(l.dir.Own("trusted"), []byte(digest), 0o600)
}
