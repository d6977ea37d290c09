package state_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

// Made-up values of the right forms.
var (
	classic  = "ghp_" + strings.Repeat("aB3", 12)
	fine     = "github_pat_11ABCDEFG0" + strings.Repeat("x", 11) + "_" + strings.Repeat("Yz9", 19) + "ab"
	userCF   = "cfut_" + strings.Repeat("aB3-", 10) + "1f2e3d4c"
	ownCF    = "cfat_" + strings.Repeat("aB3_", 10) + "1f2e3d4c"
	oldCF    = strings.Repeat("aB3_x", 8)
	hex40    = strings.Repeat("0a1b2", 8)
	clientID = "Ov23liO4sP0FzyZ3QmO5"
)

func TestRecognisePaste(t *testing.T) {
	const back = "http://localhost:8976/made?code=a1B2&state=s-1"
	for name, tc := range map[string]struct {
		text  string
		kinds []state.PastedKind
		value string
	}{
		"nothing":                  {"", []state.PastedKind{state.PastedNothing}, ""},
		"blanks":                   {" \t\r\n \u200b", []state.PastedKind{state.PastedNothing}, ""},
		"a classic token":          {classic, []state.PastedKind{state.PastedGitHub}, classic},
		"with line ends":           {"\r\n  " + classic + "\r\n", []state.PastedKind{state.PastedGitHub}, classic},
		"in quotes":                {`"` + classic + `"`, []state.PastedKind{state.PastedGitHub}, classic},
		"wrapped by a terminal":    {classic[:20] + "\n" + classic[20:], []state.PastedKind{state.PastedGitHub}, classic},
		"gh's":                     {"gho_" + classic[4:], []state.PastedKind{state.PastedGitHub}, "gho_" + classic[4:]},
		"a fine-grained one":       {fine, []state.PastedKind{state.PastedGitHub}, fine},
		"an assignment":            {"export GH_TOKEN=" + classic, []state.PastedKind{state.PastedGitHub}, classic},
		"a header":                 {"Authorization: Bearer " + userCF, []state.PastedKind{state.PastedCloudflare}, userCF},
		"a user's at Cloudflare":   {userCF, []state.PastedKind{state.PastedCloudflare}, userCF},
		"an account's":             {ownCF, []state.PastedKind{state.PastedCloudflare}, ownCF},
		"an old one of Cloudflare": {oldCF, []state.PastedKind{state.PastedCloudflare}, oldCF},
		"40 digits":                {hex40, []state.PastedKind{state.PastedClientSecret, state.PastedGitHub}, hex40},
		"a client id":              {" " + clientID, []state.PastedKind{state.PastedClientID}, clientID},
		"an App's":                 {"Iv1.0123456789abcdef", []state.PastedKind{state.PastedClientID}, "Iv1.0123456789abcdef"},
		"a newer App's":            {"Iv23liO4sP0FzyZ3QmO5", []state.PastedKind{state.PastedClientID}, "Iv23liO4sP0FzyZ3QmO5"},

		"the way back":      {back, []state.PastedKind{state.PastedReturn}, back},
		"without scheme":    {back[7:], []state.PastedKind{state.PastedReturn}, back},
		"the path alone":    {"/made?code=a1B2&state=s-1", []state.PastedKind{state.PastedReturn}, "http://localhost/made?code=a1B2&state=s-1"},
		"the query alone":   {"?code=a1B2&state=s-1", []state.PastedKind{state.PastedReturn}, "http://localhost/?code=a1B2&state=s-1"},
		"less than that":    {"code=a1B2&state=s-1", []state.PastedKind{state.PastedReturn}, "http://localhost/?code=a1B2&state=s-1"},
		"escaped":           {strings.ReplaceAll(back, "&", "&amp;"), []state.PastedKind{state.PastedReturn}, back},
		"in angle brackets": {"<" + back + ">", []state.PastedKind{state.PastedReturn}, back},
		"a header of curl":  {"HTTP/1.1 302 Found\r\nLocation: " + back + "\r\nServer: github.com\r\n", []state.PastedKind{state.PastedReturn}, back},
		"a header alone":    {"Location:" + back, []state.PastedKind{state.PastedReturn}, back},
		"in a sentence":     {"it went to " + back + ", and then?", []state.PastedKind{state.PastedReturn}, back},
		"over two lines":    {back[:34] + "\n" + back[34:], []state.PastedKind{state.PastedReturn}, back},
		"cut in the state":  {back[:len(back)-2] + "\n  " + back[len(back)-2:] + "\n", []state.PastedKind{state.PastedReturn}, back},

		"a repository":    {"phlip9/dotfiles", []state.PastedKind{state.PastedRepo}, "phlip9/dotfiles"},
		"its page":        {"https://github.com/phlip9/dotfiles/tree/master?tab=readme#x", []state.PastedKind{state.PastedRepo}, "phlip9/dotfiles"},
		"its git address": {"git@github.com:phlip9/dotfiles.git", []state.PastedKind{state.PastedRepo}, "phlip9/dotfiles"},
		"its flake":       {"github:phlip9/dotfiles", []state.PastedKind{state.PastedRepo}, "phlip9/dotfiles"},
		"a host name":     {"CI.phlip9.com", []state.PastedKind{state.PastedHost, state.PastedSSH}, "ci.phlip9.com"},
		"a site":          {"https://ci.phlip9.com/builds", []state.PastedKind{state.PastedHost}, "ci.phlip9.com"},
		"ssh":             {"ssh root@omnara1.phlip9.com", []state.PastedKind{state.PastedSSH}, "root@omnara1.phlip9.com"},
		"an alias":        {"omnara1", []state.PastedKind{state.PastedSSH}, "omnara1"},
		"an address":      {"root@192.0.2.7", []state.PastedKind{state.PastedSSH}, "root@192.0.2.7"},

		"an option":       {"-oProxyCommand=x", []state.PastedKind{state.PastedOther}, "-oProxyCommand=x"},
		"a sentence":      {"no idea what this is", []state.PastedKind{state.PastedOther}, "no idea what this is"},
		"a password":      {"hunter2!", []state.PastedKind{state.PastedOther}, "hunter2!"},
		"far too much":    {strings.Repeat(classic+" ", 500), []state.PastedKind{state.PastedOther}, ""},
		"broken encoding": {"\xff\xfe", []state.PastedKind{state.PastedNothing}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := state.RecognisePaste(tc.text)
			if !slices.Equal(p.Kinds, tc.kinds) || p.Value.Reveal() != tc.value || p.Problem != nil {
				t.Errorf("got %v, %q, %v", p.Kinds, p.Value.Reveal(), p.Problem)
			}
		})
	}
}

