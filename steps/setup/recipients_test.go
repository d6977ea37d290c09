package setup

import (
	"slices"
	"testing"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

// ruled is a world with an identity, a rule for it and the host, and a file.
func ruled(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.sops.identity, l.sops.rule, l.sops.file = me, []string{me, hostKey}, []string{me, hostKey}
	return l
}

func TestRecipientsFinds(t *testing.T) {
	sights(t, "recipients", ruled, []sight{
		{"all well", func(*lab) {}, steps.Ready, "", "2 recipients, omnara1 included"},
		{"nothing at all", func(l *lab) { l.sops.identity, l.sops.rule, l.sops.file = "", nil, nil }, steps.Missing, "", "create an age identity, where sops looks for it\nadd a rule"},
		{"the rule lacks the host", func(l *lab) { l.sops.rule = []string{me} }, steps.Missing, "", "add a rule for nixos/omnara1/secrets.yaml to .sops.yaml, for you and omnara1"},
		{"the rule lacks me", func(l *lab) { l.sops.rule = []string{hostKey} }, steps.Missing, "", "add a rule"},
		{"no rule", func(l *lab) { l.sops.rule = nil }, steps.Missing, "", "add a rule"},
		{"PGP opens the file", func(l *lab) {
			l.sops.identity, l.sops.rule, l.sops.others = "", []string{hostKey}, []string{"pgp:FBC7"}
		}, steps.Ready, "", "1 recipients"},
		{"host offline, no file", func(l *lab) { l.host.offline, l.sops.file = true, nil }, steps.Blocked, "F35", "set host.recipient"},
		{"host offline, with a file", func(l *lab) { l.host.offline = true }, steps.Ready, "F35", "not checked whether the host can open"},
		{"host offline, its recipient configured", func(l *lab) { l.host.offline, l.sops.file, l.conf.Host.Recipient = true, nil, hostKey }, steps.Ready, "", ""},
		{"a configured recipient wins", func(l *lab) { l.conf.Host.Recipient = "age1other" }, steps.Missing, "", "add a rule"},
	})
	t.Run("an identity that does not open the file", func(t *testing.T) {
		l := ruled(t)
		l.sops.locked = state.Problem{What: "open it", Why: "no key fits", Fix: "bring one"}
		if _, err := l.look(t, "recipients"); err == nil {
			t.Error("passed over")
		}
	})
}

func TestAnIdentityIsMadeOnlyWithAYes(t *testing.T) {
	t.Run("a person says yes", func(t *testing.T) {
		l := newLab(t)
		r := l.setup(t, "recipients")
		if row, _ := r.Row("recipients"); row.Status() != steps.Ready || len(l.asks) != 1 || l.asks[0].Key != "secrets.create_identity" {
			t.Errorf("asked %v\n%s", l.asks, said(r))
		}
		if !slices.Equal(l.sops.rule, []string{me, hostKey}) {
			t.Errorf("rule %v", l.sops.rule)
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		l := newLab(t)
		l.person = false
		r := l.setup(t)
		if row, _ := r.Row("recipients"); row.Status() != steps.Waiting || row.Question == nil || len(l.sops.rule) > 0 || l.sops.identity != "" {
			t.Errorf("wrote %v\n%s", l.wrote, said(r))
		}
		if len(l.sops.values) > 0 {
			t.Error("sealed without a recipient")
		}
	})
	t.Run("the file says yes", func(t *testing.T) {
		l := newLab(t)
		l.person, l.conf.Secrets.CreateIdentity = false, true
		r := l.setup(t, "recipients")
		if row, _ := r.Row("recipients"); row.Status() != steps.Ready {
			t.Error(said(r))
		}
	})
}

func TestWhoOpensWithPGPIsMadeNoIdentity(t *testing.T) {
	l := newLab(t)
	l.sops.others, l.sops.file = []string{"pgp:FBC7"}, nil
	r := l.setup(t, "recipients")
	if row, _ := r.Row("recipients"); row.Status() != steps.Ready || l.sops.identity != "" || len(l.asks) > 0 || !slices.Equal(l.sops.rule, []string{hostKey}) {
		t.Errorf("identity %q, rule %v, asked %v\n%s", l.sops.identity, l.sops.rule, l.asks, said(r))
	}
}

func TestAnOfflineHostKeepsNobodyOut(t *testing.T) {
	l := ruled(t)
	l.host.offline, l.sops.rule = true, []string{hostKey}
	r := l.setup(t, "recipients")
	if row, _ := r.Row("recipients"); row.Status() != steps.Ready || !slices.Equal(l.sops.rule, []string{hostKey, me}) {
		t.Errorf("rule %v\n%s", l.sops.rule, said(r))
	}
}
