// Command nixwright sets up a self-hosted Nix CI, proves that it works, and
// watches it. This file is the only one that sees all rooms: it makes the
// providers and hands them to the steps, and the steps to the command line.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/nixwright/nixwright/providers/age"
	"github.com/nixwright/nixwright/providers/browser"
	"github.com/nixwright/nixwright/providers/buildbot"
	"github.com/nixwright/nixwright/providers/cloudflare"
	"github.com/nixwright/nixwright/providers/dns"
	"github.com/nixwright/nixwright/providers/edge"
	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/git"
	"github.com/nixwright/nixwright/providers/github"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/niks3"
	"github.com/nixwright/nixwright/providers/nix"
	"github.com/nixwright/nixwright/providers/nixcache"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/providers/sops"
	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/providers/station"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/setup"
	"github.com/nixwright/nixwright/ui/cli"
)

// version is set by the release build.
var version = ""

func main() { os.Exit(start()) }

// start runs the process: the first interrupt starts nothing new, the second
// ends it at once.
func start() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	before, err := term.GetState(in)
	restore := func() { // a hidden answer that was interrupted leaves the echo off
		if err == nil {
			_ = term.Restore(in, before)
		}
	}
	defer restore()
	children := &runner.Children{}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cancel()
		<-signals
		restore()
		children.Kill()
		os.Exit(130)
	}()
	dir, wdErr := os.Getwd()
	if wdErr != nil {
		_, _ = fmt.Fprintln(os.Stderr, "find the working directory: "+wdErr.Error())
		return 1
	}
	return run(ctx, os.Args[1:], cli.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Dir: dir,
		Terminal: term.IsTerminal(in) && term.IsTerminal(out),
		Echo:     cli.Echo(in),
	}, options{children: children})
}

// options are what tests put around the process.
type options struct {
	wrap  func(service string, h http.Handler) http.Handler // around the pretend world's services
	base  http.RoundTripper                                 // under every client
	delay time.Duration                                     // added by the pretend world to each request
	edit  func(s *fake.State) error                         // changes the pretend world before it is served

	children *runner.Children // ended by the second interrupt
}

// run is one command line; it returns the exit code.
func run(ctx context.Context, args []string, s cli.Streams, o options) int {
	self, err := os.Executable()
	if err != nil {
		_, _ = fmt.Fprintln(s.Err, "find this program: "+err.Error())
		return 1
	}
	app := cli.App{
		Version: versionOf(), Self: self,
		Open:   func(ctx context.Context, r cli.Request) (cli.Session, error) { return open(ctx, r, o) },
		Watch:  func(_ context.Context, r cli.Request, w cli.Watching) (cli.Station, error) { return watch(r, w, o) },
		OnHost: station.OnHost,
		World:  func(ctx context.Context, r cli.WorldRequest) (cli.World, error) { return world(ctx, r, self, o) },
		Role:   role,
	}
	return cli.Run(ctx, app, args, s)
}

func versionOf() string {
	if info, ok := debug.ReadBuildInfo(); version == "" && ok {
		return info.Main.Version
	}
	return version
}

