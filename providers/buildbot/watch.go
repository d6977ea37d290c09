package buildbot

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// patience is how long a connection may be silent before it is looked at, and
// then how long the answer may take.
const patience = 15 * time.Second

// frameLimit is the longest message of an event; a step that triggered ten
// thousand builds has as many links.
const frameLimit = 16 << 20

// Watch is what to be told of.
type Watch struct {
	// Paths are patterns of keys: "builds/*/*", "logs/7/*"; "*/*/*" is
	// everything, each step's events once. The master takes any path, also one
	// that nothing ever matches.
	Paths []string
	// Listening is called when all paths are watched: what is read from then
	// on misses nothing. nil: nobody wants to know.
	Listening func()
	// Patience is how long a silent connection is trusted before it is tried,
	// and how long that may take. 0: 15 s.
	Patience time.Duration
}

func (w Watch) filled() Watch {
	if w.Patience <= 0 {
		w.Patience = patience
	}
	if w.Listening == nil {
		w.Listening = func() {}
	}
	return w
}

func noPaths(op string) error {
	return &state.CallError{Service: "buildbot", Op: op, Kind: state.ErrInvalid, Text: "no paths"}
}

// frame is a message of the master: an acknowledgement or an event (www/ws.py).
type frame struct {
	Key     string          `json:"k"`
	Message json.RawMessage `json:"m"`

	ID    *int   `json:"_id"` //nolint:tagliatelle // buildbot's word
	Code  int    `json:"code"`
	Error string `json:"error"`
}

// Watch tells emit, over WebSocket, what happens at the master, until ctx or
// the connection ends; it always returns an error. What happens while nobody
// watches is never told: watch first, then read the state. A connection that
// died without a word is noticed by a ping.
func (c *Client) Watch(ctx context.Context, w Watch, emit func(state.BuildEvent)) error {
	tell := once(emit)
	return c.watch(ctx, w, func(key string, message []byte) { tell(event(key, message)) })
}

// watch is Watch with the events as they come.
func (c *Client) watch(ctx context.Context, w Watch, emit func(key string, message []byte)) error {
	const op = "watch builds"
	w = w.filled()
	if len(w.Paths) == 0 {
		return noPaths(op)
	}
	conn, err := c.dial(ctx, op, w.Patience)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go keep(ctx, cancel, w.Patience, conn.Ping)
	for i, path := range w.Paths {
		ask, err := json.Marshal(map[string]any{"cmd": "startConsuming", "path": path, "_id": i + 1})
		if err == nil {
			err = conn.Write(ctx, websocket.MessageText, ask)
		}
		if err != nil {
			return ended(ctx, op, err)
		}
	}
	for open := len(w.Paths); ; {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return ended(ctx, op, err)
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			return &state.CallError{Service: "buildbot", Op: op, Kind: state.ErrService, Text: httpx.CleanBody(data)}
		}
		switch {
		case f.Key != "":
			emit(f.Key, f.Message)
		case f.ID != nil && f.Code == http.StatusOK:
			if open--; open == 0 {
				w.Listening()
			}
		default:
			return &state.CallError{Service: "buildbot", Op: op, Status: f.Code, Kind: state.ErrService, Text: line(f.Error)}
		}
	}
}

// dial opens the WebSocket within the time.
func (c *Client) dial(ctx context.Context, op string, limit time.Duration) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(httpx.Stream(ctx), limit)
	defer cancel()
	//nolint:bodyclose // websocket.Dial reads and closes it
	conn, resp, err := websocket.Dial(ctx, c.base+"/ws", &websocket.DialOptions{HTTPClient: c.hc})
	if err != nil {
		e := unanswered(op, err)
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			e = refused(op, resp, nil)
		}
		return nil, e
	}
	conn.SetReadLimit(frameLimit)
	return conn, nil
}

// errSilent is why a connection is given up.
var errSilent = errors.New("the connection is dead")

// keep tries a connection every now and then, and gives it up where that fails
// or takes too long.
func keep(ctx context.Context, giveUp context.CancelCauseFunc, every time.Duration, try func(context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, every)
		err := try(limited)
		cancel()
		if err != nil {
			giveUp(errSilent)
			return
		}
	}
}

// ended is the error of a connection that is over: the caller's own end, or
// that of the master or of the network.
func ended(ctx context.Context, op string, err error) error {
	e := &state.CallError{Service: "buildbot", Op: op, Kind: state.ErrOffline, Text: httpx.Cause(err)}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errSilent):
		e.Text = cause.Error()
	case cause != nil:
		e.Kind = httpx.Kind(nil, cause)
		e.Text = cause.Error()
	}
	return e
}
