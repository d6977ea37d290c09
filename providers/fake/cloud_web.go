package fake

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// onCloudflare is the site of its pages.
const onCloudflare = "Cloudflare"

// The pages of the dashboard that make a token: the user's, and the account's.
const (
	userTokensPage = "/profile/api-tokens"
	ownTokensPage  = "/account/api-tokens"
	ownTokensTo    = "/:account/api-tokens" // as the address says it
)

// templateGroup is a permission as the address of a filled-in page names it
// (Fundamentals docs, API token template URLs): a key, and read or edit.
type templateGroup struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

// templateGroups are the keys that this world knows, with the names of their
// permission groups.
var templateGroups = []sheetFact{
	{"account_analytics", "Account Analytics"},
	{"account_api_tokens", "Account API Tokens"},
	{"account_settings", "Account Settings"},
	{"api_tokens", "API Tokens"},
	{"dns", "DNS"},
	{"workers_r2", "Workers R2 Storage"},
	{"zone", "Zone"},
}

// group is the permission group that is meant; the page passes over others.
func (t templateGroup) group() (permissionGroup, bool) {
	i := slices.IndexFunc(templateGroups, func(f sheetFact) bool { return f.Name == t.Key })
	level, ok := map[string]string{"read": " Read", "edit": " Write"}[t.Type]
	if i < 0 || !ok {
		return permissionGroup{}, false
	}
	all := permissionGroups()
	i = slices.IndexFunc(all, func(g permissionGroup) bool { return g.Name == templateGroups[i].Value+level })
	if i < 0 {
		return permissionGroup{}, false
	}
	return all[i], true
}

// cloudPages are the pages for people, beside the API.
func (w *World) cloudPages(mux *http.ServeMux) {
	mux.HandleFunc("GET "+userTokensPage, w.cloudTokenPage)
	mux.HandleFunc("GET "+ownTokensPage, w.cloudTokenPage)
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("to") == ownTokensTo {
			there := r.Clone(r.Context())
			there.URL.Path = ownTokensPage
			w.cloudTokenPage(rw, there)
			return
		}
		sheet{Site: onCloudflare, Heading: "Home", Links: []sheetLink{{"API Tokens", userTokensPage}, {"Account API Tokens", ownTokensPage}}}.write(rw)
	})
	for _, at := range []string{userTokensPage, ownTokensPage} {
		mux.HandleFunc("POST "+at+"/summary", w.cloudTokenSummary)
		mux.HandleFunc("POST "+at, w.makeCloudToken)
		mux.HandleFunc("GET "+at+"/{token}/delete", w.cloudDeletePage)
		mux.HandleFunc("POST "+at+"/{token}/delete", w.deleteCloudToken)
	}
}

// tokensOwner is whose tokens the page is about: the account; empty: the user.
func tokensOwner(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, ownTokensPage) {
		return theAccount
	}
	return ""
}

// tokensAt is the page that the path is below.
func tokensAt(r *http.Request) string {
	if tokensOwner(r) != "" {
		return ownTokensPage
	}
	return userTokensPage
}

// wanted are the permission groups of a filled-in address or form, those of
// the user's left out where the account owns the token.
func wanted(text, owner string) []permissionGroup {
	var asked []templateGroup
	if json.Unmarshal([]byte(text), &asked) != nil {
		return nil
	}
	var out []permissionGroup
	for _, t := range asked {
		g, ok := t.group()
		if ok && (owner == "" || g.Scopes[0]+"." != userResource) {
			out = append(out, g)
		}
	}
	return out
}

// groupFacts tells permission groups as the page does: what they are for, and
// which.
func groupFacts(groups []permissionGroup) []sheetFact {
	var out []sheetFact
	for _, g := range groups {
		where := map[string]string{userResource: "User", accountResource: "Account", zoneResource: "Zone"}[g.Scopes[0]+"."]
		out = append(out, sheetFact{where, strings.Replace(g.Name, " Write", " Edit", 1)})
	}
	return out
}

const templateKeys = "permissionGroupKeys"

// cloudTokenPage fills in a new token from the address; without permissions
// there it lists the tokens.
func (w *World) cloudTokenPage(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !q.Has(templateKeys) {
		w.listCloudTokens(rw, r)
		return
	}
	w.cloudTokenForm(r, q).write(rw)
}

// cloudTokenForm is the form of a new token.
func (w *World) cloudTokenForm(r *http.Request, q url.Values) sheet {
	return sheet{
		Site: onCloudflare, Heading: "Create Custom Token",
		Text:  []string{"Permissions, on all accounts and all zones:"},
		Facts: groupFacts(wanted(q.Get(templateKeys), tokensOwner(r))),
		Forms: []sheetForm{{
			Action: tokensAt(r) + "/summary", Button: "Continue to summary", Hidden: []sheetFact{{templateKeys, q.Get(templateKeys)}},
			Groups: []sheetGroup{{Fields: []sheetField{{Kind: fieldText, Name: "name", Label: "Token name", Value: q.Get("name")}}}},
		}},
	}
}

