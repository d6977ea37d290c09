package nix

import (
	"errors"
	"strings"
)

// tokenKind is what a token is.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenNumber
	tokenString // quoted, with whatever is in it
	tokenPath   // also <nixpkgs> and what is a URI
	tokenSign   // operators and brackets
)

// token is a piece of Nix text from one byte to another.
type token struct {
	kind     tokenKind
	from, to int
	text     string // as it stands there
}

// is says whether it is that sign or keyword.
func (t token) is(text string) bool {
	return (t.kind == tokenSign || t.kind == tokenWord) && t.text == text
}

// signs are the operators of more than one character, longer ones first.
var signs = []string{"...", "${", "//", "++", "->", "==", "!=", "<=", ">=", "&&", "||", "|>", "<|"}

// lexer cuts Nix text into tokens, as nix 2's lexer.l does.
type lexer struct {
	text  string
	at    int
	depth int // of strings and interpolations
}

// maxDepth is how deep brackets and strings may be nested.
const maxDepth = 400

// tokens are all tokens of a text; its last one is tokenEnd.
func tokens(text string) ([]token, error) {
	l := &lexer{text: text}
	var all []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		if t.kind == tokenEnd {
			return all, nil
		}
	}
}

// next is the token after white space and comments.
func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	from := l.at
	made := func(kind tokenKind) (token, error) {
		return token{kind, from, l.at, l.text[from:l.at]}, nil
	}
	rest := l.text[l.at:]
	switch {
	case rest == "":
		return made(tokenEnd)
	case rest[0] == '"':
		l.at++
		return ended(made, tokenString, l.quoted())
	case strings.HasPrefix(rest, "''"):
		l.at += 2
		return ended(made, tokenString, l.indented())
	case l.startsPath():
		return ended(made, tokenPath, l.path())
	case l.startsURI():
		return made(tokenPath)
	case letter(rest[0]):
		for l.at < len(l.text) && (letter(l.text[l.at]) || digit(l.text[l.at]) || strings.IndexByte("'-", l.text[l.at]) >= 0) {
			l.at++
		}
		return made(tokenWord)
	case digit(rest[0]), rest[0] == '.' && len(rest) > 1 && digit(rest[1]):
		for l.at < len(l.text) && (digit(l.text[l.at]) || strings.IndexByte(".eE", l.text[l.at]) >= 0) {
			l.at++
		}
		return made(tokenNumber)
	}
	for _, sign := range signs {
		if strings.HasPrefix(rest, sign) {
			l.at += len(sign)
			return made(tokenSign)
		}
	}
	if strings.IndexByte("{}[]();:=.,@?!<>+-*/|&", rest[0]) < 0 {
		return token{}, errors.New("a character that is not Nix")
	}
	l.at++
	return made(tokenSign)
}

func ended(made func(tokenKind) (token, error), kind tokenKind, err error) (token, error) {
	if err != nil {
		return token{}, err
	}
	return made(kind)
}

// skip goes over white space and comments.
func (l *lexer) skip() error {
	for l.at < len(l.text) {
		switch rest := l.text[l.at:]; {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case rest[0] == '#':
			if end := strings.IndexAny(rest, "\r\n"); end >= 0 {
				l.at += end
			} else {
				l.at = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return errors.New("a comment that does not end")
			}
			l.at += end + 4
		default:
			return nil
		}
	}
	return nil
}

// quoted goes over the rest of a "string".
func (l *lexer) quoted() error {
	for l.at < len(l.text) {
		switch rest := l.text[l.at:]; {
		case rest[0] == '"':
			l.at++
			return nil
		case rest[0] == '\\', strings.HasPrefix(rest, "$$"):
			l.at += 2
		case strings.HasPrefix(rest, "${"):
			if err := l.interpolation(); err != nil {
				return err
			}
		default:
			l.at++
		}
	}
	return errors.New("a string that does not end")
}

// indented goes over the rest of a ”string”.
func (l *lexer) indented() error {
	for l.at < len(l.text) {
		switch rest := l.text[l.at:]; {
		case strings.HasPrefix(rest, `''\`):
			l.at += 4
		case strings.HasPrefix(rest, "''$"), strings.HasPrefix(rest, "'''"):
			l.at += 3
		case strings.HasPrefix(rest, "''"):
			l.at += 2
			return nil
		case strings.HasPrefix(rest, "$$"):
			l.at += 2
		case strings.HasPrefix(rest, "${"):
			if err := l.interpolation(); err != nil {
				return err
			}
		default:
			l.at++
		}
	}
	return errors.New("a string that does not end")
}

// interpolation goes over ${ … }.
func (l *lexer) interpolation() error {
	if l.depth++; l.depth > maxDepth {
		return errTooDeep
	}
	defer func() { l.depth-- }()
	l.at += 2
	for open := 1; open > 0; {
		t, err := l.next()
		switch {
		case err != nil:
			return err
		case t.kind == tokenEnd:
			return errors.New("an interpolation that does not end")
		case t.is("{"), t.is("${"):
			open++
		case t.is("}"):
			open--
		}
	}
	return nil
}

var errTooDeep = errors.New("it is nested too deep")

// startsPath says whether a path begins here: ./x, ../x, /x, a/b, ~/x, ./${x}.
func (l *lexer) startsPath() bool {
	rest := l.text[l.at:]
	if strings.HasPrefix(rest, "~/") {
		return len(rest) > 2 && pathLetter(rest[2])
	}
	if rest[0] == '<' {
		n := 1
		for n < len(rest) && (pathLetter(rest[n]) || n > 1 && rest[n] == '/') {
			n++
		}
		return n > 1 && n < len(rest) && rest[n] == '>'
	}
	n := 0
	for n < len(rest) && pathLetter(rest[n]) {
		n++
	}
	return l.goesOn(l.at + n)
}

// goesOn says whether a slash with something behind it stands there.
func (l *lexer) goesOn(at int) bool {
	rest := l.text[min(at, len(l.text)):]
	return len(rest) > 1 && rest[0] == '/' && (pathLetter(rest[1]) || strings.HasPrefix(rest[1:], "${"))
}

func (l *lexer) path() error {
	if l.text[l.at] == '<' {
		l.at += strings.IndexByte(l.text[l.at:], '>') + 1
		return nil
	}
	for l.at++; l.at < len(l.text); {
		switch {
		case pathLetter(l.text[l.at]):
			l.at++
		case l.goesOn(l.at):
			l.at++
		case strings.HasPrefix(l.text[l.at:], "${"):
			if err := l.interpolation(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// startsURI says whether an old URI literal begins here, and goes over it.
func (l *lexer) startsURI() bool {
	rest, n := l.text[l.at:], 0
	for n < len(rest) && (letter(rest[n]) && rest[n] != '_' || n > 0 && (digit(rest[n]) || strings.IndexByte("+-.", rest[n]) >= 0)) {
		n++
	}
	end := n + 1
	for end < len(rest) && (letter(rest[end]) || digit(rest[end]) || strings.IndexByte("%/?:@&=+$,-.!~*'", rest[end]) >= 0) {
		end++
	}
	if n == 0 || n >= len(rest) || rest[n] != ':' || end == n+1 {
		return false
	}
	l.at += end
	return true
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func pathLetter(c byte) bool { return letter(c) || digit(c) || c == '.' || c == '-' || c == '+' }
