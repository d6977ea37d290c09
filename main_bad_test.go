package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// told fails unless the command ended with the code and said all of the words,
// in the form what, why, do.
func (l *lab) told(r result, code int, words ...string) {
	l.t.Helper()
	all := r.out + r.err
	if r.code != code {
		l.t.Errorf("exit %d, want %d\n%s", r.code, code, tail(all))
	}
	for _, w := range append(words, "do    ") {
		if !strings.Contains(all, w) {
			l.t.Errorf("%q is not said:\n%s", w, tail(all))
		}
	}
	if strings.Contains(all, "panic") || strings.Contains(all, "goroutine ") {
		l.t.Errorf("a stack trace:\n%s", all)
	}
}

// tail is the end of a long text.
func tail(s string) string { return s[max(0, len(s)-3000):] }

func TestBadAnswersAreWrongUse(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	good := l.read("nixwright.toml")
	for name, tc := range map[string]struct {
		toml  string
		args  []string
		words []string
	}{
		"not TOML":       {toml: "host = [\n", words: []string{"nixwright.toml:"}},
		"unknown keys":   {toml: good + "\n[cache.r3]\nbuket = \"x\"\n[hots]\nname = \"y\"\n", words: []string{"cache.r3", "hots", "did you mean"}},
		"illegal names":  {toml: strings.Replace(good, "phlip9-nix-cache", "Not_A_Bucket", 1), words: []string{"nixwright.toml:", "cache.r2.bucket"}},
		"wrong type":     {toml: strings.Replace(good, "schema = 1", "schema = \"one\"", 1), words: []string{"nixwright.toml:"}},
		"newer schema":   {toml: strings.Replace(good, "schema = 1", "schema = 7", 1), words: []string{"schema"}},
		"an ssh option":  {args: []string{"--set", "host.ssh=-oProxyCommand=evil"}, words: []string{"host.ssh"}},
		"unknown --set":  {args: []string{"--set", "cache.r2.bukket=x"}, words: []string{"cache.r2.bukket", "cache.r2.bucket"}},
		"--set no value": {args: []string{"--set", "github.owner"}, words: []string{"has no value"}},
		"--set a secret": {args: []string{"--set", "github.token=ghp_x"}, words: []string{"is a secret"}},
		"--set no file":  {args: []string{"--set", "github.token=@nowhere"}, words: []string{"cannot read"}},
		"no such step":   {args: []string{"--only", "r2-buket"}, words: []string{"r2-bucket"}},
		"no such config": {args: []string{"--config", "nowhere.toml"}, words: []string{"nowhere.toml"}},
		"no such dir":    {args: []string{"-C", "nowhere"}, words: []string{"nowhere"}},
		"no such output": {args: []string{"--output", "yaml"}, words: []string{"yaml"}},
		"App name too long": {
			args: []string{"--set", "github.app_name=" + strings.Repeat("x", 35)}, words: []string{"34"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lab{t: t, dir: l.dir, env: l.env}
			if tc.toml == "" {
				tc.toml = good
			}
			l.write("nixwright.toml", tc.toml)
			writes := len(l.writes())
			l.told(l.run(append([]string{"setup", "-n"}, tc.args...)...), 2, tc.words...)
			if len(l.writes()) != writes {
				t.Error("it wrote to the world")
			}
		})
	}
}

func TestAFileOfAnswersIsNotTrusted(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	good := l.read("nixwright.toml")
	for name, change := range map[string][2]string{
		"GitHub's address":     {l.ends.GitHubAPI, "https://evil.example"},
		"Cloudflare's address": {l.ends.CloudflareAPI, "https://api.cloudflare.com.evil.example/client/v4"},
		"S3's address":         {l.ends.R2S3, "https://evil.r2.cloudflarestorage.com.evil.example"},
		"the ssh program":      {"ssh = ['" + l.ends.SSH[0], "ssh = ['/bin/sh"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lab{t: t, dir: l.dir, env: l.env}
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Fatal("the test changes nothing")
			}
			l.write("nixwright.toml", bad)
			l.told(l.run("setup", "-n"), 2, "--trust-config")
		})
	}
}

