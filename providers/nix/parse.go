package nix

import (
	"errors"
	"fmt"
	"slices"
)

// nodeKind is what an expression is, as far as an edit must know.
type nodeKind int

const (
	nodeOther  nodeKind = iota // whatever has only kids
	nodeName                   // a variable
	nodePath                   // a path
	nodeSet                    // { … }
	nodeList                   // [ … ]
	nodeLambda                 // x: …
	nodeLet                    // let … in …
	nodeWith                   // with x; …, assert x; …: kids are both
	nodeParen                  // ( … )
	nodeApply                  // f x y
	nodeSelect                 // x.a.b; names are a, b
	nodeConcat                 // a ++ b ++ c
)

// node is an expression from one byte to another.
type node struct {
	kind     nodeKind
	from, to int
	text     string   // of a name or path
	names    []string // of a select; "" where one is computed
	kids     []*node
	binds    []bind
	rec      bool // the set's names see each other
	lambda   head
}

// bind is one line of a set or let: a.b = value, or inherit x y.
type bind struct {
	from, to int      // its semicolon included
	path     []string // "" where a name is computed
	value    *node    // nil: inherit
	inherits []string
}

// head is what stands before a lambda's colon.
type head struct {
	name     string // x: or {…}@x:
	set      bool
	open     int // behind its {
	last     int // behind its last name, default included; 0: none
	names    []string
	more     bool // it ends with ...
	moreAt   int
	defaults []*node
}

// parser makes a tree of tokens: Nix's grammar (parser.y), without the ranks of
// its operators, which no edit asks for.
type parser struct {
	all   []token
	at    int
	depth int
}

// parse reads a whole text.
func parse(text string) (*node, error) {
	all, err := tokens(text)
	if err != nil {
		return nil, err
	}
	p := &parser{all: all}
	n, err := p.expression()
	if err == nil && p.peek(0).kind != tokenEnd {
		err = p.odd()
	}
	return n, err
}

func (p *parser) peek(n int) token { return p.all[min(p.at+n, len(p.all)-1)] }

func (p *parser) take() token {
	t := p.peek(0)
	p.at = min(p.at+1, len(p.all)-1)
	return t
}

func (p *parser) want(text string) (token, error) {
	if !p.peek(0).is(text) {
		return token{}, p.odd()
	}
	return p.take(), nil
}

func (p *parser) odd() error {
	return fmt.Errorf("unexpected %.40q at byte %d", p.peek(0).text, p.peek(0).from)
}

// keywords cannot be names.
var keywords = []string{"if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"}

func (p *parser) name(n int) bool {
	t := p.peek(n)
	return t.kind == tokenWord && !slices.Contains(keywords, t.text)
}

func (p *parser) expression() (n *node, err error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errTooDeep
	}
	defer func() { p.depth-- }()
	from := p.peek(0).from
	switch {
	case p.name(0) && (p.peek(1).is(":") || p.peek(1).is("@")), p.formals():
		return p.lambdaFrom()
	case p.peek(0).is("let"):
		p.take()
		n = &node{kind: nodeLet, from: from}
		if n.binds, err = p.bindings("in"); err != nil {
			return nil, err
		}
		return p.body(n)
	case p.peek(0).is("with"), p.peek(0).is("assert"):
		p.take()
		n = &node{kind: nodeWith, from: from}
		if err := p.kid(n, ";"); err != nil {
			return nil, err
		}
		return p.body(n)
	case p.peek(0).is("if"):
		p.take()
		n = &node{from: from}
		if err := errors.Join(p.kid(n, "then"), p.kid(n, "else")); err != nil {
			return nil, err
		}
		return p.body(n)
	}
	return p.operators()
}

// kid adds an expression that the word ends.
func (p *parser) kid(n *node, end string) error {
	kid, err := p.expression()
	if err == nil {
		n.kids = append(n.kids, kid)
		_, err = p.want(end)
	}
	return err
}

// body adds the last expression.
func (p *parser) body(n *node) (*node, error) {
	kid, err := p.expression()
	if err != nil {
		return nil, err
	}
	n.kids, n.to = append(n.kids, kid), kid.to
	return n, nil
}

// formals says whether a { here begins a lambda.
func (p *parser) formals() bool {
	switch {
	case !p.peek(0).is("{"):
		return false
	case p.peek(1).is("..."):
		return true
	case p.peek(1).is("}"):
		return p.peek(2).is(":") || p.peek(2).is("@")
	}
	return p.name(1) && (p.peek(2).is(",") || p.peek(2).is("?") || p.peek(2).is("}"))
}

func (p *parser) lambdaFrom() (*node, error) {
	n := &node{kind: nodeLambda, from: p.peek(0).from}
	h := &n.lambda
	if err := p.half(h); err != nil {
		return nil, err
	}
	if p.peek(0).is("@") {
		p.take()
		if err := p.half(h); err != nil {
			return nil, err
		}
	}
	if _, err := p.want(":"); err != nil {
		return nil, err
	}
	return p.body(n)
}

// half reads what stands on one side of a lambda's @: a name, or what is in
// brackets.
func (p *parser) half(h *head) error {
	if !p.name(0) {
		return p.head(h)
	}
	h.name = p.take().text
	return nil
}

// head reads { a, b ? 1, ... }.
func (p *parser) head(h *head) error {
	open, err := p.want("{")
	if err != nil {
		return err
	}
	h.set, h.open = true, open.to
	for !p.peek(0).is("}") {
		switch {
		case p.peek(0).is("..."):
			h.more, h.moreAt = true, p.take().from
		case p.name(0):
			t := p.take()
			h.names, h.last = append(h.names, t.text), t.to
			if p.peek(0).is("?") {
				p.take()
				value, err := p.expression()
				if err != nil {
					return err
				}
				h.defaults, h.last = append(h.defaults, value), value.to
			}
		default:
			return p.odd()
		}
		if !p.peek(0).is(",") {
			break
		}
		p.take()
	}
	_, err = p.want("}")
	return err
}
