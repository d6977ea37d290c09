package fake

import (
	"html/template"
	"net/http"
)

// sheet is one page of a site for people: what it says, and at most a few
// forms. It is drawn by one template and works without scripts. A page that
// wants one click has one form, so that Person can press its button too.
type sheet struct {
	Site    string // GitHub, Cloudflare
	Status  int    // 0: 200
	Title   string // of the window; empty: the heading
	Heading string
	Refused string // why the last form was not taken
	Text    []string
	Facts   []sheetFact
	Once    []sheetOnce
	Forms   []sheetForm
	Links   []sheetLink
	Off     string // a button that does nothing here
}

// sheetFact is a line of two columns.
type sheetFact struct{ Name, Value string }

// sheetOnce is a value to copy; Person reads it as its Data.
type sheetOnce struct{ Name, Value, Data string }

type sheetLink struct{ Text, To string }

// sheetForm is a form with one button.
type sheetForm struct {
	Heading, Action, Button string
	Hidden                  []sheetFact
	Groups                  []sheetGroup
}

// sheetGroup are fields under a heading.
type sheetGroup struct {
	Heading, Note string
	Fields        []sheetField
}

// The kinds of a field.
const (
	fieldText   = "text"
	fieldTick   = "checkbox"
	fieldOne    = "radio"
	fieldChoice = "choice"
)

// sheetField is one field. A choice is one of its Choices.
type sheetField struct {
	Kind, Name, Label, Value, Note string
	Checked                        bool
	Choices                        []sheetFact // label, value
}

// sheetPolicy keeps a page on this machine: nothing is loaded from anywhere.
const sheetPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

// write answers with the page.
func (p sheet) write(rw http.ResponseWriter) {
	if p.Title == "" {
		p.Title = p.Heading
	}
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", sheetPolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(p.Status)
	_ = sheetHTML.Execute(rw, p)
}

// refused is the same page with the reason why its form was not taken; the
// reason is its title too, as a program that asks sees only that.
func (p sheet) refused(why string) sheet {
	p.Status, p.Title, p.Refused = http.StatusUnprocessableEntity, why, why
	return p
}

var sheetHTML = template.Must(template.New("sheet").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>
body { font: 16px/1.5 sans-serif; margin: 0; color: #1f2328; background: #fff }
header { padding: .6em 1em; color: #fff; background: {{if eq .Site "GitHub"}}#24292f{{else}}#8a3a00{{end}} }
header b { margin-right: .6em }
main { max-width: 44em; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin: 1.4em 0 .3em }
form { border: 1px solid #d0d7de; border-radius: 6px; padding: 1em; margin: 1em 0 }
label { display: block; margin: .3em 0 }
input[type=text], input[readonly], select { font: inherit; box-sizing: border-box; padding: .3em .5em; border: 1px solid #8c959f; border-radius: 6px }
input[type=text], input[readonly] { width: 100% }
button { font: inherit; font-weight: 600; margin-top: 1em; padding: .4em 1em; border: 0; border-radius: 6px; color: #fff; background: #1f883d }
button[disabled] { background: #6e7781 }
form h2:first-of-type { margin-top: 0 } small { display: block; margin: -.2em 0 .5em } label:has([type=radio]) + small, label:has([type=checkbox]) + small { margin-left: 1.8em }
small, .note { color: #57606a }
.refused { border: 1px solid #cf222e; border-radius: 6px; padding: .6em 1em; background: #ffebe9 }
td { padding: .15em 1.5em .15em 0; vertical-align: top }
@media (prefers-color-scheme: dark) {
body { color: #e6edf3; background: #0d1117 } form { border-color: #30363d } small, .note { color: #9198a1 } a { color: #58a6ff }
input[type=text], input[readonly], select { color: inherit; background: #161b22 } .refused { background: #3c1618 }
}
</style>
</head>
<body>
<header><b>{{.Site}}</b> A pretend {{.Site}}: nothing here leaves this machine.</header>
<main>
<h1>{{.Heading}}</h1>
{{with .Refused}}<p class="refused" role="alert">{{.}}</p>
{{end}}{{range .Text}}<p>{{.}}</p>
{{end}}{{with .Facts}}<table>
{{range .}}<tr><td>{{.Name}}</td><td>{{.Value}}</td></tr>
{{end}}</table>
{{end}}{{range .Once}}<p><label>{{.Name}}
<input class="once" readonly value="{{.Value}}"{{if eq .Data "token"}} data-token="{{.Value}}"{{else if eq .Data "client-id"}} data-client-id="{{.Value}}"{{else if eq .Data "client-secret"}} data-client-secret="{{.Value}}"{{end}}></label>
<button type="button" class="copy" hidden>Copy</button></p>
{{end}}{{range .Forms}}<form method="post" action="{{.Action}}">
{{with .Heading}}<h2>{{.}}</h2>
{{end}}{{range .Hidden}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}{{range .Groups}}{{with .Heading}}<h2>{{.}}</h2>
{{end}}{{with .Note}}<p class="note">{{.}}</p>
{{end}}{{range .Fields}}{{if eq .Kind "text"}}<label>{{.Label}}
<input type="text" name="{{.Name}}" value="{{.Value}}" autocomplete="off" spellcheck="false"></label>
{{else if eq .Kind "choice"}}{{$now := .Value}}<label>{{.Label}}
<select name="{{.Name}}">{{range .Choices}}<option value="{{.Value}}"{{if eq .Value $now}} selected{{end}}>{{.Name}}</option>{{end}}</select></label>
{{else}}<label><input type="{{if eq .Kind "radio"}}radio{{else}}checkbox{{end}}" name="{{.Name}}" value="{{.Value}}"{{if .Checked}} checked{{end}}> {{.Label}}</label>
{{end}}{{with .Note}}<small>{{.}}</small>
{{end}}{{end}}{{end}}<button type="submit">{{.Button}}</button>
</form>
{{end}}{{with .Off}}<button type="button" disabled>{{.}}</button>
{{end}}{{range .Links}}<p><a href="{{.To}}">{{.Text}}</a></p>
{{end}}</main>
{{if .Once}}<script>
document.querySelectorAll(".copy").forEach(function (button) {
  var field = button.parentNode.querySelector(".once");
  button.hidden = false;
  button.addEventListener("click", function () {
    var said = function () { button.textContent = "Copied"; };
    var byHand = function () { field.focus(); field.select(); if (document.execCommand("copy")) { said(); } };
    if (navigator.clipboard) { navigator.clipboard.writeText(field.value).then(said, byHand); } else { byHand(); }
  });
});
</script>
{{end}}</body>
</html>
`))