func TestPastesOfNoUseAreNamedKindly(t *testing.T) {
	for name, tc := range map[string]struct{ text, says string }{
		"an installation's token": {"ghs_" + classic[4:], "installed App"},
		"a refresh token":         {"ghr_" + classic[4:], "refresh token"},
		"half a token":            {classic[:20], "not whole"},
		"half a Cloudflare token": {userCF[:30], "not whole"},
		"the Global API Key":      {"cfk_" + oldCF, "Global API Key"},
		"the old one":             {hex40[:37], "Global API Key"},
		"an R2 secret":            {strings.Repeat("0a1b2c3d", 8), "secret key of an R2 token"},
		"an account id":           {hex40[:32], "id of Cloudflare"},
		"an AWS key":              {"AKIA" + strings.Repeat("Q2", 8), "AWS"},
		"an App's key":            {"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n", "private key"},
		"an ssh key":              {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "private key"},
		"an age identity":         {"# created\nAGE-SECRET-KEY-1QQQ", "age identity"},
		"an address without code": {"http://localhost:8976/made?state=s-1", "not whole"},
		"one that is cut":         {"localhost:8976/made?code=abc&sta", "not whole"},
	} {
		t.Run(name, func(t *testing.T) {
			p := state.RecognisePaste(tc.text)
			if p.Problem == nil || !strings.Contains(p.Problem.What, tc.says) || p.Problem.Fix == "" || !p.Value.Empty() {
				t.Errorf("got %v, %v", p.Kinds, p.Problem)
			}
			if _, err := p.For(state.PastedGitHub); err == nil {
				t.Error("it is taken")
			}
		})
	}
}

func TestPasteForAQuestion(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want state.PastedKind
		says string // empty: it fits
	}{
		"the secret":          {hex40, state.PastedClientSecret, ""},
		"or a token":          {hex40, state.PastedGitHub, ""},
		"the id for a secret": {clientID, state.PastedClientSecret, "that is a client id, not a client secret"},
		"the other token":     {classic, state.PastedCloudflare, "that is a GitHub token, not a Cloudflare API token"},
		"nothing":             {"", state.PastedGitHub, "nothing was pasted"},
		"something":           {"what is this", state.PastedGitHub, "that is not a GitHub token"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := state.RecognisePaste(tc.text).For(tc.want)
			var p state.Problem
			if tc.says == "" && (err != nil || v.Reveal() != tc.text) || tc.says != "" && (!errors.As(err, &p) || p.What != tc.says || !v.Empty()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzRecognisePaste(f *testing.F) {
	for _, s := range []string{classic, fine, userCF, oldCF, hex40, clientID, "a/b", "ci.x.org", "x@y", "http://h/?code=c&state=s", "&amp;\n?a=b\nc", "ssh://[::1]", "ghs_x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := state.RecognisePaste(text)
		if len(p.Kinds) == 0 || p.Problem != nil && !p.Value.Empty() {
			t.Errorf("kinds %v", p.Kinds)
		}
		_, misfit := p.For(state.PastedReturn)
		raw, err := json.Marshal(p)
		shown := fmt.Sprintf("%v %+v %#v %s %v", p, p, p, raw, misfit)
		if v := p.Value.Reveal(); err != nil || len(v) > 12 && strings.Contains(shown, v) {
			t.Errorf("shown: %s, %v", shown, err)
		}
	})
}
