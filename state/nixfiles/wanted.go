package nixfiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// HostFacts is where the module puts the facts on the CI host itself, so that
// the console finds them there without the infra repository.
const HostFacts = "/etc/nixwright/ci-facts.json"

// r2Domain is where R2 speaks S3: ACCOUNT[.JURISDICTION] before it
// (developers.cloudflare.com/r2/api/s3/api).
const r2Domain = "r2.cloudflarestorage.com"

// errNoFacts is a text that is no facts file.
var errNoFacts = errors.New("it is no facts file of nixwright's")

// ParseFacts reads a facts file.
func ParseFacts(text string) (Facts, error) {
	var f Facts
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return Facts{}, fmt.Errorf("read facts: %w", err)
	}
	if f.Schema == 0 || f.Access == "" {
		return Facts{}, fmt.Errorf("read facts: %w", errNoFacts)
	}
	return f, nil
}

// Wanted is what the facts say of the answers that they were made from, on the
// host of this name: enough to watch it, not to set it up.
func (f Facts) Wanted(host string) state.Config {
	c := state.Config{
		Schema: 1,
		Host:   state.HostConf{Name: host, SSH: host},
		CI: state.CIConf{
			Domain: f.Domain, Admins: f.Admins, Users: f.Users, Access: f.Access,
			EvalWorkers: f.EvalWorkers, BuildSystems: f.BuildSystems, OutputsPath: f.OutputsPath,
		},
		GitHub: state.GitHubConf{Owner: f.Owner, Repos: f.Repos, Topic: f.Topic, AppName: f.App.Slug, Login: f.Login.Kind},
		Cache:  state.CacheConf{Domain: f.Cache.Domain, KeyName: f.Cache.KeyName, R2: state.R2Conf{Bucket: f.S3.Bucket}},
		GC:     state.GCConf{OlderThan: f.GC.OlderThan, Schedule: f.GC.Schedule},
	}
	if account, rest, ok := strings.Cut(f.S3.Endpoint, "."); ok && strings.HasSuffix(rest, r2Domain) {
		c.Cache.R2.Account, c.Cache.R2.Jurisdiction = account, strings.TrimSuffix(strings.TrimSuffix(rest, r2Domain), ".")
	}
	for _, w := range f.Workers {
		c.Workers = append(c.Workers, state.Worker{Name: w.Name, Cores: w.Cores})
	}
	return c
}