func TestBadWorldBlocksWithWhatWhyAndFix(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env     map[string]string
		args    []string
		prepare func(l *lab)
		words   []string
	}{
		"a GitHub token that is wrong":     {env: map[string]string{"GH_TOKEN": "ghp_wrong"}, words: []string{"the token is wrong"}},
		"a Cloudflare token that is wrong": {env: map[string]string{"CLOUDFLARE_API_TOKEN": "wrong"}, words: []string{"Cloudflare", "token"}},
		"no tokens":                        {env: map[string]string{"GH_TOKEN": "", "CLOUDFLARE_API_TOKEN": ""}, words: []string{"no GitHub token", "no Cloudflare token", "/profile/api-tokens?"}},
		"a repository that does not exist": {args: []string{"--set", "github.repos=phlip9/nope"}, words: []string{"there is no repository phlip9/nope"}},
		"a zone that is not ours":          {args: []string{"--set", "cache.domain=cache.elsewhere.example"}, words: []string{"F23", "elsewhere.example"}},
		"another account":                  {args: []string{"--set", "cache.r2.account=" + strings.Repeat("0", 32)}, words: []string{"does not see the account"}},
		"a token without permissions":      {prepare: (*lab).smallToken, words: []string{"lacks", "Workers R2 Storage Write", "DNS Write", "permissionGroupKeys"}},
		"a token without its scope": {prepare: func(l *lab) {
			l.through("github", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
				inner.ServeHTTP(scoped{w}, r)
			})
		}, words: []string{"lacks the scope repo"}},
		"a clock that is off": {prepare: func(l *lab) {
			l.through("github", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
				inner.ServeHTTP(late{w}, r)
			})
		}, words: []string{"F14"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "fresh")
			if tc.prepare != nil {
				tc.prepare(l)
			}
			before := len(l.writes())
			l.told(l.runWith("", tc.env, append([]string{"setup", "-n"}, tc.args...)...), 3, append(tc.words, "blocked")...)
			if n := len(l.writes()); n != before {
				t.Errorf("something was made while preflight is red: %v", l.writes()[before:])
			}
			l.mu.Lock()
			l.wraps = nil
			l.mu.Unlock()
			l.env["CLOUDFLARE_API_TOKEN"] = l.world().Env["CLOUDFLARE_API_TOKEN"]
			l.setup() // nothing half-made is in the way
		})
	}
}

// scoped is a GitHub that shows a token as one with fewer scopes.
type scoped struct{ http.ResponseWriter }

func (s scoped) WriteHeader(code int) {
	if s.Header().Get("X-Oauth-Scopes") != "" {
		s.Header().Set("X-Oauth-Scopes", "read:user")
	}
	s.ResponseWriter.WriteHeader(code)
}

// late is a GitHub whose clock is another.
type late struct{ http.ResponseWriter }

func (l late) WriteHeader(code int) {
	l.Header().Set("Date", "Mon, 02 Jan 2006 15:04:05 GMT")
	l.ResponseWriter.WriteHeader(code)
}

// smallToken makes a Cloudflare token that may make tokens and nothing else,
// and puts it into the environment.
func (l *lab) smallToken() {
	l.t.Helper()
	const account = "30faeb30dcb2a77a72fdc0948c99de62"
	var groups struct {
		Result []struct{ ID, Name string } `json:"result"`
	}
	l.cloudflare(http.MethodGet, "/accounts/"+account+"/tokens/permission_groups", "", &groups)
	policy := func(resource string, names ...string) string {
		var ids []string
		for _, g := range groups.Result {
			if slices.Contains(names, g.Name) {
				ids = append(ids, `{"id":"`+g.ID+`"}`)
			}
		}
		return `{"effect":"allow","permission_groups":[` + strings.Join(ids, ",") + `],"resources":{"` + resource + `":"*"}}`
	}
	var made struct {
		Result struct{ Value string } `json:"result"`
	}
	l.cloudflare(http.MethodPost, "/accounts/"+account+"/tokens", `{"name":"small","policies":[`+
		policy("com.cloudflare.api.account."+account, "Account API Tokens Write", "Account Settings Read")+`,`+
		policy("com.cloudflare.api.account.zone.*", "Zone Read")+`]}`, &made)
	l.env["CLOUDFLARE_API_TOKEN"] = made.Result.Value
}

func (l *lab) cloudflare(method, path, body string, into any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.ends.CloudflareAPI+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.env["CLOUDFLARE_API_TOKEN"])
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	if res.StatusCode != http.StatusOK {
		l.t.Fatalf("%s %s: %s %s", method, path, res.Status, b.String())
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(b.Bytes(), into); err != nil {
		l.t.Fatal(err)
	}
}

