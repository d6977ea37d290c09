package fake

import (
	"slices"

	"github.com/nixwright/nixwright/state"
)

// projectBuilders are those that buildbot-nix makes for each repository, after
// OWNER/REPO/.
var projectBuilders = []string{
	"nix-eval", "nix-build", "nix-register-gcroot", "run-effect", "run-scheduled-effect",
	"nix-failed-eval", "nix-dependency-failed", "nix-cached-failure",
}

// RunBuildbot runs the world's buildbot with the builders of one repository and
// without all that a deployment does besides, for those who want nothing but
// it. mode is a value of ci.access; hook signs webhooks; password is that of the
// basic login.
func (w *World) RunBuildbot(mode, repo string, hook, password state.Secret) error {
	return w.Update(func(s *State) error {
		s.CI.Mode = mode
		s.CI.Secrets = map[string]string{"buildbot-github-webhook-secret": hook.Reveal(), "buildbot-http-basic-auth-password": password.Reveal()}
		const unit = "buildbot-master.service"
		s.Host.Units = slices.DeleteFunc(s.Host.Units, func(u hostUnit) bool { return u.Name == unit })
		s.Host.Units = append(s.Host.Units, hostUnit{Name: unit, Active: "active", Sub: "running", Result: "success"})
		s.builder(janitorName, 0, false)
		s.builder("reload-github-projects", 0, false)
		for _, kind := range projectBuilders {
			s.builder(repo+"/"+kind, 1, false)
		}
		return nil
	})
}