// cloudTokenAsked is the name and the permissions of a form, or what is wrong.
func cloudTokenAsked(r *http.Request) (name string, groups []permissionGroup, err error) {
	name = strings.TrimSpace(r.PostFormValue("name"))
	groups = wanted(r.PostFormValue(templateKeys), tokensOwner(r))
	switch {
	case name == "":
		err = errors.New("token name is required")
	case len(groups) == 0:
		err = errors.New("at least one permission is required")
	}
	return name, groups, err
}

// cloudTokenSummary shows once more what the token will be.
func (w *World) cloudTokenSummary(rw http.ResponseWriter, r *http.Request) {
	name, groups, err := cloudTokenAsked(r)
	if err != nil {
		w.cloudTokenForm(r, r.PostForm).refused(err.Error()).write(rw)
		return
	}
	sheet{
		Site: onCloudflare, Heading: name + " API token summary",
		Text:  []string{"This API token will affect the below accounts and zones, along with their respective permissions: all accounts, all zones."},
		Facts: groupFacts(groups),
		Forms: []sheetForm{{Action: tokensAt(r), Button: "Create Token", Hidden: []sheetFact{{"name", name}, {templateKeys, r.PostForm.Get(templateKeys)}}}},
	}.write(rw)
}

// makeCloudToken makes the token and shows it, this one time.
func (w *World) makeCloudToken(rw http.ResponseWriter, r *http.Request) {
	name, groups, err := cloudTokenAsked(r)
	value := ""
	if err == nil {
		err = w.Update(func(s *State) error {
			var names []string
			for _, g := range groups {
				names = append(names, g.Name)
			}
			_, value = s.addToken(CloudToken{
				Account: tokensOwner(r), Name: name, Policies: s.policies(names),
				Issued: w.opts.Now().UTC().Truncate(time.Second), Refusals: s.Cloud.Knobs.FreshKeyRefusals,
			})
			s.recordWrite("cloudflare-web", r, http.StatusOK)
			return nil
		})
	}
	if err != nil {
		w.cloudTokenForm(r, r.PostForm).refused(err.Error()).write(rw)
		return
	}
	sheet{
		Site: onCloudflare, Heading: name + " API token was successfully created",
		Text: []string{"Copy this token to access the Cloudflare API. For security this will not be shown again."},
		Once: []sheetOnce{{"API token", value, dataToken}},
	}.write(rw)
}

// listCloudTokens lists tokens by name; each leads to the page that deletes it.
func (w *World) listCloudTokens(rw http.ResponseWriter, r *http.Request) {
	p := sheet{Site: onCloudflare, Heading: "API Tokens"}
	w.Look(func(s *State) {
		for _, t := range s.Cloud.Tokens {
			if t.Account == tokensOwner(r) {
				p.Links = append(p.Links, sheetLink{"Delete " + t.Name, tokensAt(r) + "/" + t.ID + "/delete"})
			}
		}
	})
	if len(p.Links) == 0 {
		p.Text = []string{"There are no tokens."}
	}
	p.write(rw)
}

// cloudDeletePage asks before a token is deleted.
func (w *World) cloudDeletePage(rw http.ResponseWriter, r *http.Request) {
	w.onCloudToken(rw, r, func(_ *State, t CloudToken) sheet {
		return sheet{
			Site: onCloudflare, Heading: "Delete " + t.Name, Text: []string{"What uses this token will be refused from then on."},
			Forms: []sheetForm{{Action: r.URL.Path, Button: "Delete"}},
		}
	})
}

func (w *World) deleteCloudToken(rw http.ResponseWriter, r *http.Request) {
	w.onCloudToken(rw, r, func(s *State, t CloudToken) sheet {
		s.Cloud.Tokens = slices.DeleteFunc(s.Cloud.Tokens, func(o CloudToken) bool { return o.ID == t.ID })
		s.recordWrite("cloudflare-web", r, http.StatusOK)
		return sheet{Site: onCloudflare, Heading: t.Name + " is deleted", Links: []sheetLink{{"API Tokens", tokensAt(r)}}}
	})
}

// onCloudToken answers with what f makes of the token of the path.
func (w *World) onCloudToken(rw http.ResponseWriter, r *http.Request, f func(*State, CloudToken) sheet) {
	p := sheet{Site: onCloudflare, Status: http.StatusNotFound, Heading: "Page not found"}
	err := w.Update(func(s *State) error {
		if t := s.Cloud.tokenByID(r.PathValue("token")); t != nil && t.Account == tokensOwner(r) {
			p = f(s, *t)
		}
		return nil
	})
	if err != nil {
		p = p.refused(err.Error())
	}
	p.write(rw)
}
