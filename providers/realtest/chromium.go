package realtest

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// pageLimit is how long a page may take to be as a test wants it.
const pageLimit = 30 * time.Second

// Tab is a tab of a real browser, used as a person uses it. What does not come
// to be within half a minute fails the test, which then says what the page
// shows.
type Tab struct {
	// Context is chromedp's, for what Tab has no method for; give what is done
	// with it a deadline.
	Context context.Context //nolint:containedctx // it is the tab

	t *testing.T
}

// Chromium starts Debian's chromium, without a window and with a profile of its
// own, and returns its one tab. It reaches loopback and nothing else, and ends
// with the test, with all that it started.
func Chromium(t *testing.T) *Tab {
	t.Helper()
	path, home := Find(t, "chromium"), t.TempDir()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.Env("HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.SysProcAttr = apart()
			// All of its group: what the browser has started ends with it.
			cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		}),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		limited, done := context.WithTimeout(ctx, stopLimit)
		defer done()
		if chromedp.FromContext(ctx).Browser != nil {
			_ = chromedp.Cancel(limited)
		}
		leave()
		stop() // waits for the process and removes its profile
	})
	if err := chromedp.Do(ctx); err != nil { // no deadline: it would be the browser's
		t.Fatalf("start chromium: %v", err)
	}
	return &Tab{Context: ctx, t: t}
}

// do runs an action with a deadline.
func do[T any](b *Tab, what string, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, done := context.WithTimeout(b.Context, pageLimit)
	defer done()
	out, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatalf("%s: %v\nThe page %s shows:\n%s", what, err, b.shown("location.href"), b.shown("document.body.innerText"))
	}
	return out
}

// shown is what an expression is in the page, for a test that fails.
func (b *Tab) shown(expression string) string {
	ctx, done := context.WithTimeout(b.Context, stopLimit)
	defer done()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		return err.Error()
	}
	return text
}

// Open goes to an address (http, https or file) as by the address bar.
func (b *Tab) Open(address string) {
	b.t.Helper()
	do(b, "open "+address, chromedp.Navigate(address))
}

// Await waits until the heading of the page is this.
func (b *Tab) Await(heading string) {
	b.t.Helper()
	do(b, "wait for the page "+heading, chromedp.WaitVisible("//h1[normalize-space()="+quoted(heading)+"]"))
}

// Says waits until the page says this text somewhere.
func (b *Tab) Says(text string) {
	b.t.Helper()
	do(b, "wait until the page says "+text, chromedp.WaitVisible("//main//*[contains(normalize-space(),"+quoted(text)+")]"))
}

// Press clicks the button that says this, as soon as it can be clicked.
func (b *Tab) Press(button string) {
	b.t.Helper()
	do(b, "press "+button, chromedp.Click("//button[normalize-space()="+quoted(button)+"]", chromedp.NodeVisible))
}

// Follow clicks the link that says this.
func (b *Tab) Follow(link string) {
	b.t.Helper()
	do(b, "follow "+link, chromedp.Click("//a[normalize-space()="+quoted(link)+"]", chromedp.NodeVisible))
}

// Tick clicks the box or the radio button that is labelled so.
func (b *Tab) Tick(label string) {
	b.t.Helper()
	do(b, "tick "+label, chromedp.Click("//label[normalize-space()="+quoted(label)+"]/input", chromedp.NodeVisible))
}

// Type replaces what stands in the field of that name.
func (b *Tab) Type(name, text string) {
	b.t.Helper()
	field := "//input[@name=" + quoted(name) + "]"
	do(b, "clear "+name, chromedp.Clear(field))
	do(b, "type into "+name, chromedp.SendKeys(field, text))
}

// Read is the value of the page's attribute data-name.
func (b *Tab) Read(name string) string {
	b.t.Helper()
	return do(b, "read "+name, chromedp.AttributeValue("//*[@data-"+name+"]", "data-"+name)).Value
}

// Text is what the page says.
func (b *Tab) Text() string {
	b.t.Helper()
	return do(b, "read the page", chromedp.Evaluate[string]("document.body.innerText"))
}

// Title is the title of the page.
func (b *Tab) Title() string {
	b.t.Helper()
	return do(b, "read the title", chromedp.Title())
}

// Address is what the address bar shows.
func (b *Tab) Address() string {
	b.t.Helper()
	return do(b, "read the address", chromedp.Location())
}

// NoScripts turns the scripts of pages off, from the next page on.
func (b *Tab) NoScripts() {
	b.t.Helper()
	do(b, "turn scripts off", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// quoted is a text in XPath, which has no escapes.
func quoted(text string) string {
	if strings.Contains(text, `"`) {
		return fmt.Sprintf("'%s'", text)
	}
	return fmt.Sprintf("%q", text)
}
