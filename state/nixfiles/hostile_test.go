package nixfiles_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
)

// strange are texts that are syntax somewhere: in Nix, nginx.conf, a unit, a
// shell, a regular expression, an address.
var strange = []string{
	`"`, `'`, `''`, "`id`", `${builtins.abort "out"}`, `''${x}`, `$(id)`, `\`, `\n`, "a\nb", "a\rb", "a\tb", "a; }", "a{b", "%n", "%%", "a b", "#", "a|b", "a&b",
	"<x>", "ünï", "жук", "a\u202eb", "\u00a0", "ａ", "x' --skip-auth-regex='.*", "x --upstream=http://evil", "../..", "//", "a,b", "*", "[x]", "^.*$", "", strings.Repeat("a", 5000) + ";",
}

// texts are all text fields of the facts: the key of nixwright.toml that it
// comes from, none for what is learned elsewhere; whether NixOS is told it at
// all, and how it is set.
var texts = map[string]struct {
	key  string
	free bool // for people, and for the files' own paths: NixOS is not told it
	set  func(*nixfiles.Facts, string)
}{
	"access":                 {"ci.access", false, func(f *nixfiles.Facts, s string) { f.Access = s }},
	"admins":                 {"ci.admins", false, func(f *nixfiles.Facts, s string) { f.Admins = []string{s} }},
	"users":                  {"ci.users", false, func(f *nixfiles.Facts, s string) { f.Users = []string{s} }},
	"app.slug":               {"", true, func(f *nixfiles.Facts, s string) { f.App.Slug = s }},
	"buildSystems":           {"ci.build_systems", false, func(f *nixfiles.Facts, s string) { f.BuildSystems = []string{s} }},
	"cache.domain":           {"cache.domain", true, func(f *nixfiles.Facts, s string) { f.Cache.Domain = s }},
	"cache.keyName":          {"cache.key_name", true, func(f *nixfiles.Facts, s string) { f.Cache.KeyName = s }},
	"cache.publicKey":        {"", false, func(f *nixfiles.Facts, s string) { f.Cache.PublicKey = s }},
	"cache.url":              {"", false, func(f *nixfiles.Facts, s string) { f.Cache.URL = s }},
	"domain":                 {"ci.domain", false, func(f *nixfiles.Facts, s string) { f.Domain = s }},
	"gc.olderThan":           {"gc.older_than", false, func(f *nixfiles.Facts, s string) { f.GC.OlderThan = s }},
	"gc.schedule":            {"gc.schedule", false, func(f *nixfiles.Facts, s string) { f.GC.Schedule = s }},
	"login.buildbotClientId": {"adopt.buildbot_login_client_id", false, func(f *nixfiles.Facts, s string) { f.Login.BuildbotClientID = s }},
	"login.kind":             {"github.login", true, func(f *nixfiles.Facts, s string) { f.Login.Kind = s }},
	"login.proxyClientId":    {"adopt.proxy_login_client_id", false, func(f *nixfiles.Facts, s string) { f.Login.ProxyClientID = s }},
	"outputsPath":            {"ci.outputs_path", false, func(f *nixfiles.Facts, s string) { f.OutputsPath = s }},
	"owner":                  {"github.owner", true, func(f *nixfiles.Facts, s string) { f.Owner = s }},
	"repos":                  {"github.repos", false, func(f *nixfiles.Facts, s string) { f.Repos = []string{s} }},
	"s3.bucket":              {"cache.r2.bucket", false, func(f *nixfiles.Facts, s string) { f.S3.Bucket = s }},
	"s3.endpoint":            {"", false, func(f *nixfiles.Facts, s string) { f.S3.Endpoint = s }},
	"s3.region":              {"", false, func(f *nixfiles.Facts, s string) { f.S3.Region = s }},
	"topic":                  {"github.topic", false, func(f *nixfiles.Facts, s string) { f.Topic = s }},
	"webhook.appHookPath":    {"ci.webhook_path", false, func(f *nixfiles.Facts, s string) { f.Webhook.AppHookPath = s }},
	"webhook.baseUrl":        {"", false, func(f *nixfiles.Facts, s string) { f.Webhook.BaseURL = s }},
	"workers.name":           {"workers", false, func(f *nixfiles.Facts, s string) { f.Workers = append(f.Workers, nixfiles.Worker{Name: s, Cores: 1}) }},
}

// Every strange text in every field is refused by the answers, by an option's
// type, or is data.
func TestStrangeTextNeverBreaksOut(t *testing.T) {
	t.Parallel()
	var cases []manyCase
	var fields []string
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		for _, bad := range strange {
			f := twoLogins()
			texts[field].set(&f, bad)
			cases = append(cases, manyCase{name: fmt.Sprintf("%s = %.40q", field, bad), facts: f, host: "omnara1"})
			fields = append(fields, field)
		}
	}
	systems, printed := evaluateMany(t, cases)
	for i, c := range cases {
		field, bad := fields[i], strange[i%len(strange)]
		text := texts[field]
		refused := systems[i] == nil
		if refused == text.free {
			if text.free || bad != "" && !harmless(field, bad) {
				t.Errorf("%s: refused is %v", c.name, refused)
			}
		}
		if !refused {
			staysData(t, c.name, *systems[i])
			if got, want := siteOf(*systems[i], c.facts.Domain), siteWanted(c.facts); got != want {
				t.Errorf("%s: nginx gets\n%s\nwant\n%s", c.name, got, want)
			}
			if strings.Contains(printed[i], theSecret) {
				t.Errorf("%s: a secret is in what Nix made", c.name)
			}
		}
		if answered := answers(text.key, bad); answered && refused {
			t.Errorf("%s: the answers take it and the module does not", c.name)
		}
	}
}

// harmless says whether the module takes the text, and well so.
func harmless(field, text string) bool {
	// Blanks, commas and stars are what a schedule is made of.
	return field == "gc.schedule" && strings.Trim(text, "ab *,./") == ""
}

// answers says whether nixwright.toml may say the text under the key. Of
// several values in one text each is its own answer.
func answers(key, text string) bool {
	if key == "" || text == "" || strings.Contains(text, ",") {
		return false
	}
	var c state.Config
	if err := c.Set(key, text); err != nil {
		return false
	}
	v, said := c.Value(key)
	return said && v == text && len(c.CheckKey(key)) == 0
}

// An option that upstream does not have, and a value of another kind, are
// errors: the stand-ins take no more than the real modules.
func TestStandInsRefuseWhatUpstreamRefuses(t *testing.T) {
	t.Parallel()
	root := repository(t, example().JSON(), "secrets.yaml")
	for set, want := range map[string]string{
		`services.buildbot-nix.master.evalWorkersCount = 4`:                          "does not exist",
		`services.buildbot-nix.master.github.repoAllowList = [ ]`:                    "does not exist",
		`services.buildbot-nix.worker.cores = 4`:                                     "does not exist",
		`services.buildbot-nix.master.accessMode.fullyPrivat = { }`:                  "not of type",
		`services.niks3.s3.regoin = "auto"`:                                          "does not exist",
		`services.niks3.signKeyFile = "/x"`:                                          "does not exist",
		`services.niks3.gc.olderthan = "1h"`:                                         "does not exist",
		`sops.secrets.x = { sopsFile = ./.; owners = "x"; }`:                         "does not exist",
		`services.nginx.virtualHosts."ci.phlip9.com".forceSsl = true`:                "does not exist",
		`services.nginx.virtualHosts."ci.phlip9.com".locations."/x".proxypass = "x"`: "does not exist",
		`services.oauth2-proxy.clientId = "x"`:                                       "does not exist",
		`systemd.service = { }`:                                                      "does not exist",
		`services.nixwright-ci.repositories = [ ]`:                                   "does not exist",
		`services.nixwright-cache.urls = [ ]`:                                        "does not exist",
		`services.buildbot-nix.master.evalMaxMemorySize = lib.mkForce "4G"`:          "not of type",
		`services.buildbot-nix.master.evalWorkerCount = lib.mkForce "4"`:             "not of type",
		`services.buildbot-nix.master.admins = lib.mkForce "phlip9"`:                 "not of type",
		`services.buildbot-nix.master.workersFile = lib.mkForce "relative"`:          "not of type",
		`services.buildbot-nix.master.github.appId = lib.mkForce "2746100"`:          "not of type",
		`services.buildbot-nix.master.niks3.package = lib.mkForce "niks3"`:           "not of type",
		`services.buildbot-nix.worker.workers = lib.mkForce null`:                    "not of type",
		`services.niks3.signKeyFiles = lib.mkForce "/run/secrets/x"`:                 "not of type",
		`services.niks3.s3.useSSL = lib.mkForce "true"`:                              "not of type",
		`services.niks3.gc.enable = lib.mkForce 1`:                                   "not of type",
		`services.niks3.httpAddr = "127.0.0.1:1"`:                                    "conflicting",
		`sops.secrets.niks3-api-token.format = lib.mkForce "toml"`:                   "not of type",
		`sops.secrets.niks3-api-token.owner = lib.mkForce 0`:                         "not of type",
		`services.oauth2-proxy.provider = lib.mkForce "git"`:                         "not of type",
		`services.oauth2-proxy.upstream = lib.mkForce [ 8010 ]`:                      "not of type",
		`services.oauth2-proxy.scope = lib.mkForce [ "repo" ]`:                       "not of type",
		`services.nginx.virtualHosts."ci.phlip9.com".locations."/x".proxyPass = 1`:   "not of type",
		`networking.firewall.allowedTCPPorts = [ 70000 ]`:                            "not of type",
		`networking.hostName = lib.mkForce "a.b"`:                                    "not of type",
		`services.nixwright-ci.workersAddress = "omnara1.lan"`:                       "not of type",
		`services.nixwright-ci.evalMemory = -1`:                                      "not of type",
		`services.nixwright-ci.masterUrl = "tcp:host=$(id)"`:                         "not of type",
	} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			_, err := evaluate(t, root, "extra = let lib = import "+testdata(t)+"/lib.nix; in { "+set+"; };")
			option := strings.Fields(set)[0]
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "is not of", "not of"), want) {
				t.Fatalf("got %v, want %q", err, want)
			}
			name := option[strings.LastIndexByte(option, '.')+1:]
			if want != "not of type" && !strings.Contains(err.Error(), name) {
				t.Errorf("it does not name %s: %v", name, err)
			}
		})
	}
}

func testdata(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
