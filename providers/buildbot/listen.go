package buildbot

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// Listen is Watch over server sent events, for where a WebSocket does not get
// through: the same events, the same end.
func (c *Client) Listen(ctx context.Context, w Watch, emit func(state.BuildEvent)) error {
	tell := once(emit)
	return c.listen(ctx, w, func(key string, message []byte) { tell(event(key, message)) })
}

// listen is Listen with the events as they come.
func (c *Client) listen(ctx context.Context, w Watch, emit func(key string, message []byte)) error {
	const op = "listen to builds"
	w = w.filled()
	if len(w.Paths) == 0 {
		return noPaths(op)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := c.request(httpx.Stream(ctx), op, http.MethodGet, "/sse/listen/"+w.Paths[0], nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := c.hc.Do(req)
	if err != nil {
		return ended(ctx, op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return refused(op, resp, body)
	}
	s := &stream{r: bufio.NewReader(resp.Body)}
	for {
		kind, data, err := s.next()
		switch {
		case errors.Is(err, state.ErrService):
			return &state.CallError{Service: "buildbot", Op: op, Kind: state.ErrService, Text: httpx.Cause(err)}
		case err != nil:
			return ended(ctx, op, err)
		case kind == "handshake":
			id := string(data)
			for _, path := range w.Paths[1:] {
				if err := c.sse(ctx, "add", id, path, http.StatusOK); err != nil {
					return err
				}
			}
			// A path that is not listened to is not found as long as the
			// master knows this connection; later it is a bad request.
			go keep(ctx, cancel, w.Patience, func(ctx context.Context) error { return c.sse(ctx, "remove", id, "none", http.StatusNotFound) })
			w.Listening()
		case kind == "event":
			var e struct {
				Key     []string        `json:"key"`
				Message json.RawMessage `json:"message"`
			}
			if err := json.Unmarshal(data, &e); err != nil || len(e.Key) == 0 {
				return &state.CallError{Service: "buildbot", Op: op, Kind: state.ErrService, Text: httpx.CleanBody(data)}
			}
			emit(strings.Join(e.Key, "/"), e.Message)
		}
	}
}

// sse changes or tries what a connection listens to (www/sse.py).
func (c *Client) sse(ctx context.Context, verb, id, path string, want int) error {
	const op = "listen to builds"
	req, err := c.request(ctx, op, http.MethodGet, "/sse/"+verb+"/"+url.PathEscape(id)+"/"+path, nil)
	if err != nil {
		return err
	}
	resp, err := c.hc.Do(req)
	if err != nil {
		return unanswered(op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return unanswered(op, err)
	}
	if resp.StatusCode != want {
		return refused(op, resp, body)
	}
	return nil
}

// stream reads server sent events.
type stream struct{ r *bufio.Reader }

// next is the next event. Buildbot writes one line of data for each; lines of
// comments and other fields are passed over.
func (s *stream) next() (kind string, data []byte, err error) {
	for {
		l, err := s.line()
		if err != nil {
			return "", nil, err
		}
		name, value, _ := bytes.Cut(l, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "":
			if len(l) == 0 && kind != "" {
				return kind, data, nil
			}
		case "event":
			kind = string(value)
		case "data":
			data = bytes.Clone(value)
		}
	}
}

var errLong = &state.CallError{Service: "buildbot", Op: "read event", Kind: state.ErrService, Text: "an event of more than 16 MiB"}

// line is the next line, without its end.
func (s *stream) line() ([]byte, error) {
	var all []byte
	for {
		part, err := s.r.ReadSlice('\n')
		all = append(all, part...)
		switch {
		case len(all) > frameLimit:
			return nil, errLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return nil, err
		}
		return bytes.TrimRight(all, "\r\n"), nil
	}
}
