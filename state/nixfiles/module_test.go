package nixfiles_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state/nixfiles"
)

// twoLogins is example with a login for the pages and one for buildbot, an App
// that was there before, and the console's token.
func twoLogins() nixfiles.Facts {
	f := example()
	f.Access = "two-logins"
	f.Login = nixfiles.Login{Kind: "oauth-app", ProxyClientID: "Ov23proxy", BuildbotClientID: "Ov23buildbot"}
	f.ConsoleToken = true
	f.Webhook.AppHookPath = "/webhooks/github-buildbot-ci"
	return f
}

// mode is what the module makes of the facts in one access mode.
type mode struct {
	facts     nixfiles.Facts
	proxy     string // where oauth2-proxy listens
	backend   string
	domains   []string
	extra     map[string]any
	locations map[string]string // what they proxy to, less the common ones
	owners    map[string]string // of the secrets, less the common ones
}

const hook = "http://127.0.0.1:8010/change_hook/github"

func TestModuleInBothModes(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]mode{
		"fully-private": {
			facts:   example(),
			proxy:   "http://127.0.0.1:8020",
			backend: "httpbasicauth",
			extra: map[string]any{
				"set-basic-auth": false, "github-user": "lexe-agent,phlip9", "upstream": "http://127.0.0.1:8010",
			},
			owners: map[string]string{
				"oauth2-proxy-client-secret": "", "oauth2-proxy-cookie-secret": "", "buildbot-http-basic-auth-password": "",
			},
		},
		"two-logins": {
			facts:     twoLogins(),
			proxy:     "http://127.0.0.1:4180",
			backend:   "github",
			domains:   []string{"*"},
			extra:     map[string]any{"github-user": "phlip9,lexe-agent", "skip-provider-button": true},
			locations: map[string]string{"= /webhooks/github-buildbot-ci": hook},
			// The console's token is read by no service.
			owners: map[string]string{"oauth2-proxy-env": "", "buildbot-github-oauth-secret": "", "nixwright-cloudflare-read": ""},
		},
	} {
		for _, early := range []string{"false", "true"} {
			t.Run(name+" early "+early, func(t *testing.T) {
				t.Parallel()
				text := m.facts.JSON()
				s, err := evaluate(t, repository(t, text, "secrets.yaml"), "early = "+early+";")
				if err != nil {
					t.Fatal(err)
				}
				if len(s.Failed)+len(s.Warnings) != 0 {
					t.Errorf("assertions %q, warnings %q", s.Failed, s.Warnings)
				}
				if want := applied(text, "sealed: true\n"); s.Applied != want {
					t.Errorf("applied.json is %s, want %s", s.Applied, want)
				}
				if s.Facts != text {
					t.Errorf("the host's own facts are %s", s.Facts)
				}
				checkWeb(t, s, m)
				checkSecrets(t, s, m)
				checkServices(t, s, m)
				if region, has := s.Niks3.S3["region"]; has == (early == "true") || has && region != "auto" {
					t.Errorf("region is %v", region)
				}
			})
		}
	}
}

func checkWeb(t *testing.T, s system, m mode) {
	t.Helper()
	want := map[string]string{
		"/": m.proxy, "/sse": m.proxy, "/ws": m.proxy, "= /oauth2/auth": m.proxy,
		"= /change_hook/github": hook, "/nix-outputs/": "", "@nixwright_login": "",
	}
	maps.Copy(want, m.locations)
	site := s.VHosts["ci.phlip9.com"]
	got := map[string]string{}
	for path, l := range site.Locations {
		got[path] = l.ProxyPass
	}
	if !maps.Equal(got, want) {
		t.Errorf("locations %v, want %v", got, want)
	}
	outputs := site.Locations["/nix-outputs/"]
	if outputs.Alias != "/var/www/buildbot/nix-outputs/" ||
		!strings.Contains(outputs.ExtraConfig, "auth_request /oauth2/auth;") {
		t.Errorf("F49: /nix-outputs/ without a login: %+v", outputs)
	}
	if sse := site.Locations["/sse"].ExtraConfig; strings.Contains(sse, "proxy_buffering on") {
		t.Errorf("upstream's own /sse is still there: %q", sse)
	}
	if !site.ForceSSL || !site.EnableACME || s.URL != "https://ci.phlip9.com/" {
		t.Errorf("no https: %+v, %s", site, s.URL)
	}
	if !slices.Equal(s.Ports, []int{80, 443}) {
		t.Errorf("firewall open at %v", s.Ports)
	}
	if !s.Nginx {
		t.Error("nobody enables nginx")
	}
	if !s.Proxy.PassAuth {
		t.Error("the proxy tells buildbot no name")
	}
	if s.Proxy.Scope != "read:user user:email read:org" || !maps.Equal(s.Proxy.ExtraConfig, m.extra) ||
		!slices.Equal(s.Proxy.Email.Domains, m.domains) || s.Proxy.ClientID != m.facts.Login.ProxyClientID {
		t.Errorf("oauth2-proxy is %+v", s.Proxy)
	}
}

