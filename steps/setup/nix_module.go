package setup

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
	"github.com/nixwright/nixwright/state/shape"
	"github.com/nixwright/nixwright/steps"
)

// nixModule writes the NixOS side: a fixed module, the client's file, and the
// facts that both read. A module that somebody edited stays as it is.
type nixModule struct{ Deps }

func (s nixModule) Info() steps.Info {
	info := steps.Info{
		ID: "nix-module", Title: "Module and facts", Phase: steps.PhaseNixOS,
		Does: "write " + s.Config.Paths.Module + ", " + s.Config.Paths.Client + " and " + s.Config.Paths.Facts,
		Needs: []state.Ref{
			state.FactOwner.Ref(), state.FactBucket.Ref(), state.FactApp.Ref(), state.FactBuildbot.Ref(), state.FactProxy.Ref(),
			state.FactPublicKey.Ref(), state.FactWorkers.Ref(), state.FactSecrets.Ref(),
		},
		After: []state.Ref{state.FactHost.Ref()},
		Gives: []state.Ref{state.FactModule.Ref()},
	}
	if s.Config.Console.CloudflareToken {
		info.After = append(info.After, state.Ref(shape.CloudflareReadName)) // the facts say whether it is sealed
	}
	return info
}

// file is one that is written, and what may stand there without being lost.
type nixFile struct{ path, text, name, key string }

func (s nixModule) files(in state.Facts) ([]nixFile, error) {
	facts, err := s.facts(in)
	return []nixFile{
		{s.Config.Paths.Module, nixfiles.Module(), nixfiles.ModuleName, "paths.module"},
		{s.Config.Paths.Client, nixfiles.Client(), nixfiles.ClientName, "paths.client"},
		{s.Config.Paths.Facts, facts.JSON(), "", "paths.facts"},
	}, err
}

func (s nixModule) Detect(_ context.Context, in state.Facts) (steps.Finding, error) {
	all, err := s.files(in)
	if err != nil {
		return steps.Finding{}, err
	}
	tuned, err := s.tuning(in)
	if err != nil {
		return steps.Finding{}, err
	}
	f := steps.Finding{Status: steps.Ready}
	for _, one := range all {
		have, found, err := s.Dir.Read(one.path)
		switch {
		case err != nil:
			return f, err
		case !found:
			f.Status = steps.Missing
			f.Changes = append(f.Changes, steps.Change{Verb: "write", What: one.path})
		case have == one.text:
		case one.name == "" && !nixfiles.IsFacts(have):
			return blocked(state.Problem{
				Key: one.key, What: one.path + " is somebody's", Why: "it is no facts file of nixwright's, and what stands there is not overwritten",
				Fix: "move it away, or choose another paths.facts",
			}), nil
		case one.name != "" && !nixfiles.Shipped(one.name, have):
			line, ours, theirs := firstDifference(one.text, have)
			return blocked(state.Problem{
				Key: one.key, What: one.path + " was edited by hand", Why: fmt.Sprintf("line %d is %q, ours is %q; what you wrote is not overwritten", line, theirs, ours),
				Fix: "set the module's options in your own configuration instead, and move this file away; or choose another path under [paths]",
			}), nil
		default:
			if f.Status == steps.Ready {
				f.Status = steps.Drifted
			}
			f.Changes = append(f.Changes, steps.Change{Verb: "write", What: one.path + " again"})
		}
	}
	if f.Status != steps.Ready {
		if slices.ContainsFunc(f.Changes, func(c steps.Change) bool { return strings.HasPrefix(c.What, s.Config.Paths.Facts) }) {
			f.Changes = append(f.Changes, tunes(tuned)...)
		}
		return f, nil
	}
	hash, _, err := s.filesHash()
	f = ready(fmt.Sprintf("%d files as they should be", len(all)), state.One(state.FactModule, hash))
	if facts, err := s.facts(in); err == nil {
		f.Hint = nixConf(facts.Cache)
	}
	return f, err
}

// nixConf says how machines that are not NixOS fetch from the cache.
func nixConf(c nixfiles.Cache) string {
	lines, ok := nixfiles.NixConf(c)
	if !ok {
		return ""
	}
	return "machines that are not NixOS fetch from the cache with this in /etc/nix/nix.conf: " + strings.Join(lines, " and, on a line of its own, ")
}

