package wizard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/ui/guide"
	"github.com/nixwright/nixwright/ui/tui/tuitest"
	"github.com/nixwright/nixwright/ui/wizard"
)

// aCloudflareToken has the form from before there were prefixes.
const aCloudflareToken = "abcdefghijABCDEFGHIJ0123456789abcdefghij"

func tokenAsking(check func(context.Context, state.Secret) error) guide.Asking {
	q, _ := state.QuestionFor("cloudflare.token")
	q.URL = "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22r2%22%7D%5D&name=nixwright"
	q.How = []string{`Press "Continue to summary", then "Create Token".`, `Press "Copy", and paste it here.`}
	return guide.Asking{Question: q, Check: check, First: true, Open: func(context.Context, string) error { return errors.New("open page: no browser here") }}
}

func tokenPage(t *testing.T, a guide.Asking, options ...tuitest.Option) *tuitest.Story {
	t.Helper()
	return tuitest.New(t, wizard.NewTokenMoment(a, chose), options...).Advance(600 * time.Millisecond)
}

var errTooSmall = errors.Join(
	state.Problem{What: "that token is valid but too small: Account API Tokens, Edit", Why: "needed by R2 token", Fix: "tick it on the token's page"},
	state.Problem{What: "that token is valid but too small: DNS, Edit", Why: "needed by DNS of the CI", Fix: "tick it on the token's page"},
)

func TestTheTokenAtEverySize(t *testing.T) {
	small := tokenAsking(func(context.Context, state.Secret) error { return errTooSmall })
	far := tokenAsking(nil)
	far.Far = true
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
		at := tuitest.Size(size[0], size[1])
		tokenPage(t, tokenAsking(nil), at).Golden("token")
		tokenPage(t, far, at).Golden("token-far")
		tokenPage(t, small, at).Paste(aCloudflareToken).Golden("token-small")
	}
	tokenPage(t, small, tuitest.ASCII()).Paste(aCloudflareToken).Golden("token-ascii")
}

// TestATokenIsLookedUp: all that it lacks is told, it is checked again without
// another paste, and given once it will do.
func TestATokenIsLookedUp(t *testing.T) {
	verdict, looks := errTooSmall, 0
	s := tokenPage(t, tokenAsking(func(_ context.Context, v state.Secret) error {
		looks++
		if v.Reveal() != aCloudflareToken {
			t.Error("another token is looked up")
		}
		return verdict
	}))
	s.Press("r").Has("nothing was pasted yet").Paste(" "+aCloudflareToken+"\n").Has("Account API Tokens", "DNS, Edit", "r checks the same one")
	if len(said[guide.Choice](s)) > 0 {
		t.Fatal("a token is given that is too small")
	}
	verdict = nil
	got := said[guide.Choice](s.Press("r"))
	if len(got) != 1 || got[0].Do != guide.Next || got[0].Value.Reveal() != aCloudflareToken || looks != 2 {
		t.Errorf("%d choices after %d looks", len(got), looks)
	}
	s.Has("It fits. It is used now and not stored.")
}

func TestAnotherPasteIsNoToken(t *testing.T) {
	s := tokenPage(t, tokenAsking(func(context.Context, state.Secret) error { t.Error("it is looked up"); return nil }))
	s.Paste(aToken).Has("a GitHub token").Lacks("r checks the same one").Press("r").Has("nothing was pasted yet")
	if len(said[guide.Choice](s)) > 0 {
		t.Error("it is given")
	}
}

func TestKeysOfTheToken(t *testing.T) {
	s := tokenPage(t, tokenAsking(nil)).Press("o").Has("It did not open").Press("esc").Has("nothing before this")
	if s.Press("s"); len(said[guide.Choice](s)) > 0 {
		t.Error("a token is skipped")
	}
	second := tokenAsking(nil)
	second.First, second.N, second.Of = false, 2, 4
	s = tokenPage(t, second).Has("Cloudflare token · Question 2 of 4").Press("esc")
	if got := said[guide.Choice](s); len(got) != 1 || got[0].Do != guide.Back {
		t.Errorf("esc chose %v", got)
	}
}

// TestNoSecretLeavesTheMoment: not to the screen, its title, or the clipboard,
// whatever is pressed and pasted.
func TestNoSecretLeavesTheMoment(t *testing.T) {
	secrets := []string{aToken, aCloudflareToken, "0123456789abcdef0123456789abcdef01234567", "00112233445566778899aabbccddeeff"}
	held := tokenAsking(func(context.Context, state.Secret) error { return errors.New("look up the token: no answer") })
	f := &fakeRun{}
	for name, s := range map[string]*tuitest.Story{
		"token": tokenPage(t, held), "page": moment(t, createApp(), nil), "far": moment(t, createApp(), func(m *wizard.Moment) { m.Far = true }),
		"run": onRun(t, f, until(t, isAsked)),
	} {
		for _, pasted := range []string{aToken, aCloudflareToken, back, "Token: " + aToken, back + "\n" + aCloudflareToken} {
			s.Paste(pasted).Press("y", "1", "2", "3", "t", "y", "1", "2", "3", "t")
			v := s.View()
			told := v.Content + v.WindowTitle
			for _, m := range s.Asked() {
				if strings.Contains(fmt.Sprintf("%T", m), "Clipboard") || strings.Contains(fmt.Sprintf("%T", m), "sayMsg") {
					told += fmt.Sprint(m)
				}
			}
			for _, secret := range secrets {
				if strings.Contains(told, secret) || strings.Contains(told, secret[len(secret)/2:]) {
					t.Errorf("%s: a secret is shown after a paste", name)
				}
			}
		}
	}
}
