package steps

import (
	"context"
	"errors"
	"time"

	"github.com/nixwright/nixwright/state"
)

// Browser is how a page reaches a person and their answer comes back.
type Browser interface {
	// Serve shows the form on loopback, at the address of its file; the
	// addresses that browsers come back with arrive on the channel.
	Serve(file string, f *state.Form) <-chan state.Secret
	// Save writes the form as a page of its own, for another computer.
	Save(file string, f *state.Form) error
	// Open shows an address in the person's browser.
	Open(ctx context.Context, url string) error
}

// Reader reads an answer that a person types or pastes; nil where nobody can.
type Reader func(ctx context.Context, q state.Question) (state.Secret, error)

// People asks persons: pages in a browser, clicks that the world shows, lines
// in a terminal. One question at a time.
type People struct {
	Browser Browser
	Read    Reader
	Opens   bool          // open pages by itself
	Note    func(string)  // told what went wrong on the way; the question stays open
	Wait    time.Duration // how long a person is waited for; 0: not at all
	Clock   Clock
	turn    chan struct{}
}

// NewPeople makes the asker of one run.
func NewPeople(p People) *People {
	p.turn = make(chan struct{}, 1)
	return &p
}

// Ask is an Asker.
func (p *People) Ask(ctx context.Context, q state.Question) (state.Answer, error) {
	if q.Form != nil && q.File != "" {
		if err := p.Browser.Save(q.File, q.Form); err != nil {
			return state.Answer{}, err
		}
	}
	nobody := p.Read == nil && q.Done == nil && q.Kind != state.KindPage
	if p.Wait <= 0 || nobody {
		return state.Answer{}, state.ErrNoAnswer
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return state.Answer{}, ctx.Err()
	}
	defer func() { <-p.turn }()
	asked, cancel := context.WithTimeout(ctx, p.Wait)
	defer cancel()
	a, err := p.wait(asked, q)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return a, state.ErrNoAnswer
	}
	return a, err
}

// wait takes the first answer that fits: from the page, from the world, from
// the terminal.
func (p *People) wait(ctx context.Context, q state.Question) (state.Answer, error) {
	answers := make(chan state.Answer, 1)
	failed := make(chan error, 1)
	var back <-chan state.Secret
	if q.Form != nil {
		back = p.Browser.Serve(q.File, q.Form)
	}
	if q.Kind == state.KindPage && q.Form == nil {
		back = p.Browser.Serve("", nil) // an address may still come back
	}
	if p.Opens && q.URL != "" {
		go func() {
			if err := p.Browser.Open(ctx, q.URL); err != nil && ctx.Err() == nil && p.Note != nil {
				p.Note("the page did not open by itself: " + err.Error())
			}
		}()
	}
	switch {
	case q.Done != nil: // the world answers, not the terminal
		go p.watch(ctx, q, answers, failed)
	case p.Read != nil:
		go p.read(ctx, q, answers)
	}
	for {
		select {
		case <-ctx.Done():
			return state.Answer{}, ctx.Err()
		case err := <-failed:
			return state.Answer{}, err
		case v := <-back:
			if a := (state.Answer{Value: v, From: "the browser"}); q.Accept == nil || q.Accept(a) == nil {
				return a, nil
			}
		case a := <-answers:
			return a, nil
		}
	}
}

// watch looks whether the world shows that the person has done it.
func (p *People) watch(ctx context.Context, q state.Question, answers chan<- state.Answer, failed chan<- error) {
	for pause := firstPause; ; pause = min(2*pause, 3*time.Second) {
		done, err := q.Done(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !errors.Is(err, state.ErrOffline) && !errors.Is(err, state.ErrService):
			failed <- err
			return
		case done:
			answers <- state.Answer{Value: state.NewSecret("done"), From: "the world"}
			return
		}
		if p.Clock.Sleep(ctx, pause) != nil {
			return
		}
	}
}

// read asks in the terminal until an answer fits; a line that does not is told
// by the reader, which is given the reason.
func (p *People) read(ctx context.Context, q state.Question, answers chan<- state.Answer) {
	for ctx.Err() == nil {
		v, err := p.Read(ctx, q)
		if err != nil {
			return
		}
		a := state.Answer{Value: v, From: "you"}
		if q.Accept != nil {
			if err := q.Accept(a); err != nil {
				q.Why = err.Error()
				continue
			}
		}
		answers <- a
		return
	}
}
