package setup

import (
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
