package ssh_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/nixwright/nixwright/providers/ssh"
	"github.com/nixwright/nixwright/providers/systemd"
	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/state/live"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// console is a snapshot of what a source tells, as the console has it.
type console struct {
	mu   sync.Mutex
	s    live.Snapshot
	seen chan struct{} // gets something where there is news
}

func newConsole() *console { return &console{s: live.New(), seen: make(chan struct{}, 1)} }

func (c *console) emit(u live.Update) {
	c.mu.Lock()
	c.s = live.Reduce(c.s, u)
	c.mu.Unlock()
	select {
	case c.seen <- struct{}{}:
	default:
	}
}

func (c *console) now() live.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s
}

// await waits until the snapshot is as it should be.
func (c *console) await(t *testing.T, what string, is func(*live.Snapshot) bool) live.Snapshot {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		s := c.now()
		if is(&s) {
			return s
		}
		select {
		case <-c.seen:
		case <-limit.C:
			text, err := json.Marshal(s)
			t.Fatalf("%s: not so within %v: %.3000s %v", what, patience, text, err)
		}
	}
}

// connected is a master with its connection, for the rest of the test.
func connected(t *testing.T, m met) *ssh.Master {
	t.Helper()
	master := ssh.NewMaster(m.Options)
	t.Cleanup(func() {
		master.Close()
		if !gonePatience(t, m.marker) {
			t.Errorf("ssh is still there: %q", running(m.marker))
		}
	})
	if err := master.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return master
}

var clock = live.Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}}

// The source tells the same of the pretend host and of one behind a real sshd;
// it comes back by itself when the connection was cut, as does what is dialled.
func TestSource(t *testing.T) {
	t.Parallel()
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			m := b.meet(t, deployedAll)
			master := connected(t, m)
			src := ssh.NewSource(master, systemd.SourceOptions{Units: []string{"niks3.service", "bad.service", "nope.service", "slow.service"}, Timers: []string{"niks3-gc.timer"}})
			c := newConsole()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{})
			go func() {
				defer close(done)
				live.Supervise(ctx, src, c.emit, clock, func() float64 { return 0 })
			}()
			s := c.await(t, "all told", func(s *live.Snapshot) bool { return s.Sockets != nil })
			figures(t, &s)
			talk(t, m, master)
			for range 2 {
				m.cut()
				talk(t, m, master) // opens it again
			}
			begun := time.Now()
			c.await(t, "back", func(s *live.Snapshot) bool {
				o, _ := s.Source("systemd")
				return o.Up && s.Units.At.After(begun)
			})
			cancel()
			<-done
		})
	}
}

// figures looks at what a source has told.
func figures(t *testing.T, s *live.Snapshot) {
	t.Helper()
	if o, _ := s.Source("systemd"); !o.Up || o.Via != "ssh" || o.Note != "" {
		t.Errorf("link %+v", o.Link)
	}
	units, _ := s.Units.Get()
	want := []state.Unit{
		{Name: "niks3.service", Load: "loaded", Active: "active", Sub: "running", Result: "success"},
		{Name: "bad.service", Load: "loaded", Active: "failed", Sub: "failed", Result: "exit-code"},
		{Name: "nope.service", Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"},
		{Name: "slow.service", Load: "loaded", Active: "activating", Sub: "start", Result: "success"}, // so it is looked at often
	}
	for i, u := range units {
		fails := u.Name == "bad.service"
		if i >= len(want) || u.Unit != want[i] || fails != (u.LastError == "error: no bucket token=[hidden]") || fails == u.ErrorAt.IsZero() {
			t.Errorf("unit %+v", u)
		}
	}
	timers, _ := s.Timers.Get()
	if len(units) != len(want) || len(timers) != 1 || timers[0].Unit.Name != "niks3-gc.timer" || timers[0].Next.IsZero() || timers[0].Last.IsZero() {
		t.Errorf("%d units, timers %+v", len(units), timers)
	}
	host, _ := s.Host.Get()
	disks, _ := s.Disks.Get()
	memory, _ := s.Memory.Get()
	sockets, _ := s.Sockets.Get()
	if host.Name == "" || host.Boot.IsZero() || len(disks) == 0 || disks[0].Bytes <= disks[0].Used || disks[0].Inodes == 0 ||
		memory.Bytes <= memory.Used || memory.Used == 0 || len(sockets) == 0 {
		t.Errorf("host %+v, disks %+v, memory %+v, sockets %+v", host, disks, memory, sockets)
	}
}

// talk goes through the connection as the console does: HTTP and a WebSocket.
func talk(t *testing.T, m met, master *ssh.Master) {
	t.Helper()
	web := service(t, nil)
	hc := over(t, master.Host())
	var resp io.ReadCloser
	for begun := time.Now(); ; { // a connection that has just gone is not opened again at once
		r, err := get(t, hc, web.URL+"/a")
		if err == nil {
			resp = r.Body
			break
		}
		if !errors.Is(err, state.ErrOffline) || time.Since(begun) > patience {
			t.Fatal(err)
		}
	}
	body, err := io.ReadAll(resp)
	_ = resp.Close()
	if err != nil || !strings.HasPrefix(string(body), "/ax") {
		t.Errorf("%.20q, %v", body, err)
	}
	c, _, err := websocket.Dial(t.Context(), web.URL+"/echo", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.Read(t.Context()); err != nil || string(got) != "hello" {
		t.Errorf("echo %q, %v", got, err)
	}
	if m.sessions != nil && m.sessions() != 1 {
		t.Errorf("%d connections to the host", m.sessions())
	}
}

// A log is followed as it grows; what follows it on the host ends with it.
func TestJournal(t *testing.T) {
	t.Parallel()
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			m := b.meet(t, deployedAll)
			src := ssh.NewSource(connected(t, m), systemd.SourceOptions{})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var got []string
			err := src.Journal(ctx, "bad.service", func(line string) {
				got = append(got, line)
				switch {
				case strings.Contains(line, "Failed with result"):
					m.log("one \x1b[31mmore")
				case strings.Contains(line, "more"):
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) || len(got) != 4 || !strings.Contains(got[1], "error: no bucket") || !strings.Contains(got[3], "one \x1b[31mmore") {
				t.Errorf("%q, %v", got, err)
			}
			if m.follows != "" && !gonePatience(t, m.follows) {
				t.Errorf("still there: %q", running(m.follows))
			}
			for _, bad := range []string{"", "-x", "a b.service", "a'.service", "$(id).service", "a"} {
				if err := src.Journal(t.Context(), bad, nil); err == nil {
					t.Errorf("%q passes for a unit", bad)
				}
			}
		})
	}
}
