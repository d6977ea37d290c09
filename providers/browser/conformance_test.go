package browser_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/nixwright/nixwright/providers/browser"
	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// These tests look at the page server from outside: from this machine's other
// addresses, from a hostile page, from a client that does not keep to HTTP.

// listening starts a page server with a form on any port.
func listening(t *testing.T) (l *browser.Listener, port string) {
	t.Helper()
	l, err := browser.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	form := manifest()
	l.Serve(&form)
	u, err := url.Parse(l.Callback())
	if err != nil {
		t.Fatal(err)
	}
	return l, u.Port()
}

// Only loopback answers: no other address of this machine, and the kernel
// knows of no other.
func TestOnlyLoopbackAnswers(t *testing.T) {
	t.Parallel()
	_, port := listening(t)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
			continue
		}
		d := net.Dialer{Timeout: time.Second}
		if c, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(ip.IP.String(), port)); err == nil {
			_ = c.Close()
			t.Errorf("it answers at %s", ip.IP)
		}
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	loopback := map[string]bool{"0100007F": true, "00000000000000000000000001000000": true}
	seen := 0
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue // no Linux, or no IPv6
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 4 || fields[3] != "0A" || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", number)) {
				continue
			}
			if seen++; !loopback[strings.TrimSuffix(fields[1], fmt.Sprintf(":%04X", number))] {
				t.Errorf("it listens at %s", fields[1])
			}
		}
		_ = f.Close()
	}
	if _, err := os.Stat("/proc/net/tcp"); err == nil && seen == 0 {
		t.Error("the kernel knows of no listener")
	}
}

// raw sends bytes as they are and returns the status line.
func raw(t *testing.T, port, request string) string {
	t.Helper()
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		return ""
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(line)
}

// Whoever else speaks to the port gets no page and puts no answer in.
func TestStrangersAtThePort(t *testing.T) {
	t.Parallel()
	l, port := listening(t)
	for name, c := range map[string]struct{ request, want string }{
		"another name":        {"GET /?code=x HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"},
		"a name that rebinds": {"GET / HTTP/1.1\r\nHost: localhost.evil.example:" + port + "\r\n\r\n", "421"},
		"another port":        {"GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n", "421"},
		"no name":             {"GET / HTTP/1.1\r\n\r\n", "400"},
		"no name, 1.0":        {"GET / HTTP/1.0\r\n\r\n", "421"},
		"two names":           {"GET / HTTP/1.1\r\nHost: localhost:" + port + "\r\nHost: evil.example\r\n\r\n", "400"},
		"an absolute address": {"GET http://evil.example/?code=x HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n", "421"},
		"another method":      {"POST /?code=x HTTP/1.1\r\nHost: localhost:" + port + "\r\nContent-Length: 0\r\n\r\n", "405"},
		"a preflight":         {"OPTIONS / HTTP/1.1\r\nHost: localhost:" + port + "\r\nOrigin: https://evil.example\r\n\r\n", "405"},
		"a proxy's wish":      {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "421"},
		"a path upwards":      {"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n", "404"},
		"a very long address": {"GET /?code=" + strings.Repeat("a", 200<<10) + " HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n", "431"},
		"no HTTP":             {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
	} {
		if got := raw(t, port, c.request); !strings.Contains(got, " "+c.want+" ") && (got != "" || c.want != "431") {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
	select {
	case a := <-l.Answers():
		t.Errorf("an answer came in: %q", a)
	default:
	}
	// It still serves who it is for.
	if got := raw(t, port, "GET / HTTP/1.1\r\nHost: 127.0.0.1:"+port+"\r\n\r\n"); !strings.Contains(got, " 200 ") {
		t.Errorf("afterwards: %q", got)
	}
}

// The page may be framed, kept, read or sniffed by nobody.
func TestPagesAreShut(t *testing.T) {
	t.Parallel()
	l, _ := listening(t)
	for _, query := range []string{"", "?code=x&state=y", "none"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.Callback()+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://evil.example")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "frame-ancestors 'none'", "Access-Control-Allow-Origin": "",
		} {
			if got := resp.Header.Get(name); !strings.Contains(got, want) || want == "" && got != "" {
				t.Errorf("%q: %s is %q", query, name, got)
			}
		}
	}
}

// hostile are texts that mean something to HTML, to a script or to an address.
var hostile = []string{
	`"><script>alert(1)</script>`, `' onfocus=alert(1) autofocus='`, `</form><form action=//evil.example>`, `</script><script>alert(1)`, `<!--`, `-->`, `]]>`,
	`{{.}}`, `${x}`, "\x00\x01\x7f", "\u2028\u2029\ufeff\u202e", "&quot;&#34;&lt;", `javascript:alert(1)`, "line\r\nSet-Cookie: a=b", "ünï 🔑", `\u003c`, "`", "",
}

// Whatever is in a form, the page is one form with exactly these fields, that
// posts them to exactly this place.
func TestHostileForms(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		manifest, err := json.Marshal(map[string]string{"name": text, text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		form := state.Form{
			Action: "https://github.com/settings/apps/new?" + url.Values{"state": {text}}.Encode(),
			Fields: map[string]string{"manifest": string(manifest), "other": text}, Button: text,
		}
		doc, err := html.Parse(strings.NewReader(browser.FormHTML(form)))
		if err != nil {
			t.Fatal(err)
		}
		count, values := map[string]int{}, map[string]string{}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			count[n.Data]++
			name, value := "", ""
			for _, a := range n.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"):
					t.Errorf("%q: <%s %s>", text, n.Data, a.Key)
				case a.Key == "name":
					name = a.Val
				case a.Key == "value", a.Key == "action":
					value = a.Val
				}
			}
			if n.Data == "input" {
				values[name] = value
			}
			if n.Data == "form" && value != form.Action {
				t.Errorf("%q: the form posts to %q", text, value)
			}
		}
		if count["form"] != 1 || count["script"] != 1 || count["input"] != 2 || count["button"] != 1 || count["iframe"]+count["img"]+count["a"] != 0 {
			t.Errorf("%q: the page has %v", text, count)
		}
		for name, want := range form.Fields {
			// HTML has no NUL and one kind of line end.
			want = strings.ReplaceAll(strings.ReplaceAll(want, "\x00", "\ufffd"), "\r\n", "\n")
			if values[name] != want {
				t.Errorf("%q: field %s is %q, want %q", text, name, values[name], want)
			}
		}
	}
	for _, action := range []string{"javascript:alert(1)", "data:text/html,x", "vbscript:x", " javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)"} {
		page := strings.ToLower(browser.FormHTML(state.Form{Action: action}))
		if strings.Contains(page, "action=\"java") || strings.Contains(page, "action=\"data") || strings.Contains(page, "action=\"vb") || strings.Contains(page, "action=\" java") {
			t.Errorf("%q is the action of\n%s", action, page)
		}
	}
}

