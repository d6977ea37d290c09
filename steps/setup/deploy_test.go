package setup

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

func TestDNSFinds(t *testing.T) {
	elsewhere := netip.MustParseAddr("198.51.100.1")
	zone := []state.Zone{{ID: "z9", Name: "example.org", Account: account, Type: "full"}}
	sights(t, "dns", deployed, []sight{
		{"leads here", func(*lab) {}, steps.Ready, "", "ci.phlip9.com leads to omnara1"},
		{"somebody else's record does", func(l *lab) { l.cloud.records, l.cloud.resolved = nil, l.host.addrs[:1] }, steps.Ready, "", ""},
		{"no record", func(l *lab) { l.cloud.records = nil }, steps.Missing, "", "create A record ci.phlip9.com to 203.0.113.9\ncreate AAAA record ci.phlip9.com to 2001:db8::9"},
		{"not seen yet", func(l *lab) { l.cloud.hidden = 9 }, steps.Waiting, "", "name servers do not show it yet"},
		{"one of two records", func(l *lab) { l.cloud.hidden, l.cloud.records = 9, l.cloud.records[:1] }, steps.Missing, "", "create AAAA record"},
		{"one here and one elsewhere", func(l *lab) {
			l.cloud.hidden = 9
			l.cloud.records[1].Addr = elsewhere
		}, steps.Waiting, "", "name servers do not show it yet"},
		{"proxied", func(l *lab) {
			l.cloud.hidden, l.cloud.resolved = 9, []netip.Addr{elsewhere}
			l.cloud.records = []state.DNSRecord{{Name: "ci.phlip9.com", Addr: l.host.addrs[0], Proxied: true}}
		}, steps.Ready, "", "through Cloudflare"},
		{"a record elsewhere", func(l *lab) { l.cloud.records = []state.DNSRecord{{Name: "ci.phlip9.com", Addr: elsewhere}} }, steps.Blocked, "F40", "does not lead to omnara1"},
		{"elsewhere by an alias", func(l *lab) { l.cloud.records, l.cloud.resolved = nil, []netip.Addr{elsewhere} }, steps.Blocked, "F40", "does not lead to omnara1"},
		{"a record for another name", func(l *lab) { l.cloud.records = []state.DNSRecord{{Name: "phlip9.com", Addr: elsewhere}} }, steps.Missing, "", "create A record"},
		{"another's zone", func(l *lab) { l.cloud.records, l.known = nil, state.With(l.known, state.FactZones, zone) }, steps.Blocked, "F40", "point its A and AAAA records at omnara1"},
		{"a private host and no record", func(l *lab) { l.cloud.records, l.host.addrs = nil, []netip.Addr{netip.MustParseAddr("10.0.0.9")} }, steps.Blocked, "F40", "public address"},
		{"a private host and an address", func(l *lab) { l.host.addrs = []netip.Addr{netip.MustParseAddr("100.64.0.9")} }, steps.Ready, "", "not checked whether ci.phlip9.com leads to omnara1"},
		{"public and private", func(l *lab) {
			l.cloud.records, l.host.addrs = nil, append([]netip.Addr{netip.MustParseAddr("fd00::9")}, l.host.addrs[0])
		}, steps.Missing, "", "create A record ci.phlip9.com to 203.0.113.9"},
		{"host without address", func(l *lab) { l.host.addrs = nil }, steps.Blocked, "", "the address of omnara1 is not known"},
	})
}

func TestPowerCutOverDNS(t *testing.T) {
	stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
		t.Helper()
		l := ruled(t)
		l.cloud.hidden = 3
		return l.story(t, "dns"), func(t *testing.T, r steps.Report) {
			t.Helper()
			l.allReady(t, r, "dns")
			if len(l.cloud.records) != 2 {
				t.Errorf("records %v", l.cloud.records)
			}
		}
	})
}

func TestARecordThatSomebodyMadeMeanwhileIsTaken(t *testing.T) {
	l := ruled(t)
	l.setup(t, "preflight")
	l.fail["CreateAddressRecord"] = call(state.ErrExists)
	if err := (dns{l.deps()}).Apply(t.Context(), l.known, steps.Finding{}, nil); err != nil {
		t.Error(err)
	}
}

