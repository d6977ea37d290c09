package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/shape"
)

// Who opens the secrets.
const (
	me      = "age1me"
	hostKey = "age1omnara1"
)

// sopsDouble is the sops file, its rule, and the identity of this machine.
type sopsDouble struct {
	*ground

	dir      state.Dir
	values   map[state.SecretName]state.Secret
	file     []string
	rule     []string
	others   []string
	identity string
	locked   error // CanOpen
}

func newSops(g *ground, dir state.Dir) *sopsDouble {
	return &sopsDouble{ground: g, dir: dir, values: map[state.SecretName]state.Secret{}}
}

func (s *sopsDouble) Secret(_ context.Context, name state.SecretName) (v state.Secret, found bool, err error) {
	err = s.look("Secret", func() { v, found = s.values[name] })
	return v, found, err
}

func (s *sopsDouble) Names(context.Context) (out []state.SecretName, err error) {
	err = s.look("Names", func() { out = slices.Sorted(maps.Keys(s.values)) })
	return out, err
}

func (s *sopsDouble) Keep(_ context.Context, all ...state.Sealed) error {
	return s.write("Keep", func() error {
		for _, one := range all {
			s.values[one.Name] = one.Value
		}
		if len(s.file) == 0 {
			s.file = slices.Clone(s.rule)
		}
		path := s.dir.Abs(s.dir.Paths.Secrets)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, fmt.Appendf(nil, "sealed: %d, %d\n", len(s.values), len(s.wrote)), 0o644)
	})
}

func (s *sopsDouble) Identity(context.Context) (i state.Identity, found bool, err error) {
	err = s.look("Identity", func() { i, found = state.Identity{Recipient: s.identity, Source: "keys.txt"}, s.identity != "" })
	return i, found, err
}

func (s *sopsDouble) CreateIdentity(context.Context) (i state.Identity, err error) {
	err = s.write("CreateIdentity", func() error {
		s.identity = me
		i = state.Identity{Recipient: me, Source: "keys.txt"}
		return nil
	})
	return i, err
}

func (s *sopsDouble) CanOpen(context.Context) error {
	var locked error
	if err := s.look("CanOpen", func() { locked = s.locked }); err != nil {
		return err
	}
	return locked
}

func (s *sopsDouble) Recipients(context.Context) (r state.Recipients, err error) {
	err = s.look("Recipients", func() {
		r = state.Recipients{File: slices.Clone(s.file), Rule: slices.Clone(s.rule), Others: slices.Clone(s.others)}
	})
	return r, err
}

func (s *sopsDouble) AddRule(_ context.Context, all []string) error {
	return s.write("AddRule", func() error {
		for _, r := range all {
			if r == "" {
				return errors.New(`add creation rule: "" is not an age recipient`)
			}
			if !slices.Contains(s.rule, r) {
				s.rule = append(s.rule, r)
			}
		}
		return nil
	})
}

func (s *sopsDouble) UpdateKeys(context.Context) error {
	return s.write("UpdateKeys", func() error { s.file = slices.Clone(s.rule); return nil })
}

// hostDouble is the machine, seen over ssh, with the Nix and git of this one.
type hostDouble struct {
	*ground

	dir      state.Dir
	offline  bool
	self     state.Host
	addrs    []netip.Addr
	applied  string
	units    map[string]state.Unit
	timer    state.Timer
	deployed []state.SecretName
	inputs   state.Inputs
	nix      state.NixLook // less what inputs say
	release  string
	way      state.Way
	logs     map[string]string // last errors by unit
	pinned   []string
	sees     func() // before units are read
	deploys  string // what is applied, in place of these files
	exits    error  // of the deploy command, once it has deployed
	noNix    bool
	here     state.GitHere
	parsed   []string
	tracked  []string
}

func newHost(g *ground, dir state.Dir) *hostDouble {
	return &hostDouble{
		ground: g, dir: dir, self: state.Host{Recipient: hostKey, Threads: 12}, addrs: []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("2001:db8::9")},
		units: map[string]state.Unit{}, inputs: state.Inputs{Kind: "flake", Have: []string{"nixpkgs", "buildbot-nix", "niks3", "sops-nix"}},
	}
}

