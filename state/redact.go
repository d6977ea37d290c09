package state

import (
	"regexp"
	"sync"
)

// redacted stands where something that looks like a secret stood.
const redacted = "[hidden]"

// redactions are the forms of secrets, each with what is left of it. The paths
// of the Nix store, whose hashes look the same, stay.
var redactions = []struct {
	form func() *regexp.Regexp
	left string
}{
	{form(`-----BEGIN [A-Z ]*PRIVATE KEY-----.*`), redacted},
	{form(`(?i)\b(gh[a-z]_|github_pat_|glpat-|sk-|xox[a-z]-|AGE-SECRET-KEY-1)[A-Za-z0-9_-]{8,}`), redacted},
	{form(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`), redacted},
	{form(`(?i)\b(bearer|basic|token) +[A-Za-z0-9+/=_.~-]{8,}`), "$1 " + redacted},
	{form(`([a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s/@]+@`), "$1:" + redacted + "@"},
	{form(`(?i)([a-z0-9_-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|authorization|credential)[a-z0-9_-]*["']?\s*[=:]\s*)(\[hidden\]|"[^"]*"|'[^']*'|[^\s,;'")\]}]+)`), "$1" + redacted},
	{form(`\b([A-Za-z0-9._-]+:)[A-Za-z0-9+/]{40,}={0,2}`), "$1" + redacted},
	{form(`(/nix/store/[a-z0-9]{32}-\S*)|[A-Za-z0-9+/_=-]{32,}`), "$1"},
}

// form is a form that is made when it is first looked for.
func form(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// Redact takes out of a line what looks like a secret: tokens by their
// prefixes, keys, passwords in addresses, values of names such as password or
// token, and any word of 32 letters and digits or more.
func Redact(line string) string {
	last := len(redactions) - 1
	for _, r := range redactions[:last] {
		line = r.form().ReplaceAllString(line, r.left)
	}
	return redactions[last].form().ReplaceAllStringFunc(line, func(word string) string {
		if len(word) > 11 && word[:11] == "/nix/store/" || !mixed(word) {
			return word
		}
		return redacted
	})
}

// mixed says whether a word has digits and letters and few slashes, as a key
// has and a path or a rule of dashes has not.
func mixed(word string) bool {
	digits, letters, slashes := 0, 0, 0
	for _, r := range word {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			letters++
		case r == '/':
			slashes++
		}
	}
	return digits > 2 && letters > 2 && slashes < 3
}
