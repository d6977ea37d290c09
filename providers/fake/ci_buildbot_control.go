package fake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state"
)

const sessionCookie = "TWISTED_SESSION"

// sessionOf is the token of somebody's session; of nobody's where name is "".
func (s *State) sessionOf(name string) string {
	user := `{"anonymous":true}`
	if name != "" {
		user = `{"username":` + string(jsonOf(name)) + `,"email":` + string(jsonOf(name)) + `}`
	}
	b64 := base64.RawURLEncoding.EncodeToString
	body := b64([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + b64([]byte(`{"user_info":`+user+`,"exp":4000000000}`))
	return body + "." + b64([]byte(hubMAC(sha256.New, s.Seed+"/session", body)))
}

// userOf is whose session a request has; "": nobody's.
func (s *State) userOf(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	var claims struct {
		User struct {
			Name string `json:"username"`
		} `json:"user_info"`
	}
	parts := strings.Split(c.Value, ".")
	if len(parts) != 3 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil || s.sessionOf(claims.User.Name) != c.Value {
		return ""
	}
	return claims.User.Name
}

// servePage is the page that a browser gets; in fully-private it signs in who
// knows the password, under any name.
func (m *master) servePage(rw http.ResponseWriter, r *http.Request) {
	m.w.Look(func(s *State) {
		cookies := []string{s.sessionOf("")}
		name, password, ok := r.BasicAuth()
		if ok && s.CI.Mode == state.FullyPrivate && password == s.CI.Secrets["buildbot-http-basic-auth-password"] {
			cookies = append(cookies, s.sessionOf(name))
		}
		for _, c := range cookies {
			rw.Header().Add("Set-Cookie", sessionCookie+"="+c+"; Path=/")
		}
	})
	rw.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(rw, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Buildbot</title></head><body></body></html>\n")
}

// serveConfig says how people sign in.
func (m *master) serveConfig(rw http.ResponseWriter, _ *http.Request) {
	auth := map[string]any{"name": "OAuth2ProxyAuth"}
	base := ""
	m.w.Look(func(s *State) {
		base = "https://" + s.Config.CI.Domain + "/"
		if s.CI.Mode != state.FullyPrivate {
			auth = map[string]any{"name": "GitHub", "oauth2": true, "fa_icon": "fa-github", "autologin": false}
		}
	})
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(jsonOf(map[string]any{
		"auth": auth, "buildbotURL": base, "multiMaster": false, "title": "Buildbot", "user": map[string]bool{"anonymous": true},
		"versions": [][]string{{"Buildbot", "4.3.0"}},
	}))
}

// rpc is a call of JSON-RPC, and its refusal.
type rpc struct {
	Version string          `json:"jsonrpc"`
	ID      any             `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

type refusal struct {
	status, code int
	text         string
}

// serveCall is every control: a call posted to the thing that it is for.
func (m *master) serveCall(rw http.ResponseWriter, r *http.Request) {
	var in rpc
	var result any
	no := in.read(r)
	if no == nil {
		result, no = m.control(r, in)
	}
	status, out := http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": in.ID, "result": result}
	if no != nil {
		status = no.status
		delete(out, "result")
		out["error"] = map[string]any{"code": no.code, "message": no.text}
	}
	if m.w.recordWrite("buildbot", r, status) != nil {
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(jsonOf(out))
}

func (in *rpc) read(r *http.Request) *refusal {
	const invalid = -32600
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/json" {
		return &refusal{http.StatusBadRequest, invalid, "Invalid content-type (use application/json)"}
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(raw, in)
	}
	if err != nil {
		return &refusal{http.StatusBadRequest, -32700, "JSON parse error: " + err.Error()}
	}
	if !strings.HasPrefix(string(in.Params), "{") {
		return &refusal{http.StatusBadRequest, invalid, "'params' must be an object"}
	}
	if in.Version != "2.0" {
		return &refusal{http.StatusBadRequest, invalid, "only JSONRPC 2.0 is supported"}
	}
	return nil
}

// control does what an admin asks. What is not there is answered as the real
// one does: mostly with a yes, or with the text of an exception.
func (m *master) control(r *http.Request, in rpc) (any, *refusal) {
	allowed := false
	m.w.Look(func(s *State) {
		allowed = s.CI.Mode == state.FullyPrivate && slices.Contains(s.Config.CI.Admins, s.userOf(r))
	})
	if !allowed {
		return nil, &refusal{http.StatusForbidden, -32600, "you need to have role 'admins'"}
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v2/")
	kind, id, _ := strings.Cut(path, "/")
	t := m.tables[kind]
	if t == nil || id == "" || strings.Contains(id, "/") {
		return nil, &refusal{http.StatusNotFound, -32600, "Invalid path: " + path}
	}
	unknown := &refusal{http.StatusNotImplemented, -32601, "action: " + in.Method + " is not supported"}
	broken := func(text string) *refusal { return &refusal{http.StatusInternalServerError, -32603, text} }
	var params struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(in.Params, &params); err != nil {
		return nil, broken(err.Error())
	}
	m.mu.RLock()
	row := t.get(id)
	m.mu.RUnlock()
	switch kind + " " + in.Method {
	case "forceschedulers force":
		f, ok := row.(*bbScheduler)
		if !ok {
			return nil, broken("AttributeError(\"'NoneType' object has no attribute 'force'\")")
		}
		return m.asked(f.Builders[0], bbOrder{reason: params.Reason}), nil
	case "builds stop":
		m.stopBuild(atoi(id))
	case "builds rebuild":
		b, ok := row.(*bbBuild)
		if !ok {
			return nil, broken("TypeError(\"'NoneType' object is not subscriptable\")")
		}
		return m.again(b), nil
	case "buildrequests cancel":
		m.cancelRequest(atoi(id))
	case "workers pause", "workers unpause":
		w, ok := row.(*bbWorker)
		if !ok {
			return nil, broken("AttributeError(\"module 'buildbot.data.exceptions' has no attribute 'exceptions'\")")
		}
		m.pause(w, in.Method == "pause", params.Reason)
	default:
		switch kind {
		case "forceschedulers":
		case "buildrequests":
			return nil, broken(fmt.Sprintf("ValueError('%s')", unknown.text))
		default:
			return nil, unknown
		}
	}
	return nil, nil // the result null, and no refusal
}