func TestDeployFinds(t *testing.T) {
	byHand := func(l *lab) { l.conf.Deploy.Command = nil }
	older := func(l *lab) { l.host.applied = "0000" }
	unit := func(active string) func(*lab) {
		return func(l *lab) {
			l.host.units["niks3.service"] = state.Unit{Name: "niks3.service", Active: active, Result: "exit-code"}
		}
	}
	sights(t, "deploy", deployed, []sight{
		{"runs these files", func(*lab) {}, steps.Ready, "", "omnara1 runs these files, 7 units up"},
		{"files changed", func(l *lab) { l.edits(l.conf.Paths.Secrets, "sealed", "other") }, steps.Missing, "", "run deploy it"},
		{"older", older, steps.Missing, "", "run deploy it"},
		{"never", func(l *lab) { l.host.applied = "" }, steps.Missing, "", "run deploy it"},
		{"offline, a command", func(l *lab) { l.host.offline = true }, steps.Missing, "", "run deploy it"},
		{"older, by hand", func(l *lab) { byHand(l); older(l) }, steps.Waiting, "", "the host runs an older state\ncommit, then deploy: nixos-rebuild switch --flake .#omnara1 --target-host root@omnara1"},
		{"never, by hand", func(l *lab) { byHand(l); l.host.applied = "" }, steps.Waiting, "", "not deployed"},
		{"offline, by hand", func(l *lab) { byHand(l); l.host.offline = true }, steps.Waiting, "", "omnara1 does not answer"},
		{"offline in the middle", func(l *lab) { l.fail["Units"] = call(state.ErrOffline) }, steps.Waiting, "", "omnara1 does not answer"},
		{"a unit failed", unit("failed"), steps.Blocked, "F48", "niks3.service failed: exit-code"},
		{"its last error", func(l *lab) {
			unit("failed")(l)
			l.host.logs = map[string]string{"niks3.service": "FATAL: no such bucket"}
		}, steps.Blocked, "F48", "exit-code: FATAL: no such bucket"},
		{"a log that is not for us", func(l *lab) { unit("failed")(l); l.fail["LastError"] = call(state.ErrDenied) }, steps.Blocked, "F48", "group systemd-journal may"},
		{"a log that is not read", func(l *lab) { unit("failed")(l); l.fail["LastError"] = call(state.ErrService) }, steps.Blocked, "F48", "could not be read"},
		{"it starts and fails in turn", func(l *lab) {
			l.host.units["niks3.service"] = state.Unit{Name: "niks3.service", Load: "loaded", Active: "activating", Sub: "auto-restart", Result: "exit-code", Restarts: 7}
		}, steps.Blocked, "F48", "niks3.service failed: exit-code, restarted 5 times or more"},
		{"it restarted once", func(l *lab) {
			l.host.units["niks3.service"] = state.Unit{Name: "niks3.service", Load: "loaded", Active: "activating", Sub: "auto-restart", Restarts: 1}
		}, steps.Waiting, "", "niks3.service activating"},
		{"a unit is not there", func(l *lab) { delete(l.host.units, "niks3.service") }, steps.Waiting, "", "niks3.service is not there"},
		{"a unit starts", unit("activating"), steps.Waiting, "", "niks3.service activating"},
	})
	t.Run("nothing written", func(t *testing.T) {
		l := ruled(t)
		l.host.applied = "0000"
		if f, err := l.look(t, "deploy"); err != nil || f.Status != steps.Missing {
			t.Errorf("%v: %s", err, everything(f))
		}
	})
	t.Run("it does not answer as it should", func(t *testing.T) {
		l := done(t)
		l.fail["Applied"] = call(state.ErrService)
		if f, err := l.look(t, "deploy"); err == nil {
			t.Errorf("found %s", everything(f))
		}
	})
}

func TestDeployRunsTheCommandAfterEverythingElse(t *testing.T) {
	l := newLab(t)
	l.setup(t)
	i := slices.Index(l.wrote, "Deploy")
	for _, before := range []string{"Keep", "IntentToAdd", "SetTopics", "CreateAddressRecord"} {
		if i < 0 || slices.Contains(l.wrote[i:], before) {
			t.Errorf("%s came after the deployment: %v", before, l.wrote)
		}
	}
	if !slices.ContainsFunc(l.events, func(e steps.Event) bool { return e.Step == "deploy" && strings.Contains(e.Text, "running [deploy it]") }) {
		t.Error("its output is not told")
	}
}

func TestADeploymentThatFails(t *testing.T) {
	l := newLab(t)
	l.fail["Deploy"] = call(state.ErrService)
	r := l.setup(t)
	if status(r, "deploy") != steps.Failed || status(r, "check-gc") != steps.Waiting {
		t.Error(said(r))
	}
}

