package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// buildbotHandler is buildbot 4.3 on its own port: the REST API that anybody
// may read, and the webhook. While the master is down nobody answers.
func (w *World) buildbotHandler() http.Handler {
	mux := http.NewServeMux()
	for path, rows := range map[string]func(*State, *http.Request) (string, []bbRow){
		"/builders":             bbBuilders,
		"/builders/{id}":        bbBuilders,
		"/builders/{id}/builds": bbBuilds,
		"/builds":               bbBuilds,
		"/builds/{build}":       bbBuilds,
		"/changes":              bbChanges,
		"/workers":              bbWorkers,
		"/masters":              bbMasters,
		"/projects":             bbProjects,
		"/builds/{build}/properties": func(s *State, r *http.Request) (string, []bbRow) {
			_, all := bbBuilds(s, r)
			if len(all) == 0 {
				return "properties", nil
			}
			p, _ := all[0]["properties"].(bbRow)
			return "properties", []bbRow{p}
		},
	} {
		mux.HandleFunc("GET /api/v2"+path, func(rw http.ResponseWriter, r *http.Request) { w.bbServe(rw, r, rows) })
	}
	mux.HandleFunc("/change_hook/", func(rw http.ResponseWriter, r *http.Request) {
		var secret string
		w.Look(func(s *State) { secret = s.CI.Secrets["buildbot-github-webhook-secret"] })
		w.changeHook(rw, r, secret)
	})
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		bbError(rw, http.StatusNotFound, "Invalid path: "+strings.TrimPrefix(r.URL.Path, "/api/v2/"))
	})
	return w.whileUp("buildbot-master", mux)
}

// whileUp closes the connection unanswered while the unit is not running.
func (w *World) whileUp(unit string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		up := false
		w.Look(func(s *State) { up = s.Host.up(unit) && s.CI.Mode != "" })
		if up {
			h.ServeHTTP(rw, r)
			return
		}
		if c, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			_ = c.Close()
		}
	})
}

type bbRow map[string]any

func bbError(rw http.ResponseWriter, status int, text string) {
	raw, err := json.Marshal(map[string]string{"error": text})
	if err != nil {
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(raw)
}

func (w *World) bbServe(rw http.ResponseWriter, r *http.Request, rows func(*State, *http.Request) (string, []bbRow)) {
	var out []byte
	status, text := http.StatusOK, ""
	w.Look(func(s *State) {
		kind, all := rows(s, r)
		single := r.PathValue("build") != "" || (r.PathValue("id") != "" && kind == "builders")
		if single && len(all) == 0 {
			status, text = http.StatusNotFound, "not found while getting from endpoint for "+strings.TrimPrefix(r.URL.Path, "/api/v2")
			return
		}
		meta := bbRow{}
		if single && kind == "builds" {
			bbTrim(all[0], r.URL.Query())
		}
		if !single {
			if all, text = bbSelect(all, r.URL.Query()); text != "" {
				status = http.StatusBadRequest
				return
			}
			meta["total"] = len(all)
		}
		raw, err := json.Marshal(bbRow{kind: append([]bbRow{}, all...), "meta": meta})
		if err != nil {
			status, text = http.StatusInternalServerError, err.Error()
			return
		}
		out = raw
	})
	if text != "" {
		bbError(rw, status, text)
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = rw.Write(out)
}

// bbSelect filters, orders, cuts and trims rows as the query says (buildbot
// docs, developer/rest.rst); the text is an error in buildbot's words.
func bbSelect(rows []bbRow, q url.Values) ([]bbRow, string) {
	known := bbRow{}
	if len(rows) > 0 {
		known = rows[0]
	}
	limit, offset := len(rows), 0
	for key, values := range q {
		field, op, _ := strings.Cut(key, "__")
		switch _, ok := known[field]; {
		case key == "order" || key == "property" || key == "field":
		case key == "limit" || key == "offset":
			n, err := strconv.Atoi(values[0])
			if err != nil {
				return nil, "invalid " + key
			}
			if key == "limit" {
				limit = n
			} else {
				offset = n
			}
		case !ok && len(rows) > 0:
			return nil, "unrecognized query parameter '" + key + "'"
		default:
			rows = slices.DeleteFunc(rows, func(r bbRow) bool { return !bbMatch(r[field], op, values) })
		}
	}
	for _, key := range slices.Backward(q["order"]) {
		name, down := strings.CutPrefix(key, "-")
		slices.SortStableFunc(rows, func(a, b bbRow) int {
			if down {
				a, b = b, a
			}
			return bbCompare(a[name], b[name])
		})
	}
	rows = rows[min(max(offset, 0), len(rows)):]
	rows = rows[:min(max(limit, 0), len(rows))]
	for _, r := range rows {
		bbTrim(r, q)
	}
	return rows, ""
}

// bbTrim leaves the wanted properties (none without property=) and fields.
func bbTrim(r bbRow, q url.Values) {
	if props, ok := r["properties"].(bbRow); ok {
		for k := range props {
			if !slices.Contains(q["property"], "*") && !slices.Contains(q["property"], k) {
				delete(props, k)
			}
		}
	}
	if len(q["field"]) > 0 {
		for k := range r {
			if !slices.Contains(q["field"], k) {
				delete(r, k)
			}
		}
	}
}

func bbMatch(have any, op string, want []string) bool {
	one := func(v string) bool {
		switch {
		case op == "contains":
			return strings.Contains(fmt.Sprint(have), v)
		case v == "true" || v == "on" || v == "false" || v == "off":
			return have == (v == "true" || v == "on")
		}
		var to any = v
		if n, err := strconv.Atoi(v); err == nil {
			to = n
		}
		c := bbCompare(have, to)
		return map[string]bool{"": c == 0, "eq": c == 0, "ne": c != 0, "lt": c < 0, "le": c <= 0, "gt": c > 0, "ge": c >= 0}[op]
	}
	if op == "ne" {
		return !slices.ContainsFunc(want, func(v string) bool { return !one(v) })
	}
	return slices.ContainsFunc(want, one)
}

func bbCompare(a, b any) int {
	x, okA := a.(int)
	y, okB := b.(int)
	if okA && okB {
		return x - y
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}
