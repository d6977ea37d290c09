package browser

import (
	"html/template"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// formPage is a form that submits itself, and can be submitted by hand.
var formPage = template.Must(template.New("form").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>nixwright</title>
<style>body { font: 1.1em sans-serif; margin: 4em auto; max-width: 32em; padding: 0 1em } button { font: inherit; padding: .5em 1em }</style>
</head>
<body>
<h1>nixwright</h1>
<p>This page sends you on to GitHub.</p>
<noscript><p>Scripts are off in this browser: press the button.</p></noscript>
<form method="post" action="{{.Action}}">
{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">
{{end}}<button type="submit">{{if .Button}}{{.Button}}{{else}}Continue{{end}}</button>
</form>
<script>document.forms[0].submit()</script>
</body>
</html>
`))

// thanksPage answers the browser that came back.
const thanksPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Thank you</title>
<style>body { font: 1.1em sans-serif; margin: 4em auto; max-width: 32em; padding: 0 1em }</style>
</head>
<body>
<h1>Thank you</h1>
<p>nixwright goes on in your terminal. You can close this page.</p>
<script>history.replaceState(null, "", "/thanks")</script>
</body>
</html>
`

// FormHTML is a page of its own that posts the form: by itself as soon as it
// is opened, or by its button. It needs no server, so it can be written to a
// file and opened on another computer. An Action that is not http or https is
// made harmless.
func FormHTML(f state.Form) string {
	var page strings.Builder
	if err := formPage.Execute(&page, f); err != nil {
		return "" // writing to memory does not fail
	}
	return page.String()
}
