package state

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// finding is a Problem with a value, and the keys that it is about: the first
// that the file says is where it is shown.
type finding struct {
	Problem

	keys []string
}

// Check says what is not legal in a configuration, all at once, in the file's
// order, each with its key. What is not said is no problem: Required lists
// the answers that are missing. It looks at names only, not at the world.
func (c Config) Check() []Problem {
	all := c.check()
	out := make([]Problem, 0, len(all))
	for _, f := range all {
		out = append(out, f.Problem)
	}
	return out
}

// CheckKey is Check for one key.
func (c Config) CheckKey(key string) []Problem {
	var out []Problem
	for _, f := range c.check() {
		if slices.Contains(f.keys, key) || strings.HasPrefix(f.keys[0], key+"[") {
			out = append(out, f.Problem)
		}
	}
	return out
}

func (c Config) check() []finding {
	var out []finding
	for _, f := range configFields() {
		out = append(out, c.checkField(f)...)
	}
	return append(out, c.checkTogether()...)
}

// checkField looks at one key alone.
func (c Config) checkField(f field) []finding {
	v := reflect.ValueOf(c).FieldByIndex(f.at)
	var out []finding
	switch value := v.Interface().(type) {
	case string:
		if value != "" {
			out = checkText(f.key, value)
		}
	case []string:
		for _, part := range value {
			out = append(out, checkText(f.key, part)...)
		}
	case []Worker:
		out = checkWorkers(value)
	case int:
		if value < 0 || f.key == "ci.eval_workers" && value > 1000 {
			out = wrongNumber(f.key, int64(value))
		}
	case int64:
		if value < 0 {
			out = wrongNumber(f.key, value)
		}
	}
	return out
}

func checkText(key, value string) []finding {
	if !printable(value) {
		return one(Problem{
			What: key + " has a control character, a line end or an invisible character",
			Fix:  "type " + key + " again, by hand",
		}, key)
	}
	r, ok := ruleOf(key)
	if !ok || value != "" && r.ok(value) {
		return nil
	}
	p := Problem{ID: r.id, What: key + ": " + quoted(value) + " is not " + r.is, Why: r.why}
	if p.Fix = "write " + r.is; r.eg != "" {
		p.Fix += ", like " + r.eg
	}
	return one(p, key)
}

func checkWorkers(ws []Worker) []finding {
	var out []finding
	seen := map[string]bool{}
	for i, w := range ws {
		key := fmt.Sprintf("workers[%d].", i)
		r, _ := ruleOf("host.name")
		switch {
		case !printable(w.Name) || !r.ok(w.Name):
			out = append(out, one(Problem{
				ID:   "F39",
				What: key + "name: " + quoted(w.Name) + " is not a worker's name",
				Why:  "a worker is named as its host: " + r.why,
				Fix:  "give every worker the name of its host",
			}, key+"name", key[:len(key)-1], "workers")...)
		case seen[w.Name]:
			out = append(out, one(Problem{
				ID:   "F39",
				What: key + "name: there are two workers " + quoted(w.Name),
				Why:  "buildbot keeps one connection per name",
				Fix:  "take one out",
			}, key+"name", "workers")...)
		}
		seen[w.Name] = true
		if w.Password != "" && w.Password != OwnPassword {
			out = append(out, one(Problem{
				What: key + "password: " + quoted(w.Password) + " is not " + OwnPassword,
				Why:  "a machine has a password of its own, or the CI host's",
				Fix:  `write "own", or take it out; the password itself is sealed`,
			}, key+"password", "workers")...)
		}
		if w.Recipient != "" {
			for _, f := range checkText("host.recipient", w.Recipient) {
				f.What = strings.Replace(f.What, "host.recipient", key+"recipient", 1)
				f.Fix = strings.Replace(f.Fix, "host.recipient", key+"recipient", 1)
				out = append(out, one(f.Problem, key+"recipient", "workers")...)
			}
		}
		if w.Cores < 0 || w.Cores > 1000 {
			out = append(out, wrongNumber(key+"cores", int64(w.Cores))...)
		}
	}
	return out
}

// checkTogether looks at keys that must fit each other.
func (c Config) checkTogether() []finding {
	out := c.checkOwners()
	if d := c.CI.Domain; d != "" && d == c.Cache.Domain {
		out = append(out, one(Problem{
			What: "cache.domain is ci.domain, " + quoted(d),
			Why:  "one is served by the host, the other by Cloudflare",
			Fix:  "give cache.domain a name of its own, like cache." + d,
		}, "cache.domain", "ci.domain")...)
	}
	g := c.GitHub
	out = append(out, differ("two Apps have one name", "App names are one list for all of GitHub",
		[]string{"github.proxy_login_app", "github.buildbot_login_app", "github.app_name"},
		[]string{g.ProxyLoginApp, g.BuildbotLoginApp, g.AppName})...)
	p := c.Paths
	out = append(out, differ("two files have one path", "one would overwrite the other",
		[]string{"paths.secrets", "paths.facts", "paths.client", "paths.module"},
		[]string{p.Secrets, p.Facts, p.Client, p.Module})...)
	for i, w := range c.Workers {
		if w.Name == c.Host.Name && w.Password == OwnPassword && w.Name != "" {
			out = append(out, one(Problem{
				ID: "F39", What: "the CI host's own worker has a password of its own",
				Why: "its password is the sealed buildbot-nix-worker-password, which further machines may share",
				Fix: "take password out of the table of " + w.Name,
			}, fmt.Sprintf("workers[%d].password", i), "workers")...)
		}
	}
	if s := c.Endpoints.SSH; len(s) > 0 && s[0] == "" {
		out = append(out, one(Problem{
			What: "endpoints.ssh names no program",
			Fix:  `write its argv, like ["ssh"]`,
		}, "endpoints.ssh")...)
	}
	if d := c.Deploy.Command; len(d) > 0 && d[0] == "" {
		out = append(out, one(Problem{
			What: "deploy.command names no program",
			Fix:  "write its argv, or take it out: then the command is shown, not run",
		}, "deploy.command")...)
	}
	return out
}

// checkOwners refuses repositories of several owners: an App's installations
// are per owner, and buildbot-nix works with the first alone.
func (c Config) checkOwners() []finding {
	for _, repo := range c.GitHub.Repos {
		owner, _, ok := strings.Cut(repo, "/")
		if !ok || c.GitHub.Owner == "" || strings.EqualFold(owner, c.GitHub.Owner) {
			continue
		}
		f, _ := FailureByID("F5")
		return one(f.Problem("github.repos: "+quoted(repo)+" is not of the owner "+quoted(c.GitHub.Owner),
			"repositories of several owners need an installation each, and only the first works"), "github.repos", "github.owner")
	}
	return nil
}

// differ finds the first two values that are said and equal in all but case.
func differ(what, why string, keys, values []string) []finding {
	for i, v := range values {
		for j := range i {
			if v != "" && strings.EqualFold(v, values[j]) {
				return one(Problem{
					What: what + ": " + keys[i] + " and " + keys[j] + " are both " + quoted(v),
					Why:  why,
					Fix:  "change one of them",
				}, keys[i], keys[j])
			}
		}
	}
	return nil
}

func wrongNumber(key string, n int64) []finding {
	return one(Problem{
		What: fmt.Sprintf("%s: %d is out of range", key, n),
		Fix:  "write a number from 1 up, or leave it out",
	}, key)
}

func one(p Problem, keys ...string) []finding {
	p.Key, _, _ = strings.Cut(keys[0], "[") // workers[0].name is part of workers
	return []finding{{p, keys}}
}
