package browser

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// Pages is how a form reaches a person: on loopback where this run waits for
// people, else as a file that they open wherever their browser is.
type Pages struct {
	listener *Listener // nil: nobody is waited for
	answers  chan state.Secret
	done     chan struct{}
}

// NewPages listens on loopback where people are waited for. Without it the
// browser ends on an address that does not answer, and that address is pasted.
func NewPages(listen bool) (*Pages, error) {
	p := &Pages{answers: make(chan state.Secret), done: make(chan struct{})}
	if !listen {
		return p, nil
	}
	l, err := Listen(usualPort)
	if err != nil {
		return nil, err
	}
	p.listener = l
	go p.forward()
	return p, nil
}

func (p *Pages) forward() {
	for {
		select {
		case v := <-p.listener.Answers():
			select {
			case p.answers <- state.NewSecret(v):
			case <-p.done:
				return
			}
		case <-p.done:
			return
		}
	}
}

// Callback is the address that GitHub sends the browser back to.
func (p *Pages) Callback() string {
	if p.listener == nil {
		return fmt.Sprintf("http://localhost:%d/", usualPort)
	}
	return p.listener.Callback()
}

// Address is where a person finds the page.
func (p *Pages) Address(file string) string {
	if p.listener == nil {
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
	}
	return p.listener.Callback() + pageName(file)
}

// pageName is the path of a page: create-app.html is shown at /app.
func pageName(file string) string {
	return strings.TrimPrefix(strings.TrimSuffix(filepath.Base(file), ".html"), "create-")
}

// Serve shows the form at its own address, and no other form at another; the
// addresses that browsers come back with arrive on the channel.
func (p *Pages) Serve(file string, f *state.Form) <-chan state.Secret {
	if p.listener != nil {
		p.listener.ServeAt("/"+pageName(file), f)
	}
	return p.answers
}

// Save writes the form as a page of its own, readable by this user alone: it
// carries the state that the answer is known by.
func (p *Pages) Save(file string, f *state.Form) error {
	if err := state.WriteOwn(file, []byte(FormHTML(*f))); err != nil {
		return fmt.Errorf("write page %s: %w", file, err)
	}
	return nil
}

// Close stops listening.
func (p *Pages) Close() {
	close(p.done)
	if p.listener != nil {
		_ = p.listener.Close()
	}
}
