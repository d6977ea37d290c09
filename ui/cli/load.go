package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// loaded is what a command line, the environment and the file say.
type loaded struct {
	dir     state.Dir
	said    state.Config // what was said, nothing derived
	was     state.Config // what was said before a command changed it
	config  state.Config // derived
	answers steps.Answers
	file    string   // of answers
	isNew   bool     // it is not there
	foreign []string // keys of the file that would send credentials elsewhere, or run a program
	ends    state.Endpoints

	added, left, gone string // what a command is about: see Request
}

// load reads the answers, first hit wins: --set, environment, file. All that
// is wrong is told at once. It opens no connection and writes nothing.
func (c *command) load() (loaded, error) {
	var l loaded
	root, err := c.findRoot()
	if err != nil {
		return l, wrongUse(err)
	}
	file, err := c.readFile(root)
	if err != nil {
		return l, err
	}
	l.file, l.isNew, l.said = file.path, file.isNew, file.config
	given, problems := c.given(&l.said)
	if len(problems) > 0 {
		return l, wrongUse(problemsError(problems))
	}
	l.was, l.config = l.said, l.said.Derive()
	l.dir = state.Dir{Root: root, Paths: l.config.Paths}
	l.answers = steps.Answers{Set: given, Env: c.lookup, Config: l.said}
	l.ends = file.config.Endpoints
	derived := file.config.Derive()
	l.foreign = l.ends.Foreign(derived.CI.Domain, derived.Cache.Domain)
	if l.ends.ForeignSSH(c.app.Self) {
		l.foreign = append(l.foreign, "endpoints.ssh")
	}
	return l, nil
}

// lookup is the environment; an empty variable is as good as none.
func (c *command) lookup(name string) (string, bool) {
	v := c.io.Env(name)
	return v, v != ""
}

func (c *command) findRoot() (string, error) {
	start := c.io.Dir
	if c.dir != "" {
		start = c.dir
		if !filepath.IsAbs(start) {
			start = filepath.Join(c.io.Dir, start)
		}
		if info, err := os.Stat(start); err != nil || !info.IsDir() {
			return "", state.Problem{What: "there is no directory " + c.dir, Why: "-C names it", Fix: "give the directory of your infra repository"}
		}
		return filepath.Clean(start), nil
	}
	return state.FindDir(start)
}

type answersFile struct {
	path   string
	config state.Config
	isNew  bool
}

func (c *command) readFile(root string) (answersFile, error) {
	path := filepath.Join(root, state.ConfigName)
	if c.file != "" {
		if path = c.file; !filepath.IsAbs(path) {
			path = filepath.Join(c.io.Dir, path)
		}
	}
	data, found, err := state.ReadFile(path)
	switch {
	case err == nil && !found && c.file == "":
		return answersFile{path: path, isNew: true}, nil
	case err == nil && !found:
		err = fs.ErrNotExist
	}
	if err != nil {
		return answersFile{}, wrongUse(state.Problem{What: "cannot read " + path, Why: err.Error(), Fix: "see that the file is there and that you may read it"})
	}
	config, problems := state.ParseConfig(filepath.Base(path), data)
	if len(problems) > 0 {
		return answersFile{}, wrongUse(problemsError(problems))
	}
	return answersFile{path: path, config: config}, nil
}

// given takes --set and the environment into the config, and keeps the answers
// that are never in the file.
func (c *command) given(config *state.Config) (map[string]state.Secret, []state.Problem) {
	var problems []state.Problem
	for _, key := range state.ConfigKeys() {
		if v, ok := c.lookup(state.EnvName(key)); ok {
			if err := config.Set(key, v); err != nil {
				problems = append(problems, state.AsProblem(fmt.Errorf("%s: %w", state.EnvName(key), err)))
			}
		}
	}
	given := map[string]state.Secret{}
	for _, q := range state.Questions() {
		if v, ok := c.lookup(state.EnvName(q.Key)); ok && q.Kind == state.KindSecret {
			given[q.Key] = state.NewSecret(strings.TrimSpace(v))
		}
	}
	for _, pair := range c.set {
		if err := c.take(pair, config, given); err != nil {
			problems = append(problems, state.AsProblem(err))
		}
	}
	return given, problems
}

func (c *command) take(pair string, config *state.Config, given map[string]state.Secret) error {
	key, value, ok := strings.Cut(pair, "=")
	secret := state.SecretAnswer(key)
	switch {
	case !ok:
		return state.Problem{What: "--set " + state.CleanText(key, 60) + " has no value", Fix: "--set key=value"}
	case secret && !strings.HasPrefix(value, "@"):
		return state.Problem{
			What: "--set " + key + " is a secret", Why: "what stands on a command line can be read by everybody on the machine and stays in the shell's history",
			Fix: "--set " + key + "=@FILE, or =@- to read it from standard input, or " + state.EnvName(key) + " in the environment",
		}
	}
	if from, isFile := strings.CutPrefix(value, "@"); isFile {
		b, err := c.readValue(from)
		if err != nil {
			return state.Problem{What: "cannot read the value of " + key, Why: err.Error(), Fix: "--set " + key + "=@FILE, or =@-"}
		}
		value = strings.TrimSpace(string(b))
	}
	if secret {
		given[key] = state.NewSecret(value)
		return nil
	}
	return config.Set(key, value)
}

// maxValue is how long a value that is read may be.
const maxValue = 1 << 16

func (c *command) readValue(from string) ([]byte, error) {
	if from == "-" {
		return io.ReadAll(io.LimitReader(c.io.In, maxValue))
	}
	if !filepath.IsAbs(from) {
		from = filepath.Join(c.io.Dir, from)
	}
	f, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxValue))
}

// complete checks that what must be answered is, and that all of it is legal.
func (l loaded) complete() error {
	var problems []state.Problem
	for _, q := range state.Required(l.said) {
		problems = append(problems, state.Problem{Key: q.Key, What: q.Key + " is not answered", Why: q.Ask, Fix: "--set " + q.Key + "=..., " + state.EnvName(q.Key) + ", or " + state.ConfigName})
	}
	if len(problems) == 0 {
		problems = l.config.Check()
	}
	if p := l.config.Paths; len(problems) == 0 {
		problems = l.dir.Inside(p.Module, p.Client, p.Facts, p.Secrets, ".sops.yaml", state.ConfigName)
	}
	if len(problems) > 0 {
		return wrongUse(problemsError(problems))
	}
	return nil
}
