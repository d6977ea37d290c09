package ssh_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
)

const (
	describe = "cat /etc/ssh/ssh_host_ed25519_key.pub && nproc; cat /etc/os-release /proc/meminfo"
	applied  = "cat /etc/nixwright/applied.json"
	deployed = "ls -1 /run/secrets"
	show     = "env LC_ALL=C TZ=UTC systemctl show --no-pager --property=" + systemd.Properties + " -- "
)

// host is the machine seen through the real client.
func (m *machine) host(dest string) *ssh.Host {
	return ssh.New(ssh.Options{
		Argv: m.argv, Dest: dest, Runner: runner.Exec{},
		Lookup: func(_ context.Context, name string) ([]netip.Addr, error) {
			if name != "build.example" {
				return nil, errors.New("looked up " + name)
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil
		},
		Recipient: func(line string) (string, error) { return "age of " + line, nil },
	})
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a    answer
		want state.Host
		says string
	}{
		{name: "all", a: answer{stdout: "ssh-ed25519 AAAA root@ci\n16\n"}, want: state.Host{Recipient: "age of ssh-ed25519 AAAA root@ci", Threads: 16}},
		{name: "the machine too", a: answer{stdout: "ssh-ed25519 AAAA\n16\nPRETTY_NAME=\"NixOS 25.05 (Warbler)\"\nNAME=\"NixOS\"\nID=nixos\nMemTotal:       65745920 kB\nMemFree: 8 kB\n"}, want: state.Host{Recipient: "age of ssh-ed25519 AAAA", Threads: 16, OS: "NixOS", Memory: 65745920 << 10}},
		{name: "a talkative shell", a: answer{stdout: "Welcome!\nssh-ed25519 AAAA\n8\n"}, want: state.Host{Recipient: "age of ssh-ed25519 AAAA", Threads: 8}},
		{name: "no nproc", a: answer{stdout: "ssh-ed25519 AAAA\n", stderr: "nproc: not found", exit: 127}, want: state.Host{Recipient: "age of ssh-ed25519 AAAA"}},
		{name: "no key", a: answer{stderr: "cat: No such file", exit: 1}, says: "no ed25519 key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := start(t, knownRight, map[string]answer{describe: c.a})
			got, err := m.host("ci").Describe(t.Context())
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v, want %q", err, c.says)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestConnectionsThatFail(t *testing.T) {
	t.Parallel()
	var p state.Problem
	m := start(t, knownNot, nil)
	if _, err := m.host("ci").Describe(t.Context()); !errors.As(err, &p) || !strings.Contains(p.Why, "not known") {
		t.Errorf("unknown host key: %v", err)
	}
	if len(m.seen) != 0 {
		t.Errorf("ran %q on a machine that is not known", m.seen)
	}
	m = start(t, knownOther, nil)
	if _, err := m.host("ci").Describe(t.Context()); !errors.As(err, &p) || !strings.Contains(p.Why, "is not the one") {
		t.Errorf("changed host key: %v", err)
	}
	m = start(t, knownRight, nil)
	stranger := start(t, knownRight, nil)
	m.argv = append(m.argv, "-o", "IdentityFile=/dev/null", "-o", "IdentityFile="+strings.TrimSuffix(stranger.argv[2], "config")+"id")
	m.argv = slices.Concat(m.argv[:1], []string{"-o", "PreferredAuthentications=none"}, m.argv[1:])
	if _, err := m.host("ci").Describe(t.Context()); !errors.As(err, &p) || !strings.Contains(p.Fix, "ssh ci") {
		t.Errorf("no key accepted: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	m.argv = slices.Concat(start(t, knownRight, nil).argv, []string{"-p", port})
	for name, dest := range map[string]string{"refused": "127.0.0.1", "no such name": "ci.invalid"} {
		if _, _, err := m.host(dest).Applied(t.Context()); !errors.Is(err, state.ErrOffline) {
			t.Errorf("%s: %v, want ErrOffline", name, err)
		}
	}
}

func TestDestinationsThatAreFlags(t *testing.T) {
	t.Parallel()
	m := &machine{argv: []string{"/nixwright/never"}}
	for _, dest := range []string{"", "-oProxyCommand=id", "a b", "a\nb"} {
		h := m.host(dest)
		_, err1 := h.Describe(t.Context())
		_, err2 := h.Addresses(t.Context())
		_, err3 := h.Dial(t.Context(), "127.0.0.1:1")
		for _, err := range []error{err1, err2, err3} {
			if err == nil || !strings.Contains(err.Error(), "is not an ssh destination") {
				t.Errorf("%q: %v", dest, err)
			}
		}
	}
	for _, name := range []string{"", "-x", "a b", "a;id", "$(id)"} {
		if _, err := m.host("ci").Units(t.Context(), name); err == nil || !strings.Contains(err.Error(), "not a unit's name") {
			t.Errorf("unit %q: %v", name, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	m := start(t, knownRight, nil)
	for dest, want := range map[string]string{"ci": "127.0.0.1", "root@ci": "127.0.0.1", "named": "192.0.2.7", "2001:db8::1": "2001:db8::1"} {
		got, err := m.host(dest).Addresses(t.Context())
		if err != nil || !slices.Equal(got, []netip.Addr{netip.MustParseAddr(want)}) {
			t.Errorf("%s: %v, %v, want %s", dest, got, err, want)
		}
	}
}

func TestApplied(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		a     answer
		want  string
		found bool
		fails bool
	}{
		{name: "there", a: answer{stdout: `{"hash":"sha256-abc","more":1}`}, want: "sha256-abc", found: true},
		{name: "not there", a: answer{stderr: "cat: /etc/nixwright/applied.json: No such file or directory\n", exit: 1}},
		{name: "not readable", a: answer{stderr: "cat: Permission denied\n", exit: 1}, fails: true},
		{name: "something else", a: answer{stdout: "<html>"}, fails: true},
		{name: "no hash", a: answer{stdout: "{}"}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, found, err := start(t, knownRight, map[string]answer{applied: c.a}).host("ci").Applied(t.Context())
			if (err != nil) != c.fails || found != c.found || d.Hash != c.want {
				t.Errorf("got %v, %v, %v", d, found, err)
			}
		})
	}
}

func TestUnitsAndTimer(t *testing.T) {
	t.Parallel()
	unit := "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=1\n"
	timer := "Id=b.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nLastTriggerUSec=n/a\nNextElapseUSecRealtime=Mon 2026-11-23 00:00:00 UTC\n"
	m := start(t, knownRight, map[string]answer{
		show + "a.service b.timer": {stdout: unit + "\n" + timer}, show + "b.timer": {stdout: timer},
		show + "c.service": {stdout: unit + "\n" + timer}, show + "d.service": {stderr: "Failed to connect to bus", exit: 1},
	})
	all, err := m.host("ci").Units(t.Context(), "a.service", "b.timer")
	if err != nil || len(all) != 2 || all[0].Restarts != 1 || all[1].Name != "b.timer" {
		t.Errorf("units %+v, %v", all, err)
	}
	got, err := m.host("ci").Timer(t.Context(), "b.timer")
	if err != nil || !got.Last.IsZero() || !got.Next.Equal(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("timer %+v, %v", got, err)
	}
	for _, name := range []string{"c.service", "d.service"} {
		if _, err := m.host("ci").Units(t.Context(), name); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func TestDeployed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		a    answer
		want []state.SecretName
		kind error
	}{
		{name: "two", a: answer{stdout: "niks3-api-token\nother\n"}, want: []state.SecretName{"niks3-api-token", "other"}},
		{name: "none yet", a: answer{stderr: "ls: cannot access '/run/secrets': No such file or directory\n", exit: 2}},
		{name: "not for you", a: answer{stderr: "ls: cannot open directory '/run/secrets': Permission denied\n", exit: 2}, kind: state.ErrDenied},
	} {
		got, err := start(t, knownRight, map[string]answer{deployed: c.a}).host("ci").Deployed(t.Context())
		if !errors.Is(err, c.kind) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

// A service on the host's loopback is asked through the connection.
func TestDial(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "you asked "+r.URL.Path)
	}))
	defer service.Close()
	h := start(t, knownRight, nil).host("ci")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return h.Dial(ctx, addr) }}
	defer transport.CloseIdleConnections()
	hc := &http.Client{Transport: transport}
	for _, path := range []string{"/one", "/two"} {
		resp, err := get(t, hc, service.URL+path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(body) != "you asked "+path {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
	service.Close()
	transport.CloseIdleConnections()
	resp, err := get(t, hc, service.URL)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, state.ErrOffline) {
		t.Errorf("a closed port: %v, want ErrOffline", err)
	}
}

func TestDialCloses(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	c, err := start(t, knownRight, nil).host("ci").Dial(ctx, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cancel() // of the start alone
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(far, "x"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	if err := c.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := c.Read(make([]byte, 8)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("after a deadline: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 8)); err == nil {
		t.Error("the far end is still open")
	}
}

func get(t *testing.T, hc *http.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return hc.Do(req)
}