func TestR2NotEnabledIsBlockedWithItsPage(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.through("cloudflare", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
		if !strings.Contains(r.URL.Path, "/r2/") {
			inner.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"success":false,"errors":[{"code":10042,"message":"Please enable R2 through the Cloudflare Dashboard."}],"messages":[],"result":null}`))
	})
	l.told(l.run("setup", "-n", "--open", "--wait", "5s"), 3, "10042", "R2 is not switched on", "https://dash.cloudflare.com/?to=/:account/r2/overview")
	l.wraps = nil
	l.setup()
}

// edit changes the world's memory while it is down, and brings it up again.
func (l *lab) edit(change func(github map[string]any)) *lab {
	l.t.Helper()
	l.stop()
	path := filepath.Join(l.dir, ".nixwright", "world", "state.json")
	b, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	var all map[string]any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&all); err != nil {
		l.t.Fatal(err)
	}
	change(all["github"].(map[string]any))
	if b, err = json.Marshal(all); err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return newLabIn(l.t, l.dir, "fresh", options{})
}

func TestAnAppNameThatIsTaken(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh").edit(func(github map[string]any) {
		github["apps"] = []any{map[string]any{
			"id": 77, "slug": "phlip9-buildbot-ci", "name": "phlip9-buildbot-ci", "owner": "someone-else", "url": "https://example.org", "client_id": "Iv23somebody",
			"public": true, "permissions": map[string]string{"metadata": "read"}, "events": []string{}, "at": "2026-01-01T00:00:00Z",
		}}
	})
	l.told(l.run("setup", "-n"), 3, "F12", "is taken", "github.app_name")
	l.setup("--set", "github.app_name=phlip9-ci-omnara1")
	if s := l.status(); s.True != 15 {
		t.Errorf("%d lines are true", s.True)
	}
}

// dead is a network on which nothing answers.
type dead struct{}

func (dead) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("network is unreachable")}
}

func TestNoNetworkFailsClearly(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.base = dead{}
	before := l.files(journalAside...)
	l.told(l.run("setup", "-n"), 1, "no answer from the network", "check the connection")
	same(t, "without a network", before, l.files(append(journalAside, ".nixwright/.gitignore")...))
	l.told(l.run("plan"), 1, "no answer from the network")
	l.base = nil
	l.setup()
}

func TestAWorldThatAnswers500FailsClearlyAndIsGotOverLater(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"github", "cloudflare", "s3", "ci", "cache", "buildbot", "niks3"} {
		for _, html := range []bool{false, true} {
			name := service
			if html {
				name += " with a page"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				l := newLab(t, "fresh")
				l.through(service, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
					w.Header().Set("X-Not-From-The-World", "yes")
					if html {
						w.Header().Set("Content-Type", "text/html")
						_, _ = w.Write([]byte("<html><title>captive portal</title></html>"))
						return
					}
					w.WriteHeader(http.StatusInternalServerError)
				})
				r := l.run("setup", "-n", "--open", "--wait", "3s")
				if r.code == 0 && service != "niks3" || r.code == 2 || strings.Contains(r.out+r.err, "goroutine ") {
					t.Errorf("exit %d\n%s\n%s", r.code, r.out, r.err)
				}
				l.mu.Lock()
				l.wraps = nil
				l.mu.Unlock()
				l.setup()
				if s := l.status(); s.True != 15 {
					t.Errorf("%d lines are true", s.True)
				}
			})
		}
	}
}

func TestAFileThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	l.write("blocked", "a file where a folder should be")
	l.told(l.run("setup", "-n", "--open", "--wait", "30s", "--set", "paths.module=blocked/buildbot-ci.nix"), 1, "blocked/buildbot-ci.nix")
	l.setup()
	l.write("nixos/mods/buildbot-ci.nix", l.read("nixos/mods/buildbot-ci.nix")+"# mine\n")
	l.told(l.run("setup", "-n"), 3, "edited by hand", "# mine")
	if !strings.HasSuffix(l.read("nixos/mods/buildbot-ci.nix"), "# mine\n") {
		t.Error("the edited module was overwritten")
	}
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	full := filepath.Join(l.dir, "nixos", "omnara1")
	keep := l.read("nixos/omnara1/default.nix")
	if err := syscall.Mount("tmpfs", full, "tmpfs", 0, "size=4k"); err != nil {
		t.Skipf("a full disk needs root, to mount one: %v", err)
	}
	mounted := true
	unmount := func() {
		if mounted {
			mounted = false
			if err := syscall.Unmount(full, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(unmount)
	if err := os.WriteFile(filepath.Join(full, "fill"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	r := l.run("setup", "-n", "--open", "--wait", "3s")
	l.told(r, 1, "no space left on device")
	if tokens := len(l.world().Cloud.Tokens); tokens > 2 {
		t.Errorf("%d tokens", tokens)
	}
	unmount()
	if got := l.read("nixos/omnara1/default.nix"); got != keep {
		t.Error("a file of theirs is another")
	}
	l.recovers()
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	lock, err := os.OpenFile(filepath.Join(l.dir, ".nixwright", "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	l.told(l.run("setup", "-n"), 1, "another nixwright works in")
	l.must(4, "plan") // looking needs no lock
}
