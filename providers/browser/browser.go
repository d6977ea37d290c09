// Package browser opens pages for a person: in their browser, and from a small
// page server on loopback that a service sends the browser back to.
//
// GitHub takes the manifest of an App only as a posted form, so the server's
// page is that form, submitting itself; the same page can be a file for
// another computer's browser.
package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"

	"github.com/google/shlex"

	"github.com/nixwright/nixwright/providers/runner"
	"github.com/nixwright/nixwright/state"
)

// ErrNone is what Open returns where no browser can be started here, so that
// the address is to be shown instead.
var ErrNone = errors.New("no browser can be started here")

// Options say how pages are opened.
type Options struct {
	Command string              // $BROWSER: words with shell-like quotes; %s is the address, else it comes last
	Env     func(string) string // environment variables, to see whether there is a display; nil: there is none
	Runner  runner.Runner
}

// Browser opens pages.
type Browser struct{ o Options }

// New returns a browser; nothing is started yet.
func New(o Options) *Browser {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	return &Browser{o: o}
}

// Open shows an address (http, https or file) and does not wait until the
// person has closed it. Without a command the desktop's own opener is used
// where there is a desktop; else the error is ErrNone.
func (b *Browser) Open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "file" {
		return errors.New("open page: its address is not one of http, https or file")
	}
	argv, err := b.argv(u.String())
	if err != nil {
		return err
	}
	r, err := b.o.Runner.Run(ctx, runner.Cmd{Argv: argv, Detached: true})
	if err != nil {
		return fmt.Errorf("open page: %w", err)
	}
	if r.Exit != 0 {
		return fmt.Errorf("open page: %s ended with status %d: %w", state.CleanText(argv[0], 100), r.Exit, ErrNone)
	}
	return nil
}

// Here says whether there is a way to start a browser on this machine.
func (b *Browser) Here() bool {
	_, err := b.argv("")
	return err == nil
}

// argv is the program with its arguments, the address put in.
func (b *Browser) argv(address string) ([]string, error) {
	switch {
	case b.o.Command != "":
	case runtime.GOOS == "darwin":
		return []string{"open", address}, nil
	case b.o.Env("DISPLAY") != "" || b.o.Env("WAYLAND_DISPLAY") != "":
		return []string{"xdg-open", address}, nil
	default:
		return nil, ErrNone
	}
	words, err := shlex.Split(b.o.Command)
	if err != nil || len(words) == 0 {
		return nil, fmt.Errorf("open page: BROWSER is not a command: %w", ErrNone)
	}
	put := false
	for i, word := range words[1:] {
		if strings.Contains(word, "%s") {
			words[i+1], put = strings.ReplaceAll(word, "%s", address), true
		}
	}
	if !put {
		words = append(words, address)
	}
	return words, nil
}
