package state

import (
	"html"
	"net/url"
	"slices"
	"strings"
)

// PastedKind is what a pasted text can be.
type PastedKind string

// The kinds of pasted texts; each reads well after "that is ".
const (
	PastedNothing      PastedKind = "nothing"
	PastedGitHub       PastedKind = "a GitHub token"
	PastedCloudflare   PastedKind = "a Cloudflare API token"
	PastedReturn       PastedKind = "the address that GitHub leads back to"
	PastedClientID     PastedKind = "a client id"
	PastedClientSecret PastedKind = "a client secret"
	PastedRepo         PastedKind = "a repository"
	PastedHost         PastedKind = "a host name"
	PastedSSH          PastedKind = "an ssh destination"
	PastedWrong        PastedKind = "of no use here" // known, and Problem says what it is
	PastedOther        PastedKind = "something else"
)

// Pasted is a text that a person pasted somewhere. Every value is treated as a
// secret until it is known where it belongs.
type Pasted struct {
	Kinds   []PastedKind `json:"kinds"`             // likeliest first; several where the text alone does not tell
	Value   Secret       `json:"-"`                 // without what came along: blanks, quotes, line ends; none where it is of no use
	Problem *Problem     `json:"problem,omitempty"` // why it cannot be used as it is
}

// Is says whether it is that, or may be.
func (p Pasted) Is(kind PastedKind) bool { return slices.Contains(p.Kinds, kind) }

// For is the value for who wants that kind; the error is a Problem that says
// kindly what was pasted instead.
func (p Pasted) For(kind PastedKind) (Secret, error) {
	switch {
	case p.Problem != nil:
		return Secret{}, *p.Problem
	case p.Is(kind):
		return p.Value, nil
	case p.Is(PastedNothing):
		return Secret{}, Problem{What: "nothing was pasted", Fix: "paste " + string(kind)}
	case p.Is(PastedOther):
		return Secret{}, Problem{What: "that is not " + string(kind), Fix: "copy it again, all of it"}
	}
	return Secret{}, Problem{What: "that is " + string(p.Kinds[0]) + ", not " + string(kind), Fix: "paste " + string(kind)}
}

// maxPaste is how much of a paste is looked at, in bytes.
const maxPaste = 16 << 10

// RecognisePaste says what a pasted text is, by its form alone, wherever it was
// pasted. Forms: GitHub's blog and changelog on token formats (ghp_, gho_,
// ghu_, ghs_, ghr_, github_pat_; before 2021 40 hexadecimal digits), and
// Cloudflare's page "Token formats" (cfut_, cfat_, cfk_ with 40 characters and
// a checksum; before 2026 40 characters without a prefix).
func RecognisePaste(text string) Pasted {
	if len(text) > maxPaste {
		return Pasted{Kinds: []PastedKind{PastedOther}}
	}
	for _, k := range keyFiles {
		if strings.Contains(text, k.mark) {
			return pastedWrong(k.problem)
		}
	}
	lines := pastedLines(text)
	for _, line := range lines {
		for word := range strings.FieldsSeq(line) {
			if p, ok := returned(unwrap(word)); ok {
				return p
			}
		}
	}
	whole := unwrap(strings.Join(lines, ""))
	if whole == "" {
		return Pasted{Kinds: []PastedKind{PastedNothing}}
	}
	if p, ok := credential(whole); ok {
		return p
	}
	for _, line := range lines { // one among other words: NAME=value, Name: value
		for word := range strings.FieldsSeq(line) {
			if p, ok := credential(unwrap(word[strings.LastIndexByte(word, '=')+1:])); ok {
				return p
			}
		}
	}
	if len(lines) > 1 {
		return Pasted{Kinds: []PastedKind{PastedOther}, Value: NewSecret(whole)}
	}
	return pastedPlace(whole)
}

// keyFiles are known by their marks.
var keyFiles = []struct {
	mark    string
	problem Problem
}{
	{"PRIVATE KEY-----", Problem{What: "that is a private key", Why: "keys are not pasted: setup makes or adopts them", Fix: "an App's key is adopted from its file: set adopt.app_key_file"}},
	{"AGE-SECRET-KEY-", Problem{What: "that is an age identity", Why: "it opens all secrets and stays in its file", Fix: "name the file in SOPS_AGE_KEY_FILE"}},
}

func pastedWrong(p Problem) Pasted { return Pasted{Kinds: []PastedKind{PastedWrong}, Problem: &p} }

func pastedAs(kind PastedKind, value string) Pasted {
	return Pasted{Kinds: []PastedKind{kind}, Value: NewSecret(value)}
}

// pastedLines are the lines with something on them, HTML's escapes undone; a
// line that can only be the rest of the one before is put back to it.
func pastedLines(text string) []string {
	var out []string
	for line := range strings.Lines(html.UnescapeString(text)) {
		line = CleanText(line, 0)
		switch n := len(out); {
		case line == "":
		case n > 0 && strings.ContainsRune(out[n-1], '?') && restOfAddress(line):
			out[n-1] += line
		default:
			out = append(out, line)
		}
	}
	return out
}

var restOfAddress = like(`[A-Za-z0-9._~%&=-]+["'>]?`)

// unwrap takes off what surrounds a copied value.
func unwrap(s string) string { return strings.Trim(s, " \t\"'`<>(),;") }

var returnForm = like(`[A-Za-z0-9._-]{1,200}`)

// returned recognises the address that GitHub sent the browser back to by the
// code and the state in its query; browsers copy it without its scheme.
func returned(s string) (Pasted, bool) {
	s = strings.TrimPrefix(s, "Location:")
	before, query, ok := strings.Cut(s, "?")
	if !ok {
		if before, query = "", s; !strings.HasPrefix(s, "code=") {
			return Pasted{}, false
		}
	}
	q, err := url.ParseQuery(query)
	if err != nil || !q.Has("code") && !q.Has("state") {
		return Pasted{}, false
	}
	if !returnForm(q.Get("code")) || !returnForm(q.Get("state")) {
		return Pasted{Kinds: []PastedKind{PastedReturn}, Problem: &Problem{
			What: "the address is not whole", Why: "GitHub adds a code and a state to it", Fix: "copy all of it from the browser's address bar",
		}}, true
	}
	switch {
	case strings.HasPrefix(before, "http://"), strings.HasPrefix(before, "https://"):
	case before == "", strings.HasPrefix(before, "/"):
		before = "http://localhost/" + strings.TrimPrefix(before, "/")
	default:
		before = "http://" + before
	}
	if u, err := url.Parse(before); err != nil || u.Host == "" {
		return Pasted{}, false
	}
	return pastedAs(PastedReturn, before+"?"+query), true
}
