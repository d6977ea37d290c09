package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nixwright/nixwright/providers/fake"
	"github.com/nixwright/nixwright/providers/realtest"
)

// browsing is the person's browser: every page that is opened in it arrives
// here, and is acted on only when the test says so.
type browsing struct {
	t     *testing.T
	fifo  string
	pages chan string
}

func newBrowsing(t *testing.T) *browsing {
	t.Helper()
	b := &browsing{t: t, fifo: filepath.Join(t.TempDir(), "pages"), pages: make(chan string, 64)}
	if err := syscall.Mkfifo(b.fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(b.fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	go func() {
		for lines := bufio.NewScanner(f); lines.Scan(); {
			b.pages <- lines.Text()
		}
	}()
	return b
}

// env makes the program open its pages here.
func (b *browsing) env() map[string]string {
	return map[string]string{"BROWSER": `sh -c 'echo "$0" >> ` + b.fifo + `'`}
}

// next is the page that was opened.
func (b *browsing) next() string {
	b.t.Helper()
	select {
	case page := <-b.pages:
		return page
	case <-time.After(patience):
		b.t.Fatal("no page was opened")
		return ""
	}
}

// acts presses the buttons of the page that was opened, and returns what is
// read at the end.
func (b *browsing) acts() map[string]string {
	b.t.Helper()
	return b.actsOn(b.next())
}

func (b *browsing) actsOn(page string) map[string]string {
	b.t.Helper()
	data, err := fake.PersonReads(b.t.Context(), &http.Client{Timeout: time.Minute}, page)
	if err != nil {
		b.t.Fatalf("the page %s: %v", page, err)
	}
	return data
}

// sitAlone is a seat in an empty directory, where there is no world yet.
func sitAlone(t *testing.T, cols, rows int, env map[string]string, args ...string) (*lab, *seat) {
	t.Helper()
	l := &lab{t: t, dir: t.TempDir()}
	return l, l.sit(cols, rows, env, args...)
}

const up = "Pushed, built, signed, read back by a clean client. Your CI is up."

// A newcomer tries all of it on the built-in world, with a browser of their
// own, and is asked for no more than was promised.
func TestWizardFromNothing(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {60, 16}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			b := newBrowsing(t)
			_, s := sitAlone(t, size[0], size[1], b.env(), "rehearse")
			s.sees("Your own Nix CI", "3 questions", "4 pages, 8 clicks, 1 paste").press("enter")
			s.sees("Question 1 of 3", "Which host").types("omnara1.phlip9.com").press("enter")
			s.sees("Question 2 of 3", "ci.phlip9.com").press("enter")
			s.sees("Question 3 of 3", "phlip9/dotfiles").press("space", "enter")
			s.sees("made on a page that is already filled in").press("o")
			token := b.acts()["token"]
			if token == "" {
				t.Fatal("the page shows no token")
			}
			s.pastes(token+"\n").sees("Review", "3 answers").press("p")
			s.sees("Nothing is written before you press g").press("g")
			for range 3 {
				b.acts()
			}
			s.sees("Your CI is up", "4 pages, 8 clicks, 1 paste").press("enter")
			s.sees("1 Overview", "omnara1").press("q")
			s.ends(0)
			if strings.Contains(s.everything(), token) {
				t.Error("the token was drawn")
			}
			if !strings.Contains(flat(s.everything()), "15 of 15 lines true. Asked of you: 4 pages, 8 clicks, 1 paste.") {
				t.Errorf("what is left on the terminal:\n%s", s.screen())
			}
		})
	}
}

// Every way in which a moment can go wrong is said, and then goes right.
func TestWizardMomentsRefusedAndRetried(t *testing.T) {
	t.Parallel()
	small := ""
	l := newLabIn(t, t.TempDir(), "fresh", options{edit: func(s *fake.State) error {
		small = s.AddCloudflareToken(false, "API Tokens Write", "Account Settings Read", "Zone Read")
		return nil
	}})
	good := l.env["CLOUDFLARE_API_TOKEN"]
	l.env["CLOUDFLARE_API_TOKEN"] = ""
	b := newBrowsing(t)
	s := l.sit(80, 24, b.env(), "setup")
	s.sees("Your own Nix CI").press("enter").sees("made on a page that is already filled in")
	s.pastes("rubbish with q and g and enter\r\n").sees("failed:")
	s.pastes(strings.Repeat("Ab3", 13) + "x").sees("Cloudflare does not take the token")
	s.pastes(small).sees("lacks Workers R2 Storage Write, DNS Write")
	s.press("r").sees("lacks")
	s.pastes(good).sees("Review").press("p").sees("Nothing is written before").press("g")

	// The first App: an address that is not ours, left for the run, taken up again.
	s.sees("Create the GitHub App").pastes("http://localhost:8976/?code=abc&state=def").sees("does not belong to a page that was opened here")
	s.press("esc").sees("Waiting for you").press("enter").sees("Create the GitHub App")
	b.acts()
	// The second is given up, and wanted after all.
	s.sees("Create the login App").press("s").sees("r brings it back").press("s")
	login := b.next()
	s.sees("Install phlip9-buildbot-ci").press("s").sees("r brings it back").press("s")
	install := b.next()
	s.sees("skipped")
	_ = login
	s.sees("Stopped")
	s.press("g")
	for range 2 {
		b.acts()
	}
	_ = install
	s.sees("Your CI is up").press("q")
	s.ends(0)
	for _, secret := range []string{small, good} {
		if strings.Contains(s.everything(), secret) {
			t.Error("a token was drawn")
		}
	}
}

