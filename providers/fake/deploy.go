package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// sharedSecrets, privateSecrets and twoSecrets are what the module declares,
// in both modes and in each.
var (
	sharedSecrets = []string{
		"buildbot-nix-workers", "buildbot-nix-worker-password", "buildbot-github-webhook-secret", "buildbot-github-app-secret-key",
		"niks3-s3-access-key", "niks3-s3-secret-key", "niks3-api-token", "niks3-signing-key",
	}
	privateSecrets = []string{"buildbot-http-basic-auth-password", "oauth2-proxy-client-secret", "oauth2-proxy-cookie-secret"}
	twoSecrets     = []string{"buildbot-github-oauth-secret", "oauth2-proxy-env"}
)

// consoleSecret is what the module declares where the facts speak of it.
const consoleSecret = "nixwright-cloudflare-read"

// secretsOf lists what the module of an access mode declares.
func secretsOf(access string) []string {
	if access == state.TwoLogins {
		return slices.Concat(sharedSecrets, twoSecrets)
	}
	return slices.Concat(sharedSecrets, privateSecrets)
}

// deployed is what a deployment read from the infra repository.
type deployed struct {
	hash    string
	mode    string
	proxy   string // client id
	secrets map[string]string
}

// Deploy is the pretend "nixos-rebuild switch" for the infra repository dir:
// it tells line by line how it goes and returns the exit status (1: not
// switched; 4: switched, but units failed, as the real one says). Then it
// does what the services do when they come up.
func (w *World) Deploy(ctx context.Context, dir string, line func(string)) int {
	line("building the system configuration...")
	if err := w.Update(func(s *State) error { s.follow(dir); return nil }); err != nil {
		line("error: " + err.Error())
		return 1
	}
	d, err := w.readConfiguration(dir)
	if err != nil {
		line("error: " + err.Error())
		return 1
	}
	line("activating the configuration...")
	line("setting up /run/secrets...")
	failed := d.broken()
	err = w.Update(func(s *State) error {
		s.Host.unitsUp(w.now(), failed...)
		s.Host.Secrets = d.secrets
		if s.Host.Older {
			d.hash = olderHash
		}
		s.Host.Files[appliedFile] = `{"hash": "` + d.hash + `"}` + "\n"
		s.CI.Mode, s.CI.Proxy, s.CI.Secrets, s.CI.App = d.mode, d.proxy, d.secrets, 0
		s.CI.Niks3.forget()
		if a := s.GitHub.appWithKey(d.secrets["buildbot-github-app-secret-key"]); a != nil {
			s.CI.App = a.ID
		}
		return nil
	})
	if err != nil {
		line("error: " + err.Error())
		return 1
	}
	if len(failed) > 0 {
		line("warning: the following units failed: " + strings.Join(failed, ".service, ") + ".service")
		return 4
	}
	for _, u := range serviceUnits {
		line("starting " + u + ".service")
	}
	if err := w.comeUp(ctx, line); err != nil {
		line("error: " + err.Error())
		return 1
	}
	line("done. The new configuration is active.")
	return 0
}

// readConfiguration reads module, facts and secrets as the build and sops-nix
// do, and fails as they do.
func (w *World) readConfiguration(dir string) (deployed, error) {
	var cfg state.Config
	var identity string
	w.Look(func(s *State) { cfg, identity = s.Config, s.Host.identity() })
	paths := defaultPaths(cfg)
	d := state.Dir{Root: dir}
	var sums strings.Builder
	texts := map[string]string{}
	for _, p := range []string{paths.Facts, paths.Module, paths.Secrets} { // the order of the hash
		b, err := os.ReadFile(d.Abs(p))
		if err != nil {
			return deployed{}, fmt.Errorf("path '%s' does not exist", d.Abs(p))
		}
		sum := sha256.Sum256(b)
		sums.WriteString(hex.EncodeToString(sum[:]))
		texts[p] = string(b)
	}
	sum := sha256.Sum256([]byte(sums.String()))
	out := deployed{hash: hex.EncodeToString(sum[:]), mode: cfg.CI.Access}
	var facts any
	if err := json.Unmarshal([]byte(texts[paths.Facts]), &facts); err != nil {
		return deployed{}, fmt.Errorf("while evaluating builtins.fromJSON: %w", err)
	}
	words := leaves(facts)
	for _, m := range []string{state.FullyPrivate, state.TwoLogins} {
		if slices.Contains(words, m) {
			out.mode = m
		}
	}
	if w.opts.Open == nil {
		return deployed{}, fmt.Errorf("sops-install-secrets: this world cannot open '%s'", paths.Secrets)
	}
	all, err := w.opts.Open(d.Abs(paths.Secrets), identity)
	if err != nil {
		return deployed{}, fmt.Errorf("sops-install-secrets: failed to decrypt '%s': %w", d.Abs(paths.Secrets), err)
	}
	out.secrets = map[string]string{}
	declared := secretsOf(out.mode)
	if m, ok := facts.(map[string]any); ok && m["consoleToken"] == true {
		declared = append(declared, consoleSecret)
	}
	for _, name := range declared {
		v, ok := all[name]
		if !ok {
			return deployed{}, fmt.Errorf("sops-install-secrets: manifest is not valid: secret %s in %s is not valid: the key '%s' cannot be found",
				name, d.Abs(paths.Secrets), name)
		}
		out.secrets[name] = v
	}
	w.Look(func(s *State) {
		out.proxy = s.GitHub.loginClient(words, "https://"+cfg.CI.Domain+"/oauth2/callback", out.proxySecret())
	})
	return out, nil
}

