package ssh

import (
	"context"
	"errors"
	"time"

	"github.com/nixwright/nixwright/state"
)

// After a try to connect, how long none is made again: where a person has to do
// something, hosts that count failures are left in peace.
const (
	tryRest    = time.Second
	refuseRest = time.Minute
)

// try is one try to connect, and the connection that came of it.
type try struct {
	end   context.CancelFunc
	known chan struct{} // closed when it stands or has failed
	gone  chan struct{} // closed when it has failed or ended
	err   error         // why it failed, or why it has ended; read after known
	over  time.Time     // when; zero: it lives
}

// Connect opens the connection, and has it opened again whenever something
// wants it and it has gone, until Close. Where Options has a terminal, ssh asks
// there for what it needs, this once: a passphrase, a password, whether a host
// key is right, a touch of a hardware key. The time in which it asks does not
// count; the context ends it, and so does a Ctrl-C. When the connection is to
// be opened again nobody is asked; where that would be needed, what wants it
// fails with a state.Problem that says to sign in again.
func (m *Master) Connect(ctx context.Context) error {
	m.mu.Lock()
	m.kept = true
	t := m.try
	if t == nil || !t.over.IsZero() {
		var ask *asker
		if m.host.o.Terminal != nil {
			ask = &asker{terminal: m.host.o.Terminal}
		}
		t = m.begin(ctx, ask)
	}
	m.mu.Unlock()
	defer context.AfterFunc(ctx, t.end)()
	<-t.known
	m.mu.Lock()
	defer m.mu.Unlock()
	return t.err
}

// Close ends the connection; nothing is left when it returns.
func (m *Master) Close() {
	m.mu.Lock()
	m.kept = false
	if m.try != nil {
		m.try.end()
	}
	m.mu.Unlock()
	m.all.Wait()
}

// Gone is closed when the connection of now has ended; nil: there never was one.
func (m *Master) Gone() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.try == nil {
		return nil
	}
	return m.try.gone
}

// again sees that there is a connection, where one is kept: it opens one, or
// waits for the one that is being opened.
func (m *Master) again(ctx context.Context, op string) error {
	m.mu.Lock()
	t := m.try
	switch {
	case !m.kept || m.path != "":
		m.mu.Unlock()
		return nil
	case !t.over.IsZero() && time.Since(t.over) >= t.rest():
		t = m.begin(ctx, nil)
	}
	m.mu.Unlock()
	select {
	case <-t.known:
	case <-ctx.Done():
		return m.host.offline(op, "no connection to the host yet: "+ctx.Err().Error())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return t.err
}

// begin starts a try; mu is held.
func (m *Master) begin(ctx context.Context, ask *asker) *try {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	t := &try{end: end, known: make(chan struct{}), gone: make(chan struct{})}
	m.try = t
	m.all.Go(func() {
		defer end()
		stood := false
		err := m.hold(life, ask, func() { stood = true; close(t.known) })
		m.mu.Lock()
		defer m.mu.Unlock()
		if t.err, t.over = err, time.Now(); ask == nil {
			t.err = m.signIn(err)
		}
		if !stood {
			close(t.known)
		}
		close(t.gone)
	})
	return t
}

// rest is how long no other try is made after this one.
func (t *try) rest() time.Duration {
	if p := (state.Problem{}); errors.As(t.err, &p) {
		return refuseRest
	}
	return tryRest
}

// signIn is the error of a connection that could not be opened again, where
// the user was asked for the first one and is not now.
func (m *Master) signIn(err error) error {
	p := state.Problem{}
	if m.host.o.Terminal == nil || !errors.As(err, &p) {
		return err
	}
	p.What = "sign in again: " + p.What
	p.Fix = "end this and start it again, so that ssh can ask; an agent that holds the key (ssh-add) spares that"
	return p
}