func checkSecrets(t *testing.T, s system, m mode) {
	t.Helper()
	want := map[string]string{
		"buildbot-nix-workers": "", "buildbot-github-app-secret-key": "", "buildbot-github-webhook-secret": "",
		"buildbot-nix-worker-password": "buildbot-worker",
		"niks3-api-token":              "niks3", "niks3-signing-key": "niks3",
		"niks3-s3-access-key": "niks3", "niks3-s3-secret-key": "niks3",
	}
	maps.Copy(want, m.owners)
	got := map[string]string{}
	for name, one := range s.Secrets {
		got[name] = ""
		if one.Owner != nil {
			got[name] = *one.Owner
		}
		if filepath.Base(one.SopsFile) != "secrets.yaml" || one.Format != "yaml" {
			t.Errorf("%s comes from %s as %s", name, one.SopsFile, one.Format)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("secrets %v, want %v", got, want)
	}
}

func checkServices(t *testing.T, s system, m mode) {
	t.Helper()
	if id := s.Master.GitHub.OauthID; m.backend == "github" && (id == nil || *id != m.facts.Login.BuildbotClientID) {
		t.Error("buildbot has no login of its own")
	}
	if want := credentials(m.backend); !slices.Equal(s.Units["buildbot-master"].credentials(), want) {
		t.Errorf("the master is given %q, want %q", s.Units["buildbot-master"].credentials(), want)
	}
	if s.Master.GitHub.Topic != "buildbot-phlip9" || s.Master.EvalWorkerCount == nil || *s.Master.EvalWorkerCount != 4 || s.Master.EvalMaxMemorySize != 3072 {
		t.Errorf("topic or tuning is lost: %+v", s.Master)
	}
	if s.Niks3.GC["enable"] != true || s.Niks3.GC["olderThan"] != "720h" || s.Niks3.GC["schedule"] != "daily" {
		t.Errorf("nothing collects garbage: %v", s.Niks3.GC)
	}
	if len(s.Proxy.Upstream) > 0 && !slices.Equal(s.Proxy.Upstream, []string{"http://127.0.0.1:8010/"}) {
		t.Errorf("buildbot listens on IPv4 only, the proxy asks %v", s.Proxy.Upstream)
	}
	if s.Master.AuthBackend != m.backend || !s.Master.GitHub.Enable || s.Master.GitHub.UserAllowlist != nil ||
		!slices.Equal(s.Master.GitHub.RepoAllowlist, []string{"phlip9/dotfiles"}) ||
		s.Master.WebhookBaseURL != "https://ci.phlip9.com/" || s.Master.Niks3.Package != "/niks3" ||
		s.Master.Niks3.ServerURL != "http://[::1]:5751" {
		t.Errorf("the master is %+v", s.Master)
	}
	if s.Worker.Workers != 10 || s.Worker.Name != "omnara1" {
		t.Errorf("the worker is %+v", s.Worker)
	}
	server := s.Units["niks3"]
	if !slices.Contains(server.After, "network-online.target") || !slices.Contains(server.Wants, "network-online.target") {
		t.Errorf("F27: niks3 does not wait for the network: %+v", server)
	}
	if !slices.Equal(s.Settings["extra-trusted-public-keys"], []string{m.facts.Cache.PublicKey}) ||
		!slices.Equal(s.Settings["extra-substituters"], []string{"https://cache.phlip9.com"}) {
		t.Errorf("the client's settings are %v", s.Settings)
	}
}

// credentials are the files that systemd hands to the master.
func credentials(backend string) []string {
	all := []string{
		"buildbot-nix-workers:/run/secrets/buildbot-nix-workers", "github-webhook-secret:/run/secrets/buildbot-github-webhook-secret",
		"github-app-secret-key:/run/secrets/buildbot-github-app-secret-key", "niks3-auth-token:/run/secrets/niks3-api-token",
	}
	if backend == "github" {
		return append(all, "github-oauth-secret:/run/secrets/buildbot-github-oauth-secret")
	}
	return append(all, "http-basic-auth-password:/run/secrets/buildbot-http-basic-auth-password")
}

// Facts that would be syntax where they end up - a systemd command line,
// nginx.conf, a shell - are refused, and the message names the option.
func TestModuleRefusesFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*nixfiles.Facts)
		option string
	}{
		"a flag in a user":         {func(f *nixfiles.Facts) { f.Users = []string{"x' --skip-auth-regex='.*"} }, "users"},
		"two users in one":         {func(f *nixfiles.Facts) { f.Admins = []string{"phlip9,mallory"} }, "admins"},
		"nginx syntax in a domain": {func(f *nixfiles.Facts) { f.Domain = "x; } server {" }, "domain"},
		"nginx syntax in a path":   {func(f *nixfiles.Facts) { f.Webhook.AppHookPath = "/x { return 200; }" }, "appHookPath"},
		"a newline in a folder":    {func(f *nixfiles.Facts) { f.OutputsPath = "/x/\nreturn 200" }, "outputsPath"},
		"an antiquotation":         {func(f *nixfiles.Facts) { f.Login.ProxyClientID = "${builtins.abort \"out\"}" }, "proxyClientId"},
		"a specifier":              {func(f *nixfiles.Facts) { f.S3.Bucket = "%n" }, "bucket"},
		"an endpoint with scheme":  {func(f *nixfiles.Facts) { f.S3.Endpoint = "https://x.r2.cloudflarestorage.com" }, "endpoint"},
		"a base URL without slash": {func(f *nixfiles.Facts) { f.Webhook.BaseURL = "https://ci.phlip9.com" }, "baseUrl"},
		"days in a Go duration":    {func(f *nixfiles.Facts) { f.GC.OlderThan = "30d" }, "olderThan"},
		"a key without a name":     {func(f *nixfiles.Facts) { f.Cache.PublicKey = "XKElS8qF\\n" }, "publicKey"},
		"an unknown access mode":   {func(f *nixfiles.Facts) { f.Access = "open" }, "access"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := example()
			c.change(&f)
			_, err := evaluate(t, repository(t, f.JSON(), "secrets.yaml"), "")
			if err == nil || !strings.Contains(err.Error(), c.option) || !strings.Contains(err.Error(), "is not of type") {
				t.Errorf("got %v, want a complaint about %s", err, c.option)
			}
		})
	}
}