// open makes the providers of a run. It opens no connection.
func open(ctx context.Context, r cli.Request, o options) (cli.Session, error) {
	c, e := r.Config, r.Config.Endpoints
	hc := client(r, httpx.Options{Base: o.base})
	exec := runner.Exec{Children: o.children}
	hub, hubFrom := githubToken(ctx, r, exec)
	cloud, cloudFrom := cloudflareToken(r)
	home := r.Env("HOME")
	secrets := sops.New(sops.Options{Root: r.Dir.Root, File: r.Dir.Abs(cmp.Or(c.Paths.Secrets, "secrets.yaml")), Env: r.Env, Home: home})
	names := dns.New(e.DNS)
	host := ssh.New(ssh.Options{Argv: e.SSH, Dest: c.Host.SSH, Runner: exec, Lookup: names.Lookup, Recipient: age.HostRecipient})
	if st, ok := r.Station.(*station.Station); ok && st.Host() != nil {
		host = st.Host()
	}
	gh := github.New(client(r, httpx.Options{Base: o.base, Remember: remembered}), e.GitHubAPI, e.GitHubWeb, hub)
	cf := cloudflare.New(hc, e.CloudflareAPI, cloud)
	desktop := browser.New(browser.Options{Command: r.Env("BROWSER"), Env: r.Env, Runner: exec})
	pages, err := browser.NewPages(r.Listen)
	if err != nil {
		return cli.Session{}, err
	}
	journal := state.NewJournal(r.Dir)
	master := buildbot.New(onHost(r, hc, host, e.Buildbot), cmp.Or(e.Buildbot, "http://127.0.0.1:8010"))
	deps := setup.Deps{
		Config: c, Dir: r.Dir, Web: cmp.Or(e.GitHubWeb, state.GitHubWeb), Yes: r.Yes, Asks: r.Asks,
		Added: r.Added, Left: r.Left, Gone: r.Gone,
		Home: home, SSHHosts: sshHosts(e.SSH, home),
		Have: setup.Credentials{
			GitHub: !hub.Empty(), GitHubFrom: hubFrom, Cloudflare: !cloud.Empty(), CloudflareFrom: cloudFrom,
		},
		GitHub: gh, Apps: gh, Logins: gh, Hooks: gh, Flakes: gh, Leaving: gh, Listing: gh,
		Cloud: cf, Buckets: cf, Domains: cf, R2Tokens: cf, ReadTokens: cf, Records: cf,
		Objects: s3.New(hc, e.R2S3), Resolver: names,
		Secrets: secrets, Rules: secrets, Host: host,
		Nix: nix.New(r.Dir.Root, exec), Git: git.New(r.Dir.Root, exec),
		Edge:      edge.New(hc, cmp.Or(e.CI, "https://"+c.CI.Domain)),
		CacheRead: nixcache.New(hc, cmp.Or(e.Cache, "https://"+c.Cache.Domain)),
		Builds:    master, Master: master,
		Sealed: func(path string) setup.SealedFile {
			return sops.New(sops.Options{Root: r.Dir.Root, File: r.Dir.Abs(path), Env: r.Env, Home: home})
		},
		Machine: func(dest string) setup.Machine {
			return ssh.New(ssh.Options{Argv: e.SSH, Dest: dest, Runner: exec, Lookup: names.Lookup, Recipient: age.HostRecipient})
		},
		Niks3:    niks3.New(onHost(r, hc, host, e.Niks3), cmp.Or(e.Niks3, "http://[::1]:5751")),
		Deployer: nix.Deployer{Runner: exec, Dir: r.Dir.Root},
		Pages:    pages, Asked: journal, Pending: state.NewPendingPages(r.Dir),
		Rand: rand.Reader, Now: time.Now,
	}
	return cli.Session{
		Steps: setup.Catalog(deps), Keep: secrets.Keep,
		Browser: person{Pages: pages, Browser: desktop}, Far: !desktop.Here(),
		Lacks: deps.Have.Lacks(), Repos: gh.Repos,
		Around: func(ctx context.Context) state.Around { return setup.Around(ctx, deps) },
		Judge:  func(ctx context.Context, key string) error { return setup.JudgeToken(ctx, deps, key) },
		More: cli.More{
			Repos:    func(ctx context.Context) state.RepoSights { return setup.Repositories(ctx, deps) },
			JoinRepo: func(ctx context.Context, name string) (state.Repo, error) { return setup.JoinRepo(ctx, deps, name) },
			Workers:  func(ctx context.Context) state.WorkerSights { return setup.Workers(ctx, deps) },
			Join:     func(ctx context.Context, j state.Joining) (state.Worker, error) { return setup.Join(ctx, deps, j) },
		},
		Revoke: func(ctx context.Context) error { return cf.Retire(ctx, c.Cache.R2.Account, steps.RealClock().Sleep) },
		Close:  func() { pages.Close(); _ = journal.Close() },
	}, nil
}