func TestUnitsAreWaitedFor(t *testing.T) {
	l := done(t)
	l.host.units["niks3.service"] = state.Unit{Name: "niks3.service", Active: "activating"}
	begin := l.clock.Now()
	if r := l.setup(t); status(r, "deploy") != steps.Waiting || l.clock.Now().Sub(begin) < 10*time.Minute {
		t.Errorf("after %s\n%s", l.clock.Now().Sub(begin), said(r))
	}
}

// A unit that is up whenever it is looked at, and restarts meanwhile, is none.
func TestAUnitThatFlaps(t *testing.T) {
	l := done(t)
	l.host.units["niks3.service"] = state.Unit{Name: "niks3.service", Load: "loaded", Active: "activating"}
	l.host.logs = map[string]string{"oauth2-proxy.service": "invalid cookie secret"}
	looks := 0
	l.host.sees = func() {
		looks++
		l.host.units["oauth2-proxy.service"] = state.Unit{Name: "oauth2-proxy.service", Load: "loaded", Active: "active", Result: "exit-code", Restarts: 40 + looks}
	}
	r := l.setup(t)
	row, _ := r.Row("deploy")
	if row.Status() != steps.Blocked || !strings.Contains(everything(row.Finding), "oauth2-proxy.service failed: exit-code, restarted 20 times or more: invalid cookie secret") {
		t.Errorf("after %d looks\n%s", looks, said(r))
	}
}

// One that restarted right after the deployment has to stay up for a while.
func TestAUnitThatRestartedAfterTheDeployment(t *testing.T) {
	l := newLab(t)
	l.host.sees = func() {
		if u, found := l.host.units["niks3.service"]; found {
			u.Restarts = 2
			l.host.units["niks3.service"] = u
		}
	}
	begin := l.clock.Now()
	if r := l.setup(t); status(r, "deploy") != steps.Ready || l.clock.Now().Sub(begin) < calm {
		t.Errorf("after %s\n%s", l.clock.Now().Sub(begin), said(r))
	}
}

// A command that ends and leaves another state on the host is not run twice;
// it may only have asked for a deployment, so the host is watched for a while.
func TestAnotherStateIsDeployed(t *testing.T) {
	l := newLab(t)
	l.host.deploys = "0000"
	begin := l.clock.Now()
	r := l.setup(t)
	row, _ := r.Row("deploy")
	n := len(slices.DeleteFunc(slices.Clone(l.wrote), func(w string) bool { return w != "Deploy" }))
	if took := l.clock.Now().Sub(begin); row.Status() != steps.Waiting || n != 1 || took < settles || took > 3*settles || !strings.Contains(row.Finding.Text, "another state") {
		t.Errorf("deployed %d times, after %s\n%s", n, took, said(r))
	}
}

// Where the command says that it failed, but the host runs these files, the
// unit that failed is told, and not the command.
func TestACommandThatFailsForAUnit(t *testing.T) {
	l := newLab(t)
	l.host.logs = map[string]string{"nginx.service": "[emerg] no certificate"}
	l.host.exits = state.Problem{ID: "F48", What: "the deploy command ended with 4", Why: "units failed", Fix: "mend it"}
	l.host.sees = func() {
		if _, found := l.host.units["nginx.service"]; found {
			l.host.units["nginx.service"] = state.Unit{Name: "nginx.service", Load: "loaded", Active: "failed", Result: "exit-code"}
		}
	}
	r := l.setup(t)
	row, _ := r.Row("deploy")
	if row.Status() != steps.Blocked || len(row.Finding.Problems) != 1 || row.Finding.Problems[0].Why != "[emerg] no certificate" {
		t.Error(said(r))
	}
	if !slices.ContainsFunc(l.events, func(e steps.Event) bool { return strings.Contains(e.Text, "ended with 4") }) {
		t.Error("how the command ended is not told")
	}
}