// Odd but legal facts are data and nothing else.
func TestModuleTakesOddFacts(t *testing.T) {
	t.Parallel()
	const secrets = `odd 'name' ${host} \.yaml`
	f := twoLogins()
	f.App.Slug = `"; builtins.abort "out`
	f.Owner = "${builtins.abort \"out\"}''${x}\n<&>"
	f.SecretsFile = "./" + secrets
	f.OutputsPath = "/srv/~ci/nix.outputs"
	f.GC.Schedule = "Mon..Fri *-*-* 02:00,14:00:00 Europe/Berlin"
	s, err := evaluate(t, repository(t, f.JSON(), secrets), "")
	if err != nil {
		t.Fatal(err)
	}
	if want := applied(f.JSON(), "sealed: true\n"); s.Applied != want {
		t.Errorf("applied.json is %s, want %s", s.Applied, want)
	}
	if got := filepath.Base(s.Secrets["niks3-api-token"].SopsFile); got != secrets {
		t.Errorf("secrets come from %s", got)
	}
	if s.Niks3.GC["schedule"] != f.GC.Schedule {
		t.Errorf("schedule is %v", s.Niks3.GC["schedule"])
	}
	if s.Master.OutputsPath == nil || *s.Master.OutputsPath != "/srv/~ci/nix.outputs/" {
		t.Errorf("outputs go to %v, want the last slash added", s.Master.OutputsPath)
	}
}

func TestModuleSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	old := strings.Replace(example().JSON(), `"schema": 1`, `"schema": 2`, 1)
	noLogin := twoLogins()
	noLogin.Login.BuildbotClientID = ""
	for name, c := range map[string]struct{ facts, args, want string }{
		"buildbot's port open":   {"", `extra.networking.firewall.allowedTCPPorts = [ 8010 ];`, "port 8010"},
		"a range over a port":    {"", `extra.networking.firewall.allowedTCPPortRanges = [ { from = 9000; to = 9999; } ];`, "port 9989"},
		"no firewall":            {"", `extra.networking.firewall.enable = false;`, "firewall.enable on"},
		"modules not imported":   {"", `bare = true;`, "sops-nix.nixosModules.sops"},
		"no facts file":          {"", `host = "elsewhere"; extra.services.nixwright-cache.enable = false;`, "nixwright setup"},
		"facts of another shape": {old, "", "nixwright render"},
		"a stranger as worker": {
			"",
			`extra.services.nixwright-ci.masterUrl = "tcp:host=10.0.0.1:port=9989"; extra.services.nixwright-ci.workers = [ ];`,
			"nixwright worker add omnara1",
		},
		"two logins with one": {noLogin.JSON(), "", "login.buildbotClientId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.facts == "" {
				c.facts = example().JSON()
			}
			s, err := evaluate(t, repository(t, c.facts, "secrets.yaml"), c.args)
			said := strings.Join(s.Failed, "\n")
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("it says %q, want a word on %q", said, c.want)
			}
		})
	}
}