// ssh looks at the machine over the network.
func (h *hostDouble) ssh(method string, see func()) error {
	return errors.Join(h.look(method, see), h.down())
}

func (h *hostDouble) down() error {
	if h.offline {
		return call(state.ErrOffline)
	}
	return nil
}

func (h *hostDouble) Describe(context.Context) (d state.Host, err error) {
	if err := h.ssh("Describe", func() { d = h.self }); err != nil {
		return state.Host{}, err
	}
	return d, nil
}

func (h *hostDouble) Addresses(context.Context) (a []netip.Addr, err error) {
	err = h.look("Addresses", func() { a = slices.Clone(h.addrs) })
	return a, err
}

func (h *hostDouble) Applied(context.Context) (d state.Deployment, found bool, err error) {
	if err := h.ssh("Applied", func() { d, found = state.Deployment{Hash: h.applied}, h.applied != "" }); err != nil {
		return state.Deployment{}, false, err
	}
	return d, found, nil
}

func (h *hostDouble) Units(_ context.Context, names ...string) (out []state.Unit, err error) {
	err = h.ssh("Units", func() {
		if h.sees != nil {
			h.sees()
		}
		for _, n := range names {
			u, found := h.units[n]
			if !found {
				u = state.Unit{Name: n, Load: "not-found", Active: "inactive"}
			}
			out = append(out, u)
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (h *hostDouble) Timer(context.Context, string) (t state.Timer, err error) {
	err = h.ssh("Timer", func() { t = h.timer })
	return t, err
}

func (h *hostDouble) Deployed(context.Context) (n []state.SecretName, err error) {
	if err := h.ssh("Deployed", func() { n = slices.Clone(h.deployed) }); err != nil {
		return nil, err
	}
	return n, nil
}

func (h *hostDouble) Inputs(context.Context) (i state.Inputs, err error) {
	err = h.look("Inputs", func() { i = h.inputs })
	return i, err
}

// Host is what the inputs say, and the rest as the test has it; once flake.nix
// is what it would be, nothing lacks.
func (h *hostDouble) Host(_ context.Context, want state.NixHost) (l state.NixLook, err error) {
	err = h.look("Host", func() {
		l = h.nix
		l.Inputs = h.inputs
		text, _, _ := h.dir.Read("flake.nix")
		for _, in := range want.Inputs {
			switch {
			case slices.Contains(h.inputs.Have, in.Name), text != "" && text == h.nix.Flake:
			case h.inputs.Kind == "flake":
				l.Lacks = append(l.Lacks, in.Name)
			default:
				l.Lacks = append(l.Lacks, in.Name)
				l.Commands = append(l.Commands, []string{"npins", "add", "github", in.Owner, in.Name})
			}
		}
		if text != "" && text == h.nix.Flake {
			l.Flake, l.Adds, l.Imports, l.Why = "", nil, nil, ""
		}
	})
	return l, err
}

func (h *hostDouble) Pin(_ context.Context, argv []string, line func(string)) error {
	return h.write("Pin", func() error {
		line("[INFO ] fetching")
		h.pinned = append(h.pinned, strings.Join(argv, " "))
		h.inputs.Have = append(h.inputs.Have, argv[4])
		return nil
	})
}

func (h *hostDouble) Release() string { return h.release }

func (h *hostDouble) Way(context.Context) (w state.Way, err error) {
	err = h.look("Way", func() {
		if w = h.way; w.Host == "" {
			w = state.Way{User: "root", Host: "omnara1"}
		}
	})
	return w, err
}

func (h *hostDouble) LastError(_ context.Context, unit string) (says string, err error) {
	err = h.ssh("LastError", func() { says = h.logs[unit] })
	return says, err
}

func (h *hostDouble) Parse(_ context.Context, paths ...string) (ran bool, err error) {
	err = h.look("Parse", func() { h.parsed = append(h.parsed, paths...) })
	return !h.noNix, err
}

func (h *hostDouble) Here(context.Context) (g state.GitHere, found bool, err error) {
	err = h.look("Here", func() { g, found = h.here, h.here.Root != "" })
	return g, found, err
}

func (h *hostDouble) IntentToAdd(_ context.Context, paths ...string) error {
	return h.write("IntentToAdd", func() error { h.tracked = append(h.tracked, paths...); return nil })
}

// deployer brings the host to what the files say, and the CI up on it.
type deployer struct{ *lab }

func (d deployer) Deploy(_ context.Context, argv []string, line func(string)) error {
	return d.write("Deploy", func() error {
		line(fmt.Sprint("running ", argv))
		hash, _, err := d.deps().filesHash()
		if d.host.deploys != "" {
			hash = d.host.deploys
		}
		d.host.applied, d.host.deployed = hash, slices.Sorted(maps.Keys(d.sops.values))
		for _, n := range units {
			d.host.units[n] = state.Unit{Name: n, Load: "loaded", Active: "active", Sub: "running"}
		}
		now := d.clock.Now()
		d.host.timer = state.Timer{Unit: state.Unit{Name: "niks3-gc.timer", Active: "active", Sub: "waiting"}, Next: now.Add(time.Hour)}
		d.hooksUp()
		ids, _ := shape.ParseIdentities(d.sops.values[shape.IdentitiesName])
		public, _ := shape.PublicKey(d.sops.values[shape.SigningKeyName])
		d.edge.up(d.conf, ids.Logins["proxy"].ClientID, d.sops.values[webhookSecret], public)
		return errors.Join(err, d.host.exits)
	})
}

// hooksUp is what buildbot-nix does when it loads its projects.
func (d deployer) hooksUp() {
	for name, r := range d.hub.repos {
		if len(d.hub.hooks[name]) == 0 {
			d.hub.hooks[name] = []state.Hook{{ID: r.ID, URL: "https://" + d.conf.CI.Domain + repoHookPath, Active: true, Events: []string{"push", "pull_request"}}}
		}
	}
}

// pagesDouble knows the page's address.
type pagesDouble struct{ *lab }

func (pagesDouble) Callback() string           { return "http://localhost:8765/" }
func (pagesDouble) Address(file string) string { return "file://" + file }

// Asked implements Asked.
func (l *lab) Asked(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[name]
}

// Asking implements Asked.
func (l *lab) Asking(name string) error {
	return l.write("Asking", func() error { l.asked[name] = true; return nil })
}

// open are the pages that are not too old.
func (l *lab) open(now time.Time) []state.Pending {
	return slices.DeleteFunc(slices.Clone(l.pages), func(p state.Pending) bool { return now.Sub(p.At) > state.PendingLimit })
}

// Find implements Pending.
func (l *lab) Find(step, digest string, now time.Time) (p state.Pending, found bool, err error) {
	err = l.ground.look("Find", func() {
		all := l.open(now)
		if i := slices.IndexFunc(all, func(p state.Pending) bool { return p.Step == step && p.Digest == digest }); i >= 0 {
			p, found = all[i], true
		}
	})
	return p, found, err
}

// Owner implements Pending.
func (l *lab) Owner(pageState string, now time.Time) (step string, found bool, err error) {
	err = l.ground.look("Owner", func() {
		all := l.open(now)
		if i := slices.IndexFunc(all, func(p state.Pending) bool { return p.State == pageState }); i >= 0 {
			step, found = all[i].Step, true
		}
	})
	return step, found, err
}

// Add implements Pending.
func (l *lab) Add(p state.Pending) error {
	return l.write("Add", func() error { l.pages = append(l.pages, p); return nil })
}

// Use implements Pending.
func (l *lab) Use(pageState string, now time.Time) error {
	return l.write("Use", func() error {
		l.pages = slices.DeleteFunc(l.open(now), func(p state.Pending) bool { return p.State == pageState })
		return nil
	})
}