// defaultPaths are the files of nixwright's, where the answers do not say.
func defaultPaths(cfg state.Config) state.PathsConf {
	p := cfg.Paths
	if p.Module == "" {
		p.Module = "nixos/mods/buildbot-ci.nix"
	}
	if p.Facts == "" {
		p.Facts = "nixos/" + cfg.Host.Name + "/ci-facts.json"
	}
	if p.Secrets == "" {
		p.Secrets = "nixos/" + cfg.Host.Name + "/secrets.yaml"
	}
	return p
}

// leaves are all texts and numbers of a JSON value: the world takes from the
// facts what it knows by itself, whatever they are called there.
func leaves(v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			out = append(out, leaves(x)...)
		}
	case []any:
		for _, x := range v {
			out = append(out, leaves(x)...)
		}
	case string:
		out = append(out, v)
	case float64:
		out = append(out, strconv.FormatFloat(v, 'f', -1, 64))
	}
	return out
}

// loginClient finds the client id among words whose App takes the callback:
// the one with this secret, else one with no other callback.
func (g *GitHubState) loginClient(words []string, callback, secret string) string {
	best, fewest := "", 0
	for _, id := range words {
		c, ok := g.client(id)
		switch {
		case !ok || !c.takes(callback):
		case c.has(secret):
			return id
		case best == "" || len(c.callbacks) < fewest:
			best, fewest = id, len(c.callbacks)
		}
	}
	return best
}

// envValue is a variable of oauth2-proxy's environment file; empty: it is not
// there.
func (d deployed) envValue(name string) string {
	out := ""
	for l := range strings.SplitSeq(d.secrets["oauth2-proxy-env"], "\n") {
		if v, ok := strings.CutPrefix(l, name+"="); ok {
			out = v
		}
	}
	return out
}

// proxySecret is the client secret that oauth2-proxy has.
func (d deployed) proxySecret() string {
	if d.mode == state.TwoLogins {
		return d.envValue("OAUTH2_PROXY_CLIENT_SECRET")
	}
	return strings.TrimSpace(d.secrets["oauth2-proxy-client-secret"])
}

// ciWorker is one of buildbot-nix's workers file.
type ciWorker struct {
	Name  string `json:"name"`
	Pass  string `json:"pass"`
	Cores int    `json:"cores"`
}

// broken lists the services that refuse their secrets, as the real ones do.
func (d deployed) broken() []string {
	var out []string
	if len(strings.TrimSpace(d.secrets["niks3-api-token"])) < 36 {
		out = append(out, "niks3")
	} else if _, err := parseSigningKey(d.secrets["niks3-signing-key"]); err != nil {
		out = append(out, "niks3")
	}
	var workers []ciWorker
	err := json.Unmarshal([]byte(d.secrets["buildbot-nix-workers"]), &workers)
	if block, _ := pem.Decode([]byte(d.secrets["buildbot-github-app-secret-key"])); err != nil || len(workers) == 0 || block == nil {
		out = append(out, "buildbot-master")
	}
	password := d.secrets["buildbot-nix-worker-password"]
	if err == nil && !slices.ContainsFunc(workers, func(w ciWorker) bool { return w.Pass == password }) {
		out = append(out, "buildbot-worker")
	}
	cookie := d.secrets["oauth2-proxy-cookie-secret"]
	if d.mode == state.TwoLogins {
		cookie = d.envValue("OAUTH2_PROXY_COOKIE_SECRET")
	}
	if !cookieAccepted(cookie) {
		out = append(out, "oauth2-proxy")
	}
	return out
}