func firstDifference(ours, theirs string) (line int, a, b string) {
	x, y := splitLines(ours), splitLines(theirs)
	for i := range max(len(x), len(y)) {
		a, b = at(x, i), at(y, i)
		if a != b {
			return i + 1, state.CleanText(a, 80), state.CleanText(b, 80)
		}
	}
	return 0, "", ""
}

func (s nixModule) Apply(ctx context.Context, in state.Facts, _ steps.Finding, out steps.Out) error {
	all, err := s.files(in)
	if err != nil {
		return err
	}
	var written, nix []string
	for _, one := range all {
		if have, found, err := s.Dir.Read(one.path); err != nil || found && have == one.text {
			if err != nil {
				return err
			}
			continue
		}
		if err := s.Dir.Write(one.path, one.text); err != nil {
			return err
		}
		written = append(written, one.path)
		if one.name != "" {
			nix = append(nix, one.path)
		}
	}
	if err := s.Git.IntentToAdd(ctx, append(written, s.Config.Paths.Secrets, ".sops.yaml")...); err != nil {
		return err
	}
	if ran, err := s.Nix.Parse(ctx, nix...); err != nil {
		return err
	} else if !ran && len(nix) > 0 {
		out.Logf("not parsed: there is no nix-instantiate here")
	}
	return nil
}

// facts are what the module reads: all public, all learned in this run.
func (s nixModule) facts(in state.Facts) (nixfiles.Facts, error) {
	c := s.Config
	owner, err := state.Get(in, state.FactOwner)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	bucket, err := state.Get(in, state.FactBucket)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	app, err := state.Get(in, state.FactApp)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	proxy, err := state.Get(in, state.FactProxy)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	public, err := state.Get(in, state.FactPublicKey)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	workers, err := state.Get(in, state.FactWorkers)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	tuned, err := s.tuning(in)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	buildbot, _ := state.Find(in, state.FactBuildbot) // none in fully-private
	sealed, err := state.Get(in, state.FactSecrets)
	if err != nil {
		return nixfiles.Facts{}, err
	}
	secrets, err := relative(path.Dir(c.Paths.Facts), c.Paths.Secrets)
	return nixfiles.Facts{
		Access: c.CI.Access, Admins: c.CI.Admins, Users: c.CI.Users, Domain: c.CI.Domain,
		App:          nixfiles.App{ID: app.ID, Slug: app.Slug},
		BuildSystems: c.CI.BuildSystems, EvalMemory: tuned.Memory, EvalWorkers: tuned.Evals, OutputsPath: c.CI.OutputsPath,
		Cache:        nixfiles.Cache{Domain: c.Cache.Domain, KeyName: c.Cache.KeyName, PublicKey: public, URL: "https://" + c.Cache.Domain},
		ConsoleToken: slices.Contains(sealed, shape.CloudflareReadName),
		GC:           nixfiles.GC{OlderThan: c.GC.OlderThan, Schedule: c.GC.Schedule},
		Login:        nixfiles.Login{BuildbotClientID: buildbot.ClientID, Kind: proxy.Kind, ProxyClientID: proxy.ClientID},
		Owner:        owner.Login,
		Repos:        c.GitHub.Repos,
		S3:           nixfiles.S3{Bucket: bucket.Name, Endpoint: bucket.Endpoint, Region: "auto"},
		SecretsFile:  secrets,
		Topic:        c.GitHub.Topic,
		Webhook:      nixfiles.Webhook{AppHookPath: appHookPath(c, app), BaseURL: "https://" + c.CI.Domain + "/"},
		Workers:      workersOf(workers),
	}, err
}

func workersOf(in []state.Worker) []nixfiles.Worker {
	var out []nixfiles.Worker
	for _, w := range in {
		out = append(out, nixfiles.Worker{Cores: w.Cores, Name: w.Name})
	}
	return out
}

// appHookPath is where an adopted App's own hook arrives on our domain; empty
// where it sends no pushes there.
func appHookPath(c state.Config, app state.App) string {
	if u, err := url.Parse(app.HookURL); err == nil && u.Host == c.CI.Domain && slices.Contains(app.Events, "push") {
		return u.Path
	}
	return ""
}