// A name that somebody else has is changed on the spot, in the file too, which
// keeps what else stands there.
func TestWizardNameTaken(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh").edit(func(github map[string]any) {
		github["apps"] = []any{map[string]any{
			"id": 77, "slug": "phlip9-buildbot-ci", "name": "phlip9-buildbot-ci", "owner": "someone-else", "url": "https://example.org", "client_id": "Iv23somebody",
			"public": true, "permissions": map[string]string{"metadata": "read"}, "events": []string{}, "at": "2026-01-01T00:00:00Z",
		}}
	})
	l.write("nixwright.toml", "# my own words\n"+l.read("nixwright.toml"))
	s := l.sit(80, 24, nil, "setup")
	s.sees("Your own Nix CI").press("enter").sees("Review").press("p").sees("Nothing is written before").press("g")
	s.sees("F12").press("e").sees("How is the CI's App called").press("ctrl+u")
	s.types("phlip9-buildbot-two").press("enter").sees("Your CI is up")
	s.press("q").ends(0)
	text := l.read("nixwright.toml")
	if !strings.Contains(text, `app_name = "phlip9-buildbot-two"`) || !strings.HasPrefix(text, "# my own words\n") {
		t.Errorf("the file:\n%s", text)
	}
}

// The network goes away in the middle, and comes back.
func TestWizardLostNetwork(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	var lost atomic.Bool
	l.through("cloudflare", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
		if lost.Load() {
			panic(http.ErrAbortHandler) // the connection is cut
		}
		inner.ServeHTTP(w, r)
	})
	s := l.sit(120, 40, nil, "setup")
	s.sees("Your own Nix CI").press("enter").sees("Review").press("p").sees("Nothing is written before")
	lost.Store(true)
	s.press("g").sees("failed", "Preflight")
	lost.Store(false)
	s.press("r").sees("Your CI is up").press("q")
	s.ends(0)
}

