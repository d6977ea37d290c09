package github_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/nixwright/nixwright/state"
)

func TestCheckLogin(t *testing.T) {
	var form url.Values
	var answer string
	status := 200
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login/oauth/access_token" || r.Header.Get("Accept") != "application/json" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		b, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(b))
		write(w, status, answer)
	})
	cases := []struct {
		status int
		answer string
		want   state.LoginVerdict
		kind   error
	}{
		{200, `{"error":"bad_verification_code"}`, state.LoginRight, nil},
		{200, `{"error":"incorrect_client_credentials"}`, state.LoginWrong, nil},
		{404, `{"error":"Not Found"}`, state.LoginWrong, nil},
		{400, `{"error":"redirect_uri_mismatch"}`, state.LoginCallback, nil},
		{200, `{"error":"application_suspended","error_description":"it is"}`, "", state.ErrInvalid},
		{200, `{}`, "", state.ErrService},
		{200, `<html>`, "", state.ErrService},
		{404, `<html>`, "", state.ErrNotFound},
		{500, `oops`, "", state.ErrService},
		{429, `slow`, "", state.ErrLimited},
	}
	for _, tc := range cases {
		status, answer = tc.status, tc.answer
		got, err := c.CheckLogin(t.Context(), "Iv1.x", state.NewSecret("cs-secret"), "https://ci/auth/login")
		if got != tc.want || !errors.Is(err, tc.kind) {
			t.Errorf("%d %s: got %q, %v", tc.status, tc.answer, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "cs-secret") {
			t.Errorf("the secret is in the error: %v", err)
		}
		if form.Get("client_id") != "Iv1.x" || form.Get("client_secret") != "cs-secret" || form.Get("code") == "" ||
			form.Get("redirect_uri") != "https://ci/auth/login" {
			t.Errorf("sent %v", form)
		}
	}
}

func TestPropose(t *testing.T) {
	const (
		look  = "GET /repos/o/r/git/ref/heads/nix/ci"
		head  = "GET /repos/o/r/git/ref/heads/main"
		ref   = "POST /repos/o/r/git/refs"
		file  = "GET /repos/o/r/contents/flake.nix?ref=nix%2Fci"
		put   = "PUT /repos/o/r/contents/flake.nix"
		list  = "GET /repos/o/r/pulls?state=open&head=o%3Anix%2Fci"
		pull  = "POST /repos/o/r/pulls"
		there = `200 {"object":{"sha":"abc"}}`
		made  = `201 {"object":{"sha":"abc"}}`
		wrote = `201 {"commit":{"sha":"def"}}`
		has   = `200 {"type":"file","sha":"123"}`
		empty = `409 {"message":"Git Repository is empty."}`
		page  = "https://github.com/o/r/pull/1"
	)
	cases := []struct {
		name    string
		answers map[string]string
		want    []string
		problem bool
	}{
		{
			"all is missing",
			map[string]string{head: there, ref: made, put: wrote, list: "200 []", pull: `201 {"html_url":"` + page + `"}`},
			[]string{look, head, ref, file, put, list, pull}, false,
		},
		{
			"all is there",
			map[string]string{look: there, file: has, list: `200 [{"html_url":"` + page + `"}]`},
			[]string{look, file, list}, false,
		},
		{
			"the file is there",
			map[string]string{look: there, file: has, list: "200 []", pull: `201 {"html_url":"` + page + `"}`},
			[]string{look, file, list, pull}, false,
		},
		{"no commit", map[string]string{look: empty, head: empty}, []string{look, head}, true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, seen := routes(t, tc.answers)
			got, err := c.Propose(t.Context(), state.Repo{Name: "o/r", Branch: "main"}, "nix/ci", "flake.nix", "{ }", "title", "body")
			var p state.Problem
			if errors.As(err, &p) != tc.problem || !tc.problem && (err != nil || got != page) {
				t.Fatalf("got %q, %v", got, err)
			}
			if !slices.Equal(*seen, tc.want) {
				t.Errorf("asked\n%s\nwant\n%s", strings.Join(*seen, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestProposeSendsTheFile(t *testing.T) {
	var sent struct {
		Message string `json:"message"`
		Content string `json:"content"`
		Branch  string `json:"branch"`
	}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			write(w, 409, `{"message":"is at abc but expected def"}`)
		case strings.Contains(r.URL.Path, "/git/ref/"):
			write(w, 200, `{"object":{"sha":"abc"}}`)
		default:
			write(w, 404, `{"message":"Not Found"}`)
		}
	})
	_, err := c.Propose(t.Context(), state.Repo{Name: "o/r", Branch: "main"}, "b", "flake.nix", "{ }\n", "title", "body")
	if !errors.Is(err, state.ErrExists) {
		t.Errorf("got %v", err)
	}
	if b, err := base64.StdEncoding.DecodeString(sent.Content); err != nil || string(b) != "{ }\n" || sent.Branch != "b" || sent.Message != "title" {
		t.Errorf("sent %+v", sent)
	}
}
