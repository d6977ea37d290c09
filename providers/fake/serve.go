package fake

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Scenarios are the states that a world can begin in. "done" begins as fresh:
// what follows is made by running setup in it.
var Scenarios = []string{"fresh", "half-done", "done"}

// services are served on loopback, each on a port of its own.
var services = []string{"github", "github-web", "cloudflare", "s3", "cache", "ci", "buildbot", "niks3", "control"}

// Start opens the world of the directory, fills it from the scenario where it
// is new (an older one keeps its own), and serves everything until Close or
// the end of ctx.
func Start(ctx context.Context, dir, scenario string, opts Options) (*World, error) {
	if scenario == "" {
		scenario = Scenarios[0]
	}
	if !slices.Contains(Scenarios, scenario) {
		return nil, fmt.Errorf("start world: no scenario %q, only %s", scenario, strings.Join(Scenarios, ", "))
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("start world: %w", err)
	}
	w, err := Open(abs, scenario, "nixwright", scenarioConfig(scenario), opts)
	if err != nil {
		return nil, err
	}
	if len(w.st.GitHub.Accounts) == 0 {
		err = w.Update(func(s *State) error { return s.fill(w.now()) })
	}
	if err == nil {
		w.Look(func(s *State) { w.before = maps.Clone(s.Ports) })
		err = w.serveAll(ctx)
	}
	if err == nil {
		err = w.Update(func(*State) error { return nil }) // the ports
	}
	if err != nil {
		w.Close() //nolint:contextcheck // it has a limit of its own
		return nil, fmt.Errorf("start world: %w", err)
	}
	context.AfterFunc(ctx, w.Close)
	return w, nil
}

// serveAll serves until Close; ctx is for the opening of the ports.
func (w *World) serveAll(ctx context.Context) error {
	for _, s := range services {
		if _, err := w.Listen(ctx, s); err != nil {
			return err
		}
	}
	if _, err := w.serveDNS(ctx); err != nil {
		return err
	}
	for s, h := range map[string]http.Handler{
		"github": w.githubHandler(), "github-web": w.githubWebHandler(), "cloudflare": w.cloudflareHandler(), "s3": w.s3Handler(),
		"cache": w.cacheHandler(), "ci": w.ciHandler(), "buildbot": w.buildbotHandler(), "niks3": w.niks3Handler(), "control": w.controlHandler(),
	} {
		if err := w.Handle(ctx, s, h); err != nil {
			return err
		}
	}
	return nil
}

// url is where a service is served; empty: it is not.
func (w *World) url(service string) string {
	if ln, ok := w.lns[service]; ok {
		return "http://" + ln.Addr().String()
	}
	return ""
}

// now is the world's clock in whole seconds, as its services print it.
func (w *World) now() time.Time { return w.opts.Now().UTC().Truncate(time.Second) }

// control is the address of the control service, for the roles.
func (w *World) control() string { return strings.TrimPrefix(w.url("control"), "http://") }

// Endpoints are the addresses of the world's services, for nixwright.toml.
func (w *World) Endpoints() state.Endpoints {
	return state.Endpoints{
		GitHubAPI: w.url("github"), GitHubWeb: w.url("github-web"), CloudflareAPI: w.url("cloudflare") + "/client/v4", R2S3: w.url("s3"),
		DNS: w.dns(), SSH: []string{w.opts.Exe, "world-role", "ssh", w.control()},
		Buildbot: w.url("buildbot"), Niks3: w.url("niks3"), CI: w.url("ci"), Cache: w.url("cache"),
	}
}

func (w *World) dns() string {
	port := 0
	w.Look(func(s *State) { port = s.Ports["dns"] })
	return "127.0.0.1:" + strconv.Itoa(port)
}

// Env is the environment in which the ordinary commands work on this world:
// its tokens, its age identity and its browser.
func (w *World) Env() map[string]string {
	out := map[string]string{}
	w.Look(func(s *State) {
		maps.Copy(out, s.Env)
	})
	out["SOPS_AGE_KEY_FILE"] = w.identityFile()
	out["BROWSER"] = "'" + strings.ReplaceAll(w.opts.Exe, "'", `'\''`) + "' world-role browser"
	return out
}

func (w *World) identityFile() string { return filepath.Join(w.dir, "age.txt") }
