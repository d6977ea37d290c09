package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// listener is one connection that is told of events. What it has not taken yet
// waits without a limit, as in the real one.
type listener struct {
	id   string
	form func(key []string, row json.RawMessage) []byte

	mu      sync.Mutex
	paths   map[string][]string
	pending [][]byte
	gone    chan struct{} // closed: the connection is to be cut
	more    chan struct{} // of one place: there may be something
}

// send tells an event to all who listen to such a key. Call it with the lock
// of the master held.
func (m *master) send(key []string, row any) {
	if len(m.listeners) == 0 {
		return
	}
	raw, err := json.Marshal(row)
	if err != nil {
		return
	}
	for l := range m.listeners {
		l.take(key, raw)
	}
}

func (l *listener) take(key []string, raw json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, path := range l.paths {
		if matches(path, key) {
			l.pending = append(l.pending, l.form(key, raw))
		}
	}
	l.wake()
}

func (l *listener) say(text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, text)
	l.wake()
}

func (l *listener) wake() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func matches(path, key []string) bool {
	if len(path) != len(key) {
		return false
	}
	for i, p := range path {
		if p != "*" && p != key[i] {
			return false
		}
	}
	return true
}

// open begins to tell, until the returned function is called.
func (m *master) open(l *listener) (closed func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened++
	l.id = fmt.Sprintf("00000000-0000-4000-8000-%012d", m.opened)
	l.paths, l.more = map[string][]string{}, make(chan struct{}, 1)
	l.gone = make(chan struct{})
	m.listeners[l] = struct{}{}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.listeners, l)
	}
}

func (l *listener) add(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paths[path] = strings.Split(path, "/")
}

// pump writes what waits until ctx, the master or the connection ends.
func (m *master) pump(ctx context.Context, l *listener, write func([]byte) error) {
	for {
		l.mu.Lock()
		all := l.pending
		l.pending = nil
		l.mu.Unlock()
		for _, one := range all {
			if write(one) != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-m.ctx.Done():
			return
		case <-l.gone:
			return
		case <-l.more:
		}
	}
}

// serveWebSocket is /ws: any path is acknowledged, also one that nothing ever
// matches.
func (m *master) serveWebSocket(rw http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(rw, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	l := &listener{form: func(key []string, row json.RawMessage) []byte {
		return jsonOf(map[string]any{"k": strings.Join(key, "/"), "m": row})
	}}
	defer m.open(l)()
	go func() {
		defer cancel()
		for {
			_, data, err := conn.Read(ctx)
			if err != nil {
				return
			}
			l.say(l.command(data))
		}
	}()
	m.pump(ctx, l, func(b []byte) error { return conn.Write(ctx, websocket.MessageText, b) })
}

// command does what a message asks and returns the answer.
func (l *listener) command(data []byte) []byte {
	var in struct {
		Cmd  *string `json:"cmd"`
		Path string  `json:"path"`
		ID   any     `json:"_id"` //nolint:tagliatelle // buildbot's word
	}
	refuse := func(code int, text string) []byte {
		return jsonOf(map[string]any{"error": text, "code": code, "_id": in.ID})
	}
	if err := json.Unmarshal(data, &in); err != nil || in.ID == nil {
		return refuse(http.StatusBadRequest, "no '_id' or 'type' in websocket frame")
	}
	if in.Cmd == nil {
		return refuse(http.StatusBadRequest, "no 'cmd' in websocket frame")
	}
	say := "OK"
	switch *in.Cmd {
	case "ping":
		say = "pong"
	case "startConsuming":
		l.add(in.Path)
	case "stopConsuming":
		if !l.drop(in.Path) {
			return refuse(http.StatusBadRequest, "path was not consumed '"+in.Path+"'")
		}
	default:
		return refuse(http.StatusNotFound, "no such command type '"+*in.Cmd+"'")
	}
	return jsonOf(map[string]any{"msg": say, "code": http.StatusOK, "_id": in.ID})
}

func (l *listener) drop(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.paths[path]
	delete(l.paths, path)
	return ok
}

func jsonOf(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return raw
}

// serveEvents is /sse.
func (m *master) serveEvents(rw http.ResponseWriter, r *http.Request) {
	rest := strings.TrimSuffix(r.PathValue("rest"), "/")
	switch r.PathValue("verb") {
	case "listen":
		m.listen(rw, r, rest)
		return
	case "add", "remove":
	default:
		bbError(rw, http.StatusNotFound, "Invalid path: "+rest)
		return
	}
	id, path, _ := strings.Cut(rest, "/")
	l := m.listenerOf(id)
	switch {
	case id == "":
		plain(rw, http.StatusBadRequest, "need uuid")
	case l == nil:
		plain(rw, http.StatusBadRequest, "unknown uuid")
	case r.PathValue("verb") == "add":
		l.add(path)
		plain(rw, http.StatusOK, "ok")
	case !l.drop(path):
		plain(rw, http.StatusNotFound, "consumer is not listening to this event")
	default:
		plain(rw, http.StatusOK, "ok")
	}
}

func (m *master) listenerOf(id string) *listener {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for l := range m.listeners {
		if l.id == id {
			return l
		}
	}
	return nil
}

func (m *master) listen(rw http.ResponseWriter, r *http.Request, path string) {
	l := &listener{form: func(key []string, row json.RawMessage) []byte {
		return []byte("event: event\ndata: " + string(jsonOf(map[string]any{"key": key, "message": row})) + "\n\n")
	}}
	defer m.open(l)()
	l.add(path)
	rw.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(rw)
	write := func(b []byte) error {
		if _, err := rw.Write(b); err != nil {
			return err
		}
		return flush.Flush()
	}
	if write([]byte("event: handshake\ndata: "+l.id+"\n\n")) == nil {
		m.pump(r.Context(), l, write)
	}
}
