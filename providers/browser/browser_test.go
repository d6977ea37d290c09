package browser_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/nixwright/nixwright/providers/browser"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// started remembers what was to be run.
type started struct {
	cmd    runner.Cmd
	result runner.Result
	err    error
}

func (s *started) Run(_ context.Context, c runner.Cmd) (runner.Result, error) {
	s.cmd = c
	return s.result, s.err
}

func TestOpen(t *testing.T) {
	t.Parallel()
	const page = "https://github.com/apps/x/installations/new?a=1&b=%20"
	display := map[string]string{"DISPLAY": ":0"}
	for _, c := range []struct {
		name, command, address string
		env                    map[string]string
		want                   []string
		fails                  bool
	}{
		{name: "command", command: "firefox", address: page, want: []string{"firefox", page}},
		{name: "quotes", command: `"/opt/my browser" --new 'a b'`, address: page, want: []string{"/opt/my browser", "--new", "a b", page}},
		{name: "placeholder", command: "run --url=%s --x", address: page, want: []string{"run", "--url=" + page, "--x"}},
		{name: "no shell", command: "firefox ; id", address: page, want: []string{"firefox", ";", "id", page}},
		{name: "desktop", env: display, address: page, want: []string{"xdg-open", page}},
		{name: "no desktop", address: page, fails: true},
		{name: "unfinished quote", command: `"firefox`, address: page, fails: true},
		{name: "blank", command: " ", address: page, fails: true},
		{name: "flag", command: "firefox", address: "--remote=x", fails: true},
		{name: "script", command: "firefox", address: "javascript:alert(1)", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &started{}
			b := browser.New(browser.Options{Command: c.command, Env: func(k string) string { return c.env[k] }, Runner: s})
			err := b.Open(t.Context(), c.address)
			if (err != nil) != c.fails || !slices.Equal(s.cmd.Argv, c.want) {
				t.Errorf("ran %q, %v, want %q", s.cmd.Argv, err, c.want)
			}
			if !c.fails && !s.cmd.Detached {
				t.Error("the browser would end with us")
			}
		})
	}
	s := &started{result: runner.Result{Exit: 3}}
	if err := browser.New(browser.Options{Command: "x", Runner: s}).Open(t.Context(), page); !errors.Is(err, browser.ErrNone) {
		t.Errorf("a browser that fails: %v", err)
	}
}

func manifest() state.Form {
	text := `{"name":"\"><script>alert('x')</script>&amp;","url":"https://ci.phlip9.com"}`
	return state.Form{Action: "https://github.com/settings/apps/new?state=a&b", Fields: map[string]string{"manifest": text}, Button: "Create <it>"}
}

// The page posts exactly the form, whatever is in it.
func TestFormHTML(t *testing.T) {
	t.Parallel()
	want := manifest()
	doc, err := html.Parse(strings.NewReader(browser.FormHTML(want)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	scripts := 0
	for n := range doc.Descendants() {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		switch n.Data {
		case "form":
			found["action"], found["method"] = attr["action"], attr["method"]
		case "input":
			found[attr["name"]] = attr["value"]
		case "button":
			found["button"] = n.FirstChild.Data
		case "script":
			scripts++
		}
	}
	if found["action"] != want.Action || found["method"] != "post" || found["manifest"] != want.Fields["manifest"] || found["button"] != want.Button || scripts != 1 {
		t.Errorf("the page posts %q, with %d scripts", found, scripts)
	}
	if page := browser.FormHTML(state.Form{Action: "javascript:alert(1)"}); strings.Contains(page, "javascript:") {
		t.Error("a script as action")
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	l, err := browser.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	callback := l.Callback()
	if code, _ := ask(t, http.MethodGet, callback, ""); code != http.StatusNotFound {
		t.Errorf("no form: %d", code)
	}
	form := manifest()
	l.Serve(&form)
	if code, body := ask(t, http.MethodGet, callback, ""); code != http.StatusOK || body != browser.FormHTML(form) {
		t.Errorf("form: %d %s", code, body)
	}
	for i, query := range []string{"?code=abc&state=s%201", "?error=access_denied&state=x"} {
		code, body := ask(t, http.MethodGet, callback+query, "")
		if code != http.StatusOK || !strings.Contains(body, "Thank you") {
			t.Errorf("answer %d: %d %s", i, code, body)
		}
		if got := <-l.Answers(); got != callback+query {
			t.Errorf("answer %q, want %q", got, callback+query)
		}
	}
	// Nobody reads, and the browser still gets its page.
	for range 20 {
		if code, _ := ask(t, http.MethodGet, callback+"?code=x", ""); code != http.StatusOK {
			t.Errorf("unread: %d", code)
		}
	}
	l.Serve(nil)
	if code, _ := ask(t, http.MethodGet, callback, ""); code != http.StatusNotFound {
		t.Errorf("form taken away: %d", code)
	}
}

func TestListenerRefuses(t *testing.T) {
	t.Parallel()
	l, err := browser.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	form := manifest()
	l.Serve(&form)
	callback := l.Callback()
	for _, c := range []struct {
		name, method, path, host string
		want                     int
	}{
		{"another name", http.MethodGet, "", "evil.example", http.StatusMisdirectedRequest},
		{"another name with the port", http.MethodGet, "?code=x", strings.Replace(callback[len("http://"):len(callback)-1], "localhost", "evil.example", 1), http.StatusMisdirectedRequest},
		{"no port", http.MethodGet, "", "localhost", http.StatusMisdirectedRequest},
		{"post", http.MethodPost, "?code=x", "", http.StatusMethodNotAllowed},
		{"another path", http.MethodGet, "favicon.ico?code=x", "", http.StatusNotFound},
	} {
		if code, _ := ask(t, c.method, callback+c.path, c.host); code != c.want {
			t.Errorf("%s: %d, want %d", c.name, code, c.want)
		}
	}
	select {
	case a := <-l.Answers():
		t.Errorf("answer %q", a)
	default:
	}
}

func TestListenPorts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	addr, _ := taken.Addr().(*net.TCPAddr)
	l, err := browser.Listen(addr.Port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if l.Callback() == fmt.Sprintf("http://localhost:%d/", addr.Port) {
		t.Error("took a port that is taken")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(l.Callback(), "http://"), "/")); err == nil {
		t.Error("still listening")
	}
}

// ask asks over loopback, with another Host header where one is given.
func ask(t *testing.T, method, address, host string) (code int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
