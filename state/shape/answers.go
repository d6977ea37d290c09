package shape

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// The forms of what GitHub gives out for a login App.
var (
	clientIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{8,40}$`)
	clientIDHead = regexp.MustCompile(`^(Iv|Ov)[0-9]`)
	codeForm     = regexp.MustCompile(`^[A-Za-z0-9._-]{1,200}$`)
)

// ClientIDOf is the client id in an answer, without blanks around it.
func ClientIDOf(a state.Answer) string { return strings.TrimSpace(a.Value.Reveal()) }

// AcceptClientID refuses an answer that is no client id.
func AcceptClientID(a state.Answer) error {
	id := ClientIDOf(a)
	switch {
	case isHex(id, 40):
		return state.Problem{What: "that is a client secret", Why: "it has 40 hexadecimal digits; the id is shorter and stands above it", Fix: "paste the Client ID"}
	case !clientIDForm.MatchString(id):
		return state.Problem{What: "that is not a client id", Why: "it is 20 letters and digits, like Ov23li...", Fix: "paste the Client ID of the App's page"}
	}
	return nil
}

// AcceptClientSecret refuses an answer that is no client secret.
func AcceptClientSecret(a state.Answer) error {
	if err := spliced(a.Value); err != nil {
		return within("the client secret", err)
	}
	if clientIDHead.MatchString(a.Value.Reveal()) {
		return state.Problem{What: "that is a client id", Why: "a client secret has 40 hexadecimal digits", Fix: "press \"Generate a new client secret\" on the App's page and paste what it shows"}
	}
	return nil
}

// AcceptYes refuses every answer but a yes.
func AcceptYes(a state.Answer) error {
	yes, err := state.ParseYes(a.Value.Reveal())
	switch {
	case err != nil:
		return state.Problem{What: "that is neither yes nor no", Fix: "answer yes or no"}
	case !yes:
		return state.Problem{What: "the answer is no", Why: "nothing is made without a yes", Fix: "answer yes, or do it another way"}
	}
	return nil
}

// ParseReturn takes the one-time code and the state out of the address that
// GitHub sent the browser back to. The error repeats nothing of it.
func ParseReturn(v state.Secret) (code state.Secret, pageState string, err error) {
	u, err := url.Parse(strings.TrimSpace(v.Reveal()))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return state.Secret{}, "", badReturn("that is not an address", "it begins with http:// and is the whole of the browser's address bar")
	}
	q := u.Query()
	value := q.Get("code")
	pageState = q.Get("state")
	switch {
	case value == "" || pageState == "":
		return state.Secret{}, "", badReturn("the address has no code and state", "GitHub adds both when the button was pressed")
	case !codeForm.MatchString(value) || !codeForm.MatchString(pageState):
		return state.Secret{}, "", badReturn("the address is garbled", "its code or state has characters that GitHub does not use")
	}
	return state.NewSecret(value), pageState, nil
}

func badReturn(what, why string) error {
	return state.Problem{What: what, Why: why, Fix: "copy the address of the page that the browser ended on, all of it"}
}
