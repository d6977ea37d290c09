package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// patience is how long a person waits for something to come on the screen.
const patience = 25 * time.Second

// seat is a person before the program, on a real terminal of their own: they
// see the screen, press keys and paste. What the terminal was sent is kept.
type seat struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File

	mu     sync.Mutex
	vt     vt10x.Terminal
	raw    bytes.Buffer
	half   bool          // a frame is being drawn
	asked  int           // how far the terminal's answers have come
	change chan struct{} // closed at every change
	exit   chan int
}

// sit starts the program on a terminal of that size.
func (l *lab) sit(cols, rows int, env map[string]string, args ...string) *seat {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 3*patience)
	l.t.Cleanup(cancel)
	return l.sitBefore(l.program(ctx, args...), cols, rows, env)
}

// sitBefore starts any program on a terminal of that size.
func (l *lab) sitBefore(cmd *exec.Cmd, cols, rows int, env map[string]string) *seat {
	l.t.Helper()
	all := map[string]string{"TERM": "xterm-256color", "COLORTERM": "", "NO_COLOR": "", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "DISPLAY": "", "SSH_CONNECTION": "", "SSH_TTY": ""}
	maps.Copy(all, env)
	for k, v := range all {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		l.t.Fatal(err)
	}
	s := &seat{t: l.t, cmd: cmd, master: master, vt: vt10x.New(vt10x.WithSize(cols, rows)), change: make(chan struct{}), exit: make(chan int, 1)}
	go s.read()
	l.t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
		}
		_ = s.master.Close()
	})
	return s
}

func (s *seat) read() {
	buf := make([]byte, 1<<15)
	for {
		n, err := s.master.Read(buf)
		s.mu.Lock()
		_, _ = s.vt.Write(buf[:n])
		s.raw.Write(buf[:n])
		s.whole()
		close(s.change)
		s.change = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			break
		}
	}
	_ = s.cmd.Wait()
	s.exit <- s.cmd.ProcessState.ExitCode()
	s.mu.Lock()
	close(s.change)
	s.change = make(chan struct{})
	s.mu.Unlock()
}

// The synchronized output of terminals (mode 2026): what stands between the two
// is one frame, which is seen whole or not at all.
const (
	askSync, canSync     = "\x1b[?2026$p", "\x1b[?2026;2$y"
	frameBegin, frameEnd = "\x1b[?2026h", "\x1b[?2026l"
)

// whole answers the program that asks for synchronized output, and notes
// whether a frame is half drawn.
func (s *seat) whole() {
	raw := s.raw.Bytes()
	if at := bytes.Index(raw[s.asked:], []byte(askSync)); at >= 0 {
		s.asked += at + len(askSync)
		_, _ = s.master.WriteString(canSync)
	}
	s.half = bytes.LastIndex(raw, []byte(frameBegin)) > bytes.LastIndex(raw, []byte(frameEnd))
}

// screen is what stands there now.
func (s *seat) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vt.String()
}

// everything is all that the terminal was ever sent.
func (s *seat) everything() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// until waits until what is shown is as wanted.
func (s *seat) until(what string, wanted func(screen string) bool) {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		now, half, change := s.vt.String(), s.half, s.change
		s.mu.Unlock()
		if !half && wanted(now) {
			return
		}
		select {
		case <-change:
		case code := <-s.exit:
			s.exit <- code
			if now := s.screen(); !wanted(now) {
				s.t.Fatalf("it ended with %d and does not show %s:\n%s", code, what, now)
			}
			return
		case <-deadline.C:
			s.t.Fatalf("it does not show %s:\n%s", what, now)
		}
	}
}

// sees waits until all of the texts stand on the screen, and keys are taken.
func (s *seat) sees(texts ...string) *seat {
	s.t.Helper()
	s.until(strings.Join(texts, ", "), func(now string) bool {
		return !slices.ContainsFunc(texts, func(w string) bool { return !strings.Contains(flat(now), w) })
	})
	return s
}

// flat is a screen with its line breaks and columns of blanks as one blank, so
// that a sentence is found wherever it was broken.
func flat(screen string) string { return strings.Join(strings.Fields(screen), " ") }

// awake waits until the footer shows that the key works.
func (s *seat) awake(key string) {
	s.t.Helper()
	s.until("a footer in which "+key+" works", func(string) bool { return s.works(key) })
}

// works says whether the footer shows that the key works: what has appeared by
// itself is quiet at first, and so is a key that cannot work yet. Of a key that
// is not shown any other must.
func (s *seat) works(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	cols, rows := s.vt.Size()
	row, loud := make([]rune, cols), make([]bool, cols)
	for x := range cols {
		g := s.vt.Cell(x, rows-1)
		row[x], loud[x] = g.Char, g.FG == vt10x.DefaultFG
	}
	if at := strings.Index(" "+string(row), " "+key+" "); at >= 0 {
		verb := utf8.RuneCountInString((" " + string(row))[:at]) + utf8.RuneCountInString(key) + 1
		return row[min(cols-1, verb)] > ' ' && loud[min(cols-1, verb)]
	}
	for x := range cols {
		if row[x] > ' ' && loud[x] {
			return true
		}
	}
	return false
}

// keys are what a terminal sends for them.
var keys = map[string]string{
	"enter": "\r", "esc": "\x1b", "space": " ", "up": "\x1b[A", "down": "\x1b[B", "tab": "\t", "ctrl+c": "\x03", "ctrl+u": "\x15", "backspace": "\x7f",
}

// press presses keys, once they are taken.
func (s *seat) press(names ...string) *seat {
	s.t.Helper()
	for _, name := range names {
		s.awake(name)
		s.send(name)
	}
	return s
}

// send presses a key whether it is taken or not.
func (s *seat) send(name string) {
	s.t.Helper()
	text, known := keys[name]
	if !known {
		text = name
	}
	s.write(text)
}

// types enters letters, one after another.
func (s *seat) types(text string) *seat {
	s.t.Helper()
	s.write(text)
	return s
}

// pastes pastes, as a terminal with bracketed paste does.
func (s *seat) pastes(text string) *seat {
	s.t.Helper()
	s.write("\x1b[200~" + text + "\x1b[201~")
	return s
}

func (s *seat) write(text string) {
	s.t.Helper()
	if _, err := s.master.WriteString(text); err != nil && !errors.Is(err, syscall.EIO) {
		s.t.Fatal(err)
	}
}

// resizes makes the window another size; what stood there counts no more.
func (s *seat) resizes(cols, rows int) *seat {
	s.t.Helper()
	s.mu.Lock()
	s.vt.Resize(cols, rows)
	_, _ = s.vt.Write([]byte("\x1b[2J"))
	s.mu.Unlock()
	if err := pty.Setsize(s.master, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// ends waits for the end of the program; the terminal must be as it was.
func (s *seat) ends(code int) *seat {
	s.t.Helper()
	select {
	case got := <-s.exit:
		if got != code {
			s.t.Errorf("exit %d, want %d\n%s", got, code, s.screen())
		}
	case <-time.After(patience):
		s.t.Fatalf("it does not end:\n%s", s.screen())
	}
	all := s.everything()
	for on, off := range map[string]string{"\x1b[?1049h": "\x1b[?1049l", "\x1b[?2004h": "\x1b[?2004l", "\x1b[?25l": "\x1b[?25h", "\x1b[?1002h": "\x1b[?1002l"} {
		if strings.LastIndex(all, on) > strings.LastIndex(all, off) {
			s.t.Errorf("the terminal is left with %q", on)
		}
	}
	return s
}