func TestTheCommandThatFits(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(t *testing.T, l *lab)
		want string
	}{
		"a flake, root": {func(*testing.T, *lab) {}, "nixos-rebuild switch --flake .#omnara1 --target-host root@omnara1"},
		"another user":  {func(_ *testing.T, l *lab) { l.host.way = state.Way{User: "phlip9", Host: "omnara1"} }, "nixos-rebuild switch --flake .#omnara1 --target-host phlip9@omnara1 --use-remote-sudo"},
		"a new system": {func(_ *testing.T, l *lab) {
			l.host.way, l.host.release = state.Way{User: "phlip9", Host: "omnara1"}, "25.11"
		}, "--target-host phlip9@omnara1 --sudo"},
		"an older system": {func(_ *testing.T, l *lab) {
			l.host.way, l.host.release = state.Way{User: "phlip9", Host: "omnara1"}, "25.05"
		}, "--use-remote-sudo"},
		"a port": {func(_ *testing.T, l *lab) { l.host.way = state.Way{User: "root", Host: "omnara1", Port: "2222"} }, "NIX_SSHOPTS='-p 2222' nixos-rebuild switch --flake .#omnara1 --target-host root@omnara1"},
		"here":   {func(_ *testing.T, l *lab) { l.host.way = state.Way{User: "phlip9", Host: "omnara1", Local: true} }, "sudo nixos-rebuild switch --flake .#omnara1"},
		"here, new": {func(_ *testing.T, l *lab) {
			l.host.way, l.host.release = state.Way{Host: "omnara1", Local: true}, "26.05"
		}, "nixos-rebuild switch --flake .#omnara1 --sudo"},
		"no way is known": {func(_ *testing.T, l *lab) {
			l.fail["Way"], l.conf.Host.SSH = call(state.ErrOffline), "ssh://ci@[2001:db8::9]:2222"
		}, "NIX_SSHOPTS='-p 2222' nixos-rebuild switch --flake .#omnara1 --target-host ci@2001:db8::9 --use-remote-sudo"},
		"npins": {func(t *testing.T, l *lab) {
			t.Helper()
			l.host.inputs = state.Inputs{Kind: "npins"}
			if err := l.dir.Write("nixos/omnara1/configuration.nix", "{ }"); err != nil {
				t.Fatal(err)
			}
		}, "nixos-rebuild switch -I nixos-config=./nixos/omnara1/configuration.nix --target-host root@omnara1"},
		"npins and no file": {func(_ *testing.T, l *lab) { l.host.inputs = state.Inputs{Kind: "npins"} }, "nixos-rebuild switch -f ./default.nix -A nixosConfigurations.omnara1 --target-host root@omnara1"},
		"an odd name":       {func(_ *testing.T, l *lab) { l.conf.Host.Name = "a'b c" }, `'.#a'\''b c'`},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.conf.Deploy.Command = nil
			tt.set(t, l)
			got := (&deploy{Deps: l.deps()}).fitting(t.Context())
			if name == "a flake, root" && got != tt.want || !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A log that is told slowly does not hold the command up; what is left out is
// counted, and the end is there.
func TestALongLogOfADeployment(t *testing.T) {
	slow := &slowEar{gate: make(chan struct{})}
	tell, end := newDeployLog(slow)
	const many = 5000
	tell("these 3 derivations will be built:")
	for i := range many {
		tell(fmt.Sprintf("\x1b[1mline %d\x1b[0m token=ghp_abcdefghijklmnop", i))
	}
	tell("building '/nix/store/x.drv'...")
	tell("copying path '/nix/store/y' from 'https://cache.nixos.org'...")
	close(slow.gate)
	end()
	text := slow.text.String()
	if n := strings.Count(text, "\n"); n > 2*logWaits+10 || !strings.Contains(text, " lines left out\n") || !strings.Contains(text, fmt.Sprintf("line %d", many-1)) {
		t.Errorf("%d lines", n)
	}
	if strings.Contains(text, "ghp_") || strings.Contains(text, "\x1b") {
		t.Error("they are not cleaned")
	}
	l := &deployLog{out: slow}
	slow.done, slow.total = 0, 0
	for _, line := range []string{"these 3 derivations will be built:", "  /nix/store/x.drv", "this path will be fetched (1.0 MiB download)", "building '/nix/store/x.drv'...", "copying path '/nix/store/y' from 'x'..."} {
		l.say(line)
	}
	if slow.done != 2 || slow.total != 4 {
		t.Errorf("%d of %d", slow.done, slow.total)
	}
}

// slowEar hears nothing before its gate is open.
type slowEar struct {
	ear

	gate        chan struct{}
	done, total int64
}

func (e *slowEar) Logf(format string, a ...any) {
	<-e.gate
	e.ear.Logf(format, a...)
}

func (e *slowEar) Progress(done, total int64) { e.done, e.total = done, total }
