package nixfiles_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
)

// These tests evaluate hundreds of configurations in one run of Nix.

// theSecret is what the secrets file of every case holds.
const theSecret = "hunter2-Fw9xQ"

// manyCase is one set of facts on one host.
type manyCase struct {
	name   string
	facts  nixfiles.Facts
	host   string
	early  bool
	worker bool // a further build machine
}

// evaluateMany gives each case's system, nil where an option refuses a value,
// and the text that Nix printed of it.
func evaluateMany(t *testing.T, cases []manyCase) ([]*system, []string) {
	t.Helper()
	root := repository(t, example().JSON(), "secrets.yaml")
	var list strings.Builder
	for i, c := range cases {
		dir := filepath.Join(root, "cases", strconv.Itoa(i))
		write(t, filepath.Join(dir, "ci-facts.json"), c.facts.JSON())
		write(t, filepath.Join(dir, c.facts.SecretsFile), theSecret+"\n")
		fmt.Fprintf(&list, "{ facts = %s/ci-facts.json; host = %q; early = %t; worker = %t; }\n", dir, c.host, c.early, c.worker)
	}
	around, err := filepath.Abs("testdata/many.nix")
	if err != nil {
		t.Fatal(err)
	}
	lib := ""
	if theirs := os.Getenv("NIXWRIGHT_NIXPKGS_LIB"); theirs != "" {
		lib = "lib = import " + theirs + ";"
	}
	write(t, filepath.Join(root, "cases.nix"), fmt.Sprintf("import %s { repo = %s; %s cases = [\n%s]; }\n", around, root, lib, &list))
	out, err := nix(t, "--eval", "--strict", "--json", filepath.Join(root, "cases.nix"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []*string
	if err := json.Unmarshal([]byte(out), &texts); err != nil {
		t.Fatal(err)
	}
	systems, printed := make([]*system, len(cases)), make([]string, len(cases))
	for i, text := range texts {
		if text == nil {
			continue
		}
		systems[i], printed[i] = &system{}, *text
		if err := json.Unmarshal([]byte(*text), systems[i]); err != nil {
			t.Fatal(err)
		}
	}
	return systems, printed
}

// factsOf are the facts of a configuration, as setup learns them.
func factsOf(c state.Config) nixfiles.Facts {
	f := example()
	f.Access, f.Admins, f.Users, f.Domain = c.CI.Access, c.CI.Admins, c.CI.Users, c.CI.Domain
	f.BuildSystems, f.OutputsPath, f.EvalWorkers = c.CI.BuildSystems, c.CI.OutputsPath, c.CI.EvalWorkers
	f.Repos, f.Topic, f.Owner = c.GitHub.Repos, c.GitHub.Topic, c.GitHub.Owner
	f.Cache = nixfiles.Cache{
		Domain: c.Cache.Domain, KeyName: c.Cache.KeyName, URL: "https://" + c.Cache.Domain,
		PublicKey: c.Cache.KeyName + ":XKElS8qFXxVXcXIGFjRkGpyxiernJzHeQhMJ59VUdf4=",
	}
	f.GC = nixfiles.GC{OlderThan: c.GC.OlderThan, Schedule: c.GC.Schedule}
	f.S3.Bucket = c.Cache.R2.Bucket
	f.Webhook = nixfiles.Webhook{BaseURL: "https://" + c.CI.Domain + "/", AppHookPath: c.CI.WebhookPath}
	f.Login = nixfiles.Login{Kind: c.GitHub.Login, ProxyClientID: c.Adopt.ProxyLoginClientID, BuildbotClientID: c.Adopt.BuildbotLoginClientID}
	f.SecretsFile = "./" + filepath.Base(c.Paths.Secrets)
	f.Workers = nil
	for _, w := range c.Workers {
		f.Workers = append(f.Workers, nixfiles.Worker{Name: w.Name, Cores: w.Cores})
	}
	return f
}

// dice makes legal values, strange ones more often than people do.
type dice struct{ *rand.Rand }

func (d dice) of(all ...string) string { return all[d.IntN(len(all))] }

// word is of the alphabet, first and last letter of ends.
func (d dice) word(ends, middle string, longest int) string {
	n := 1 + d.IntN(longest)
	out := make([]byte, n)
	for i := range out {
		from := middle
		if i == 0 || i == n-1 {
			from = ends
		}
		out[i] = from[d.IntN(len(from))]
	}
	return string(out)
}

const (
	lower = "abcdefghijklmnopqrstuvwxyz"
	digit = "0123456789"
	upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func (d dice) domain() string {
	labels := []string{d.of("com", "de", "xn--p1ai", "co-op")}
	for range 1 + d.IntN(4) {
		labels = append(labels, d.of(d.word(lower+digit, lower+digit+"-", 12), "xn--bcher-kva", "0", "9a"))
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

func (d dice) login() string { return d.word(lower+upper+digit, lower+upper+digit+"-_", 39) }

func (d dice) path() string {
	var out strings.Builder
	for range 1 + d.IntN(4) {
		out.WriteString("/" + d.word(lower+upper+digit+"_", lower+digit+"._-", 10))
	}
	return out.String()
}

func (d dice) config() state.Config {
	host := d.word(lower+upper+digit, lower+upper+digit+"-_", 20)
	owner := d.login()
	c := state.Config{
		Host: state.HostConf{Name: host, SSH: d.of("root@[2001:db8::9]:22", "203.0.113.7", "ssh://me@"+host+".example.org:2222", host)},
		CI: state.CIConf{
			Domain: d.domain(), Access: d.of(state.FullyPrivate, state.TwoLogins), EvalWorkers: d.IntN(70),
			OutputsPath: d.path() + d.of("", "/"), WebhookPath: d.of("", d.path()),
		},
		GitHub: state.GitHubConf{Owner: owner, Topic: d.word(lower+digit, lower+digit+"-", 50)},
		Cache: state.CacheConf{
			Domain: "cache." + d.domain(), KeyName: d.word(lower+upper+digit+"._+-", lower+"._+-", 30),
			R2: state.R2Conf{Bucket: "b" + d.word(lower+digit, lower+digit+"-", 60) + "t"},
		},
		GC:    state.GCConf{OlderThan: d.of("720h", "60m", "1h0m0s", "8760h", "3600s"), Schedule: d.of("daily", "*-*-* 02:00:00", "Mon..Fri *-*-* 02,14:00/15:00 Europe/Berlin", "*:0~7", "Mon *-*~1 4:00:00.5")},
		Paths: state.PathsConf{Secrets: "nixos/" + d.of(`secrets.yaml`, `o'd"d ${x} ''$.yaml`, `ünï; {} [1] (2)+ %n.yml`, `жук и.yaml`, `#$(id).yaml`)},
		Adopt: state.AdoptConf{ProxyLoginClientID: d.login(), BuildbotLoginClientID: d.of("Iv23li", "Ov23.x-y_z")},
	}
	for i := range 1 + d.IntN(4) {
		c.CI.Admins, c.CI.Users = append(c.CI.Admins, d.login()), append(c.CI.Users, d.of(d.login(), owner))
		c.GitHub.Repos = append(c.GitHub.Repos, owner+"/"+d.of(".github", "-x", "_._", d.word(lower+upper+digit, lower+digit+"._-", 40)+strconv.Itoa(i)))
		c.CI.BuildSystems = append(c.CI.BuildSystems, d.of("x86_64-linux", "aarch64-linux", "aarch64-darwin", "riscv64-linux"))
	}
	c.Workers = []state.Worker{{Name: host, Cores: 1 + d.IntN(1000)}}
	for i := range d.IntN(5) {
		c.Workers = append(c.Workers, state.Worker{Name: "w" + strconv.Itoa(i) + d.of("", "_x", "-Y9"), Cores: 1 + d.IntN(64)})
	}
	return c.Derive()
}

func TestEveryLegalConfigurationEvaluates(t *testing.T) {
	t.Parallel()
	const rounds, seed = 300, 20260301
	d := dice{rand.New(rand.NewPCG(seed, 1))} // the same cases each time
	var cases []manyCase
	for i := range rounds {
		c := d.config()
		if problems := c.Check(); len(problems) > 0 {
			t.Fatalf("round %d is not legal: %v", i, problems)
		}
		f := factsOf(c)
		if c.CI.Access == state.FullyPrivate {
			f.Login.BuildbotClientID = ""
		}
		f.EvalMemory = d.IntN(5) * 1024
		f.App.Slug, f.Owner = d.of("slug", "\"; x = \"${y}\n"), d.of("owner", `''${builtins.abort "out"}`)
		cases = append(cases, manyCase{name: fmt.Sprintf("round %d", i), facts: f, host: c.Host.Name, early: d.IntN(2) == 0})
		if n := len(c.Workers); n > 1 {
			cases = append(cases, manyCase{name: fmt.Sprintf("worker of round %d", i), facts: f, host: c.Workers[n-1].Name, worker: true})
		}
	}
	systems, printed := evaluateMany(t, cases)
	for i, c := range cases {
		if systems[i] == nil {
			t.Errorf("%s is refused:\n%s", c.name, c.facts.JSON())
			continue
		}
		checkCase(t, c, *systems[i], printed[i])
	}
}

// checkCase says whether a system is what its facts say, and nothing else.
func checkCase(t *testing.T, c manyCase, s system, printed string) {
	t.Helper()
	var again nixfiles.Facts
	if err := json.Unmarshal([]byte(c.facts.JSON()), &again); err != nil || again.JSON() != c.facts.JSON() {
		t.Errorf("%s: rendered again it is another text: %v", c.name, err)
	}
	if strings.Contains(printed, theSecret) {
		t.Errorf("%s: a secret is in what Nix made", c.name)
	}
	if len(s.Failed) > 0 || (len(s.Warnings) > 0) != (!c.worker && len(c.facts.Workers) > 1) {
		t.Errorf("%s: failed %q, warned %q, with %d workers", c.name, s.Failed, s.Warnings, len(c.facts.Workers))
	}
	if s.Worker == nil || s.Worker.Name != c.host {
		t.Errorf("%s: the worker is %+v", c.name, s.Worker)
	}
	if c.worker {
		if s.Master != nil || len(s.VHosts) > 0 || len(s.Secrets) != 1 {
			t.Errorf("%s: more than a worker", c.name)
		}
		return
	}
	staysData(t, c.name, s)
	if got, want := siteOf(s, c.facts.Domain), siteWanted(c.facts); got != want {
		t.Errorf("%s: nginx gets\n%s\nwant\n%s", c.name, got, want)
	}
	if memory := s.Master.EvalMaxMemorySize; c.facts.EvalMemory > 0 && memory != c.facts.EvalMemory || c.facts.EvalMemory == 0 && memory != 2048 {
		t.Errorf("%s: %d MiB for an evaluation, the facts say %d", c.name, memory, c.facts.EvalMemory)
	}
}

// siteOf is all that nginx is told, as a text that can be compared.
func siteOf(s system, domain string) string {
	var out []string
	for path, l := range s.VHosts[domain].Locations {
		out = append(out, fmt.Sprintf("%s|%s|%s|%s|%s", path, l.ProxyPass, l.Alias, l.Return, l.ExtraConfig))
	}
	slices.Sort(out)
	return fmt.Sprintf("%d sites\n%s", len(s.VHosts), strings.Join(out, "\n"))
}

func siteWanted(f nixfiles.Facts) string {
	proxy := "http://127.0.0.1:8020"
	if f.Access == state.TwoLogins {
		proxy = "http://127.0.0.1:4180"
	}
	hook := func(path string) string {
		return "= " + path + "|http://127.0.0.1:8010/change_hook/github|||client_max_body_size 25m;"
	}
	out := []string{
		"/|" + proxy + "|||proxy_connect_timeout 120s;\nproxy_send_timeout 120s;\nproxy_read_timeout 120s;\n",
		"/sse|" + proxy + "|||proxy_buffering off;\nproxy_read_timeout 6000s;\n",
		"/ws|" + proxy + "|||proxy_read_timeout 6000s;",
		hook("/change_hook/github"),
	}
	if f.OutputsPath != "" {
		out = append(out,
			"/nix-outputs/||"+strings.TrimSuffix(f.OutputsPath, "/")+"/||charset utf-8;\nautoindex on;\nauth_request /oauth2/auth;\nerror_page 401 = @nixwright_login;\n",
			"= /oauth2/auth|"+proxy+"|||proxy_pass_request_body off;\nproxy_set_header Content-Length \"\";\n",
			"@nixwright_login|||302 /oauth2/start?rd=$request_uri|")
	}
	if p := f.Webhook.AppHookPath; p != "" && p != "/change_hook/github" {
		out = append(out, hook(p))
	}
	slices.Sort(out)
	return "1 sites\n" + strings.Join(out, "\n")
}

// staysData says whether every text that ends up in nginx.conf, in a unit or on
// a command line is free of what would be syntax there. What nginx gets is
// compared whole elsewhere.
func staysData(t *testing.T, name string, s system) {
	t.Helper()
	text, err := json.Marshal([]any{s.Proxy, s.Niks3, s.Settings, s.URL, s.Master.WebhookBaseURL, s.Master.GitHub, s.Master.OutputsPath})
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range textsOf(all) {
		if strings.ContainsAny(one, "\"'`$\\{};%\n\r\x00#<>()|&") {
			t.Errorf("%s: %q breaks out", name, one)
		}
	}
}

// textsOf are all texts in a JSON value.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, textsOf(one)...)
		}
		return out
	case map[string]any:
		var out []string
		for key, one := range v {
			out = append(append(out, key), textsOf(one)...)
		}
		return out
	}
	return nil
}
