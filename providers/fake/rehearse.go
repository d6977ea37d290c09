package fake

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// PrepareBlank is Prepare for a person who answers everything: the
// nixwright.toml holds only where this world is and how it is deployed. From
// then on every ssh destination is the pretend host, whatever it is called.
func (w *World) PrepareBlank() error {
	err := w.Update(func(s *State) error {
		s.AnyHost = true
		if s.GitHub.repo(theOwner, "website") == nil { // so that there is something to choose
			s.addRepo(theOwner, "website", "main").Files["main"]["README.md"] = "# website\n"
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("prepare a blank world: %w", err)
	}
	return w.prepare(state.Config{Schema: state.Schema})
}

// Hints are answers that are right in this world, by their keys: what a person
// would type who knew it.
func (w *World) Hints() map[string]string {
	out := map[string]string{}
	w.Look(func(s *State) {
		out["host.ssh"], out["ci.domain"] = s.Config.Host.SSH, s.Config.CI.Domain
		out["github.repos"] = strings.Join(s.Config.GitHub.Repos, ",")
	})
	return out
}

// follow takes over what the infra repository says by now, as a deployment
// does: names, domains and paths may be others than those of the scenario. A
// file that cannot be read changes nothing.
func (s *State) follow(dir string) {
	file := filepath.Join(dir, state.ConfigName)
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	said, problems := state.ParseConfig(file, text)
	c := said.Derive()
	if len(problems) > 0 || len(state.Required(c)) > 0 {
		return
	}
	c.CI.WebhookPath = said.CI.WebhookPath // derived for an adopted App only
	for i, one := range c.Workers {
		if one.Cores == 0 {
			c.Workers[i].Cores = s.Host.Threads - 2
		}
	}
	s.Config, s.Host.Name = c, c.Host.Name
}

// hostCalled makes the name of an ssh destination the pretend host's, for DNS
// too.
func (w *World) hostCalled(name string) {
	if len(w.resolve(name)) > 0 {
		return
	}
	_ = w.Update(func(s *State) error {
		s.addDNSName(name, s.Host.Address)
		return nil
	})
}
