package realtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/nixfiles"
)

// upstreamProxy is what buildbot-nix (nixosModules/master.nix of 2026-08) says
// to oauth2-proxy in fully-private, beyond what the surroundings of the
// module's own tests say (state/nixfiles/testdata/upstream.nix).
const upstreamProxy = `services.oauth2-proxy.extraConfig = {
  provider = "github";
  redirect-url = "https://%s/oauth2/callback";
  http-address = "127.0.0.1:8020";
  cookie-secure = true;
  skip-auth-route = [ "^/change_hook" ];
  api-route = [ "^/api" "^/ws$" ];
  github-team = [ ];
  email-domain = "*";
};`

// Upstream is the Nix of a configuration that has what buildbot-nix itself
// says where nixwright's module says otherwise: the outputs are served to
// everybody, and the internal password is on every answer.
const Upstream = `
services.oauth2-proxy.extraConfig.set-basic-auth = { _type = "override"; priority = 40; content = true; };
services.nginx.virtualHosts."ci.phlip9.com".locations."/nix-outputs/" = {
  _type = "override"; priority = 40;
  content = { alias = "/var/www/buildbot/nix-outputs/"; extraConfig = "charset utf-8; autoindex on;"; };
};`

// system is what NixOS would be told of the two programs.
type system struct {
	Failed []string              `json:"failed"`
	Proxy  nixosProxy            `json:"proxy"`
	VHosts map[string]nixosVHost `json:"vhosts"`
}

type nixosProxy struct {
	Provider    string   `json:"provider"`
	ClientID    string   `json:"clientID"`    //nolint:tagliatelle // NixOS spells it so
	HTTPAddress string   `json:"httpAddress"` //nolint:tagliatelle // NixOS spells it so
	Upstream    []string `json:"upstream"`
	RedirectURL string   `json:"redirectURL"` //nolint:tagliatelle // NixOS spells it so
	Scope       string   `json:"scope"`
	PassBasic   bool     `json:"passBasicAuth"` //nolint:tagliatelle // NixOS spells it so
	Email       struct {
		Domains []string `json:"domains"`
	} `json:"email"`
	ExtraConfig map[string]any `json:"extraConfig"` //nolint:tagliatelle // NixOS spells it so
}

type nixosVHost struct {
	Locations map[string]nixosLocation `json:"locations"`
}

type nixosLocation struct {
	ProxyPass       string `json:"proxyPass"`       //nolint:tagliatelle // NixOS spells it so
	ProxyWebsockets bool   `json:"proxyWebsockets"` //nolint:tagliatelle // NixOS spells it so
	Alias           string `json:"alias"`
	Return          string `json:"return"`
	ExtraConfig     string `json:"extraConfig"` //nolint:tagliatelle // NixOS spells it so
}

// evaluate has Nix evaluate the module for the facts; extra is Nix that the
// host's own configuration says besides.
func evaluate(t *testing.T, facts nixfiles.Facts, extra string) system {
	t.Helper()
	program, repo := Find(t, "nix-instantiate"), t.TempDir()
	for path, text := range map[string]string{
		"nixos/mods/" + nixfiles.ModuleName: nixfiles.Module(), "nixos/mods/" + nixfiles.ClientName: nixfiles.Client(),
		"nixos/omnara1/ci-facts.json": facts.JSON(), "nixos/omnara1/secrets.yaml": "sealed: true\n",
	} {
		path = filepath.Join(repo, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		File(t, path, text)
	}
	if facts.Access == state.FullyPrivate {
		extra = fmt.Sprintf(upstreamProxy, facts.Domain) + extra
	}
	expression := fmt.Sprintf(`import (/. + "%s/eval.nix") { repo = /. + "%s"; host = "omnara1"; extra = { %s }; }`, moduleTests(t), repo, extra)
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "--eval", "--strict", "--json", "-E", expression)
	cmd.Env = append(os.Environ(), "HOME="+repo, "NIX_REMOTE=", "NIX_PATH=")
	for _, name := range []string{"STORE", "STATE", "LOG", "CONF", "LOCALSTATE"} {
		cmd.Env = append(cmd.Env, "NIX_"+name+"_DIR="+filepath.Join(repo, "nix", strings.ToLower(name)))
	}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("evaluate the module: %v\n%s", err, stderr.String())
	}
	var s system
	if err := json.Unmarshal(stdout.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Failed) > 0 {
		t.Fatalf("the module refuses: %q", s.Failed)
	}
	return s
}

// moduleTests is the folder with what surrounds the module in its own tests.
func moduleTests(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "state", "nixfiles", "testdata")
		}
	}
	t.Fatal("the module's tests are not found: no go.mod above")
	return ""
}

// flags are oauth2-proxy's, as NixOS writes them: what the options say, less
// what is null or an empty list, and extraConfig over it
// (nixpkgs nixos/modules/services/security/oauth2-proxy.nix).
func (p nixosProxy) flags() []string {
	all := map[string]any{
		"provider": p.Provider, "client-id": p.ClientID, "http-address": p.HTTPAddress, "upstream": p.Upstream, "redirect-url": p.RedirectURL,
		"scope": p.Scope, "pass-basic-auth": p.PassBasic, "email-domain": p.Email.Domains,
		"approval-prompt": "force", "pass-access-token": false, "pass-host-header": true, "reverse-proxy": false, "proxy-prefix": "/oauth2",
		"request-logging": true, "set-xauthrequest": false,
		"cookie-secure": true, "cookie-httponly": true, "cookie-expire": "168h0m0s", "cookie-name": "_oauth2_proxy",
	}
	maps.Copy(all, p.ExtraConfig)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch v := all[name].(type) {
		case bool:
			out = append(out, "--"+name+"="+strconv.FormatBool(v))
		case string:
			if v != "" { // null
				out = append(out, "--"+name+"="+v)
			}
		case []string:
			for _, one := range v {
				out = append(out, "--"+name+"="+one)
			}
		case []any:
			for _, one := range v {
				out = append(out, fmt.Sprintf("--%s=%v", name, one))
			}
		default:
			out = append(out, fmt.Sprintf("--%s=%v", name, v))
		}
	}
	return out
}

// nginxOfNixOS is what NixOS puts around the servers where nothing more is
// said (nixpkgs nixos/modules/services/web-servers/nginx).
const nginxOfNixOS = `types_hash_max_size 4096;
ssl_protocols TLSv1.2 TLSv1.3;
map $http_upgrade $connection_upgrade {
  default upgrade;
  '' close;
}
client_max_body_size 10m;
server_tokens off;
`

// server is the virtual host as NixOS writes it, on a port of loopback.
func (v nixosVHost) server(name string, port int, cert, key string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server {\nlisten 127.0.0.1:%d ssl http2;\nserver_name %s;\nssl_certificate %s;\nssl_certificate_key %s;\n", port, name, cert, key)
	for _, path := range slices.Sorted(maps.Keys(v.Locations)) {
		l := v.Locations[path]
		fmt.Fprintf(&b, "location %s {\n", path)
		if l.ProxyPass != "" {
			fmt.Fprintf(&b, "proxy_pass %s;\n", l.ProxyPass)
		}
		if l.ProxyWebsockets {
			b.WriteString("proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\n")
		}
		if l.Alias != "" {
			fmt.Fprintf(&b, "alias %s;\n", l.Alias)
		}
		if l.Return != "" {
			fmt.Fprintf(&b, "return %s;\n", l.Return)
		}
		b.WriteString(strings.TrimSpace(l.ExtraConfig) + "\n}\n")
	}
	b.WriteString("}\n")
	return b.String()
}
