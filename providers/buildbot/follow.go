package buildbot

import (
	"context"
	"errors"
	"time"

	"github.com/nixwright/nixwright/state"
)

// The pauses between two looks at a log that no event tells of: from the
// shortest, while it grows, to the longest. After socketPause the WebSocket is
// tried again.
const (
	shortestLook = 250 * time.Millisecond
	longestLook  = 2 * time.Second
	socketPause  = 30 * time.Second
)

// Follow tells grown each time a log is longer than l, or complete, which ends
// it without an error. It is told by WebSocket; as long as that does not work
// it looks every now and then. Its error is that of ctx, or of a log that is
// not there; a master that is away for a while is waited for.
func (c *Client) Follow(ctx context.Context, l state.BuildLog, grown func(state.BuildLog)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &following{c: c, now: l, grown: grown, wait: shortestLook, looking: true, said: make(chan said)}
	if l.Done {
		return nil
	}
	look, socket := time.NewTimer(0), time.NewTimer(0)
	defer look.Stop()
	defer socket.Stop()
	for !f.now.Done {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-socket.C:
			go f.listen(ctx, l.ID)
		case s := <-f.said:
			switch {
			case s.log != nil:
				f.heard(*s.log)
			case s.ended:
				f.looking = true
				look.Reset(f.wait)
				socket.Reset(socketPause)
			default: // it listens; what was said before, a look tells
				f.looking = false
				look.Reset(0)
			}
		case <-look.C:
			again, err := f.look(ctx)
			if err != nil {
				return err
			}
			if again {
				look.Reset(f.wait)
			}
		}
	}
	return nil
}

// following is a log as it was last told.
type following struct {
	c     *Client
	now   state.BuildLog
	grown func(state.BuildLog)

	looking bool          // nobody tells
	wait    time.Duration // until the next look
	said    chan said
}

// said is what the WebSocket said: a log, that it is there (neither), or that
// it is not any more.
type said struct {
	log   *state.BuildLog
	ended bool
}

// listen follows by WebSocket.
func (f *following) listen(ctx context.Context, log int64) {
	say := func(s said) {
		select {
		case f.said <- s:
		case <-ctx.Done():
		}
	}
	_ = f.c.Watch(ctx, Watch{Paths: []string{number("logs/", log) + "/*"}, Listening: func() { say(said{}) }}, func(e state.BuildEvent) {
		if e.Log != nil {
			say(said{log: e.Log})
		}
	})
	say(said{ended: true})
}

// heard takes what was heard of the log, however late.
func (f *following) heard(l state.BuildLog) (longer bool) {
	if l.ID != f.now.ID || l.Lines <= f.now.Lines && !l.Done {
		return false
	}
	f.now = l
	f.grown(l)
	return true
}

// look asks how long the log is, and says whether to ask again later.
func (f *following) look(ctx context.Context) (again bool, err error) {
	l, err := f.c.Log(ctx, f.now.ID)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, state.ErrNotFound):
		return false, err
	case err == nil && f.heard(l):
		f.wait = shortestLook
	default:
		f.wait = min(2*f.wait, longestLook)
	}
	return f.looking || err != nil, nil
}
