package setup

import (
	"slices"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
)

func TestPreflightFinds(t *testing.T) {
	without := func(all []string, name string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == name })
	}
	zone := func(l *lab, change func(*state.Zone)) { change(&l.cloud.zones[0]) }
	repo := func(l *lab, change func(*state.Repo)) {
		r := l.hub.repos["phlip9/lexe"]
		change(&r)
		l.hub.repos["phlip9/lexe"] = r
	}
	another := state.Account{ID: otherAccount, Name: "work"}
	sights(t, "preflight", fresh, []sight{
		{"all well", func(*lab) {}, steps.Ready, "", "GitHub as phlip9, Cloudflare account phlip9"},
		{"a fine-grained token tells no scopes", func(l *lab) { l.hub.user.Classic, l.hub.user.Scopes = false, nil }, steps.Ready, "", ""},
		{"no scope", func(l *lab) { l.hub.user.Scopes = []string{"gist"} }, steps.Blocked, "", "lacks the scope repo"},
		{"a group is missing", func(l *lab) { l.cloud.token.Groups = without(l.cloud.token.Groups, "Zone Read") }, steps.Blocked, "", "lacks Zone Read\n"},
		{"groups of an account's token", func(l *lab) { l.cloud.token.Account = true }, steps.Blocked, "", "lacks Account API Tokens Write\n"},
		{"groups cannot be read", func(l *lab) { l.cloud.token.Known, l.cloud.token.Groups = false, nil }, steps.Blocked, "", "lacks API Tokens Write\n"},
		{"token switched off", func(l *lab) { l.cloud.token.Status = "disabled" }, steps.Blocked, "", "the Cloudflare token is disabled"},
		{"several accounts", func(l *lab) { l.cloud.accounts = append(l.cloud.accounts, another) }, steps.Blocked, "", "sees several accounts: the bucket can be in one only: " + account},
		{"one of several", func(l *lab) {
			l.cloud.accounts, l.conf.Cache.R2.Account = append(l.cloud.accounts, another), account
		}, steps.Ready, "", "account phlip9"},
		{"another account", func(l *lab) { l.conf.Cache.R2.Account = otherAccount }, steps.Blocked, "", "does not see the account " + otherAccount},
		{"another account, which refuses the token", func(l *lab) {
			l.conf.Cache.R2.Account, l.fail["Token"] = otherAccount, call(state.ErrUnauthorized)
		}, steps.Blocked, "", "does not see the account " + otherAccount},
		{"no account", func(l *lab) { l.cloud.accounts = nil }, steps.Blocked, "", "sees no account"},
		{"accounts may not be listed", func(l *lab) { l.fail["Accounts"] = call(state.ErrDenied) }, steps.Blocked, "", "sees no account"},
		{"no zone", func(l *lab) { l.cloud.zones = nil }, steps.Blocked, "F23", "no zone of this token holds cache.phlip9.com"},
		{"a zone that only ends alike", func(l *lab) { zone(l, func(z *state.Zone) { z.Name = "lip9.com" }) }, steps.Blocked, "F23", "no zone"},
		{"zones may not be listed", func(l *lab) { l.fail["Zones"] = call(state.ErrDenied) }, steps.Blocked, "F23", "no zone"},
		{"zone elsewhere", func(l *lab) { zone(l, func(z *state.Zone) { z.Account = otherAccount }) }, steps.Blocked, "F23", "is in another account: it is in " + otherAccount},
		{"the longest zone counts", func(l *lab) {
			l.cloud.zones = append(l.cloud.zones, state.Zone{ID: "z2", Name: "cache.phlip9.com", Account: otherAccount, Type: "full"})
		}, steps.Blocked, "F23", "the zone cache.phlip9.com is in another account"},
		{"archived", func(l *lab) { repo(l, func(r *state.Repo) { r.Archived, r.Admin = true, false }) }, steps.Blocked, "", "phlip9/lexe is archived"},
		{"not there", func(l *lab) { delete(l.hub.repos, "phlip9/lexe") }, steps.Blocked, "", "there is no repository phlip9/lexe"},
		{"not ours to administer", func(l *lab) { repo(l, func(r *state.Repo) { r.Admin = false }) }, steps.Blocked, "", "phlip9 may not administer phlip9/lexe"},
		{"clock ahead of GitHub's", func(l *lab) { l.hub.user.Clock = l.clock.Now().Add(-61 * time.Second) }, steps.Blocked, "F14", "off by 1m1s"},
		{"clock behind Cloudflare's", func(l *lab) { l.cloud.token.Clock = l.clock.Now().Add(2 * time.Minute) }, steps.Blocked, "F14", "off by 2m0s"},
		{"a minute is well", func(l *lab) { l.hub.user.Clock = l.clock.Now().Add(time.Minute) }, steps.Ready, "", ""},
	})
}

func TestPreflightTellsEverythingAtOnce(t *testing.T) {
	t.Run("no tokens", func(t *testing.T) {
		l := newLab(t)
		l.have = Credentials{}
		f, err := l.look(t, "preflight")
		if err != nil || f.Status != steps.Blocked || len(f.Problems) != 2 || f.Problems[0].URL == "" || f.Problems[1].URL == "" {
			t.Errorf("%v: %s", err, everything(f))
		}
	})
	t.Run("all wrong", func(t *testing.T) {
		l := newLab(t)
		l.hub.user.Scopes = nil
		delete(l.hub.repos, "phlip9/dotfiles")
		l.hub.repos["phlip9/lexe"] = state.Repo{Name: "phlip9/lexe"}
		l.cloud.token.Groups = l.cloud.token.Groups[:2]
		l.cloud.zones[0].Account = otherAccount
		l.cloud.token.Clock = l.clock.Now().Add(time.Hour)
		f, err := l.look(t, "preflight")
		if err != nil || len(f.Problems) != 6 {
			t.Errorf("%v: %d problems: %s", err, len(f.Problems), everything(f))
		}
	})
	t.Run("both tokens refused", func(t *testing.T) {
		l := newLab(t)
		for _, method := range []string{"User", "Repo", "Token", "Accounts", "Zones"} {
			l.fail[method] = call(state.ErrUnauthorized)
		}
		f, err := l.look(t, "preflight")
		if err != nil || f.Status != steps.Blocked || len(f.Problems) != 2 {
			t.Errorf("%v: %d problems: %s", err, len(f.Problems), everything(f))
		}
	})
	t.Run("a service that is down is no problem of the person", func(t *testing.T) {
		l := newLab(t)
		l.fail["Zones"] = call(state.ErrService)
		if f, err := l.look(t, "preflight"); err == nil {
			t.Errorf("found %s", everything(f))
		}
	})
}

func TestNothingIsMadeWhilePreflightIsBlocked(t *testing.T) {
	l := newLab(t)
	l.cloud.token.Groups = nil
	r := l.setup(t)
	if len(l.wrote)+len(l.asks) > 0 || r.Outcome().Status != steps.Blocked {
		t.Errorf("wrote %v, asked %d times\n%s", l.wrote, len(l.asks), said(r))
	}
}
