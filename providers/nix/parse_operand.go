package nix

import (
	"errors"
	"slices"
	"strings"
)

// binary are the operators between two expressions.
var binary = []string{"++", "//", "->", "==", "!=", "<=", ">=", "<", ">", "&&", "||", "+", "-", "*", "/", "|>", "<|", "?"}

func (p *parser) operators() (*node, error) {
	all := &node{kind: nodeConcat, from: p.peek(0).from}
	for {
		for p.peek(0).is("-") || p.peek(0).is("!") {
			p.take()
			all.kind = nodeOther
		}
		one, err := p.application()
		if err != nil {
			return nil, err
		}
		all.kids, all.to = append(all.kids, one), one.to
		t := p.peek(0)
		if t.kind != tokenSign || !slices.Contains(binary, t.text) {
			break
		}
		p.take()
		if t.text != "++" {
			all.kind = nodeOther
		}
		if t.text == "?" {
			if _, err := p.attrPath(); err != nil {
				return nil, err
			}
			if t = p.peek(0); t.kind != tokenSign || !slices.Contains(binary, t.text) {
				break
			}
			p.take()
		}
	}
	if len(all.kids) == 1 && all.kind == nodeConcat {
		return all.kids[0], nil
	}
	return all, nil
}

func (p *parser) application() (*node, error) {
	f, err := p.selection()
	if err != nil {
		return nil, err
	}
	all := &node{kind: nodeApply, from: f.from, to: f.to, kids: []*node{f}}
	for p.begins() {
		arg, err := p.selection()
		if err != nil {
			return nil, err
		}
		all.kids, all.to = append(all.kids, arg), arg.to
	}
	if len(all.kids) == 1 {
		return f, nil
	}
	return all, nil
}

// begins says whether one more operand can begin here.
func (p *parser) begins() bool {
	t := p.peek(0)
	switch t.kind {
	case tokenNumber, tokenString, tokenPath:
		return true
	case tokenWord:
		return p.name(0) || t.is("rec")
	case tokenSign:
		return t.is("{") || t.is("[") || t.is("(")
	case tokenEnd:
	}
	return false
}

func (p *parser) selection() (*node, error) {
	n, err := p.simple()
	if err != nil || !p.peek(0).is(".") {
		return n, err
	}
	p.take()
	names, err := p.attrPath()
	if err != nil {
		return nil, err
	}
	n = &node{kind: nodeSelect, from: n.from, to: p.all[p.at-1].to, names: names, kids: []*node{n}}
	if p.peek(0).is("or") {
		p.take()
		other, err := p.selection()
		if err != nil {
			return nil, err
		}
		return &node{from: n.from, to: other.to, kids: []*node{n, other}}, nil
	}
	return n, nil
}

// attrPath reads a.b."c".${d}; names that are computed are "".
func (p *parser) attrPath() (names []string, err error) {
	for {
		t := p.peek(0)
		switch {
		case t.kind == tokenWord:
			names = append(names, p.take().text)
		case t.kind == tokenString:
			names = append(names, plainString(p.take().text))
		case t.is("${"):
			p.take()
			if _, err := p.expression(); err != nil {
				return nil, err
			}
			if _, err := p.want("}"); err != nil {
				return nil, err
			}
			names = append(names, "")
		default:
			return nil, p.odd()
		}
		if !p.peek(0).is(".") {
			return names, nil
		}
		p.take()
	}
}

// plainString is the value of a "string" in which nothing is computed or
// escaped; else empty.
func plainString(text string) string {
	inner, quoted := strings.CutPrefix(text, `"`)
	inner = strings.TrimSuffix(inner, `"`)
	if !quoted || strings.ContainsAny(inner, "\\$") {
		return ""
	}
	return inner
}

func (p *parser) simple() (*node, error) {
	t := p.peek(0)
	n := &node{from: t.from, to: t.to, text: t.text}
	switch {
	case t.kind == tokenPath:
		n.kind = nodePath
	case t.kind == tokenNumber, t.kind == tokenString:
	case p.name(0):
		n.kind = nodeName
	case t.is("("):
		p.take()
		n.kind = nodeParen
		err := p.kid(n, ")")
		n.to = p.all[p.at-1].to
		return n, err
	case t.is("["):
		p.take()
		n.kind = nodeList
		for !p.peek(0).is("]") {
			one, err := p.selection()
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, one)
		}
		n.to = p.take().to
		return n, nil
	case t.is("rec"), t.is("{"):
		if p.take(); t.is("rec") {
			if _, err := p.want("{"); err != nil {
				return nil, err
			}
		}
		n.kind, n.rec = nodeSet, t.is("rec")
		var err error
		n.binds, err = p.bindings("}")
		n.to = p.all[p.at-1].to
		return n, err
	default:
		return nil, p.odd()
	}
	p.take()
	return n, nil
}

// inherit reads inherit (x) a b, without its semicolon.
func (p *parser) inherit(b *bind) error {
	p.take()
	if p.peek(0).is("(") {
		if _, err := p.simple(); err != nil {
			return err
		}
	}
	for !p.peek(0).is(";") {
		names, err := p.attrPath()
		if err != nil || len(names) != 1 {
			return errors.Join(err, p.odd())
		}
		b.inherits = append(b.inherits, names[0])
	}
	return nil
}

// assign reads a.b = value, without its semicolon.
func (p *parser) assign(b *bind) (err error) {
	if b.path, err = p.attrPath(); err != nil {
		return err
	}
	if _, err = p.want("="); err != nil {
		return err
	}
	b.value, err = p.expression()
	return err
}

// bindings reads lines up to the word that ends them.
func (p *parser) bindings(end string) (all []bind, err error) {
	for !p.peek(0).is(end) {
		b := bind{from: p.peek(0).from}
		if p.peek(0).is("inherit") {
			err = p.inherit(&b)
		} else {
			err = p.assign(&b)
		}
		if err != nil {
			return nil, err
		}
		semicolon, err := p.want(";")
		if err != nil {
			return nil, err
		}
		b.to = semicolon.to
		all = append(all, b)
	}
	p.take()
	return all, nil
}
