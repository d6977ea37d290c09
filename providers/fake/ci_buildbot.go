package fake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// buildbotHandler is buildbot 4.3 on its own port, with the builders of
// buildbot-nix: the data API, events, control and the webhook. While the master
// is down nobody answers.
func (w *World) buildbotHandler() http.Handler {
	m := newMaster(w)
	w.stop = append(w.stop, m.end)
	w.master = m
	mux := http.NewServeMux()
	list := func(path, kind string, among func(*http.Request) rowset) {
		mux.HandleFunc("GET /api/v2"+path, func(rw http.ResponseWriter, r *http.Request) { m.serveList(rw, r, kind, among) })
	}
	for _, kind := range []string{"builders", "builds", "steps", "logs", "buildrequests", "buildsets", "workers", "changes", "masters", "projects", "forceschedulers"} {
		list("/"+kind, kind, func(r *http.Request) rowset { return m.among(kind, r) })
		mux.HandleFunc("GET /api/v2/"+kind+"/{id}", func(rw http.ResponseWriter, r *http.Request) { m.serveOne(rw, r, kind) })
	}
	list("/builders/{id}/builds", "builds", m.buildsOf)
	list("/builds/{id}/steps", "steps", func(r *http.Request) rowset { return m.stepsIn(atoi(r.PathValue("id"))) })
	list("/builds/{id}/changes", "changes", func(r *http.Request) rowset { return m.changesOf(atoi(r.PathValue("id"))) })
	list("/builds/{id}/triggered_builds", "builds", func(r *http.Request) rowset { return m.triggeredBy(atoi(r.PathValue("id"))) })
	list("/steps/{id}/logs", "logs", func(r *http.Request) rowset { return m.logsIn(atoi(r.PathValue("id"))) })
	mux.HandleFunc("GET /api/v2/builds/{id}/properties", m.serveProperties)
	mux.HandleFunc("GET /api/v2/logs/{id}/contents", m.serveLines)
	mux.HandleFunc("POST /api/v2/", m.serveCall)
	mux.HandleFunc("GET /ws", m.serveWebSocket)
	mux.HandleFunc("GET /sse/{verb}/{rest...}", m.serveEvents)
	mux.HandleFunc("GET /{$}", m.servePage)
	mux.HandleFunc("GET /config", m.serveConfig)
	mux.HandleFunc("/change_hook/", func(rw http.ResponseWriter, r *http.Request) {
		var secret string
		w.Look(func(s *State) { secret = s.CI.Secrets["buildbot-github-webhook-secret"] })
		w.changeHook(rw, r, secret)
		m.refresh()
	})
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		bbError(rw, http.StatusNotFound, "Invalid path: "+strings.TrimPrefix(r.URL.Path, "/api/v2/"))
	})
	return w.whileUp("buildbot-master", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		m.refresh()
		mux.ServeHTTP(rw, r)
	}))
}

// whileUp closes the connection unanswered while the unit is not running.
func (w *World) whileUp(unit string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		up := false
		w.Look(func(s *State) { up = s.Host.up(unit) && s.CI.Mode != "" })
		if l := w.living(); up && l != nil && l.meddle(unit, rw, r) {
			return
		}
		if up {
			h.ServeHTTP(rw, r)
			return
		}
		if c, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			_ = c.Close()
		}
	})
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func bbError(rw http.ResponseWriter, status int, text string) {
	raw, err := json.Marshal(map[string]string{"error": text})
	if err != nil {
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(raw)
}

// serveList answers with those of some rows that the query asks for.
func (m *master) serveList(rw http.ResponseWriter, r *http.Request, kind string, among func(*http.Request) rowset) {
	if id := r.PathValue("id"); id != "" && kind != "builds" && atoi(id) == 0 {
		bbError(rw, http.StatusNotFound, "Invalid path: "+strings.TrimPrefix(r.URL.Path, "/api/v2/"))
		return
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	spec, text := m.tables[kind].parse(r.URL.Query())
	if text != "" {
		bbError(rw, http.StatusBadRequest, text)
		return
	}
	page, total := spec.apply(among(r))
	answer(rw, r, map[string]any{kind: page, "meta": map[string]int{"total": total}})
}

// serveOne answers with one row.
func (m *master) serveOne(rw http.ResponseWriter, r *http.Request, kind string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	id := r.PathValue("id")
	row := m.tables[kind].get(id)
	if row == nil && atoi(id) == 0 && kind != "builders" && kind != "forceschedulers" {
		bbError(rw, http.StatusNotFound, "Invalid path: "+kind+"/"+id)
		return
	}
	spec, text := m.tables[kind].parse(r.URL.Query())
	switch {
	case text == "" && len(spec.filters) > 0:
		text = "this is not a collection"
		fallthrough
	case text != "":
		bbError(rw, http.StatusBadRequest, text)
	case row == nil:
		bbError(rw, http.StatusNotFound, "not found while getting from endpoint for /"+kind+"/n:id with arguments {'id': "+id+"}")
	default:
		answer(rw, r, map[string]any{kind: []any{spec.trim(row)}, "meta": struct{}{}})
	}
}

// answer writes compact JSON to who accepts JSON, and readable text to others.
func answer(rw http.ResponseWriter, r *http.Request, v any) {
	kind := "application/json; charset=utf-8"
	raw, err := json.Marshal(v)
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		kind = "text/plain; charset=utf-8"
		raw, err = json.MarshalIndent(v, "", "  ")
	}
	if err != nil {
		bbError(rw, http.StatusInternalServerError, err.Error())
		return
	}
	rw.Header().Set("Content-Type", kind)
	_, _ = rw.Write(raw)
}

func (m *master) buildsOf(r *http.Request) rowset {
	b, ok := m.tables["builders"].get(r.PathValue("id")).(*bbBuilder)
	if !ok {
		return rowset{}
	}
	return m.buildsOn(b.ID)
}

func (m *master) serveProperties(rw http.ResponseWriter, r *http.Request) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	props := map[string]any{}
	if b, ok := m.tables["builds"].get(r.PathValue("id")).(*bbBuild); ok {
		props = m.propsOf(b)
	}
	answer(rw, r, map[string]any{"properties": []any{props}, "meta": struct{}{}})
}

// serveLines answers with lines of a log, each behind its stream's letter. As
// in the real one a start beyond the end is not found, unless a limit is sent.
func (m *master) serveLines(rw http.ResponseWriter, r *http.Request) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	q := r.URL.Query()
	l, ok := m.tables["logs"].get(r.PathValue("id")).(*bbLog)
	from, end := atoi(q.Get("offset")), 0
	if ok {
		end = max(l.Lines, 1)
		if q.Has("limit") {
			end = from + atoi(q.Get("limit"))
		}
	}
	if !ok || from < 0 || from >= end {
		bbError(rw, http.StatusNotFound, "not found while getting from endpoint for /logs/n:logid/contents")
		return
	}
	lines := m.linesOf(l)
	lines = lines[min(from, len(lines)):min(end, len(lines))]
	text := strings.Join(lines, "\n")
	if len(lines) > 0 {
		text += "\n"
	}
	answer(rw, r, map[string]any{"logchunks": []any{map[string]any{"logid": l.ID, "firstline": from, "content": text}}, "meta": struct{}{}})
}