// watch makes the station of a host: where it is this machine its own services
// are asked, else everything goes through one connection of ssh. It opens
// nothing.
func watch(r cli.Request, w cli.Watching, o options) (cli.Station, error) {
	c, e := r.Config, r.Config.Endpoints
	exec, hc := runner.Exec{Children: o.children}, client(r, httpx.Options{Base: o.base, Attempts: once})
	clock := live.Clock{Now: time.Now, Sleep: steps.RealClock().Sleep}
	_, found := station.OnHost()
	here := found && w.Host == "" && len(e.SSH) == 0
	sealed := sops.New(sops.Options{Root: r.Dir.Root, File: r.Dir.Abs(cmp.Or(c.Paths.Secrets, "secrets.yaml")), Env: r.Env, Home: r.Env("HOME")})
	so := systemd.SourceOptions{Units: setup.Units(), Timers: []string{"niks3-gc.timer"}, Runner: exec}
	op := station.Options{
		Config: c, Web: cmp.Or(e.CI, "https://"+c.CI.Domain), Objects: s3.New(hc, e.R2S3),
		Facts:  station.Facts(r.Dir, c.Paths.Facts, here),
		Secret: station.Opener(sealed.Secret, here),
		Browse: browser.New(browser.Options{Command: r.Env("BROWSER"), Env: r.Env, Runner: exec}).Open,
		Ways: station.Ways{
			HTTP: hc, CloudflareAPI: e.CloudflareAPI, CacheURL: cmp.Or(e.Cache, "https://"+c.Cache.Domain), Certificates: e.CI == "",
			Builds: w.Builds, Clock: clock,
			GitHub: func(ctx context.Context, app state.AppAuth) live.Source {
				token, _ := githubToken(ctx, r, exec)
				gh := github.New(client(r, httpx.Options{Base: o.base, Remember: remembered, Attempts: once}), e.GitHubAPI, e.GitHubWeb, token)
				return github.NewSource(gh, github.SourceOptions{Repos: c.GitHub.Repos, Domain: c.CI.Domain, App: app, Clock: clock})
			},
		},
	}
	dial := (&net.Dialer{}).DialContext
	var host *systemd.Source
	if here {
		host = systemd.NewSource(so)
	} else {
		lo := ssh.Options{Argv: e.SSH, Dest: cmp.Or(w.Host, c.Host.SSH), Runner: exec, Lookup: dns.New(e.DNS).Lookup, Recipient: age.HostRecipient}
		if w.Asks {
			lo.Terminal = os.Stdin
		}
		master := ssh.NewMaster(lo)
		host, op.Host = ssh.NewSource(master, so), master.Host()
		op.Connect, op.Stands, op.Close = master.Connect, master.Stands, master.Close
		dial = func(ctx context.Context, _, addr string) (net.Conn, error) { return master.Host().Dial(ctx, addr) }
	}
	through := func(endpoint string) *http.Client {
		if endpoint != "" && w.Host == "" {
			return hc
		}
		return client(r, httpx.Options{Base: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}, Attempts: once})
	}
	op.Builds = buildbot.New(through(e.Buildbot), cmp.Or(e.Buildbot, "http://127.0.0.1:8010"))
	op.Cache = niks3.New(through(e.Niks3), cmp.Or(e.Niks3, "http://[::1]:5751"))
	op.Ways.Host, op.Journal = host, host.Journal
	return station.New(op), nil
}

// sshHosts lists the user's machines, where it is their ssh that is used.
func sshHosts(argv []string, home string) func() []string {
	if len(argv) > 0 {
		return nil
	}
	return func() []string { return ssh.Hosts(filepath.Join(home, ".ssh", "config")) }
}

// remembered is how many bytes of GitHub's answers are kept: one that is asked
// for again and is the same costs nothing of its limit.
const remembered = 4 << 20

// once is how often what is watched is asked: its supervisor asks again, and
// says meanwhile that it is down.
const once = 1

// client is the one way out over HTTP.
func client(r cli.Request, o httpx.Options) *http.Client {
	o.UserAgent = "nixwright/" + versionOf()
	if r.Log != nil {
		o.Log = func(l httpx.Line) {
			r.Log(fmt.Sprintf("%s %s %d %s %s", l.Method, l.URL, l.Status, l.Took.Round(time.Millisecond), l.RequestID))
		}
	}
	return httpx.New(o)
}

