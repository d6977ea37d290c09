package tui

import (
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// BrokenError is the error of a program that panicked. Its text is what the user
// reads; the stack is in the file.
type BrokenError struct {
	// Report is the path of the file, empty if it could not be written.
	Report string
}

func (b *BrokenError) Error() string {
	text := "nixwright broke. The terminal is restored, the next start goes on."
	if b.Report == "" {
		return text + " The report could not be written."
	}
	return text + " Report: " + b.Report
}

// crash remembers the first panic of a program and tells who runs it. A nil
// crash lets panics pass through.
type crash struct {
	once   sync.Once
	came   chan struct{}
	report string
}

func newCrash() *crash { return &crash{came: make(chan struct{})} }

// catch is deferred where a page's code runs.
func (c *crash) catch() {
	if c == nil {
		return
	}
	if value := recover(); value != nil {
		stack := debug.Stack()
		c.once.Do(func() {
			c.report = fmt.Sprintf("panic: %v\n\n%s", value, stack)
			close(c.came)
		})
	}
}

func (c *crash) happened() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.came:
		return true
	default:
		return false
	}
}

// write leaves the report in a file that only its owner may read.
func (c *crash) write(path string) *BrokenError {
	if path == "" || os.WriteFile(path, []byte(c.report), 0o600) != nil {
		return &BrokenError{}
	}
	return &BrokenError{Report: path}
}

// guard makes a command, and all that it holds, note a panic.
func (c *crash) guard(cmd tea.Cmd) tea.Cmd {
	if c == nil || cmd == nil {
		return cmd
	}
	return func() tea.Msg {
		defer c.catch()
		return c.guardAll(cmd())
	}
}

// guardAll guards the commands of a batch or a sequence; the latter's type is
// bubbletea's own, so any list of commands is taken for one.
func (c *crash) guardAll(msg tea.Msg) tea.Msg {
	list := reflect.ValueOf(msg)
	if list.Kind() != reflect.Slice || list.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return msg
	}
	out := reflect.MakeSlice(list.Type(), list.Len(), list.Len())
	for i := range list.Len() {
		if cmd, ok := reflect.TypeAssert[tea.Cmd](list.Index(i)); ok {
			out.Index(i).Set(reflect.ValueOf(c.guard(cmd)))
		}
	}
	return out.Interface()
}