// A further build machine reads the CI host's facts and runs a worker only.
func TestModuleOnFurtherWorker(t *testing.T) {
	t.Parallel()
	f := example()
	f.Workers = append(f.Workers, nixfiles.Worker{Name: "omnara2", Cores: 4})
	root := repository(t, f.JSON(), "secrets.yaml")
	write(t, filepath.Join(root, "nixos", "omnara2", "secrets.yaml"), "sealed: here\n")
	s, err := evaluate(t, root, `host = "omnara2"; extra.services.nixwright-ci = {
		factsFile = `+root+`/nixos/omnara1/ci-facts.json;
		secretsFile = `+root+`/nixos/omnara2/secrets.yaml;
		masterUrl = "tcp:host=fd00\\:\\:1:port=9989";
	};`)
	if err != nil {
		t.Fatal(err)
	}
	if s.Master != nil || len(s.Ports) != 0 || len(s.Secrets) != 1 || len(s.Failed) != 0 {
		t.Errorf("more than a worker: %+v", s)
	}
	if path := s.Units["buildbot-worker"].Path; !slices.Equal(path, []string{"/niks3"}) {
		t.Errorf("nothing uploads what it builds: its path is %v", path)
	}
	if s.Worker == nil || s.Worker.Workers != 4 || s.Worker.MasterURL != `tcp:host=fd00\:\:1:port=9989` {
		t.Errorf("the worker is %+v", s.Worker)
	}
	if s.Applied != applied(f.JSON(), "sealed: here\n") {
		t.Errorf("applied.json is %s", s.Applied)
	}
}

// Further machines upload what they build to where niks3 is reached by all, and
// who has not said where is warned.
func TestModuleTellsWorkersWhereNiks3Is(t *testing.T) {
	t.Parallel()
	f := example()
	f.Workers = append(f.Workers, nixfiles.Worker{Name: "omnara2", Cores: 4}, nixfiles.Worker{Name: "omnara3", Cores: 2})
	root := repository(t, f.JSON(), "secrets.yaml")
	s, err := evaluate(t, root, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "omnara2, omnara3") || !strings.Contains(s.Warnings[0], "workersAddress") {
		t.Errorf("it warns %q", s.Warnings)
	}
	if _, is := s.Sockets["nixwright-niks3"]; is || s.Master.Niks3.ServerURL != "http://[::1]:5751" {
		t.Errorf("niks3 is at %s, sockets %v", s.Master.Niks3.ServerURL, s.Sockets)
	}
	if s, err = evaluate(t, root, `extra.services.nixwright-ci.workersAddress = "::1";`); err != nil {
		t.Fatal(err)
	}
	if _, is := s.Sockets["nixwright-niks3"]; is || len(s.Warnings) > 0 || s.Master.Niks3.ServerURL != "http://[::1]:5751" {
		t.Errorf("through a tunnel niks3 is at %s, sockets %v, warned %q", s.Master.Niks3.ServerURL, s.Sockets, s.Warnings)
	}
	for address, want := range map[string]string{"10.0.0.1": "10.0.0.1:5751", "fd00::1": "[fd00::1]:5751"} {
		s, err := evaluate(t, root, `extra.services.nixwright-ci.workersAddress = "`+address+`";`)
		if err != nil {
			t.Fatal(err)
		}
		door, unit := s.Sockets["nixwright-niks3"].Socket, s.Units["nixwright-niks3"]
		if len(s.Warnings) > 0 || s.Master.Niks3.ServerURL != "http://"+want || door["ListenStream"] != want || door["FreeBind"] != true {
			t.Errorf("%s: niks3 is at %s, the door is %v, warned %q", address, s.Master.Niks3.ServerURL, door, s.Warnings)
		}
		if unit.Service["ExecStart"] != "/systemd/lib/systemd/systemd-socket-proxyd ::1:5751" || !slices.Contains(unit.Requires, "nixwright-niks3.socket") {
			t.Errorf("%s: the door leads to %+v", address, unit)
		}
	}
}

// The client finds the one facts file by itself, and asks where it cannot.
func TestClientFindsFacts(t *testing.T) {
	t.Parallel()
	root := repository(t, example().JSON(), "secrets.yaml")
	write(t, filepath.Join(root, "nixos", "second", "ci-facts.json"), example().JSON())
	_, err := evaluate(t, root, "")
	if err == nil || !strings.Contains(err.Error(), "2 facts files") {
		t.Errorf("two facts files: got %v", err)
	}
	s, err := evaluate(t, root, `extra.services.nixwright-cache.enable = false;`)
	if err != nil || len(s.Settings) != 0 {
		t.Errorf("disabled, it still sets %v, %v", s.Settings, err)
	}
}
