package fake

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// tokenScopes are scopes of a classic token that a CI may want, and what
// GitHub's page says of them.
var tokenScopes = []sheetFact{
	{"repo", "Full control of private repositories"},
	{"workflow", "Update GitHub Action workflows"},
	{"read:packages", "Download packages from GitHub Package Registry"},
	{"admin:org", "Full control of orgs and teams, read and write org projects"},
	{"read:org", "Read org and team membership, read org projects"},
	{"admin:repo_hook", "Full control of repository hooks"},
	{"gist", "Create gists"},
	{"read:user", "Read ALL user profile data"},
	{"user:email", "Access user email addresses (read-only)"},
}

// tokenSheet is the form of a new classic token.
func tokenSheet(note string, ticked []string) sheet {
	scopes := sheetGroup{Heading: "Select scopes", Note: "Scopes define the access for personal tokens."}
	for _, one := range tokenScopes {
		scopes.Fields = append(scopes.Fields, sheetField{
			Kind: fieldTick, Name: "scopes[]", Value: one.Name, Label: one.Name, Note: one.Value, Checked: slices.Contains(ticked, one.Name),
		})
	}
	return sheet{
		Site: onGitHub, Heading: "New personal access token (classic)",
		Forms: []sheetForm{{Action: "/settings/tokens", Button: "Generate token", Groups: []sheetGroup{
			{Fields: []sheetField{{Kind: fieldText, Name: "note", Label: "Note", Value: note}}}, scopes,
		}}},
	}
}

// tokenPage is the form, filled from the address: description and scopes
// (GitHub docs, "Managing your personal access tokens").
func (w *World) tokenPage(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	tokenSheet(q.Get("description"), strings.Split(q.Get("scopes"), ",")).write(rw)
}

// makeToken makes a classic token of the one who is signed in, and shows it,
// this one time.
func (w *World) makeToken(rw http.ResponseWriter, r *http.Request) {
	note := strings.TrimSpace(r.PostFormValue("note"))
	form := tokenSheet(note, r.PostForm["scopes[]"])
	value := ""
	err := w.Update(func(s *State) error {
		if note == "" {
			return errors.New("Note can't be blank") //nolint:staticcheck // as the page says it
		}
		t := ghToken{Value: "ghp_" + s.Make("github-token", 36), Login: s.GitHub.SignedIn, Classic: true, Scopes: []string{}}
		for _, one := range tokenScopes {
			if slices.Contains(r.PostForm["scopes[]"], one.Name) {
				t.Scopes = append(t.Scopes, one.Name)
			}
		}
		s.GitHub.Tokens = append(s.GitHub.Tokens, t)
		s.recordWrite("github-web", r, http.StatusOK)
		value = t.Value
		return nil
	})
	if err != nil {
		form.refused(err.Error()).write(rw)
		return
	}
	sheet{
		Site: onGitHub, Heading: "Personal access tokens (classic)",
		Text: []string{"Make sure to copy your personal access token now. You won't be able to see it again!"},
		Once: []sheetOnce{{note, value, dataToken}},
	}.write(rw)
}

// dataToken is what Person reads on the pages that make tokens.
const dataToken = "token"