// GitHub makes the App, and its one-time reply is lost: the ways out are said,
// and the cheapest leads on.
func TestWizardLostReply(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	var lost atomic.Bool
	l.through("github", func(w http.ResponseWriter, r *http.Request, inner http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/conversions") && !lost.Swap(true) {
			inner.ServeHTTP(&nowhere{h: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(w, r)
	})
	p := newSlowly(t)
	s := l.sit(100, 30, p.b.env(), "setup")
	s.sees("Your own Nix CI").press("enter").sees("Review").press("p").sees("Nothing is written before").press("g")
	if end := p.until(s, make(chan string)); end != "" || p.lost == 0 {
		t.Fatalf("%d keys were lost, it is %s at\n%s", p.lost, end, s.screen())
	}
	s.sees("Your CI is up").press("q").ends(0)
	if text := l.read("nixwright.toml"); !strings.Contains(text, fmt.Sprintf(`"phlip9-again-%d"`, p.lost)) {
		t.Errorf("the other name is not in the file:\n%s", text)
	}
}

// A bad token is said by preflight, and another takes its place.
func TestWizardBadToken(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	good := l.env["CLOUDFLARE_API_TOKEN"]
	l.env["CLOUDFLARE_API_TOKEN"] = strings.Repeat("Ab3", 13) + "x"
	s := l.sit(80, 24, nil, "setup")
	s.sees("Your own Nix CI").press("enter").sees("Review").press("p").sees("blocked", "Preflight").press("e")
	s.sees("made on a page that is already filled in").pastes(good).sees("Nothing is written before", "ready Preflight").press("g")
	s.sees("Your CI is up").press("q").ends(0)
}

// In a window that is too small nothing is confirmed; larger again, all is
// there.
func TestWizardTinyTerminal(t *testing.T) {
	t.Parallel()
	l := newLab(t, "half-done")
	s := l.sit(60, 16, nil, "setup")
	s.sees("begin").resizes(30, 8).until("one line", func(now string) bool { return strings.Count(strings.TrimSpace(now), "\n") == 0 })
	s.send("enter")
	s.resizes(60, 16).sees("enter begin").press("enter").sees("p plan").press("p")
	s.sees("press g").resizes(200, 60).sees("press g").resizes(80, 24).sees("press g").press("g").sees("Your CI is up")
	s.press("q").ends(0)
}

// A run that is stopped ends after its call, says so, and the next start goes
// on; twice, it ends at once.
func TestWizardStops(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	b := newBrowsing(t)
	s := l.sit(80, 24, b.env(), "setup")
	s.sees("Your own Nix CI").press("enter").sees("Review").press("p").sees("Nothing is written before").press("g")
	s.sees("Create the GitHub App")
	s.send("ctrl+c")
	s.ends(130)
	if !strings.Contains(s.screen(), "Run it again to go on") {
		t.Errorf("what is left:\n%s", s.screen())
	}
	s = l.sit(80, 24, b.env(), "setup")
	s.sees("Welcome back", "Nothing has to be done twice").press("enter").sees("Create the GitHub App")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.ends(130)
}

// stuck is no step: nothing goes on.
const stuck = "stuck"

// started waits, by the journal, for a step to be taken up that was not yet
// among those known, and returns it; empty where the run ended.
func (l *lab) started(known []string, s *seat) string {
	l.t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		l.t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	defer func() { _ = f.Close() }()
	if _, err := unix.InotifyAddWatch(fd, filepath.Join(l.dir, ".nixwright"), unix.IN_MODIFY|unix.IN_CREATE); err != nil {
		l.t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		buf := make([]byte, 1<<14)
		for {
			b, _ := os.ReadFile(filepath.Join(l.dir, ".nixwright", "journal.jsonl"))
			for line := range bytes.Lines(b) {
				var e struct{ Kind, Step string }
				if json.Unmarshal(line, &e) == nil && e.Kind == "start" && !slices.Contains(known, e.Step) {
					found <- e.Step
					return
				}
			}
			if _, err := f.Read(buf); err != nil {
				found <- ""
				return
			}
		}
	}()
	select {
	case step := <-found:
		return step
	case code := <-s.exit:
		s.exit <- code
		return ""
	case <-time.After(patience):
		return stuck
	}
}

// slowly is a person who acts on the pages of a run until it is over, and who
// pastes the address that the browser ended on where the run wants it: the run
// that had opened the page was killed meanwhile.
type slowly struct {
	b     *browsing
	mu    sync.Mutex
	ended map[string]string // page -> address
	acted chan error        // what came of a page
	lost  int               // Apps whose keys died with the run
}

func newSlowly(t *testing.T) *slowly {
	t.Helper()
	return &slowly{b: newBrowsing(t), ended: map[string]string{}, acted: make(chan error, 64)}
}

// wantsAddress is what a run says that wants the address of an App.
const wantsAddress = "The address that the browser ended on when it made "

// until acts until the step is known that was taken up, or the run is over.
func (p *slowly) until(s *seat, step <-chan string) string {
	pasted, again := "", false
	for {
		s.mu.Lock()
		change := s.change
		s.mu.Unlock()
		now := flat(s.screen())
		if _, app, wants := strings.Cut(now, wantsAddress); wants {
			page := "/app"
			if strings.HasPrefix(app, "phlip9-ci-oauth2-proxy") {
				page = "/login-proxy"
			}
			p.mu.Lock()
			address := p.ended[page]
			p.mu.Unlock()
			if address != "" && address != pasted {
				s.pastes(address)
				pasted = address
			}
		}
		switch {
		case strings.HasPrefix(now, "nixwright setup · Run") && stopped.MatchString(now):
			p.mend(s)
		case strings.Contains(now, "App called?") && s.works("enter"):
			p.renames(s)
		case again && strings.Contains(now, "o opens it again") && s.works("o"):
			again = false
			s.send("o")
		}
		select {
		case page := <-p.b.pages:
			go p.act(page)
		case err := <-p.acted:
			again = err != nil
		case found := <-step:
			return found
		case <-time.After(patience):
			return stuck
		case <-change:
			if strings.Contains(flat(s.screen()), "Your CI is up") {
				return ""
			}
		}
	}
}

// stopped is an App that does not go on by itself.
var stopped = regexp.MustCompile(`(blocked|failed) (GitHub App|Login of the pro)`)

// mend tries again, and where the one-time reply is lost takes the way out that
// costs nothing: the App under another name. A key that comes to nothing, as
// another page was there first, is pressed again.
func (p *slowly) mend(s *seat) {
	now := s.screen()
	switch {
	case strings.Contains(now, "e change answer") && s.works("e"):
		s.send("e")
	case strings.Contains(now, "r try again") && s.works("r"):
		s.send("r")
	}
}

// renames answers the question that mend leads to.
func (p *slowly) renames(s *seat) {
	p.lost++
	s.press("ctrl+u").types(fmt.Sprintf("phlip9-again-%d", p.lost)).press("enter").sees("Run")
}

func (p *slowly) act(page string) {
	data, err := fake.PersonReads(p.b.t.Context(), &http.Client{Timeout: time.Minute}, page)
	p.mu.Lock()
	for _, path := range []string{"/app", "/login-proxy"} {
		if strings.HasSuffix(page, path) && data["address"] != "" {
			p.ended[path] = data["address"]
		}
	}
	p.mu.Unlock()
	p.acted <- err
}

// The wizard is killed as each of its steps is taken up, and started again
// every time: it says what is true already, and comes to the same end.
func TestWizardResumesAfterAKillAtEachStep(t *testing.T) {
	t.Parallel()
	l := newLab(t, "fresh")
	p := newSlowly(t)
	var killed []string
	for {
		s := l.sit(100, 30, p.b.env(), "setup")
		if len(killed) == 0 {
			s.sees("Your own Nix CI").press("enter").sees("Review").press("p").sees("Nothing is written before").press("g")
		} else {
			s.sees("Welcome back", "Nothing has to be done twice").press("enter")
		}
		started := make(chan string, 1)
		go func() { started <- l.started(killed, s) }()
		step := p.until(s, started)
		if step == stuck {
			t.Fatalf("nothing goes on after %v:\n%s", killed, s.screen())
		}
		if step == "" {
			s.sees("Your CI is up").press("q").ends(0)
			break
		}
		killed = append(killed, step)
		_ = s.cmd.Process.Kill()
		<-s.exit
	}
	for _, step := range []string{"recipients", "r2-bucket", "r2-domain", "r2-token", "github-app", "github-install", "login-proxy", "local-secrets", "repo-topic", "nix-module", "deploy"} {
		if !slices.Contains(killed, step) {
			t.Errorf("it was not killed at %s, but at %v", step, killed)
		}
	}
	if got := l.status(); got.True != got.Total {
		t.Errorf("%d of %d lines are true", got.True, got.Total)
	}
}

// By lines alone: what a screen reader reads, and answers that are typed.
func TestWizardLineByLine(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"dumb": {"rehearse"}, "xterm-256color": {"rehearse", "--accessible"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowsing(t)
			env := b.env()
			env["TERM"] = name
			_, s := sitAlone(t, 200, 200, env, args...)
			s.sees("Commands at any prompt: help, back, status, quit.", "4 pages, 8 clicks, 1 paste").types("\n")
			s.sees("Question 1 of 3. Which host").types("omnara1.phlip9.com\n")
			s.sees("Question 2 of 3.", "[ci.phlip9.com]").types("\n")
			s.sees("Question 3 of 3.", "repositories found").types("dot\n").sees("1. phlip9/dotfiles.").types("1\n").sees("Enter alone goes on").types("\n")
			s.sees("Which Cloudflare token?", "What you type or paste is not shown.").types("open\n")
			token := b.acts()["token"]
			s.types(token + "\n").sees("It fits")
			s.sees("goes on to the plan").types("\n")
			s.sees("Type go").types("go\n")
			for range 3 {
				b.acts()
			}
			s.sees(up, "Asked of you in all: 4 pages, 8 clicks, 1 paste").types("\n")
			s.ends(0)
			all := s.everything()
			if strings.Contains(all, "\x1b") || strings.Contains(all, token) {
				t.Error("an escape, or the token, was written")
			}
		})
	}
}

