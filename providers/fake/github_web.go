package fake

import "net/http"

// onGitHub is the site of its pages.
const onGitHub = "GitHub"

// githubWebHandler serves the few pages of github.com that a person of this
// story visits, signed in as GitHubState.SignedIn. Each page that wants one
// click has exactly one form.
func (w *World) githubWebHandler() http.Handler {
	mux := http.NewServeMux()
	for _, at := range []string{"/settings", "/organizations/{org}/settings"} {
		mux.HandleFunc("POST "+at+"/apps/new", w.manifestPage)
		mux.HandleFunc("POST "+at+"/apps", w.createApp)
		mux.HandleFunc("GET "+at+"/apps/{slug}", w.appPage)
		mux.HandleFunc("POST "+at+"/apps/{slug}/keys", w.makeAppKey)
		mux.HandleFunc("POST "+at+"/apps/{slug}/client-secrets", w.makeAppSecret)
		mux.HandleFunc("POST "+at+"/apps/{slug}/hook", w.changeAppHook)
		mux.HandleFunc("GET "+at+"/apps/{slug}/permissions", w.permissionsPage)
		mux.HandleFunc("POST "+at+"/apps/{slug}/permissions", w.changePermissions)
		mux.HandleFunc("GET "+at+"/applications/new", w.oauthPage)
		mux.HandleFunc("POST "+at+"/applications", w.createOAuthApp)
		mux.HandleFunc("POST "+at+"/applications/{client}/client-secrets", w.makeOAuthSecret)
		mux.HandleFunc("GET "+at+"/installations/{id}", w.installationPage)
		mux.HandleFunc("GET "+at+"/installations/{id}/permissions/update", w.reviewPage)
		mux.HandleFunc("POST "+at+"/installations/{id}/permissions", w.acceptPermissions)
	}
	mux.HandleFunc("GET /apps/{slug}/installations/new", w.installPage)
	mux.HandleFunc("GET /apps/{slug}/installations/new/permissions", w.installPage)
	mux.HandleFunc("POST /apps/{slug}/installations", w.installApp)
	mux.HandleFunc("GET /settings/tokens/new", w.tokenPage)
	mux.HandleFunc("POST /settings/tokens", w.makeToken)
	mux.HandleFunc("GET /login/oauth/authorize", w.authorizePage)
	mux.HandleFunc("POST /login/oauth/access_token", w.exchange)
	mux.HandleFunc("/", func(rw http.ResponseWriter, _ *http.Request) { notFound().write(rw) })
	return mux
}

// notFound is the page of what there is not, or what one may not see.
func notFound() sheet {
	return sheet{
		Site: onGitHub, Status: http.StatusNotFound, Title: "Page not found",
		Heading: "404", Text: []string{"This is not the web page you are looking for."},
	}
}
