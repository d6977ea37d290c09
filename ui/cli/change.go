package cli

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/plain"
)

// Commands that change nixwright.toml do it here: the answer is checked with
// all others, written under the directory's lock into the lines that it is
// about, and then the steps that it concerns are run.

// settled are the answers of a set-up that there is.
func (c *command) settled() (loaded, error) {
	if err := c.outputIs(); err != nil {
		return loaded{}, err
	}
	l, err := c.load()
	if err != nil {
		return l, err
	}
	if err := c.trusted(l, nil); err != nil {
		return l, err
	}
	if l.isNew {
		return l, wrongUse(state.Problem{What: "there is no " + state.ConfigName + " here", Why: "it says what is set up", Fix: "nixwright setup, or -C DIR where it is"})
	}
	return l, l.complete()
}

// asked opens a session that only looks.
func (c *command) asked(ctx context.Context, l loaded) (Session, error) {
	req, err := c.request(l)
	if err != nil {
		return Session{}, err
	}
	return c.app.Open(ctx, req)
}

// with are the answers with another one, which is checked with all others.
func (l loaded) with(to func(*state.Config)) (loaded, error) {
	to(&l.said)
	l.config = l.said.Derive()
	l.dir.Paths, l.answers.Config = l.config.Paths, l.said
	return l, l.complete()
}

// rewrite writes an answer into the file, and touches no other line of it.
func (l loaded) rewrite(ctx context.Context, key string, to func(*state.Config)) error {
	lock, err := takeLock(ctx, l.dir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()
	text, _, err := state.ReadFile(l.file)
	if err != nil {
		return err
	}
	file, problems := state.ParseConfig(filepath.Base(l.file), text)
	if len(problems) > 0 {
		return wrongUse(problemsError(problems))
	}
	before, _ := file.Value(key)
	to(&file)
	if now, _ := file.Value(key); before != l.before(key) || now != l.now(key) {
		return wrongUse(state.Problem{
			Key: key, What: key + " is answered by --set or the environment, not by " + state.ConfigName + " alone", Why: "what is written into the file would not be what counts",
			Fix: "take it out of --set and " + state.EnvName(key),
		})
	}
	next, err := state.EditConfig(string(text), file)
	if err != nil || next == string(text) {
		return err
	}
	return state.WriteFile(l.file, []byte(next), 0o644)
}

func (l loaded) before(key string) string { v, _ := l.was.Value(key); return v }

func (l loaded) now(key string) string { v, _ := l.said.Value(key); return v }

// confirm asks a person who is there; nobody is no.
func (c *command) confirm(ctx context.Context, q state.Question) bool {
	if !c.interactive() {
		return false
	}
	a, err := plain.NewLines(c.io.In, c.io.Out, plain.LinesOptions{Echo: c.io.Echo}).Ask(ctx, guide.Asking{Question: q, First: true})
	return err == nil && a.Do == guide.Next && state.Yes(a.Value)
}

// do runs the steps that a change concerns; those that come after are run, too,
// where these are true already and the host runs what the files say.
func (c *command) do(ctx context.Context, l loaded, o setupOptions, after ...string) (steps.Report, []string, error) {
	run, err := c.start(ctx, l, o, person{})
	if err != nil {
		return steps.Report{}, nil, err
	}
	defer run.close()
	if len(after) > 0 && run.stands(ctx, o.only) {
		run.engine.Only = append(run.engine.Only, after...)
	}
	r := run.engine.Setup(ctx)
	c.last = r
	return r, run.written(), nil
}

func changed(r steps.Report, ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		row, found := r.Row(id)
		return found && row.Changed
	})
}

// stands says whether the steps have nothing to make, and what they made is
// deployed.
func (r *running) stands(ctx context.Context, ids []string) bool {
	r.engine.Emit = func(steps.Event) {}
	defer func() { r.engine.Emit = r.emit }()
	seen := r.engine.Look(ctx)
	for _, row := range seen.Rows {
		if slices.Contains(ids, row.Info.ID) && plain.Undone(row) || row.Info.ID == "deploy" && !row.Status().True() {
			return false
		}
	}
	return true
}

// ended says how it ended, and what is left; then is what comes after the
// deployment.
func (c *command) ended(r steps.Report, files []string, then string) error {
	if c.output != "json" && c.output != "quiet" {
		deploy, _ := r.Row("deploy") // as it was before these steps
		left := ""
		if !deploy.Status().True() || changed(r, "nix-module", "local-secrets", "worker-secrets") {
			left = deploy.Info.Does
		}
		plain.WriteEnd(c.io.Out, r, commitLine(files), left, then)
	}
	return said(codeOf(r))
}