// A person with a real browser clicks through the whole of a rehearsal.
func TestWizardWithARealBrowser(t *testing.T) {
	t.Parallel()
	tab, b := realtest.Chromium(t), newBrowsing(t)
	_, s := sitAlone(t, 80, 24, b.env(), "rehearse")
	s.sees("Your own Nix CI").press("enter")
	s.sees("Question 1 of 3", "omnara1.phlip9.com").press("enter")
	s.sees("Question 2 of 3", "ci.phlip9.com").press("enter")
	s.sees("Question 3 of 3", "phlip9/dotfiles").press("space", "enter")

	s.sees("made on a page that is already filled in").press("o")
	tab.Open(b.next())
	tab.Press("Continue to summary")
	tab.Press("Create Token")
	s.pastes(tab.Read("token")).sees("Review").press("p")
	s.sees("Nothing is written before you press g").press("g")

	// The page on loopback sends itself on to GitHub, and GitHub sends the
	// browser back.
	for range 2 {
		tab.Open(b.next())
		tab.Press("Create GitHub App for phlip9")
		tab.Await("Thank you")
	}
	tab.Open(b.next())
	tab.Press("Install")
	s.sees("Your CI is up", "4 pages, 8 clicks, 1 paste").press("enter")
	s.sees("1 Overview", "omnara1").press("q").ends(0)
}