// What comes back is handed on as one address with what was in it.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	l, _ := listening(t)
	for _, text := range hostile {
		query := url.Values{"code": {"c" + text}, "state": {text}}.Encode()
		code, body := ask(t, http.MethodGet, l.Callback()+"?"+query, "")
		if code != http.StatusOK || text != "" && len(text) > 3 && strings.Contains(body, text) {
			t.Errorf("%q: %d %s", text, code, body)
		}
		select {
		case got := <-l.Answers():
			u, err := url.Parse(got)
			if err != nil || u.Hostname() != "localhost" || u.Query().Get("code") != "c"+text || u.Query().Get("state") != text || strings.ContainsAny(got, "\r\n\x00") {
				t.Errorf("%q came back as %q, %v", text, got, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%q: no answer", text)
		}
	}
}

// A saved page is its owner's alone, whatever was there before, and no link is
// followed.
func TestSavedPagesAreOwn(t *testing.T) {
	t.Parallel()
	p, err := browser.NewPages(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	form, dir := manifest(), t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	for name, before := range map[string]func(path string) error{
		"nothing":     func(string) error { return nil },
		"an old page": func(path string) error { return os.WriteFile(path, []byte("old"), 0o666) },
		"a link": func(path string) error {
			if err := os.WriteFile(victim, []byte("theirs"), 0o644); err != nil {
				return err
			}
			return os.Symlink(victim, path)
		},
	} {
		path := filepath.Join(dir, "create-"+strings.ReplaceAll(name, " ", "-")+".html")
		if err := before(path); err != nil {
			t.Fatal(err)
		}
		if err := p.Save(path, &form); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != browser.FormHTML(form) {
			t.Errorf("%s: the page is another, %v", name, err)
		}
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "theirs" {
		t.Errorf("through the link: %q, %v", text, err)
	}
	if err := p.Save(filepath.Join(dir, "none", "\x00"), &form); err == nil {
		t.Error("saved nowhere")
	}
}

// A real program gets the address as one argument, whatever is in it.
func TestOpenByARealProgram(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://github.com/?a=1&b=%22;id%20$(id)`id`'", "https://github.com/#--flag", "file:///tmp/a%20b.html"} {
		out := filepath.Join(t.TempDir(), "argv")
		b := browser.New(browser.Options{Command: `sh -c 'echo "$#" >"$0"; echo "$1" >>"$0"' ` + out, Runner: runner.Exec{}})
		if err := b.Open(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(out); err != nil || string(got) != "1\n"+address+"\n" {
			t.Errorf("%s: the program saw %q, %v", address, got, err)
		}
	}
	for _, bad := range []string{"", "--help", "/etc/passwd", "javascript:alert(1)", "ssh://x", "HTTP", "chrome://settings", "-https://x", "data:text/html,x", "http\x00://x"} {
		b := browser.New(browser.Options{Command: "false", Runner: refusing{t}})
		if err := b.Open(t.Context(), bad); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	b := browser.New(browser.Options{Command: "nixwright-no-such-browser", Runner: runner.Exec{}})
	if err := b.Open(t.Context(), "https://github.com"); err == nil || !strings.Contains(state.AsProblem(err).Fix, "install") {
		t.Errorf("no such browser: %v", err)
	}
}

// refusing is a runner that must not be asked.
type refusing struct{ t *testing.T }

func (r refusing) Run(_ context.Context, c runner.Cmd) (runner.Result, error) {
	r.t.Errorf("%q was started", c.Argv)
	return runner.Result{}, nil
}