// onHost reaches a service on the host's loopback through ssh, so that it
// needs no open port; an endpoint that was set is reached as it is.
func onHost(r cli.Request, hc *http.Client, host *ssh.Host, endpoint string) *http.Client {
	if endpoint != "" {
		return hc
	}
	dial := func(ctx context.Context, _, addr string) (net.Conn, error) { return host.Dial(ctx, addr) }
	return client(r, httpx.Options{Base: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute}})
}

func githubToken(ctx context.Context, r cli.Request, exec runner.Runner) (token state.Secret, from string) {
	if v, ok := r.Tokens["github.token"]; ok {
		return v, "" // given for this directory, so for the host that it names
	}
	return github.SignedIn(ctx, r.Env, exec, r.Config.Endpoints.GitHubAPI)
}

func cloudflareToken(r cli.Request) (token state.Secret, from string) {
	if v, ok := r.Tokens["cloudflare.token"]; ok {
		return v, ""
	}
	return state.NewSecret(r.Env("CLOUDFLARE_API_TOKEN")), "CLOUDFLARE_API_TOKEN"
}

// person is how pages reach people: a listener on loopback and a browser.
type person struct {
	*browser.Pages
	*browser.Browser
}

// world starts the pretend world in a directory.
func world(ctx context.Context, r cli.WorldRequest, self string, o options) (cli.World, error) {
	w, err := fake.Start(ctx, r.Dir, r.Scenario, fake.Options{Exe: self, Wrap: o.wrap, Delay: o.delay, Open: openFile, Seal: sealFile})
	if err != nil {
		return cli.World{}, err
	}
	prepare := w.Prepare
	if r.Blank {
		prepare = w.PrepareBlank
	}
	err = prepare()
	if err == nil && o.edit != nil {
		err = w.Update(o.edit)
	}
	if err != nil {
		w.Close()
		return cli.World{}, err
	}
	return cli.World{Dir: r.Dir, Env: w.Env(), Endpoints: w.Endpoints(), Hints: w.Hints(), Close: w.Close, Live: alive(w)}, nil
}

// alive lets the pretend world live.
func alive(w *fake.World) func(context.Context, cli.Life) func(string) error {
	return func(ctx context.Context, l cli.Life) func(string) error {
		living := w.Live(fake.Life{Seed: l.Seed, Rate: l.Rate, Builders: l.Builders, Builds: l.Builds, Objects: l.Objects})
		go living.Run(ctx)
		if l.Faults {
			go living.Trouble(ctx)
		}
		return func(name string) error {
			if name == "" {
				living.Calm()
				return nil
			}
			return living.Fault(name)
		}
	}
}

// openFile decrypts a sops file for the pretend host, with the host's identity.
func openFile(path, identity string) (map[string]string, error) {
	ctx, f := context.Background(), sopsFile(path, identity)
	names, err := f.Names(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, n := range names {
		v, _, err := f.Secret(ctx, n)
		if err != nil {
			return nil, err
		}
		out[string(n)] = v.Reveal()
	}
	return out, nil
}

// sealFile writes the sops file of a scenario, by the rule beside it.
func sealFile(path string, _ []string, secrets []state.Sealed) error {
	return sopsFile(path, "").Keep(context.Background(), secrets...)
}

func sopsFile(path, identity string) *sops.File {
	root := filepath.Dir(path)
	for root != filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, ".sops.yaml")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	return sops.New(sops.Options{Root: root, File: path, Env: func(name string) string {
		if name == "SOPS_AGE_KEY" {
			return identity
		}
		return ""
	}})
}

// role runs this program as a part of the pretend world.
func role(ctx context.Context, args []string, s cli.Streams) int {
	switch {
	case len(args) >= 2 && args[0] == "ssh":
		return fake.RoleSSH(ctx, args[1], args[2:], s.Out, s.Err)
	case len(args) == 3 && args[0] == "deploy":
		return fake.RoleDeploy(ctx, args[1], args[2], s.Out, s.Err)
	case len(args) == 2 && args[0] == "browser":
		if err := fake.Person(ctx, &http.Client{Timeout: time.Minute}, args[1]); err != nil {
			_, _ = io.WriteString(s.Err, err.Error()+"\n")
			return 1
		}
		return 0
	}
	_, _ = io.WriteString(s.Err, "a part of the pretend world: not to be called by hand\n")
	return 2
}

var _ steps.Browser = person{}
