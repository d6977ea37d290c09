package state

import (
	"fmt"
	"slices"
	"strconv"
)

// Reviewed is one answer as it is looked over before anything is made: what
// was said or derived, and why it is so.
type Reviewed struct {
	Key     string   `json:"key"`
	Name    string   `json:"name"`  // short, for a column
	Value   string   `json:"value"` // in the form that Config.Set takes; empty: left open
	Why     string   `json:"why"`
	Said    bool     `json:"said"` // by a person; else derived
	Choices []string `json:"choices,omitempty"`
}

// byPerson is why an answer is as it is where somebody gave it.
const byPerson = "you"

// reviewed is what is looked over, in this order: key, name, why it is so
// where nobody said another. %d of %d is filled with the length and the limit.
var reviewed = []struct{ key, name, why string }{
	{"host.ssh", "host", "the name of the host"},
	{"host.name", "host name", "the first part of its address"},
	{"ci.domain", "CI domain", ""},
	{"github.repos", "repositories", ""},
	{"workers", "workers", "the host, with its threads less two"},
	{"ci.eval_workers", "evaluation", "as many at once as the host's memory has room for"},
	{"ci.access", "access", "recommended: one login for all pages"},
	{"github.login", "login", "recommended: no secret to copy"},
	{"ci.admins", "admins", "the owner of the repositories"},
	{"ci.users", "users", "the admins"},
	{"github.app_name", "CI App", "named after the owner; %d of %d characters"},
	{"github.proxy_login_app", "login App", "named after the owner; %d of %d characters"},
	{"github.buildbot_login_app", "second login", "named after the owner; %d of %d characters"},
	{"github.topic", "topic", "buildbot- and the owner"},
	{"cache.domain", "cache", "beside the CI domain"},
	{"cache.key_name", "signing key", "the cache's domain, first key"},
	{"cache.r2.bucket", "bucket", "named after the owner"},
	{"cache.r2.location", "location", "left to Cloudflare, which takes the nearest"},
	{"cache.r2.token_name", "R2 token", "niks3- and the host"},
	{"gc.schedule", "collection", "once a day"},
	{"gc.older_than", "keeps", "30 days"},
}

// Review is what a person looks over: every answer that was said or derived
// and that somebody may want otherwise. What the access mode does not have is
// left out. What follows from the host's size is left open.
func Review(said Config) []Reviewed { return ReviewOn(said, Host{}) }

// ReviewOn is Review where the host was seen: what follows from its size is
// filled in, with the arithmetic. Of a host that tells nothing it is Review.
func ReviewOn(said Config, host Host) []Reviewed {
	derived := said.Derive()
	var out []Reviewed
	for _, r := range reviewed {
		if r.key == "github.buildbot_login_app" && derived.CI.Access != TwoLogins {
			continue
		}
		v := Reviewed{Key: r.key, Name: r.name, Why: r.why}
		v.Value, _ = derived.Value(r.key)
		if q, ok := QuestionFor(r.key); ok {
			v.Choices = q.Choices
		}
		if mine, ok := said.Value(r.key); ok && mine == v.Value {
			v.Said, v.Why = true, byPerson
		} else if value, why := sized(r.key, derived, host); why != "" {
			v.Value, v.Why = value, why
		} else if limit := nameLimit(r.key); limit > 0 {
			v.Why = fmt.Sprintf(r.why, len(v.Value), limit)
		}
		out = append(out, v)
	}
	return out
}

// sized is what follows from the host's size, and the arithmetic; no why: none
// of it does, or the host does not tell.
func sized(key string, c Config, host Host) (value, why string) {
	switch key {
	case "workers":
		cores, why := SpareCores(host)
		ws := slices.Clone(c.Workers)
		i := slices.IndexFunc(ws, func(w Worker) bool { return w.Name == c.Host.Name && w.Cores == 0 })
		if i < 0 || cores == 0 {
			return "", ""
		}
		ws[i].Cores = cores
		return formatWorkers(ws), why
	case "ci.eval_workers":
		if host.Memory > 0 {
			t := Tune(0, host)
			return strconv.Itoa(t.Evals), t.Why
		}
	}
	return "", ""
}

// nameLimit is how long the name under the key may be; 0: it is no App's name.
func nameLimit(key string) int {
	switch key {
	case "github.app_name", "github.proxy_login_app", "github.buildbot_login_app":
		return maxAppName
	}
	return 0
}
